/* Where the process's own environment is. */
#ifndef TETHER_POSIX_ENVIRON_H
#define TETHER_POSIX_ENVIRON_H

char **tether__posix_environ(void);

#endif
