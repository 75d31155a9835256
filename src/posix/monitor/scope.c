/* Owns the monitor's side of the task's cgroup: moving the command into it, what it tells at the
 * end, the kill of all that is in it, and its removal.
 * Must not: make a cgroup (the host has), or leave one behind if that can be helped.
 * Thread: the only one. */
#include <stdio.h>
#include <string.h>

#include "monitor/monitor_os.h"
#include "posix/cgroup.h"
#include "posix/monitor/offspring.h"

enum { PATH_SIZE = 4096, MOUNT_DEPTH = 64, FREEZINGS = 20, MOMENT_MS = 1 };

static const char *cgroup;     /* NULL: none */
static char before[PATH_SIZE]; /* where the host has started the monitor; empty: not known */

/* The cgroup of this process is a path below the mount, which is above the task's cgroup: the two
 * have the mount's path in common. */
static void note_before(const char *path)
{
    char own[PATH_SIZE], mount[PATH_SIZE];
    before[0] = '\0';
    if (!tether__cgroup_own("", own, sizeof own) || strlen(path) >= sizeof mount)
        return;
    strcpy(mount, path);
    for (int depth = 0; depth < MOUNT_DEPTH; depth++) {
        char *last = strrchr(mount, '/');
        if (last == NULL || last == mount)
            return;
        *last = '\0';
        int size = snprintf(before, sizeof before, "%s%s", mount, own);
        if (size < (int)sizeof before && tether__cgroup_read(before, "cgroup.procs", NULL) >= 0)
            return;
    }
    before[0] = '\0';
}

/* The command is started from within its cgroup, so that nothing of it is ever outside. */
bool tether__monitor_os_enter_scope(const tether__orders *orders, int *os_error)
{
    *os_error = 0;
    if (orders->scope == NULL)
        return true;
    note_before(orders->scope);
    *os_error = tether__cgroup_write(orders->scope, TETHER__CGROUP_TASK "/cgroup.procs", "0");
    cgroup = *os_error == 0 ? orders->scope : NULL;
    return *os_error == 0;
}

/* If that fails, the monitor ends with the command when memory is short. */
void tether__monitor_os_leave_scope(void)
{
    if (cgroup != NULL)
        (void)tether__cgroup_write(cgroup, TETHER__CGROUP_MONITOR "/cgroup.procs", "0");
}

void tether__monitor_os_ask_scope(const tether__orders *orders, tether__ending *ending)
{
    if (cgroup == NULL)
        return;
    int64_t peak = tether__cgroup_read(cgroup, TETHER__CGROUP_TASK "/memory.peak", NULL);
    if (peak >= 0)
        ending->usage.peak_bytes = peak;
    if (tether__cgroup_read(cgroup, TETHER__CGROUP_TASK "/memory.events", "oom_kill") > 0)
        ending->out_of_memory = orders->memory_limit;
}

static void freeze(bool on)
{
    (void)tether__cgroup_write(cgroup, TETHER__CGROUP_TASK "/cgroup.freeze", on ? "1" : "0");
    for (int i = 0; on && i < FREEZINGS; i++) {
        if (tether__cgroup_read(cgroup, TETHER__CGROUP_TASK "/cgroup.events", "frozen") != 0)
            return;
        tether__monitor_os_rest(MOMENT_MS);
    }
}

/* A task that this one has started is in the same cgroup, unless it has its own, and goes on. What
 * forks all the time cannot be listed, so it holds still for that moment. */
void tether__monitor_os_kill_scope(const tether__family *family)
{
    if (cgroup == NULL)
        return;
    tether__offspring_kind kind = tether__offspring_whose();
    bool frozen = kind == TETHER__OFFSPRING_UNKNOWN;
    if (frozen) {
        freeze(true);
        kind = tether__offspring_whose();
    }
    if (kind == TETHER__OFFSPRING_OWN)
        (void)tether__cgroup_write(cgroup, TETHER__CGROUP_TASK "/cgroup.kill", "1");
    else
        tether__monitor_os_signal(family, true);
    if (frozen)
        freeze(false);
}

/* Nobody can remove a cgroup from within. Where the way back is closed, a host removes it. */
void tether__monitor_os_close_scope(void)
{
    if (cgroup == NULL)
        return;
    if (before[0] != '\0' && tether__cgroup_write(before, "cgroup.procs", "0") == 0)
        (void)tether__cgroup_remove(cgroup);
    cgroup = NULL;
}
