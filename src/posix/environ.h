/* Access to the process's own environment, which belongs to the C library. */
#ifndef TETHER_POSIX_ENVIRON_H
#define TETHER_POSIX_ENVIRON_H

char **tether__posix_environ(void);

#endif
