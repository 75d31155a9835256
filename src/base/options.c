/* Owns the copying of option structs from callers that were built against another version.
 * Must not: know the fields of any such struct, except the size at its start.
 * Thread: any. */
#include "base/options.h"

#include <string.h>

void tether__options_take(const void *given, void *options, size_t size)
{
    size_t own = 0;
    memset(options, 0, size);
    if (given == NULL)
        return;
    memcpy(&own, given, sizeof own);
    memcpy(options, given, own != 0 && own < size ? own : size);
}
