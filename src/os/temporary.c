/* Owns the names of files that are being written, for both platforms.
 * Must not: create a file, or fall back to a name that can be guessed.
 * Thread: any. */
#include "os/temporary.h"

#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "base/error.h"

int tether__temporary_choose(char temporary[TETHER__TEMPORARY_SIZE], tether_error *error)
{
    uint64_t random;
    if (uv_random(NULL, NULL, &random, sizeof random, 0, NULL) != 0)
        return tether__fail(error, TETHER_ESYSTEM, 0, "write file", "the system has no entropy");
    snprintf(temporary, TETHER__TEMPORARY_SIZE, TETHER__TEMPORARY_PREFIX "%016llx",
             (unsigned long long)random);
    return TETHER_OK;
}
