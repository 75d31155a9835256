/* Owns opening what tells of the end of another process or task.
 * Must not: wait for it, or signal it.
 * Thread: any. */
#include "os/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "os/process.h"
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/pidfd.h"
#include "posix/raise_fd.h"
#include "posix/told_end.h"

static const char step[] = "watch anchor";

enum { FIRST_FREE = 3 }; /* none of the standard streams */

static const tether__anchor unopened = {.process = -1, .lifeline = -1, .news = -1};

void tether__os_anchor_close(tether__anchor *anchor)
{
    const intptr_t all[] = {anchor->process, anchor->lifeline, anchor->news};
    for (size_t i = 0; anchor->open && i < sizeof all / sizeof all[0]; i++) {
        if (all[i] >= 0)
            close((int)all[i]);
    }
    *anchor = (tether__anchor){0};
}

static int finish(int code, tether__anchor *anchor)
{
    if (code != TETHER_OK)
        tether__os_anchor_close(anchor);
    return code;
}

static int fail_open(int os_error, int64_t pid, tether_error *error)
{
    if (os_error == ENOSYS)
        return tether__fail(error, TETHER_ENOTSUP, os_error, step,
                            "this system has no pidfd_open (Linux 5.3), or refuses it, as the "
                            "seccomp filters of some containers do; a process cannot be watched "
                            "without: name a task in its place");
    if (os_error == ESRCH)
        return tether__fail(error, TETHER_EENDED, os_error, step,
                            "there is no process %lld: it has ended, or belongs to another pid "
                            "namespace; name one that runs here",
                            (long long)pid);
    /* The kernel's word for a thread that leads no process. */
    if (os_error == EINVAL || os_error == ENOENT)
        return tether__fail(error, TETHER_EINVAL, os_error, step,
                            "%lld is a thread and no process; name the process to which it belongs",
                            (long long)pid);
    return tether__posix_fail(error, os_error, step, NULL);
}

static int open_process(int64_t pid, tether__anchor *anchor, tether_error *error)
{
    *anchor = unopened;
    if (pid <= 0 || pid > INT_MAX)
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "%lld is no process id; give a number above 0", (long long)pid);
    int pidfd = tether__posix_raise_fd(tether__pidfd_open(pid), FIRST_FREE);
    if (pidfd < 0)
        return fail_open(errno, pid, error);
    anchor->open = true;
    anchor->process = pidfd;
    return TETHER_OK;
}

int tether__os_anchor_process(int64_t pid, tether__anchor *anchor, tether_error *error)
{
    int code = open_process(pid, anchor, error);
    if (code == TETHER_OK && tether__pidfd_has_ended((int)anchor->process))
        code = tether__fail(
            error, TETHER_EENDED, 0, step,
            "process %lld has ended, and its parent has not waited for it yet; name one that runs",
            (long long)pid);
    return finish(code, anchor);
}

/* The descriptor pins the process. If the process has this identity now, it is the right one. */
static int check_identity(const char *task_id, const tether__identity *supervisor,
                          tether_error *error)
{
    tether__liveness alive = tether__os_process_alive(supervisor);
    if (alive == TETHER__ALIVE)
        return TETHER_OK;
    if (alive == TETHER__GONE)
        return tether__fail(error, TETHER_EENDED, 0, step,
                            "the supervisor of task %s has ended; name a task that runs", task_id);
    return tether__fail(
        error, TETHER_EFOREIGN, 0, step,
        "the supervisor of task %s cannot be identified from here: it runs in "
        "another pid namespace, or /proc does not show it; start both tasks in the same container",
        task_id);
}

static int fail_news(int os_error, tether_error *error)
{
    if (os_error == EMFILE || os_error == ENOSPC)
        return tether__fail(error, TETHER_ELIMIT, os_error, step,
                            "no inotify instance or watch is left; raise "
                            "fs.inotify.max_user_instances and fs.inotify.max_user_watches, or "
                            "name a process instead of a task");
    if (os_error == EPERM || os_error == ENOSYS)
        return tether__fail(error, TETHER_ENOTSUP, os_error, step,
                            "the system refuses inotify, as the seccomp filters of some containers "
                            "do; name a process instead of a task");
    return tether__posix_fail(error, os_error, step, "the lifeline");
}

/* Events of changes alone: hosts open lifelines to make each other look. */
static int open_news(int lifeline, tether__anchor *anchor, tether_error *error)
{
    char path[64];
    int fd = tether__posix_raise_fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), FIRST_FREE);
    if (fd < 0)
        return fail_news(errno, error);
    anchor->news = fd;
    snprintf(path, sizeof path, "/proc/self/fd/%d", lifeline);
    return inotify_add_watch(fd, path, IN_MODIFY) >= 0 ? TETHER_OK : fail_news(errno, error);
}

/* In this order: an end that is written after the look raises an event. */
static int open_lifeline(tether__dir *exits, const char *task_id, tether__anchor *anchor,
                         tether_error *error)
{
    int fd = tether__posix_raise_fd(
        tether__posix_open_at(exits->fd, task_id,
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0),
        FIRST_FREE);
    if (fd < 0)
        return tether__posix_fail(error, errno, step, "the lifeline");
    anchor->is_task = true;
    anchor->lifeline = fd;
    int code = open_news(fd, anchor, error);
    if (code == TETHER_OK &&
        (tether__posix_told_end(fd) || tether__pidfd_has_ended((int)anchor->process)))
        code = tether__fail(error, TETHER_EENDED, 0, step,
                            "task %s has ended; name a task that runs", task_id);
    return code;
}

int tether__os_anchor_task(tether__dir *exits, const char *task_id,
                           const tether__identity *supervisor, tether__anchor *anchor,
                           tether_error *error)
{
    int code = open_process(supervisor->pid, anchor, error);
    if (code == TETHER_OK)
        code = check_identity(task_id, supervisor, error);
    if (code == TETHER_OK)
        code = open_lifeline(exits, task_id, anchor, error);
    return finish(code, anchor);
}
