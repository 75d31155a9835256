/* Owns what libtether-apr needs of the system beside APR: the process id, and threads for work that
 * waits.
 * Must not: let a signal of the host be delivered to these threads.
 * Thread: any. */
#include "apr/process_os.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "posix/apr/quiet_thread.h"

#define THREADS 64

typedef struct crew {
    void (*work)(void *data, size_t index);
    void *data;
    size_t count;
    atomic_size_t next;
} crew;

int64_t tether__apr_process(void)
{
    return getpid();
}

int tether__apr_quiet_thread(pthread_t *thread, void *(*run)(void *), void *data)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int os_error = pthread_create(thread, NULL, run, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return os_error;
}

static void *take_turns(void *data)
{
    crew *c = data;
    size_t index;
    while ((index = atomic_fetch_add(&c->next, 1)) < c->count)
        c->work(c->data, index);
    return NULL;
}

void tether__apr_each(size_t count, void (*work)(void *data, size_t index), void *data)
{
    crew c = {.work = work, .data = data, .count = count};
    pthread_t threads[THREADS];
    size_t started = 0;
    /* This thread does its part too: without any other, all of it. */
    while (started < THREADS && started + 1 < count &&
           tether__apr_quiet_thread(&threads[started], take_turns, &c) == 0)
        started++;
    take_turns(&c);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}
