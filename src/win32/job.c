/* Owns the jobs of tasks: names, limits and lists of processes.
 * Must not: end a process.
 * Thread: any. */
#include "win32/job.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_UNITS = 128, FIRST_ROOM = 64, LIST_TRIES = 8 };

static const wchar_t of_task[] = L"\\tether-task-";
static const wchar_t of_command[] = L"\\tether-command-";

/* Task ids are ASCII. Global names are visible in every session of the machine; some restricted
 * processes cannot create any. */
static void name_job(const wchar_t *name_space, const wchar_t *prefix, const char *task_id,
                     wchar_t name[NAME_UNITS])
{
    wcscpy(name, name_space);
    wcscat(name, prefix);
    size_t at = wcslen(name);
    for (; *task_id != '\0' && at + 1 < NAME_UNITS; task_id++)
        name[at++] = (wchar_t)(unsigned char)*task_id;
    name[at] = L'\0';
}

static const wchar_t *const namespaces[] = {L"Global", L"Local"};

static DWORD set_flags(HANDLE job, DWORD flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags = flags;
    if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return GetLastError();
    return ERROR_SUCCESS;
}

static DWORD create(const wchar_t *name, bool kill_on_close, HANDLE *job)
{
    *job = CreateJobObjectW(NULL, name);
    DWORD os_error = GetLastError();
    if (*job == NULL)
        return os_error;
    if (os_error != ERROR_ALREADY_EXISTS)
        os_error =
            kill_on_close ? set_flags(*job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) : ERROR_SUCCESS;
    if (os_error != ERROR_SUCCESS) {
        CloseHandle(*job);
        *job = NULL;
    }
    return os_error;
}

static DWORD create_named(const wchar_t *prefix, const char *task_id, bool kill_on_close,
                          HANDLE *job)
{
    wchar_t name[NAME_UNITS];
    DWORD os_error = ERROR_ACCESS_DENIED;
    *job = NULL;
    for (size_t i = 0; i < 2 && *job == NULL && os_error == ERROR_ACCESS_DENIED; i++) {
        name_job(namespaces[i], prefix, task_id, name);
        os_error = create(name, kill_on_close, job);
    }
    return os_error;
}

DWORD tether__win32_job_create(const char *task_id, HANDLE *job)
{
    return create_named(of_task, task_id, true, job);
}

DWORD tether__win32_job_create_inner(const char *task_id, HANDLE *job)
{
    return create_named(of_command, task_id, false, job);
}

DWORD tether__win32_job_create_unnamed(HANDLE *job)
{
    return create(NULL, true, job);
}

DWORD tether__win32_job_detach(HANDLE job, bool open)
{
    return set_flags(job, open ? JOB_OBJECT_LIMIT_BREAKAWAY_OK : 0);
}

bool tether__win32_job_kills_on_close(HANDLE job)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    return QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits,
                                     NULL) &&
           (limits.BasicLimitInformation.LimitFlags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) != 0;
}

static DWORD open_named(const wchar_t *name_space, const wchar_t *prefix, const char *task_id,
                        DWORD access, HANDLE *job)
{
    wchar_t name[NAME_UNITS];
    name_job(name_space, prefix, task_id, name);
    *job = OpenJobObjectW(access, FALSE, name);
    return *job == NULL ? GetLastError() : ERROR_SUCCESS;
}

/* Whether nothing at all can be opened in a namespace, as in the global one from a sandbox. Tries a
 * name that no task has. */
static bool is_closed(const wchar_t *name_space)
{
    HANDLE job;
    DWORD os_error = open_named(name_space, of_task, ".none", JOB_OBJECT_QUERY, &job);
    if (job != NULL)
        CloseHandle(job);
    return os_error == ERROR_ACCESS_DENIED;
}

static DWORD open_existing(const wchar_t *prefix, const char *task_id, DWORD access, HANDLE *job)
{
    DWORD result = ERROR_FILE_NOT_FOUND;
    *job = NULL;
    for (size_t i = 0; i < 2 && *job == NULL; i++) {
        DWORD os_error = open_named(namespaces[i], prefix, task_id, access, job);
        bool missing = os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PATH_NOT_FOUND;
        if (!missing && (os_error != ERROR_ACCESS_DENIED || !is_closed(namespaces[i])))
            result = os_error;
    }
    return result;
}

DWORD tether__win32_job_open(const char *task_id, DWORD access, HANDLE *job)
{
    return open_existing(of_task, task_id, access, job);
}

DWORD tether__win32_job_open_inner(const char *task_id, DWORD access, HANDLE *job)
{
    return open_existing(of_command, task_id, access, job);
}

static size_t list_size(size_t room)
{
    return offsetof(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) + room * sizeof(ULONG_PTR);
}

/* Retries with a larger buffer: the job may have gained processes between two calls. */
static DWORD list(HANDLE job, JOBOBJECT_BASIC_PROCESS_ID_LIST **found)
{
    size_t room = FIRST_ROOM;
    *found = NULL;
    for (int tries = 0; tries < LIST_TRIES; tries++) {
        JOBOBJECT_BASIC_PROCESS_ID_LIST *more = realloc(*found, list_size(room));
        if (more == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
        *found = more;
        memset(more, 0, list_size(room));
        DWORD os_error = ERROR_SUCCESS;
        if (!QueryInformationJobObject(job, JobObjectBasicProcessIdList, more,
                                       (DWORD)list_size(room), NULL))
            os_error = GetLastError();
        if (os_error == ERROR_SUCCESS &&
            more->NumberOfProcessIdsInList >= more->NumberOfAssignedProcesses)
            return ERROR_SUCCESS;
        if (os_error != ERROR_SUCCESS && os_error != ERROR_MORE_DATA)
            return os_error;
        room = room * 2 > more->NumberOfAssignedProcesses
                   ? room * 2
                   : (size_t)more->NumberOfAssignedProcesses * 2;
    }
    return ERROR_MORE_DATA;
}

DWORD tether__win32_job_pids(HANDLE job, DWORD **pids, size_t *count)
{
    JOBOBJECT_BASIC_PROCESS_ID_LIST *found;
    *pids = NULL;
    *count = 0;
    DWORD os_error = list(job, &found);
    if (os_error == ERROR_SUCCESS) {
        size_t size = found->NumberOfProcessIdsInList;
        *pids = calloc(size + 1, sizeof **pids);
        if (*pids == NULL)
            os_error = ERROR_NOT_ENOUGH_MEMORY;
        for (size_t i = 0; os_error == ERROR_SUCCESS && i < size; i++)
            (*pids)[(*count)++] = (DWORD)found->ProcessIdList[i];
    }
    free(found);
    return os_error;
}
