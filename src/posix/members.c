/* Owns the decision which processes belong to a task: its supervisor's session, the processes with
 * its cookie, what was known to be its own before, and the children of all these.
 * Must not: signal a process, or count one as a member without a proof.
 * Thread: any.
 *
 * Session and group numbers are pids, which the system reuses, but not while a process is in the
 * session or the group. So the number is the task's
 * - while the supervisor lives, and is verified;
 * - as long as a process is in the session that is known to be the task's: by its cookie, or
 *   because it was found there while the supervisor was verified;
 * - as long as a process is in the session that started while the supervisor lived. Only a setsid
 *   changes the session of a process, and makes the process the leader of the new session;
 *   therefore a process that is not the leader was started in its session.
 * If another process has the supervisor's pid now, the session had come to an end before, and its
 * number denotes another one. */
#include "posix/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "os/clock.h"
#include "posix/error.h"
#include "posix/listing.h"
#include "posix/pidfd.h"
#include "posix/proc.h"

static const char step[] = "list processes";

static bool members_add(tether__members *found, const tether__member *item)
{
    void *items = found->items;
    if (!tether__grow(&items, found->count, &found->capacity, sizeof *found->items))
        return false;
    found->items = items;
    found->items[found->count++] = *item;
    return true;
}

static bool is_known(const tether__tree *tree, int64_t pid, uint64_t start_time)
{
    return tree->kin != NULL && tether__kin_has(tree->kin, pid, start_time);
}

/* Stores whether the number of the supervisor's session can denote the task's session. Not after a
 * reboot, and not if another process has the supervisor's pid, be it as a zombie. Returns 0 or the
 * errno of a shortage. */
static int check_session(const tether__tree *tree, bool *may_have)
{
    tether__proc process;
    char boot_id[TETHER__BOOT_ID_SIZE];
    const tether__identity *leader = &tree->supervisor;
    *may_have = false;
    bool known = tether__os_boot_id(boot_id);
    if (leader->pid > 0 && leader->boot_id[0] != '\0' && !known)
        return EMFILE;
    if (leader->pid <= 0 ||
        (leader->boot_id[0] != '\0' && boot_id[0] != '\0' && strcmp(leader->boot_id, boot_id) != 0))
        return 0;
    int os_error = leader->start_time != 0 ? tether__proc_read(leader->pid, &process) : 0;
    *may_have = leader->start_time == 0 || os_error != 0 || process.start_time == 0 ||
                process.start_time == leader->start_time;
    if (*may_have && os_error == 0 && leader->pidfs_id != 0) {
        uint64_t id;
        os_error = tether__pidfd_find_id(leader->pid, &id);
        *may_have = id == 0 || id == leader->pidfs_id;
    }
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

/* Whether the process is too old to be the task's: the supervisor did not start it. */
static bool is_older(const tether__tree *tree, uint64_t start_time)
{
    return tether__proc_in_order() && start_time < tree->supervisor.start_time;
}

/* Describes a process by what it shows itself. */
static tether__member describe(const tether__listing *listing,
                               const tether__listed_process *process, const tether__tree *tree,
                               bool has_session)
{
    int64_t leader = tree->supervisor.pid;
    return (tether__member){
        .pid = process->pid,
        .start_time = process->start_time,
        .in_group = has_session && process->group == leader,
        .in_session = has_session && (process->session == leader || process->group == leader),
        .has_cookie = tether__listing_has_cookie(listing, process, tree->task_id),
        .is_kin = is_known(tree, process->pid, process->start_time),
        .exiting = process->exiting,
    };
}

static int select_direct(const tether__listing *listing, const tether__tree *tree,
                         tether__members *found, tether_error *error)
{
    bool has_session;
    int os_error = check_session(tree, &has_session);
    if (os_error != 0)
        return tether__posix_fail(error, os_error, step, "the supervisor");
    for (size_t i = 0; i < listing->count; i++) {
        const tether__listed_process *process = &listing->processes[i];
        if (is_older(tree, process->start_time))
            continue;
        tether__member item = describe(listing, process, tree, has_session);
        if ((item.in_session || item.has_cookie || item.is_kin) && !members_add(found, &item))
            return tether__fail_memory(error, step);
    }
    return TETHER_OK;
}

/* Whether the process was started in the supervisor's session while the supervisor lived: the pid
 * was the supervisor's at that time. */
static bool started_with_supervisor(const tether__tree *tree, const tether__member *item)
{
    const tether__identity *leader = &tree->supervisor;
    int64_t started = tether__proc_start_ms(item->start_time);
    return tree->kin != NULL && leader->start_time != 0 && item->pid != leader->pid &&
           started >= 0 && started <= tree->kin->supervisor_seen_ms;
}

/* Whether the supervisor's session is proved to be the task's. */
static bool is_session_proved(const tether__tree *tree, const tether__members *found)
{
    bool proved = tree->supervisor_alive;
    for (size_t i = 0; !proved && i < found->count; i++) {
        const tether__member *item = &found->items[i];
        proved = item->in_session &&
                 (item->has_cookie || item->is_kin || started_with_supervisor(tree, item));
    }
    return proved;
}

/* An exiting process counts as a member without a proof: its environment is gone, and it may still
 * hold its files. Upon that a kill (engine/kill.c) lists the processes again until it has exited.
 */
static void mark_unproven(const tether__tree *tree, tether__members *found)
{
    bool proved = is_session_proved(tree, found);
    for (size_t i = 0; i < found->count; i++) {
        tether__member *item = &found->items[i];
        item->unproven = !proved && !item->has_cookie && !item->is_kin && !item->exiting;
        found->unproven += item->unproven;
    }
}

static bool has_parent_in(const tether__listing *listing, const tether__members *found,
                          const tether__listed_process *process)
{
    const tether__listed_process *parent = tether__listing_find(listing, process->parent);
    if (parent == NULL || !tether__listing_is_parent(parent, process))
        return false;
    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].pid == parent->pid)
            return !found->items[i].unproven;
    }
    return false;
}

static bool is_in(const tether__members *found, int64_t pid)
{
    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].pid == pid)
            return true;
    }
    return false;
}

/* Adds the descendants of members. A process with the cookie of another task belongs to that one: a
 * member may be a host itself, and its tasks outlive it. So does a process in the middle of an
 * exec, as long as its cookie cannot be read. */
static int select_descendants(const tether__listing *listing, tether__members *found,
                              tether_error *error)
{
    size_t before;
    do {
        before = found->count;
        for (size_t i = 0; i < listing->count; i++) {
            const tether__listed_process *process = &listing->processes[i];
            if (process->cookie_count > 0 || process->unreadable || is_in(found, process->pid) ||
                !has_parent_in(listing, found, process))
                continue;
            const tether__member item = {.pid = process->pid,
                                         .start_time = process->start_time,
                                         .is_kin = true,
                                         .exiting = process->exiting};
            if (!members_add(found, &item))
                return tether__fail_memory(error, step);
        }
    } while (found->count > before);
    return TETHER_OK;
}

/* Adds a known process that the listing lacks, such as one that is younger than a shared listing.
 * Returns 0, ESRCH if the process has ended, or another errno. */
static int add_unlisted(const tether__kinsman *known, tether__members *found)
{
    tether__proc process;
    int os_error = tether__proc_read(known->pid, &process);
    if (os_error == ENOENT)
        os_error = ESRCH;
    if (os_error == 0 && (tether__proc_ended(&process) || process.start_time != known->start_time))
        os_error = ESRCH;
    if (os_error != 0)
        return os_error;
    const tether__member item = {.pid = known->pid,
                                 .start_time = known->start_time,
                                 .is_kin = true,
                                 .exiting = process.exiting};
    return members_add(found, &item) ? 0 : ENOMEM;
}

/* Forgets the known processes that have ended, and remembers the members that were found. */
static int update_kin(tether__kin *kin, tether__members *found, tether_error *error)
{
    bool fits = true;
    for (size_t i = kin->count; i > 0; i--) {
        const tether__kinsman *known = &kin->members[i - 1];
        int os_error = is_in(found, known->pid) ? 0 : add_unlisted(known, found);
        if (os_error == ESRCH)
            tether__kin_remove(kin, i - 1);
        else if (os_error != 0)
            return tether__posix_fail(error, os_error, step, "a process");
    }
    for (size_t i = 0; i < found->count; i++) {
        const tether__member *item = &found->items[i];
        if (!item->unproven && (!item->exiting || item->has_cookie || item->is_kin))
            fits = tether__kin_add(kin, item->pid, item->start_time) && fits;
    }
    return fits ? TETHER_OK : tether__fail_memory(error, step);
}

static int select_members(const tether__listing *listing, const tether__tree *tree,
                          tether__members *found, tether_error *error)
{
    int code = select_direct(listing, tree, found, error);
    mark_unproven(tree, found);
    if (code == TETHER_OK)
        code = select_descendants(listing, found, error);
    if (code == TETHER_OK && tree->kin != NULL)
        code = update_kin(tree->kin, found, error);
    return code;
}

int tether__members_find(const tether__tree *tree, tether__members *found, tether_error *error)
{
    *found = (tether__members){0};
    if (tree->listing != NULL && tether__listing_covers(tree->listing, tree))
        return select_members(tree->listing, tree, found, error);
    tether__listing *own;
    tether__tree now = *tree;
    int code = tether__os_tree_list(tree, 1, &own, error);
    /* The supervisor was verified before the listing. If it has exited since, its number may have
     * come to denote another session. */
    now.supervisor_alive =
        tree->supervisor_alive && tether__os_process_alive(&tree->supervisor) == TETHER__ALIVE;
    if (code == TETHER_OK)
        code = select_members(own, &now, found, error);
    tether__os_tree_list_free(own);
    return code;
}

void tether__members_dispose(tether__members *found)
{
    free(found->items);
    *found = (tether__members){0};
}
