/* Owns the preparation of a start: the descriptors of the child, and the error for each failure.
 * Must not: fork or exec; the variants spawn_*.c do.
 * Thread: any. */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
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
    int copy = fds->lifeline != start->lifeline->handle ? fds->lifeline : -1;
    int all[] = {fds->standard[0], fds->standard[1], fds->standard[2], fds->workdir, copy,
                 fds->orders,      fds->host};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] >= 0)
            close(all[i]);
    }
}

static int open_orders(const tether__start *start, tether__child_fds *fds, tether_error *error)
{
    int fd = tether__posix_open_orders(start, error);
    fds->orders = move_above_child_fds(fd);
    if (fds->orders >= 0)
        return TETHER_OK;
    return fd < 0 ? fd : tether__posix_fail(error, errno, "pass orders", NULL);
}

static int share_bond(const tether__start *start, tether__child_fds *fds, tether_error *error)
{
    fds->host = fcntl((int)start->bond->told, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    return fds->host >= 0 ? TETHER_OK : tether__posix_fail(error, errno, "bind to the host", NULL);
}

static int open_fds(const tether__start *start, tether__child_fds *fds, tether_error *error)
{
    *fds = (tether__child_fds){{-1, -1, -1}, -1, -1, -1, -1};
    fds->standard[0] =
        start->inherit_stdin ? share_input(error) : open_input(start->stdin_path, error);
    if (fds->standard[0] < 0)
        return fds->standard[0];
    if ((fds->standard[1] = open_output(start->bundle, start->stdout_name, error)) < 0)
        return fds->standard[1];
    const char *name = start->stderr_name;
    fds->standard[2] = name != NULL ? open_output(start->bundle, name, error)
                                    : fcntl(fds->standard[1], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (fds->standard[2] < 0)
        return name != NULL ? fds->standard[2]
                            : tether__posix_fail(error, errno, "share output file", NULL);
    if ((fds->workdir = open_workdir(start->workdir, error)) < 0)
        return fds->workdir;
    fds->lifeline = (int)start->lifeline->handle;
    if (fds->lifeline < FIRST_FREE_FD)
        fds->lifeline = fcntl(fds->lifeline, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (fds->lifeline < 0)
        return tether__posix_fail(error, errno, "pass lifeline", NULL);
    int code = start->orders != NULL ? open_orders(start, fds, error) : TETHER_OK;
    return code == TETHER_OK && start->bond != NULL ? share_bond(start, fds, error) : code;
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

int tether__os_spawn(const tether__start *start, tether__started *started, tether_error *error)
{
    tether__child_fds fds;
    pid_t child = -1;
    *started = (tether__started){0};
    int code = open_fds(start, &fds, error);
    if (code == TETHER_OK) {
        int os_error = tether__posix_start(start, &fds, &child);
        if (os_error != 0)
            code = fail_start(start, os_error, error);
    }
    close_fds(start, &fds);
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
