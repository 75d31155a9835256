/* Writing to a descriptor, however many calls that takes. */
#ifndef TETHER_POSIX_WRITE_ALL_H
#define TETHER_POSIX_WRITE_ALL_H

#include <stddef.h>

/* Writes all bytes. Returns 0, or the errno of the call that failed; some of the bytes may have
 * been written then. Any thread. */
int tether__posix_write_all(int fd, const char *bytes, size_t size);

#endif
