/* Owns the job of the command: how many processes are in it, what they have used, their end.
 * Must not: touch the monitor itself.
 * Thread: the only one. */
#include "win32/monitor/offspring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "win32/family.h"
#include "win32/job.h"
#include "win32/process.h"
#include "win32/text.h"
#include "win32/time.h"

enum { TICKS_PER_MS = 10000, PATH_UNITS = 1024 };

static const char *own_task;
static HANDLE inner;

void tether__offspring_prepare(const char *task_id)
{
    own_task = task_id;
    if (tether__win32_job_create_inner(task_id, &inner) != ERROR_SUCCESS)
        inner = CreateJobObjectW(NULL, NULL); /* hosts then end the processes one by one */
}

HANDLE *tether__offspring_job(void)
{
    return &inner;
}

/* --- Without a job of the command --- */

/* Lists the task's job, and leaves out this process and console hosts. */
static DWORD list_outer(DWORD access, tether__win32_family *family)
{
    const tether__tree tree = {.task_id = own_task};
    return tether__win32_family_list(&tree, access, family);
}

/* Without any job nothing can be found, and there is nothing to stay for. */
static bool is_outer_gone(HANDLE *one)
{
    tether__win32_family family;
    DWORD os_error = list_outer(0, &family);
    bool gone = os_error == ERROR_ACCESS_DENIED || (os_error == ERROR_SUCCESS && family.count == 0);
    for (size_t i = 0; i < family.count && *one == NULL; i++) {
        *one = family.members[i].process;
        family.members[i].process = NULL;
    }
    tether__win32_family_dispose(&family);
    return gone;
}

static void terminate_outer(UINT code)
{
    tether__win32_family family;
    (void)list_outer(PROCESS_TERMINATE, &family);
    for (size_t i = 0; i < family.count; i++) {
        if (family.members[i].process != NULL)
            TerminateProcess(family.members[i].process, code);
    }
    tether__win32_family_dispose(&family);
}

/* --- With one --- */

static bool count_inner(JOBOBJECT_BASIC_ACCOUNTING_INFORMATION *counts)
{
    return QueryInformationJobObject(inner, JobObjectBasicAccountingInformation, counts,
                                     sizeof *counts, NULL);
}

bool tether__offspring_began(void)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts;
    return inner != NULL && count_inner(&counts) && counts.TotalProcesses > 0;
}

/* Finds a process that lives. */
static HANDLE find_one(void)
{
    DWORD *pids;
    size_t count;
    HANDLE found = NULL;
    if (tether__win32_job_pids(inner, &pids, &count) != ERROR_SUCCESS)
        count = 0;
    for (size_t i = 0; i < count && found == NULL; i++) {
        found = OpenProcess(SYNCHRONIZE, FALSE, pids[i]);
        if (found != NULL && WaitForSingleObject(found, 0) != WAIT_TIMEOUT) {
            CloseHandle(found);
            found = NULL;
        }
    }
    free(pids);
    return found;
}

bool tether__offspring_is_gone(HANDLE *one)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts;
    *one = NULL;
    if (inner == NULL)
        return is_outer_gone(one);
    if (count_inner(&counts) && counts.ActiveProcesses == 0)
        return true;
    *one = find_one();
    return false;
}

/* Returns the name of the program of a process, which the caller frees; NULL: not known. */
static char *name_of(HANDLE process)
{
    wchar_t path[PATH_UNITS];
    DWORD size = PATH_UNITS;
    if (!QueryFullProcessImageNameW(process, 0, path, &size))
        return NULL;
    const wchar_t *last = wcsrchr(path, L'\\');
    return tether__win32_narrow(last != NULL ? last + 1 : path);
}

/* A process that was created after the list was made has the pid of one that has ended. */
static void list_one(DWORD pid, uint64_t listed, tether__left *left)
{
    HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    if (process == NULL)
        return;
    char *name = name_of(process);
    if (tether__win32_start_time(process) <= listed &&
        WaitForSingleObject(process, 0) == WAIT_TIMEOUT &&
        (name == NULL || _stricmp(name, "conhost.exe") != 0)) {
        left->count++;
        tether__left_name(left, pid, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
    }
    free(name);
    CloseHandle(process);
}

void tether__offspring_list(tether__left *left)
{
    DWORD *pids;
    size_t count;
    FILETIME now;
    *left = TETHER__LEFT_UNKNOWN;
    GetSystemTimePreciseAsFileTime(&now);
    if (inner == NULL || tether__win32_job_pids(inner, &pids, &count) != ERROR_SUCCESS)
        return;
    left->count = 0;
    for (size_t i = 0; i < count; i++)
        list_one(pids[i], tether__win32_ticks(now.dwHighDateTime, now.dwLowDateTime), left);
    free(pids);
}

void tether__offspring_terminate(UINT code)
{
    if (inner != NULL)
        TerminateJobObject(inner, code);
    else
        terminate_outer(code);
}

/* A system that does not count memory, as Wine, does not count time either. */
void tether__offspring_usage(tether__usage *usage)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    *usage = TETHER__NO_USAGE;
    if (inner == NULL || !count_inner(&counts))
        return;
    if (counts.TotalProcesses > 0)
        usage->processes = counts.TotalProcesses;
    if (!QueryInformationJobObject(inner, JobObjectExtendedLimitInformation, &limits, sizeof limits,
                                   NULL) ||
        limits.PeakProcessMemoryUsed == 0)
        return;
    usage->peak_bytes = (int64_t)limits.PeakProcessMemoryUsed;
    usage->user_ms = counts.TotalUserTime.QuadPart / TICKS_PER_MS;
    usage->system_ms = counts.TotalKernelTime.QuadPart / TICKS_PER_MS;
}
