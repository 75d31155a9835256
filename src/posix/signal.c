/* Owns signal names and numbers, and which signals a supervisor survives.
 * Must not: send a signal.
 * Thread: any. */
#include "os/signal.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "posix/signal.h"

static const struct {
    const char *name;
    int number;
} names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},     {"STOP", SIGSTOP},     {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},     {"URG", SIGURG},       {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
    {"PROF", SIGPROF},     {"VTALRM", SIGVTALRM}, {"SYS", SIGSYS},   {"WINCH", SIGWINCH},
/* Not every system has these. */
#ifdef SIGIO
    {"IO", SIGIO},
#endif
#ifdef SIGPOLL
    {"POLL", SIGPOLL},
#endif
#ifdef SIGPWR
    {"PWR", SIGPWR},
#endif
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
#ifdef SIGIOT
    {"IOT", SIGIOT},
#endif
#ifdef SIGCLD
    {"CLD", SIGCLD},
#endif
#ifdef SIGEMT
    {"EMT", SIGEMT},
#endif
#ifdef SIGINFO
    {"INFO", SIGINFO},
#endif
};

/* The traps of the sh wrapper (shell/wrapper.c), and what does not end a process by default. */
static const int survived[] = {
    SIGHUP,    SIGINT,  SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1,  SIGUSR2,
    SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGCHLD, SIGURG,  SIGWINCH, SIGCONT,
};

/* The range of real-time signals; 0 to -1 where there are none. In the C library they are no
 * constants, because it keeps some for itself. */
#ifdef SIGRTMIN
static int first_real_time(void)
{
    return SIGRTMIN;
}

static int last_real_time(void)
{
    return SIGRTMAX;
}
#else
static int first_real_time(void)
{
    return 0;
}

static int last_real_time(void)
{
    return -1;
}
#endif

enum { HIGHEST_SIGNAL = 64 };

/* Returns the number that the digits denote; -1 if they denote none, or one above the highest. */
static int read_number(const char *digits)
{
    char *end;
    if (!isdigit((unsigned char)digits[0]))
        return -1;
    long number = strtol(digits, &end, 10);
    return *end == '\0' && number <= HIGHEST_SIGNAL ? (int)number : -1;
}

/* Reads RTMIN, RTMIN+n, RTMAX and RTMAX-n. */
static int real_time_number(const char *name)
{
    bool from_last = strncasecmp(name, "RTMAX", 5) == 0;
    if (!from_last && strncasecmp(name, "RTMIN", 5) != 0)
        return 0;
    int offset = 0;
    if (name[5] != '\0')
        offset = name[5] == (from_last ? '-' : '+') ? read_number(name + 6) : -1;
    int number = from_last ? last_real_time() - offset : first_real_time() + offset;
    bool is_one = offset >= 0 && number >= first_real_time() && number <= last_real_time();
    return is_one ? number : 0;
}

int tether__os_signal_number(const char *name)
{
    if (isdigit((unsigned char)name[0])) {
        int number = read_number(name);
        return number > 0 ? number : 0;
    }
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i].name) == 0)
            return names[i].number;
    }
    return real_time_number(name);
}

/* Not every system counts the real-time signals in NSIG. */
bool tether__signal_exists(int number)
{
    return number > 0 && (number < NSIG || number <= last_real_time());
}

bool tether__signal_survived(int number)
{
    for (size_t i = 0; i < sizeof survived / sizeof survived[0]; i++) {
        if (number == survived[i])
            return true;
    }
    return false;
}

int tether__os_signal_polite(void)
{
    return SIGTERM;
}

int tether__os_signal_final(void)
{
    return SIGKILL;
}

bool tether__os_signal_is_told(void)
{
    return true;
}

int64_t tether__os_signal_polite_code(void)
{
    return 0;
}

void tether__os_signal_name(int number, char name[TETHER__SIGNAL_NAME_SIZE])
{
    name[0] = '\0';
    for (size_t i = 0; name[0] == '\0' && i < sizeof names / sizeof names[0]; i++) {
        if (number == names[i].number)
            snprintf(name, TETHER__SIGNAL_NAME_SIZE, "SIG%s", names[i].name);
    }
    if (name[0] == '\0' && number >= first_real_time() && number <= last_real_time())
        snprintf(name, TETHER__SIGNAL_NAME_SIZE, "SIGRTMIN+%d", number - first_real_time());
}
