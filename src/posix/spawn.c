/* Owns the preparation of a start: the descriptors of the child, and the error for each failure.
 * Must not: fork or exec; the variants spawn_*.c do.
 * Thread: any. */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/access.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/raise_fd.h"
#include "posix/spawn_orders.h"
#include "posix/spawn_start.h"

static const char step[] = "start supervisor";

enum { FIRST_FREE_FD = TETHER__LIFELINE_FD + 1 };

static int move_above_child_fds(int fd)
{
    return tether__posix_raise_fd(fd, FIRST_FREE_FD);
}

static int open_input(const char *path, tether_error *error)
{
    const char *name = path != NULL ? path : "/dev/null";
    /* O_NONBLOCK for the open only: nothing must block the host, such as a FIFO that has just
     * replaced the file. The null device never does. */
    int nonblock = path != NULL ? O_NONBLOCK : 0;
    int fd = move_above_child_fds(open(name, O_RDONLY | nonblock | O_NOCTTY | O_CLOEXEC));
    if (fd < 0) {
        int os_error = errno;
        if (os_error == ENOENT || os_error == ENOTDIR)
            return tether__fail(error, TETHER_EINVAL, os_error, "open standard input",
                                "%.300s: no such file to read standard input from; check the path",
                                name);
        return tether__posix_fail(error, os_error, "open standard input", name);
    }
    if (nonblock != 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

/* In a process without standard input, any descriptor of this library may have got its number: of
 * the store's directory, or of what has no type of file, such as an event queue. */
static bool is_no_input(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (S_ISDIR(st.st_mode) || (st.st_mode & S_IFMT) == 0);
}

/* A copy of this process's own standard input. */
static int share_input(tether_error *error)
{
    bool closed = is_no_input(STDIN_FILENO);
    int fd = closed ? -1 : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (fd >= 0)
        return fd;
    if (closed || errno == EBADF)
        return tether__fail(error, TETHER_EINVAL, EBADF, "open standard input",
                            "standard input of this process is closed, so that the task cannot "
                            "inherit it; name a file instead");
    return tether__posix_fail(error, errno, "open standard input", NULL);
}

static int open_output(tether__dir *bundle, const char *name, tether_error *error)
{
    int fd = move_above_child_fds(
        openat(bundle->fd, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               TETHER__POSIX_FILE_MODE));
    if (fd < 0)
        return tether__posix_fail(error, errno, "create output file", name);
    tether__posix_ensure_mode(fd, TETHER__POSIX_FILE_MODE);
    return fd;
}

static int open_workdir(const char *path, tether_error *error)
{
    int fd = move_above_child_fds(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
#ifdef O_PATH
    /* A directory that can be entered but not listed. */
    if (fd < 0 && errno == EACCES)
        fd = move_above_child_fds(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
#endif
    if (fd >= 0)
        return fd;
    int os_error = errno;
    int code = tether__posix_code(os_error);
    if (code != TETHER_ELIMIT && code != TETHER_ENOMEM)
        code = TETHER_EWORKDIR;
    return tether__posix_fail_as(error, code, os_error, "open working directory", path);
}

/* The lifeline is the caller's, or a copy of it. */
static void close_fds(const tether__start *start, const tether__child_fds *fds)
{
    if (fds->workdir >= 0)
        close(fds->workdir);
    for (int i = 0; i < TETHER__CHILD_FDS; i++) {
        if (fds->at[i] >= 0 && fds->at[i] != start->lifeline->handle)
            close(fds->at[i]);
    }
}

static int open_orders(const tether__start *start, int *orders, tether_error *error)
{
    int fd = tether__posix_open_orders(start, error);
    *orders = move_above_child_fds(fd);
    if (*orders >= 0)
        return TETHER_OK;
    return fd < 0 ? fd : tether__posix_fail(error, errno, "pass orders", NULL);
}

/* Copies a descriptor that stays the caller's. */
static int share(intptr_t fd, const char *why, int *copy, tether_error *error)
{
    *copy = fcntl((int)fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    return *copy >= 0 ? TETHER_OK : tether__posix_fail(error, errno, why, NULL);
}

static int share_anchor(const tether__anchor *anchor, tether__child_fds *fds, tether_error *error)
{
    static const char why[] = "watch anchor";
    int code = share(anchor->process, why, &fds->at[TETHER__ANCHOR_FD], error);
    if (code == TETHER_OK && anchor->is_task)
        code = share(anchor->lifeline, why, &fds->at[TETHER__ANCHOR_LIFELINE_FD], error);
    if (code == TETHER_OK && anchor->is_task)
        code = share(anchor->news, why, &fds->at[TETHER__ANCHOR_NEWS_FD], error);
    return code;
}

/* What only a monitor gets. */
static int open_monitors(const tether__start *start, bool packed, tether__child_fds *fds,
                         tether_error *error)
{
    int code = packed ? TETHER_OK : open_orders(start, &fds->at[TETHER__ORDERS_FD], error);
    if (code == TETHER_OK && start->bond != NULL)
        code = share(start->bond->told, "bind to the host", &fds->at[TETHER__HOST_FD], error);
    if (code == TETHER_OK && start->anchor != NULL)
        code = share_anchor(start->anchor, fds, error);
    return code;
}

static int open_standard(const tether__start *start, int standard[3], tether_error *error)
{
    standard[0] = start->inherit_stdin ? share_input(error) : open_input(start->stdin_path, error);
    if (standard[0] < 0)
        return standard[0];
    if ((standard[1] = open_output(start->bundle, start->stdout_name, error)) < 0)
        return standard[1];
    if (start->stderr_name == NULL)
        return share(standard[1], "share output file", &standard[2], error);
    standard[2] = open_output(start->bundle, start->stderr_name, error);
    return standard[2] < 0 ? standard[2] : TETHER_OK;
}

/* `packed`: the orders are in the environment. */
static int open_fds(const tether__start *start, bool packed, tether__child_fds *fds,
                    tether_error *error)
{
    fds->workdir = -1;
    for (int i = 0; i < TETHER__CHILD_FDS; i++)
        fds->at[i] = -1;
    int code = open_standard(start, fds->at, error);
    if (code != TETHER_OK)
        return code;
    if ((fds->workdir = open_workdir(start->workdir, error)) < 0)
        return fds->workdir;
    int *lifeline = &fds->at[TETHER__LIFELINE_FD];
    *lifeline = (int)start->lifeline->handle;
    if (*lifeline < FIRST_FREE_FD)
        code = share(*lifeline, "pass lifeline", lifeline, error);
    return code == TETHER_OK && start->orders != NULL ? open_monitors(start, packed, fds, error)
                                                      : code;
}

static int fail_start(const tether__start *start, int os_error, tether_error *error)
{
    int code = tether__posix_code(os_error);
    if (os_error == ENOENT)
        code = TETHER_ENOSHELL;
    else if (os_error == EACCES)
        code = TETHER_ENOEXEC;
    else if (os_error == ENOMEM)
        code = TETHER_ELIMIT; /* so that a host can distinguish it from its own lack of memory */
    return tether__posix_fail_as(error, code, os_error, step, start->program);
}

static int start_with(const tether__start *start, bool packed, pid_t *child, tether_error *error)
{
    tether__child_fds fds;
    int code = open_fds(start, packed, &fds, error);
    if (code == TETHER_OK) {
        int os_error = tether__posix_start(start, &fds, child);
        if (os_error != 0)
            code = fail_start(start, os_error, error);
    }
    close_fds(start, &fds);
    return code;
}

int tether__os_spawn(const tether__start *start, tether__started *started, tether_error *error)
{
    tether__start completed = *start;
    const char **envp = NULL;
    pid_t child = -1;
    *started = (tether__started){0};
    int code = start->orders != NULL ? tether__posix_pack_orders(start, &envp, error) : TETHER_OK;
    if (envp != NULL)
        completed.envp = envp;
    if (code == TETHER_OK)
        code = start_with(&completed, envp != NULL, &child, error);
    free(envp);
    if (code == TETHER_OK)
        started->pid = child;
    return code;
}

/* Stores the path of a FIFO without links; NULL: `path` leads to something else, or to a pipe
 * without a name, such as /dev/fd/5: the links of such a path lead to a name that does not exist,
 * or that is another file. Returns 0, or the errno of a shortage, for which that is not known. */
static int find_fifo(const char *path, char **real)
{
    struct stat given, named;
    *real = NULL;
    int os_error = stat(path, &given) == 0 ? 0 : errno;
    if (os_error == 0 && S_ISFIFO(given.st_mode)) {
        *real = realpath(path, NULL);
        if (*real == NULL || stat(*real, &named) != 0)
            os_error = errno;
    }
    if (*real != NULL &&
        (os_error != 0 || named.st_dev != given.st_dev || named.st_ino != given.st_ino)) {
        free(*real);
        *real = NULL;
    }
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

/* A pipe without a name exists in this process only, so this process opens it. The FIFO is not
 * opened even for a moment: that would release its writer, which would then find no reader. */
int tether__os_spawn_late_input(const char *path, char **late, tether_error *error)
{
    char *real = NULL;
    *late = NULL;
    int os_error = path != NULL ? find_fifo(path, &real) : 0;
    if (os_error == 0 && real != NULL)
        os_error = tether__posix_access(real, R_OK);
    if (os_error != 0) {
        free(real);
        return tether__posix_fail(error, os_error, "open standard input", path);
    }
    *late = real;
    return TETHER_OK;
}

/* Only the start itself can show that: it returns the error of the exec, and leaves no child. */
int tether__os_spawn_try(const char *program, tether_error *error)
{
    (void)program;
    (void)error;
    return TETHER_OK;
}

/* A supervisor is never started suspended. */
bool tether__os_spawn_release(const char *task_id, const tether__identity *supervisor)
{
    (void)task_id;
    (void)supervisor;
    return true;
}

bool tether__os_spawn_has_pipes(void)
{
    return true;
}

bool tether__os_spawn_can_bind(void)
{
    return false;
}

int tether__os_spawn_bound(bool *bound, tether_error *error)
{
    (void)error;
    *bound = false;
    return TETHER_OK;
}
