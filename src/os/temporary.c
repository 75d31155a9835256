/* Owns the names of files that are being written, for both platforms.
 * Must not: create a file, or fall back to a name that can be guessed.
 * Thread: any. */
#include "os/temporary.h"

#include <stdint.h>
#include <stdio.h>

#include "os/random.h"

int tether__temporary_choose(char temporary[TETHER__TEMPORARY_SIZE], tether_error *error)
{
    uint64_t random;
    int code = tether__random(&random, sizeof random, "write file", error);
    if (code == TETHER_OK)
        snprintf(temporary, TETHER__TEMPORARY_SIZE, TETHER__TEMPORARY_PREFIX "%016llx",
                 (unsigned long long)random);
    return code;
}
