/* Owns the loop that reads a file of unknown size into a growing buffer.
 * Must not: know what a handle is, or believe the size that a file claims to have.
 * Thread: any. */
#include "os/read_whole.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 4096 };

static tether__whole read_all(intptr_t handle, tether__read_some *read_some, size_t limit,
                              char **data, size_t *size, uint32_t *os_error)
{
    size_t capacity = 0, got;
    do {
        if (capacity - *size < 2) {
            capacity = capacity == 0 ? FIRST_CAPACITY : capacity * 2;
            char *larger = realloc(*data, capacity);
            if (larger == NULL)
                return TETHER__WHOLE_NO_MEMORY;
            *data = larger;
        }
        *os_error = read_some(handle, *data + *size, capacity - *size - 1, &got);
        if (*os_error != 0)
            return TETHER__WHOLE_FAILED;
        *size += got;
        if (*size > limit)
            return TETHER__WHOLE_TOO_BIG;
    } while (got > 0);
    (*data)[*size] = '\0';
    return TETHER__WHOLE_READ;
}

tether__whole tether__read_whole(intptr_t handle, tether__read_some *read_some, size_t limit,
                                 char **data, size_t *size, uint32_t *os_error)
{
    *data = NULL;
    *size = 0;
    *os_error = 0;
    tether__whole result = read_all(handle, read_some, limit, data, size, os_error);
    if (result != TETHER__WHOLE_READ) {
        free(*data);
        *data = NULL;
        *size = 0;
    }
    return result;
}
