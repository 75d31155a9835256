/* Threads in somebody else's process: all signals stay with the host's own. */
#ifndef TETHER_POSIX_APR_QUIET_THREAD_H
#define TETHER_POSIX_APR_QUIET_THREAD_H

#include <pthread.h>

/* As pthread_create with all signals blocked in the thread, SIGPIPE too. Returns an errno. */
int tether__apr_quiet_thread(pthread_t *thread, void *(*run)(void *), void *data);

#endif
