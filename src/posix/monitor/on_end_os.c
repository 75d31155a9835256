/* Owns the process that runs the command at the end of a task, the start of that command, and its
 * pipe.
 * Must not: give the command a descriptor of the monitor, or signal it once it was waited for.
 * Thread: the only one. */
#include "monitor/on_end_os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/spawn.h"
#include "posix/environ.h"
#include "posix/monitor/read_all.h"
#include "posix/monitor/reaping.h"
#include "posix/monitor/wake.h"
#include "posix/raise_fd.h"
#include "posix/write_all.h"

enum {
    ABOVE_STANDARD = 3,
    PATIENCE_MS = 1000,
    MONITORS_FDS = 256,
    NO_ID = '.', /* in no id of a task */
    LONGEST_MS = 3600 * 1000
};

static char *place;          /* where the task was started; NULL: not known */
static int reading_end = -1; /* of the pipe of its outputs */
static int words = -1;       /* of the pipe from the monitor to the messenger, the own end */

/* --- The process of its own --- */

/* The environment that the system shows of this process is what its memory has. */
static void change_cookie(void)
{
    static const char name[] = "TETHER_TASK_ID=";
    for (char **at = tether__posix_environ(); *at != NULL; at++) {
        if (strncmp(*at, name, sizeof name - 1) == 0 && (*at)[sizeof name - 1] != '\0')
            (*at)[sizeof name - 1] = NO_ID;
    }
}

/* The monitor's descriptors have low numbers, and are few. */
static void keep_two(int one, int other)
{
    for (int fd = 0; fd < MONITORS_FDS; fd++) {
        if (fd != one && fd != other)
            close(fd);
    }
}

/* The directory must not stay in use for this process. */
static void become_messenger(int ready, int from_monitor)
{
    change_cookie();
    place = getcwd(NULL, 0);
    if (chdir("/") != 0 || write(ready, "", 1) != 1)
        _exit(0);
    words = from_monitor;
    keep_two(TETHER__LIFELINE_FD, words);
    tether__wake_open();
}

/* Returns true in the process that is left: the parent of that ends at once, so that it is no child
 * of the monitor, which says when it has none. */
static bool fork_twice(int ready, int from_monitor)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (setsid() < 0 || fork() != 0)
            _exit(0);
        become_messenger(ready, from_monitor);
        return true;
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return false;
}

/* Waits until the new process is told apart from those of the task. */
static bool is_ready(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    char byte;
    return poll(&item, 1, PATIENCE_MS) == 1 && read(fd, &byte, 1) == 1;
}

static bool open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        ends[0] = ends[1] = -1;
    for (int i = 0; i < 2; i++)
        ends[i] = tether__posix_raise_fd(ends[i], ABOVE_STANDARD);
    return ends[0] >= 0 && ends[1] >= 0;
}

static void close_all(const int *descriptors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    }
}

bool tether__on_end_os_part(const tether__orders *orders)
{
    (void)orders;
    int said[2] = {-1, -1}, ready[2] = {-1, -1};
    bool open = open_pipe(said) && open_pipe(ready);
    if (open && fork_twice(ready[1], said[0]))
        return true;
    close_all((const int[]){said[0], ready[1]}, 2);
    if (open && is_ready(ready[0]))
        words = said[1];
    else
        close_all(&said[1], 1);
    close_all(&ready[0], 1);
    return false;
}

/* SIGPIPE is blocked, like all signals. */
bool tether__on_end_os_tell(const void *bytes, size_t size)
{
    return words >= 0 && write(words, bytes, size) == (ssize_t)size;
}

bool tether__on_end_os_hear(void *bytes, size_t size)
{
    bool heard = tether__monitor_read_all(words, bytes, size) == (ssize_t)size;
    close(words);
    return heard;
}

/* --- What it gets --- */

static size_t name_size(const char *variable)
{
    return strcspn(variable, "=") + 1;
}

static bool is_replaced(const char *variable, const char *const *by)
{
    for (; *by != NULL; by++) {
        if (strncmp(variable, *by, name_size(*by)) == 0)
            return true;
    }
    return false;
}

/* Returns the environment of the task with these variables in it; NULL when memory is short. The
 * caller frees the list. */
static char **make_environment(const char *const *variables)
{
    char **given = tether__posix_environ();
    size_t count = 0, used = 0;
    while (given[count] != NULL)
        count++;
    for (size_t i = 0; variables[i] != NULL; i++)
        count++;
    char **all = calloc(count + 1, sizeof *all);
    if (all == NULL)
        return NULL;
    for (; *given != NULL; given++) {
        if (!is_replaced(*given, variables))
            all[used++] = *given;
    }
    for (; *variables != NULL; variables++) {
        if ((*variables)[name_size(*variables)] != '\0')
            all[used++] = (char *)*variables;
    }
    return all;
}

/* A file, because the command need not read it, and a pipe would have a writer that waits. */
static int open_input(const char *bytes, size_t size)
{
    int fd = tether__posix_raise_fd(memfd_create("tether-end", MFD_CLOEXEC), ABOVE_STANDARD);
    if (fd < 0 || (tether__posix_write_all(fd, bytes, size) == 0 && lseek(fd, 0, SEEK_SET) == 0))
        return fd;
    close(fd);
    return -1;
}

/* --- The start --- */

/* In a session of its own, or at least a group: no signal to the task's reaches it. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    short flags = POSIX_SPAWN_SETSIGMASK;
    sigemptyset(&none);
#ifdef POSIX_SPAWN_SETSID
    flags |= POSIX_SPAWN_SETSID;
#else
    flags |= POSIX_SPAWN_SETPGROUP;
#endif
    int os_error = posix_spawnattr_setsigmask(attributes, &none);
    return os_error != 0 ? os_error : posix_spawnattr_setflags(attributes, flags);
}

/* What the command gets as its descriptors from 0 on. */
enum { DESCRIPTORS = 3 };

static int set_streams(posix_spawn_file_actions_t *actions, const int given[DESCRIPTORS])
{
    int os_error = 0;
    for (int fd = 0; os_error == 0 && fd < DESCRIPTORS; fd++)
        os_error = posix_spawn_file_actions_adddup2(actions, given[fd], fd);
    return os_error;
}

static pid_t spawn(const char *text, char **environment, const int given[DESCRIPTORS])
{
    const char *const argv[] = {"sh", "-c", text, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    if (posix_spawnattr_init(&attributes) != 0)
        return 0;
    if (posix_spawn_file_actions_init(&actions) == 0) {
        if (set_attributes(&attributes) != 0 || set_streams(&actions, given) != 0 ||
            posix_spawn(&pid, "/bin/sh", &actions, &attributes, (char *const *)argv, environment) !=
                0)
            pid = 0;
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return pid;
}

/* The messenger itself enters the directory for a moment: not every C library can tell a spawn to.
 */
static pid_t spawn_there(const char *text, char **environment, const int given[DESCRIPTORS])
{
    bool moved = place != NULL && chdir(place) == 0;
    pid_t pid = spawn(text, environment, given);
    if (moved && chdir("/") != 0)
        return pid; /* the directory stays in use, no more */
    return pid;
}

int64_t tether__on_end_os_start(const tether__on_end_call *call)
{
    int output[2] = {-1, -1};
    pid_t pid = 0;
    char **environment = make_environment(call->variables);
    int input = open_input(call->input, call->input_size);
    if (environment != NULL && input >= 0 && open_pipe(output) &&
        fcntl(output[0], F_SETFL, O_NONBLOCK) == 0) {
        const int given[DESCRIPTORS] = {input, output[1], output[1]};
        pid = spawn_there(call->text, environment, given);
    }
    close_all((int[]){input, output[1]}, 2);
    reading_end = output[0];
    free(environment);
    return pid;
}

/* --- While it runs --- */

static void close_reading_end(void)
{
    close(reading_end);
    reading_end = -1;
}

size_t tether__on_end_os_read(char *bytes, size_t capacity)
{
    ssize_t size = reading_end >= 0 ? read(reading_end, bytes, capacity) : 0;
    if (size > 0)
        return (size_t)size;
    /* The end of the pipe would end each sleep. */
    if (reading_end >= 0 && (size == 0 || (errno != EAGAIN && errno != EINTR)))
        close_reading_end();
    return 0;
}

tether__afterwards tether__on_end_os_wait(int64_t pid, int64_t until_ms, int *value)
{
    int status;
    struct rusage used;
    int64_t left_ms = until_ms - tether__os_monotonic_ms();
    tether__wake_item item = {.fd = reading_end};
    int timeout_ms = left_ms < 0 ? 0 : left_ms < LONGEST_MS ? (int)left_ms : LONGEST_MS;
    (void)tether__wake_sleep(&item, 1, timeout_ms);
    if (tether__reaping_take((pid_t)pid, &status, &used) == (pid_t)pid) {
        bool exited = WIFEXITED(status);
        *value = exited ? WEXITSTATUS(status) : WTERMSIG(status);
        return exited ? TETHER__AFTERWARDS_EXIT : TETHER__AFTERWARDS_SIGNAL;
    }
    return TETHER__AFTERWARDS_UNTOLD;
}

void tether__on_end_os_signal(int64_t pid, bool final)
{
    (void)kill(-(pid_t)pid, final ? SIGKILL : SIGTERM);
}

_Noreturn void tether__on_end_os_leave(void)
{
    _exit(0);
}
