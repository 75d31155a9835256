/* Owns the choice of new ids.
 * Must not: fall back to a source that repeats or can be guessed.
 * Thread: any. */
#include "store/id.h"

#include <uv.h>

#include "base/error.h"
#include "format/name.h"

int tether__id_choose(char id[TETHER_ID_SIZE], tether_error *error)
{
    unsigned char random[8];
    if (uv_random(NULL, NULL, random, sizeof random, 0, NULL) != 0)
        return tether__fail(error, TETHER_ESYSTEM, 0, "choose id", "the system has no entropy");
    tether__task_id_format(random, id);
    return TETHER_OK;
}
