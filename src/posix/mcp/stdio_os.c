/* Owns standard input and output of a server on POSIX systems, its threads and its clock.
 * Must not: make a descriptor non-blocking: its description may be shared with other processes.
 * Thread: the main one; works run on threads of their own, which hand their userdata over through a
 * pipe. */
#include "mcp/stdio_os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OWN = 3, POLLABLES_MOST = 64 };

static struct {
    int done[2]; /* a pipe with the userdata of works that are done */
    bool output_is_socket;
} io = {{-1, -1}, false};

bool stdio_os_open(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct stat st;
    if (pipe(io.done) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        fcntl(io.done[i], F_SETFD, FD_CLOEXEC);
    fcntl(io.done[0], F_SETFL, O_NONBLOCK);
    sigaction(SIGPIPE, &ignore, NULL);
    io.output_is_socket = fstat(STDOUT_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
    return true;
}

static int bounded(int64_t timeout_ms)
{
    return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
}

unsigned stdio_os_wait(unsigned wanted, const intptr_t *pollables, size_t count, int64_t timeout_ms)
{
    struct pollfd fds[OWN + POLLABLES_MOST];
    fds[0] =
        (struct pollfd){.fd = (wanted & STDIO_READABLE) != 0 ? STDIN_FILENO : -1, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = (wanted & STDIO_WRITABLE) != 0 ? STDOUT_FILENO : -1,
                             .events = POLLOUT};
    fds[2] = (struct pollfd){.fd = io.done[0], .events = POLLIN};
    for (size_t i = 0; i < count && i < POLLABLES_MOST; i++)
        fds[OWN + i] = (struct pollfd){.fd = (int)pollables[i], .events = POLLIN};
    if (count > POLLABLES_MOST)
        count = POLLABLES_MOST;
    if (poll(fds, OWN + (nfds_t)count, bounded(timeout_ms)) <= 0)
        return 0;
    return (fds[0].revents != 0 ? STDIO_READABLE : 0u) |
           (fds[1].revents != 0 ? STDIO_WRITABLE : 0u) |
           (fds[2].revents != 0 ? STDIO_WORK_DONE : 0u);
}

static bool is_ready(int descriptor, short events)
{
    struct pollfd fd = {.fd = descriptor, .events = events};
    return poll(&fd, 1, 0) > 0;
}

long stdio_os_read(void *buffer, size_t size)
{
    if (!is_ready(STDIN_FILENO, POLLIN))
        return STDIO_NOTHING;
    ssize_t got = read(STDIN_FILENO, buffer, size);
    if (got > 0)
        return (long)got;
    return got < 0 && (errno == EINTR || errno == EAGAIN) ? STDIO_NOTHING : STDIO_OVER;
}

/* A pipe that poll() calls writable has room for PIPE_BUF bytes; a socket may have less. */
long stdio_os_write(const void *bytes, size_t size)
{
    ssize_t taken;
    if (!is_ready(STDOUT_FILENO, POLLOUT))
        return STDIO_NOTHING;
    if (io.output_is_socket)
        taken = send(STDOUT_FILENO, bytes, size, MSG_DONTWAIT);
    else
        taken = write(STDOUT_FILENO, bytes, size < PIPE_BUF ? size : PIPE_BUF);
    if (taken >= 0)
        return (long)taken;
    return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS
               ? STDIO_NOTHING
               : STDIO_OVER;
}

/* What was taken is in the pipe. */
void stdio_os_drain(int64_t timeout_ms)
{
    (void)timeout_ms;
}

typedef struct work_item {
    void (*work)(void *userdata);
    void *userdata;
} work_item;

/* A pointer is smaller than PIPE_BUF, so it is written as a whole. */
static void *run_work(void *argument)
{
    work_item item = *(work_item *)argument;
    free(argument);
    item.work(item.userdata);
    while (write(io.done[1], &item.userdata, sizeof item.userdata) < 0 && errno == EINTR) {
    }
    return NULL;
}

/* Signals are for the main thread. */
bool stdio_os_start(void (*work)(void *userdata), void *userdata)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, own;
    work_item *item = malloc(sizeof *item);
    if (item == NULL || pthread_attr_init(&attributes) != 0) {
        free(item);
        return false;
    }
    *item = (work_item){work, userdata};
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &own);
    bool started = pthread_create(&thread, &attributes, run_work, item) == 0;
    pthread_sigmask(SIG_SETMASK, &own, NULL);
    pthread_attr_destroy(&attributes);
    if (!started)
        free(item);
    return started;
}

void *stdio_os_done(void)
{
    void *userdata;
    return read(io.done[0], &userdata, sizeof userdata) == (ssize_t)sizeof userdata ? userdata
                                                                                    : NULL;
}

int64_t stdio_os_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

_Noreturn void stdio_os_exit(int code)
{
    _exit(code);
}
