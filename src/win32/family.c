/* Owns the listing of a task's processes.
 * Must not: end, pause or start any.
 * Thread: any. */
#include "win32/family.h"

#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

#include "win32/job.h"
#include "win32/process.h"

enum { PATH_UNITS = 1024, GENERATIONS = 64 };

static bool has_member(const tether__win32_family *family, DWORD pid)
{
    for (size_t i = 0; i < family->count; i++) {
        if (family->members[i].pid == pid)
            return true;
    }
    return false;
}

static DWORD append_member(tether__win32_family *family, DWORD pid, HANDLE process)
{
    if (family->count == family->capacity) {
        size_t capacity = family->capacity * 2 + 16;
        tether__win32_member *more = realloc(family->members, capacity * sizeof *more);
        if (more == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
        family->members = more;
        family->capacity = capacity;
    }
    family->members[family->count++] = (tether__win32_member){pid, process};
    return ERROR_SUCCESS;
}

/* Whether it is a console host, which Windows starts for every process with a hidden console and
 * which ends with that process. False for a process whose image cannot be read, such as one that is
 * just starting in Wine: when unsure, it counts as a member. */
static bool is_console(HANDLE process)
{
    static const wchar_t name[] = L"\\conhost.exe";
    wchar_t path[PATH_UNITS];
    DWORD size = PATH_UNITS;
    const size_t length = sizeof name / sizeof name[0] - 1;
    return QueryFullProcessImageNameW(process, 0, path, &size) && size >= length &&
           _wcsicmp(path + size - length, name) == 0;
}

static HANDLE open_process(DWORD pid, DWORD access)
{
    return OpenProcess(access | SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
}

/* Adds a live process, unless it is ours or a console host. Takes ownership of the handle. */
static DWORD add_process(tether__win32_family *family, DWORD pid, HANDLE process)
{
    bool ended = process != NULL && WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
    DWORD os_error = ERROR_SUCCESS;
    if (!ended && pid != GetCurrentProcessId() && (process == NULL || !is_console(process))) {
        os_error = append_member(family, pid, process);
        if (os_error == ERROR_SUCCESS)
            return os_error;
    }
    if (process != NULL)
        CloseHandle(process);
    return os_error;
}

static bool has_pid(const DWORD *pids, size_t count, DWORD pid)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

/* Adds the listed processes; takes ownership of the handles. Reads the job's list once more: a
 * process of the first list may have ended, and its pid been reused, before it was opened. An open
 * handle keeps the pid from being reused, so a pid that is still in the second list belongs to the
 * opened process. */
static DWORD add_listed(tether__win32_family *family, const DWORD *pids, HANDLE *opened,
                        size_t count)
{
    DWORD *second;
    size_t second_count;
    DWORD os_error = tether__win32_job_pids(family->job, &second, &second_count);
    for (size_t i = 0; i < count; i++) {
        if (os_error == ERROR_SUCCESS && has_pid(second, second_count, pids[i]))
            os_error = add_process(family, pids[i], opened[i]);
        else if (opened[i] != NULL)
            CloseHandle(opened[i]);
    }
    free(second);
    return os_error;
}

static DWORD add_job(const tether__tree *tree, DWORD access, tether__win32_family *family)
{
    DWORD *pids;
    size_t count;
    DWORD os_error = tether__win32_job_open(tree->task_id, JOB_OBJECT_QUERY | JOB_OBJECT_TERMINATE,
                                            &family->job);
    if (os_error != ERROR_SUCCESS)
        return os_error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : os_error;
    os_error = tether__win32_job_pids(family->job, &pids, &count);
    HANDLE *opened = calloc(count + 1, sizeof(HANDLE));
    if (os_error == ERROR_SUCCESS && opened == NULL)
        os_error = ERROR_NOT_ENOUGH_MEMORY;
    if (os_error == ERROR_SUCCESS) {
        for (size_t i = 0; i < count; i++)
            opened[i] = open_process(pids[i], access);
        os_error = add_listed(family, pids, opened, count);
    }
    free(opened);
    free(pids);
    return os_error;
}

/* Whether `child` was created after `parent`, an open handle to the process that has its parent's
 * pid. If not, the real parent has exited, and its pid was reused. */
static bool is_younger(HANDLE child, HANDLE parent)
{
    uint64_t born = tether__win32_start_time(child);
    uint64_t before = tether__win32_start_time(parent);
    return born != 0 && before != 0 && born >= before;
}

/* Wine tells whether a process is in a job only through a handle with the larger right, which
 * Windows refuses for some processes. */
static HANDLE open_child(DWORD pid, DWORD access)
{
    HANDLE child = open_process(pid, access | PROCESS_QUERY_INFORMATION);
    return child != NULL ? child : open_process(pid, access);
}

/* Whether it was started outside of the task's job: then it is not of the task, such as the
 * messenger of a monitor. When unsure, it counts as one: what is in the job was listed before. A
 * task whose job is not found is known by its children only. */
static bool is_stranger(const tether__win32_family *family, HANDLE process)
{
    BOOL inside = FALSE;
    return family->job != NULL && !(IsProcessInJob(process, family->job, &inside) && inside);
}

static DWORD add_child(tether__win32_family *family, const PROCESSENTRY32W *entry, DWORD access,
                       bool *found)
{
    HANDLE parent = NULL;
    for (size_t i = 0; i < family->count && parent == NULL; i++) {
        if (family->members[i].pid == entry->th32ParentProcessID)
            parent = family->members[i].process;
    }
    if (parent == NULL || has_member(family, entry->th32ProcessID))
        return ERROR_SUCCESS;
    HANDLE child = open_child(entry->th32ProcessID, access);
    if (child == NULL)
        return ERROR_SUCCESS;
    if (!is_younger(child, parent) || is_stranger(family, child)) {
        CloseHandle(child);
        return ERROR_SUCCESS;
    }
    size_t before = family->count;
    DWORD os_error = add_process(family, entry->th32ProcessID, child);
    *found = *found || family->count > before;
    return os_error;
}

/* The fallback for a task without a job: adds the children of known members, generation by
 * generation. */
static DWORD add_descendants(tether__win32_family *family, DWORD access)
{
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (all == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD os_error = ERROR_SUCCESS;
    bool found = true;
    for (int round = 0; found && os_error == ERROR_SUCCESS && round < GENERATIONS; round++) {
        PROCESSENTRY32W entry = {.dwSize = sizeof entry};
        found = false;
        for (BOOL more = Process32FirstW(all, &entry); more && os_error == ERROR_SUCCESS;
             more = Process32NextW(all, &entry))
            os_error = add_child(family, &entry, access, &found);
    }
    CloseHandle(all);
    return os_error;
}

DWORD tether__win32_family_list(const tether__tree *tree, DWORD access,
                                tether__win32_family *family)
{
    HANDLE supervisor;
    *family = (tether__win32_family){0};
    DWORD os_error = add_job(tree, access, family);
    if (os_error != ERROR_SUCCESS || !tree->supervisor_alive)
        return os_error;
    tether__win32_process_open(&tree->supervisor, access, &supervisor);
    if (supervisor == NULL)
        return ERROR_SUCCESS;
    if (has_member(family, (DWORD)tree->supervisor.pid))
        CloseHandle(supervisor);
    else
        os_error = add_process(family, (DWORD)tree->supervisor.pid, supervisor);
    return os_error == ERROR_SUCCESS ? add_descendants(family, access) : os_error;
}

void tether__win32_family_dispose(tether__win32_family *family)
{
    for (size_t i = 0; i < family->count; i++) {
        if (family->members[i].process != NULL)
            CloseHandle(family->members[i].process);
    }
    free(family->members);
    if (family->job != NULL)
        CloseHandle(family->job);
    *family = (tether__win32_family){0};
}
