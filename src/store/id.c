/* Owns the choice of new ids.
 * Must not: fall back to a source that repeats or can be guessed.
 * Thread: any. */
#include "store/id.h"

#include "format/name.h"
#include "os/random.h"

int tether__id_choose(char id[TETHER_ID_SIZE], tether_error *error)
{
    unsigned char random[8];
    int code = tether__random(random, sizeof random, "choose id", error);
    if (code == TETHER_OK)
        tether__task_id_format(random, id);
    return code;
}
