/* Owns the watch on the reader of standard output on POSIX systems.
 * Must not: write to standard output, or change it: its description may be shared.
 * Thread: one of its own, which waits in poll() until the process ends. */
#include "cli/reader_os.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef POLLRDBAND
#define POLLRDBAND 0
#endif

enum { EXIT_BROKEN_PIPE = 128 + 13 }; /* what shells report for SIGPIPE */

static struct sigaction before; /* for SIGPIPE */
static void (*when_gone)(void);

/* If SIGPIPE is ignored or blocked, the process exits with the same code. */
_Noreturn void reader_os_end(void)
{
    sigaction(SIGPIPE, &before, NULL);
    raise(SIGPIPE);
    _exit(EXIT_BROKEN_PIPE);
}

/* poll() reports POLLERR for a pipe without a reader, and POLLHUP for a closed socket or terminal,
 * without being asked for them. macOS and illumos do so only if some event is requested; POLLRDBAND
 * never happens on what the command writes to. */
static void *wait_for_end(void *unused)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLRDBAND};
    (void)unused;
    for (;;) {
        int count = poll(&output, 1, -1);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return NULL;
        if (count <= 0)
            continue;
        if ((output.revents & (POLLERR | POLLHUP)) != 0) {
            when_gone();
            return NULL;
        }
        if ((output.revents & POLLNVAL) != 0 || output.events == 0)
            return NULL;
        output.events = 0;
    }
}

/* Signals are for the main thread. */
static void start_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, own;
    sigfillset(&all);
    if (pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &own);
    pthread_create(&thread, &attributes, wait_for_end, NULL);
    pthread_sigmask(SIG_SETMASK, &own, NULL);
    pthread_attr_destroy(&attributes);
}

void reader_os_watch(void (*gone)(void))
{
    struct stat st;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    when_gone = gone;
    sigaction(SIGPIPE, &ignore, &before);
    if (fstat(STDOUT_FILENO, &st) == 0 &&
        (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode)))
        start_thread();
}
