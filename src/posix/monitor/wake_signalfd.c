/* Owns the monitor's sleep on Linux.
 * Must not: run a handler of a signal.
 * Thread: the only one. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "posix/monitor/wake.h"

enum { LOOK_MS = 100 }; /* without a descriptor that tells of signals */

static int signals = -1;

void tether__wake_open(void)
{
    sigset_t all;
    sigfillset(&all);
    signals = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Where the system refuses to wait, or to tell, the monitor must not spin. */
static void nap(void)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    nanosleep(&pause, NULL);
}

void tether__wake_sleep(const int fds[2], int timeout_ms)
{
    struct signalfd_siginfo taken[8];
    struct pollfd items[] = {{.fd = signals, .events = POLLIN},
                             {.fd = fds[0], .events = POLLIN},
                             {.fd = fds[1], .events = POLLIN}};
    bool told = signals >= 0;
    int longest = told || (timeout_ms >= 0 && timeout_ms < LOOK_MS) ? timeout_ms : LOOK_MS;
    int ready = poll(items, sizeof items / sizeof items[0], longest);
    if (ready < 0 && errno != EINTR)
        nap();
    if (ready <= 0 || items[0].revents == 0)
        return;
    while (read(signals, taken, sizeof taken) > 0)
        continue;
    if (errno != EAGAIN && errno != EINTR)
        nap();
}
