/* Reading from a descriptor, for the other files of this folder. Any thread. */
#ifndef TETHER_MONITOR_READ_ALL_H
#define TETHER_MONITOR_READ_ALL_H

#include <stddef.h>
#include <sys/types.h>

/* Reads up to `capacity` bytes, until the end. Returns -1 on failure. */
ssize_t tether__monitor_read_all(int fd, char *bytes, size_t capacity);

#endif
