/* Descriptors above those that have a meaning for a child, for the other files of this folder and
 * for the monitor. */
#ifndef TETHER_RAISE_FD_H
#define TETHER_RAISE_FD_H

/* Returns a descriptor that is not below `first`: fd itself, or a close-on-exec copy in its place.
 * Takes ownership of fd, also on failure: then returns -1, and errno says why. A negative fd is
 * returned as it is. Any thread. */
int tether__posix_raise_fd(int fd, int first);

#endif
