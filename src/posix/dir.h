/* The directory handle on POSIX, for the other files of this folder. */
#ifndef TETHER_POSIX_DIR_H
#define TETHER_POSIX_DIR_H

struct tether__dir {
    int fd;
    char *path;
};

#endif
