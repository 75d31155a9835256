/* Owns random delays at the start of programs, and around the calls by which processes see each
 * other's steps. ci/delays preloads it into the tests and everything that they start.
 * Must not: change the result or the errno of a call.
 * Thread: any. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Enough that another process gets its turn, and most tests keep within their time. */
enum {
    START_SHARE = 3, /* one start of so many is late */
    START_US = 300 * 1000,
    CALL_SHARE = 40,
    CALL_US = 50 * 1000,
};

static uint64_t state;

static uint64_t next_random(void)
{
    uint64_t z = __atomic_add_fetch(&state, 0x9E3779B97F4A7C15U, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static void delay_one_of(uint64_t share, uint64_t longest_us)
{
    if (next_random() % share != 0)
        return;
    int before = errno;
    struct timespec time = {.tv_nsec = (long)(next_random() % longest_us) * 1000};
    nanosleep(&time, NULL);
    errno = before;
}

static void delay(void)
{
    delay_one_of(CALL_SHARE, CALL_US);
}

__attribute__((constructor)) static void begin(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    state = (uint64_t)getpid() * 1000003U + (uint64_t)now.tv_nsec;
    delay_one_of(START_SHARE, START_US);
}

/* The address of the C library's function. Without it no call can be answered. */
static void find_real(const char *name, void *function)
{
    int before = errno;
    void **found = function;
    *found = dlsym(RTLD_NEXT, name);
    errno = before;
    if (*found == NULL)
        abort();
}

/* Defines a function that calls the real one of its name, with a delay on both sides. */
#define DELAYED(type, name, parameters, arguments)                                                 \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        type(*real) parameters;                                                                    \
        find_real(#name, &real);                                                                   \
        delay();                                                                                   \
        type result = real arguments;                                                              \
        delay();                                                                                   \
        return result;                                                                             \
    }

DELAYED(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options))
DELAYED(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options),
        (type, id, info, options))
DELAYED(int, kill, (pid_t pid, int signal), (pid, signal))
DELAYED(int, renameat, (int from, const char *old, int to, const char *name), (from, old, to, name))
DELAYED(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags))
DELAYED(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
DELAYED(int, flock, (int fd, int operation), (fd, operation))
DELAYED(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
DELAYED(int, epoll_wait, (int fd, struct epoll_event *events, int count, int timeout),
        (fd, events, count, timeout))
DELAYED(int, epoll_pwait,
        (int fd, struct epoll_event *events, int count, int timeout, const sigset_t *signals),
        (fd, events, count, timeout, signals))

/* Only locks are delayed. */
static int delayed_fcntl(const char *name, int fd, int command, void *argument)
{
    int (*real)(int fd, int command, ...);
    find_real(name, &real);
    bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                 command == F_OFD_SETLKW;
    if (locks)
        delay();
    int result = real(fd, command, argument);
    if (locks)
        delay();
    return result;
}

#define DELAYED_FCNTL(name)                                                                        \
    int name(int fd, int command, ...);                                                            \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        va_list list;                                                                              \
        va_start(list, command);                                                                   \
        void *argument = va_arg(list, void *);                                                     \
        va_end(list);                                                                              \
        return delayed_fcntl(#name, fd, command, argument);                                        \
    }

DELAYED_FCNTL(fcntl)
DELAYED_FCNTL(fcntl64)
