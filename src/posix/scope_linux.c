/* Owns the cgroups of tasks as a host sees them: where one can be made, its limits, its removal;
 * and what around the host ends its tasks.
 * Must not: touch a cgroup that tether has not made, or move a process (the monitor moves itself).
 * Thread: any. */
#include "os/scope.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "posix/cgroup.h"
#include "posix/error.h"

static const char step[] = "make scope";

enum { UNIT_SIZE = 256 };

#define CURE                                                                                       \
    "start the host in a delegated cgroup (`systemd-run --user --scope -p Delegate=yes`, or "      \
    "Delegate=yes in its service), or leave out the scope and the memory limit"

/* --- Where this process is --- */

/* Hands the lines of a file to `take` until it returns true. Returns whether it did. */
static bool find_line(const char *root, const char *name, bool (*take)(char *line, char *found),
                      char *found)
{
    char path[PATH_MAX], *line = NULL;
    size_t capacity = 0;
    bool taken = false;
    snprintf(path, sizeof path, "%s%s", root, name);
    FILE *file = fopen(path, "re");
    while (file != NULL && !taken && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        taken = take(line, found);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return taken;
}

/* Blanks in a name stand there as \040, and such a mount is not used. */
static bool take_mount(char *line, char *found)
{
    return strstr(line, " - cgroup2 ") != NULL &&
           sscanf(line, "%*s %*s %*s %*s %4095s", found) == 1 && strchr(found, '\\') == NULL;
}

/* Stores the mount point of cgroup version 2. The mount whose root is a part of the hierarchy is
 * taken, too: a container sees its own part as the whole. */
static bool find_mount(const char *root, char mount[PATH_MAX])
{
    return find_line(root, "/proc/self/mountinfo", take_mount, mount);
}

/* --- Making one --- */

static bool has_memory(const char *cgroup)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/memory.max", cgroup);
    return size < PATH_MAX && access(path, F_OK) == 0;
}

/* Offers the controller to the cgroups below this one. Fails where processes are in it. */
static void offer_memory(const char *cgroup)
{
    (void)tether__cgroup_write(cgroup, "cgroup.subtree_control", "+memory");
}

static int make_part(const char *cgroup, const char *name)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", cgroup, name);
    if (size >= PATH_MAX)
        return ENAMETOOLONG;
    return mkdir(path, 0700) == 0 ? 0 : errno;
}

/* Without swap the limit is one of all memory. A kernel without accounting of swap has no such
 * file. */
static int set_limit(const char *cgroup, uint64_t limit)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)limit);
    int os_error = tether__cgroup_write(cgroup, TETHER__CGROUP_TASK "/memory.max", text);
    if (os_error == 0)
        os_error = tether__cgroup_write(cgroup, TETHER__CGROUP_TASK "/memory.oom.group", "1");
    if (os_error != 0)
        return os_error;
    os_error = tether__cgroup_write(cgroup, TETHER__CGROUP_TASK "/memory.swap.max", "0");
    return os_error == ENOENT ? 0 : os_error;
}

/* Makes what stands below the cgroup of a task. Returns 0 or errno. */
static int fill(const char *cgroup, uint64_t limit)
{
    int os_error = make_part(cgroup, TETHER__CGROUP_MONITOR);
    if (os_error == 0 && limit > 0)
        offer_memory(cgroup);
    if (os_error == 0)
        os_error = make_part(cgroup, TETHER__CGROUP_TASK);
    return os_error == 0 && limit > 0 ? set_limit(cgroup, limit) : os_error;
}

/* Whether a cgroup may be made below this one. A process may be moved only by who may write the
 * file cgroup.procs of what is above both places. */
static bool is_delegated(const char *cgroup)
{
    char procs[PATH_MAX];
    int size = snprintf(procs, sizeof procs, "%s/cgroup.procs", cgroup);
    return size < PATH_MAX && access(procs, W_OK) == 0 && access(cgroup, W_OK | X_OK) == 0;
}

/* Tries to make the cgroup of a task below `above`. Returns 0 or errno: ENOTSUP if it has no
 * controller of memory. */
static int make_below(const char *above, const char *task_id, uint64_t limit, char cgroup[PATH_MAX])
{
    if (!is_delegated(above))
        return EACCES;
    int size = snprintf(cgroup, PATH_MAX, "%s/" TETHER__CGROUP_PREFIX "%s", above, task_id);
    if (size >= PATH_MAX)
        return ENAMETOOLONG;
    if (mkdir(cgroup, 0700) != 0)
        return errno;
    if (limit > 0 && !has_memory(cgroup))
        offer_memory(above);
    int os_error = limit > 0 && !has_memory(cgroup) ? ENOTSUP : fill(cgroup, limit);
    if (os_error != 0)
        (void)tether__cgroup_remove(cgroup);
    return os_error;
}

static int fail_made(int os_error, const char *above, tether_error *error)
{
    if (os_error == ENOTSUP)
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "the cgroup %.300s cannot limit memory: the controller is not enabled "
                            "there, and cannot be while processes are in it; " CURE,
                            above);
    if (os_error == EACCES || os_error == EPERM || os_error == EROFS)
        return tether__fail(
            error, TETHER_ENOTSUP, 0, step,
            "no cgroup around this process is delegated to its user (%.300s); " CURE, above);
    return tether__posix_fail(error, os_error, step, above);
}

/* Tries the cgroup of this process, and then those above it: the further up, the less ends the
 * task, but the fewer belong to the user. */
static int make_around(const char *mount, char *own, const char *task_id, uint64_t limit,
                       char cgroup[PATH_MAX], tether_error *error)
{
    char above[PATH_MAX], first[PATH_MAX];
    int os_error = EACCES;
    bool lacks_memory = false;
    snprintf(first, sizeof first, "%.2000s%.2000s", mount, own);
    for (;;) {
        snprintf(above, sizeof above, "%.2000s%.2000s", mount, own);
        os_error = make_below(above, task_id, limit, cgroup);
        lacks_memory = lacks_memory || os_error == ENOTSUP;
        char *last = strrchr(own, '/');
        if (os_error == 0 || last == NULL)
            break;
        *last = '\0';
    }
    if (os_error == 0)
        return TETHER_OK;
    return fail_made(lacks_memory ? ENOTSUP : os_error, first, error);
}

int tether__os_scope_make(const char *task_id, uint64_t memory_limit, char **path,
                          tether_error *error)
{
    char mount[PATH_MAX], own[PATH_MAX], cgroup[PATH_MAX];
    *path = NULL;
    if (!find_mount("", mount) || !tether__cgroup_own("", own, sizeof own))
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "cgroups of version 2 are not mounted, or /proc does not show them; "
                            "mount them at /sys/fs/cgroup, or leave out the scope");
    int code = make_around(mount, own, task_id, memory_limit, cgroup, error);
    if (code != TETHER_OK)
        return code;
    *path = tether__text_copy(cgroup);
    if (*path != NULL)
        return TETHER_OK;
    (void)tether__cgroup_remove(cgroup);
    return tether__fail_memory(error, step);
}

/* --- What was made --- */

/* The path is from the journal, which a person may have changed. */
static bool is_made(const char *path, const char *task_id)
{
    const char *name = path != NULL ? strrchr(path, '/') : NULL;
    return name != NULL && path[0] == '/' && strstr(path, "/../") == NULL &&
           strncmp(name + 1, TETHER__CGROUP_PREFIX, sizeof TETHER__CGROUP_PREFIX - 1) == 0 &&
           strcmp(name + sizeof TETHER__CGROUP_PREFIX, task_id) == 0;
}

void tether__os_scope_remove(const char *path, const char *task_id)
{
    if (is_made(path, task_id))
        (void)tether__cgroup_remove(path);
}

/* Whether one of the cgroups from this one upwards, which it cuts off, is delegated. */
static bool find_delegated(const char *mount, char *own, char above[PATH_MAX])
{
    for (;;) {
        snprintf(above, PATH_MAX, "%.2000s%.2000s", mount, own);
        if (is_delegated(above))
            return true;
        char *last = strrchr(own, '/');
        if (last == NULL)
            return false;
        *last = '\0';
    }
}

bool tether__os_scope_describe(bool *possible, char *buffer, size_t size)
{
    char mount[PATH_MAX], own[PATH_MAX], above[PATH_MAX];
    *possible = find_mount("", mount) && tether__cgroup_own("", own, sizeof own) &&
                find_delegated(mount, own, above);
    if (*possible)
        snprintf(buffer, size, "a task can have a cgroup of its own (--scope), below %.300s",
                 above);
    else
        snprintf(
            buffer, size,
            "a task cannot have a cgroup of its own (--scope): none is delegated to this user; "
            "start the host by `systemd-run --user --scope -p Delegate=yes`, or with "
            "Delegate=yes in its service");
    return true;
}

/* --- What is around the host --- */

/* Notes what the line says, and looks on: the last one counts. */
static bool note_kill(char *line, char *kills)
{
    static const char key[] = "KillUserProcesses=";
    const char *value = line + sizeof key - 1;
    if (strncmp(line, key, sizeof key - 1) == 0)
        *kills = strcmp(value, "yes") == 0 || strcmp(value, "1") == 0 ||
                 strcmp(value, "true") == 0 || strcmp(value, "on") == 0;
    return false;
}

/* Whether logind's settings say that processes end with their login. The default of systemd is no.
 */
static bool kills_users(const char *root)
{
    char kills = false;
    (void)find_line(root, "/etc/systemd/logind.conf", note_kill, &kills);
    return kills;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), length = strlen(end);
    return size >= length && strcmp(text + size - length, end) == 0;
}

/* Stores the name of the innermost unit of this kind in a path. False: none. */
static bool find_unit(const char *own, const char *kind, char unit[UNIT_SIZE])
{
    bool found = false;
    while (*own != '\0') {
        size_t size = strcspn(own, "/");
        char part[UNIT_SIZE];
        snprintf(part, sizeof part, "%.*s", (int)size, own);
        if (ends_with(part, kind)) {
            memcpy(unit, part, sizeof part);
            found = true;
        }
        own += size + (own[size] != '\0');
    }
    return found;
}

/* Whether the manager of this user stays after the last logout. True also if that is not known. */
static bool lingers(const char *root)
{
    char path[PATH_MAX], texts[1024];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(geteuid(), &entry, texts, sizeof texts, &found) != 0 || found == NULL)
        return true;
    int size = snprintf(path, sizeof path, "%s/var/lib/systemd/linger/%s", root, entry.pw_name);
    return size >= PATH_MAX || access(path, F_OK) == 0;
}

static bool ends_with_service(const char *unit, char *buffer, size_t size)
{
    snprintf(buffer, size,
             "this process belongs to the service %.100s, which ends its tasks when it stops or "
             "restarts, unless it has KillMode=process; set that, or start tasks with --scope "
             "where a cgroup outside of the service is delegated",
             unit);
    return true;
}

/* A user's manager is a service, too, and ends with the last login unless it lingers. */
static bool ends_with_manager(const char *root, const char *unit, char *buffer, size_t size)
{
    if (lingers(root))
        return false;
    snprintf(buffer, size,
             "this process belongs to the manager of its user (%.60s), which ends with the last "
             "login, and all tasks with it; run `loginctl enable-linger`",
             unit);
    return true;
}

static bool ends_with_login(const char *root, const char *unit, char *buffer, size_t size)
{
    if (strncmp(unit, "session-", 8) != 0 || !kills_users(root))
        return false;
    snprintf(buffer, size,
             "this process belongs to the login %.60s, and logind.conf has KillUserProcesses=yes: "
             "its tasks end at the logout; run `loginctl enable-linger`, and start the host by "
             "`systemd-run --user --scope`",
             unit);
    return true;
}

bool tether__os_scope_danger(const char *root, char *buffer, size_t size)
{
    char own[PATH_MAX], unit[UNIT_SIZE];
    if (getpid() == 1 && root[0] == '\0') {
        snprintf(buffer, size,
                 "this process is the first one of its container or pid namespace, which ends with "
                 "it, and all tasks with that; run it below an init (docker run --init)");
        return true;
    }
    if (!tether__cgroup_own(root, own, sizeof own))
        return false;
    if (find_unit(own, ".service", unit))
        return strncmp(unit, "user@", 5) == 0 ? ends_with_manager(root, unit, buffer, size)
                                              : ends_with_service(unit, buffer, size);
    return find_unit(own, ".scope", unit) && ends_with_login(root, unit, buffer, size);
}
