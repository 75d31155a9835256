/* Owns random numbers, for both platforms.
 * Must not: fall back to numbers that can be guessed.
 * Thread: any. */
#include "os/random.h"

#include <uv.h>

#include "base/error.h"

int tether__random(void *buffer, size_t size, const char *step, tether_error *error)
{
    char words[128];
    int result = uv_random(NULL, NULL, buffer, size, 0, NULL);
    if (result == 0)
        return TETHER_OK;
    uv_strerror_r(result, words, sizeof words);
    return tether__fail(
        error, TETHER_ESYSTEM, -result, step,
        "the system gives no random numbers: %s; check that /dev/urandom can be read", words);
}
