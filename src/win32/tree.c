/* Owns ending, pausing and resuming the processes of a task.
 * Must not: touch a process that no handle pins, or decide when to do what.
 * Thread: any. */
#include "os/tree.h"

#include <stdlib.h>

#include "base/error.h"
#include "win32/break.h"
#include "win32/error.h"
#include "win32/family.h"
#include "win32/job.h"
#include "win32/process.h"
#include "win32/signal.h"
#include "win32/threads.h"

static const char step[] = "signal task";

/* Windows has no pid namespaces, so there is nothing to check. */
int tether__os_tree_check(const tether__tree *tree, tether_error *error)
{
    (void)tree;
    (void)error;
    return TETHER_OK;
}

static int list(const tether__tree *tree, DWORD access, tether__win32_family *family,
                tether_error *error)
{
    DWORD os_error = tether__win32_family_list(tree, access, family);
    if (os_error == ERROR_ACCESS_DENIED)
        return tether__fail(error, TETHER_EACCESS, (int)os_error, step,
                            "the job of task %s cannot be opened (access denied): the task was "
                            "started by another user or with more rights; use the same user and "
                            "rights",
                            tree->task_id);
    return os_error == ERROR_SUCCESS ? TETHER_OK : tether__win32_fail(error, os_error, step, NULL);
}

/* Terminates the whole job in one call, so that no member can start another process in between; not
 * if the caller is itself in the job. Then terminates the listed processes one by one, also those
 * outside of the job. */
static int terminate(const tether__tree *tree, size_t *left, tether_error *error)
{
    BOOL inside = FALSE;
    tether__win32_family family;
    int code = list(tree, PROCESS_TERMINATE, &family, error);
    *left = family.count;
    if (code == TETHER_OK && family.job != NULL &&
        IsProcessInJob(GetCurrentProcess(), family.job, &inside) && !inside)
        TerminateJobObject(family.job, TETHER__WIN32_KILLED_CODE);
    for (size_t i = 0; code == TETHER_OK && i < family.count; i++) {
        if (family.members[i].process != NULL)
            TerminateProcess(family.members[i].process, TETHER__WIN32_KILLED_CODE);
    }
    tether__win32_family_dispose(&family);
    return code;
}

static bool is_supervisor(const tether__tree *tree, const tether__win32_member *member)
{
    return tree->supervisor_alive && member->pid == (DWORD)tree->supervisor.pid;
}

/* A monitor lives on after the end of its task while something else of the task lives. */
static bool is_monitor(const tether__tree *tree, const tether__win32_member *member)
{
    return tree->monitored && member->process != NULL &&
           member->pid == (DWORD)tree->supervisor.pid && tree->supervisor.start_time != 0 &&
           tether__win32_start_time(member->process) == tree->supervisor.start_time;
}

/* Takes the monitor out of a list of more than `most` processes. */
static void leave_out_monitor(const tether__tree *tree, size_t most, tether__win32_family *family)
{
    for (size_t i = 0; family->count > most && i < family->count; i++) {
        if (is_monitor(tree, &family->members[i])) {
            CloseHandle(family->members[i].process);
            family->members[i] = family->members[--family->count];
            return;
        }
    }
}

static bool is_among(const DWORD *pids, size_t count, DWORD pid)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

/* Terminates what the supervisor has started, and resumes the supervisor, which could not report
 * the end while it is paused. Stores the pids of the ended processes in *pids, which has room for
 * all of the family, and returns how many were not among those of the round before. */
static size_t terminate_commands(const tether__tree *tree, const tether__win32_family *family,
                                 DWORD **pids, size_t *count)
{
    size_t news = 0, ended = 0;
    DWORD *now = calloc(family->count + 1, sizeof *now);
    for (size_t i = 0; i < family->count; i++) {
        const tether__win32_member *member = &family->members[i];
        if (is_supervisor(tree, member) || is_monitor(tree, member)) {
            tether__win32_threads_pause_or_resume(member, 1, false);
            continue;
        }
        if (member->process != NULL)
            TerminateProcess(member->process, TETHER__WIN32_KILLED_CODE);
        if (!is_among(*pids, *count, member->pid))
            news++;
        if (now != NULL)
            now[ended++] = member->pid;
    }
    free(*pids);
    *pids = now;
    *count = ended;
    return news;
}

/* Ends the command, and leaves the supervisor, which then reports how the command has ended. A
 * process may start another one before it is terminated: what a new listing shows in addition is
 * terminated too, until it shows nothing more. */
static int end_commands(const tether__tree *tree, size_t *left, tether_error *error)
{
    enum { ROUNDS = 16 };
    DWORD *pids = NULL;
    size_t count = 0, news = 1;
    int code = TETHER_OK;
    *left = 0;
    for (int round = 0; code == TETHER_OK && news > 0 && round < ROUNDS; round++) {
        tether__win32_family family;
        code = list(tree, PROCESS_TERMINATE, &family, error);
        news = code == TETHER_OK ? terminate_commands(tree, &family, &pids, &count) : 0;
        *left += news;
        tether__win32_family_dispose(&family);
    }
    free(pids);
    return code;
}

static const DWORD job_access = JOB_OBJECT_QUERY | JOB_OBJECT_TERMINATE;

/* Closes the job, too. Does nothing if the caller is itself in it, as a host in a task. */
static void terminate_job(HANDLE job)
{
    BOOL inside = FALSE;
    if (job == NULL)
        return;
    if (IsProcessInJob(GetCurrentProcess(), job, &inside) && !inside)
        TerminateJobObject(job, TETHER__WIN32_KILLED_CODE);
    CloseHandle(job);
}

static bool has_monitor(const tether__tree *tree)
{
    return tree->monitored && tether__os_process_alive(&tree->supervisor) == TETHER__ALIVE;
}

/* The monitor reports the end and leaves when nothing else is left. One that has not left in time
 * is ended with all that is left, in one call. */
static int terminate_monitored(const tether__tree *tree, size_t *left, tether_error *error)
{
    HANDLE job;
    (void)tether__win32_job_open_inner(tree->task_id, job_access, &job);
    terminate_job(job);
    int code = end_commands(tree, left, error);
    if (code == TETHER_OK && *left == 0 && tree->supervisor_late) {
        (void)tether__win32_job_open(tree->task_id, job_access, &job);
        terminate_job(job);
    }
    return code;
}

/* Whether a process sets the code page for the command, which starts after it. */
static bool is_preparation(HANDLE process)
{
    static const wchar_t name[] = L"\\chcp.com";
    enum { PATH_UNITS = 1024, LENGTH = sizeof name / sizeof name[0] - 1 };
    wchar_t path[PATH_UNITS];
    DWORD size = PATH_UNITS;
    return process != NULL && QueryFullProcessImageNameW(process, 0, path, &size) &&
           size >= LENGTH && _wcsicmp(path + size - LENGTH, name) == 0;
}

/* A console break reaches the supervisor too, whatever it has started. */
int tether__os_tree_ready(const tether__tree *tree, int number, bool *ready, tether_error *error)
{
    tether__win32_family family;
    *ready = number != TETHER__WIN32_KILL || !tree->supervisor_alive;
    if (*ready)
        return TETHER_OK;
    int code = list(tree, 0, &family, error);
    for (size_t i = 0; code == TETHER_OK && i < family.count; i++)
        *ready = *ready || (!is_supervisor(tree, &family.members[i]) &&
                            !is_preparation(family.members[i].process));
    tether__win32_family_dispose(&family);
    return code;
}

static int pause_or_resume(const tether__tree *tree, bool suspend, size_t *left,
                           tether_error *error)
{
    tether__win32_family family;
    int code = list(tree, 0, &family, error);
    if (suspend)
        leave_out_monitor(tree, 0, &family);
    *left = family.count;
    if (code == TETHER_OK) {
        DWORD os_error =
            tether__win32_threads_pause_or_resume(family.members, family.count, suspend);
        if (os_error != ERROR_SUCCESS)
            code = tether__win32_fail(error, os_error, step, NULL);
    }
    tether__win32_family_dispose(&family);
    return code;
}

/* Sends a console break (win32/break.h). Does nothing if no process is left. */
static int send_break(const tether__tree *tree, size_t *left, tether_error *error)
{
    int code = tether__os_tree_members(tree, NULL, 0, left, error);
    if (code != TETHER_OK || *left == 0)
        return code;
    return tether__win32_break(&tree->supervisor, error);
}

int tether__os_tree_signal(const tether__tree *tree, tether__tree_signal signal, size_t *left,
                           tether_error *error)
{
    *left = 0;
    switch (signal) {
    case TETHER__SIGNAL_POLITE:
        return send_break(tree, left, error);
    case TETHER__SIGNAL_FINAL:
        return has_monitor(tree) ? terminate_monitored(tree, left, error)
                                 : terminate(tree, left, error);
    case TETHER__SIGNAL_PAUSE:
        return pause_or_resume(tree, true, left, error);
    case TETHER__SIGNAL_RESUME:
        break;
    }
    return pause_or_resume(tree, false, left, error);
}

int tether__os_tree_signal_number(const tether__tree *tree, int number, size_t *left,
                                  tether_error *error)
{
    *left = 0;
    if (number == TETHER__WIN32_KILL)
        return end_commands(tree, left, error);
    if (number == TETHER__WIN32_INT || number == TETHER__WIN32_TERM ||
        number == TETHER__WIN32_BREAK)
        return send_break(tree, left, error);
    return tether__fail(error, TETHER_ENOTSUP, 0, step,
                        "Windows has no signal %d; use KILL, or TERM, INT and BREAK for a console "
                        "break",
                        number);
}

int tether__os_tree_members(const tether__tree *tree, int64_t *pids, size_t capacity, size_t *count,
                            tether_error *error)
{
    tether__win32_family family;
    int code = list(tree, 0, &family, error);
    leave_out_monitor(tree, 1, &family);
    *count = family.count;
    for (size_t i = 0; i < family.count && i < capacity; i++)
        pids[i] = family.members[i].pid;
    tether__win32_family_dispose(&family);
    return code;
}

const char *tether__os_tree_reach(bool *whole)
{
    *whole = true;
    return "reaches every process that the task has started: none of them can leave its job";
}
