/* Owns the copying of structs from and to callers that were built against another version.
 * Must not: know the fields of any such struct, except the size at its start.
 * Thread: any. */
#include "base/options.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

static bool is_earlier(size_t size, const size_t *earlier)
{
    for (; earlier != NULL && *earlier != 0; earlier++) {
        if (*earlier == size)
            return true;
    }
    return false;
}

/* Returns the size of the caller's struct. If its size member is 0, returns that of the first
 * version. */
static size_t given_size(const void *given, size_t size, const size_t *earlier)
{
    size_t own;
    memcpy(&own, given, sizeof own);
    if (own == 0)
        own = earlier != NULL && *earlier != 0 ? *earlier : size;
    return own;
}

int tether__options_take(const void *given, void *options, size_t size, const size_t *earlier,
                         const char *what, tether_error *error)
{
    memset(options, 0, size);
    if (given == NULL)
        return TETHER_OK;
    size_t own = given_size(given, size, earlier);
    if (own < size && !is_earlier(own, earlier))
        return tether__fail(error, TETHER_EINVAL, 0, "check options",
                            "%s has size %zu, which no version had; set it to sizeof(%s) or 0",
                            what, own, what);
    memcpy(options, given, own < size ? own : size);
    return TETHER_OK;
}

void tether__options_give(void *given, const void *result, size_t size, const size_t *earlier)
{
    const size_t skip = sizeof(size_t);
    if (given == NULL)
        return;
    size_t own = given_size(given, size, earlier);
    memcpy((char *)given + skip, (const char *)result + skip, (own < size ? own : size) - skip);
}
