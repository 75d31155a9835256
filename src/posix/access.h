/* What the effective user may do with a file. */
#ifndef TETHER_POSIX_ACCESS_H
#define TETHER_POSIX_ACCESS_H

/* Returns 0 if this process, by its effective user and groups, has the access that `mode` names
 * (R_OK, W_OK and X_OK, in any combination), else errno. */
int tether__posix_access(const char *path, int mode);

#endif
