/* Owns the monitor's sleep on Linux.
 * Must not: run a handler of a signal.
 * Thread: the only one. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
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

/* Takes all signals. Returns whether SIGURG was among them. */
static bool take_signals(void)
{
    struct signalfd_siginfo taken[8];
    bool urgent = false;
    ssize_t size;
    do {
        size = read(signals, taken, sizeof taken);
        for (ssize_t i = 0; i < size / (ssize_t)sizeof taken[0]; i++)
            urgent = urgent || taken[i].ssi_signo == SIGURG;
    } while (size == (ssize_t)sizeof taken);
    if (size < 0 && errno != EAGAIN && errno != EINTR)
        nap();
    return urgent;
}

bool tether__wake_sleep(tether__wake_item *items, size_t count, int timeout_ms)
{
    struct pollfd polled[1 + TETHER__WAKE_ITEMS] = {{.fd = signals, .events = POLLIN}};
    for (size_t i = 0; i < count; i++)
        polled[1 + i] =
            (struct pollfd){.fd = items[i].fd, .events = items[i].writes ? POLLOUT : POLLIN};
    bool told = signals >= 0;
    int longest = told || (timeout_ms >= 0 && timeout_ms < LOOK_MS) ? timeout_ms : LOOK_MS;
    int ready = poll(polled, 1 + count, longest);
    if (ready < 0 && errno != EINTR)
        nap();
    for (size_t i = 0; i < count; i++)
        items[i].ready = ready > 0 && polled[1 + i].revents != 0;
    return ready > 0 && polled[0].revents != 0 && take_signals();
}
