/* What APR does not tell of this process, and threads that no signal of the host reaches.
 * src/posix/apr implements it. */
#ifndef TETHER_APR_PROCESS_OS_H
#define TETHER_APR_PROCESS_OS_H

#include <stddef.h>
#include <stdint.h>

/* The id of this process; another one in a forked child. */
int64_t tether__apr_process(void);

/* Calls work(data, index) for each index below count, all at the same time as far as there are
 * threads to be had (up to 64), and returns after the last one. */
void tether__apr_each(size_t count, void (*work)(void *data, size_t index), void *data);

#endif
