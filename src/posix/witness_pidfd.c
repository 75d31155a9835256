/* Owns the descriptors that pin commands whose monitor was killed, and what they tell.
 * Must not: take another process for the command, or a process that has ended for one whose end is
 * known.
 * Thread: any. */
#include "os/witness.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/clock.h"
#include "posix/command_note.h"
#include "posix/dir.h"
#include "posix/pidfd.h"
#include "posix/proc.h"
#include "posix/proc_stat.h"

/* linux/pidfd.h, since 6.13; it tells ends since 6.15. */
struct pidfd_info {
    uint64_t mask, cgroup;
    uint32_t pid, leader, parent, users[8];
    int32_t exit_code; /* as wait tells it */
};
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info)
#define INFO_PID (UINT64_C(1) << 0)
#define INFO_EXIT (UINT64_C(1) << 3)

static bool ask_kernel(int pidfd, struct pidfd_info *info)
{
    *info = (struct pidfd_info){.mask = INFO_EXIT};
    bool answered = ioctl(pidfd, GET_INFO, info) == 0;
    info->mask = answered ? info->mask : 0;
    return answered;
}

static bool read_note(tether__dir *exits, const char *task_id, long long *pid,
                      unsigned long long *pidfs_id)
{
    char text[TETHER__COMMAND_NOTE_SIZE];
    int fd = tether__posix_open_at(exits->fd, task_id,
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    ssize_t size = fgetxattr(fd, TETHER__COMMAND_NOTE, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    return sscanf(text, TETHER__COMMAND_NOTE_FORMAT, pid, pidfs_id) == 2 && *pid > 0 &&
           *pidfs_id != 0;
}

/* The number proves that it is the command, in whichever namespace the pid was written. One that
 * has ended already may have been waited for, before it was pinned. */
bool tether__os_witness_open(tether__dir *exits, const char *task_id, tether__witness *witness)
{
    long long pid;
    unsigned long long pidfs_id;
    struct pidfd_info info;
    if (!read_note(exits, task_id, &pid, &pidfs_id))
        return false;
    int pidfd = tether__pidfd_open(pid);
    if (pidfd < 0)
        return false;
    if (tether__pidfd_id(pidfd) != pidfs_id || tether__pidfd_has_ended(pidfd) ||
        !ask_kernel(pidfd, &info)) {
        close(pidfd);
        return false;
    }
    *witness = (tether__witness){.pinned = pidfd + 1};
    return true;
}

/* As if somebody had waited for it. The pid belongs to the process until somebody has. */
static void look_at_unwaited(int pidfd, struct pidfd_info *info)
{
    int status;
    bool shown = (info->mask & INFO_PID) != 0 && tether__proc_is_own() &&
                 tether__proc_wait_status(info->pid, &status);
    if (!ask_kernel(pidfd, info) || (info->mask & INFO_EXIT) != 0 || !shown)
        return;
    info->mask |= INFO_EXIT;
    info->exit_code = status;
}

/* The kernel has the answer once somebody has waited for the process, some time after its end. */
tether__witnessed tether__os_witness_ask(tether__witness *witness, int64_t patience_ms, int *value,
                                         bool *core)
{
    struct pidfd_info info;
    int pidfd = witness->pinned - 1;
    *value = 0;
    *core = false;
    if (pidfd < 0)
        return TETHER__WITNESSED_NOTHING;
    bool ended = tether__pidfd_has_ended(pidfd);
    if (!ask_kernel(pidfd, &info))
        return TETHER__WITNESSED_NOTHING;
    if (ended && (info.mask & INFO_EXIT) == 0)
        look_at_unwaited(pidfd, &info);
    if ((info.mask & INFO_EXIT) == 0) {
        uint32_t now = (uint32_t)tether__os_monotonic_ms();
        if (ended && witness->ended_ms == 0)
            witness->ended_ms = now != 0 ? now : 1;
        bool late = ended && now - witness->ended_ms > patience_ms;
        return late ? TETHER__WITNESSED_NOTHING : TETHER__WITNESSED_LIFE;
    }
    bool exited = WIFEXITED(info.exit_code);
    *value = exited ? WEXITSTATUS(info.exit_code) : WTERMSIG(info.exit_code);
    *core = !exited && WCOREDUMP(info.exit_code);
    return exited ? TETHER__WITNESSED_EXIT : TETHER__WITNESSED_SIGNAL;
}

void tether__os_witness_close(tether__witness *witness)
{
    if (witness->pinned > 0)
        close(witness->pinned - 1);
    *witness = (tether__witness){0};
}
