/* Reading a file of unknown size into memory, for both implementations of os/file.h. */
#ifndef TETHER_OS_READ_WHOLE_H
#define TETHER_OS_READ_WHOLE_H

#include <stddef.h>
#include <stdint.h>

/* Reads up to size bytes at the file's position. *got is 0 at the end. Returns 0, or the system's
 * error. */
typedef uint32_t tether__read_some(intptr_t handle, void *buffer, size_t size, size_t *got);

typedef enum tether__whole {
    TETHER__WHOLE_READ,
    TETHER__WHOLE_TOO_BIG, /* the file has more than `limit` bytes */
    TETHER__WHOLE_NO_MEMORY,
    TETHER__WHOLE_FAILED /* *os_error says why */
} tether__whole;

/* Reads to the end of the file. *data has *size bytes and an additional zero; it is freed with
 * free(), and NULL unless the result is TETHER__WHOLE_READ. Any thread. */
tether__whole tether__read_whole(intptr_t handle, tether__read_some *read_some, size_t limit,
                                 char **data, size_t *size, uint32_t *os_error);

#endif
