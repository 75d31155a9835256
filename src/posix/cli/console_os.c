/* Owns what terminals of POSIX systems tell, and the signals that end or stop the command while a
 * line is shown there. Terminals take bytes. Must not: change a terminal, or a signal that somebody
 * else handles or ignores. Thread: any; console_os_line one at a time. The handler runs on any
 * thread. */
#include "cli/console_os.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool console_os_takes_utf16(int descriptor)
{
    (void)descriptor;
    return false;
}

int console_os_write(int descriptor, const uint16_t *units, size_t count)
{
    (void)descriptor;
    (void)units;
    (void)count;
    return ENOTSUP;
}

size_t console_os_columns(int descriptor)
{
    struct winsize size;

    memset(&size, 0, sizeof size);
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* A terminal that is not the controlling one has no jobs. */
bool console_os_in_foreground(int descriptor)
{
    pid_t group = tcgetpgrp(descriptor);

    return group < 0 || group == getpgrp();
}

static volatile sig_atomic_t line_on = -1; /* the descriptor; -1: no line is shown */
static volatile sig_atomic_t handled;

/* The default action is back (SA_RESETHAND), so the process ends, or stops, by the same signal. */
static void obey_signal(int number)
{
    int descriptor = line_on;

    handled = 0;
    if (descriptor >= 0 && write(descriptor, "\r\033[J", 4) < 0) {
        /* The terminal is gone, and so is the line. */
    }
    raise(number);
}

static void handle_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    struct sigaction now, own;
    size_t i;

    memset(&own, 0, sizeof own);
    sigemptyset(&own.sa_mask);
    own.sa_handler = obey_signal;
    own.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(numbers[i], &own, NULL);
    }
}

void console_os_line(int descriptor, bool shown)
{
    line_on = shown ? descriptor : -1;
    if (shown && !handled) {
        handled = 1;
        handle_signals();
    }
}
