/* Owns the call of CreateProcess: flags, inherited handles, the new process's job, and breakaway
 * from the caller's jobs.
 * Must not: know what is started, or let it run.
 * Thread: any. */
#include "win32/start.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "win32/error.h"
#include "win32/job.h"

/* Missing in the headers of mingw. */
#ifndef ERROR_ELEVATION_REQUIRED
#define ERROR_ELEVATION_REQUIRED 740L
#endif

/* A hidden console of its own, a process group of its own for breaks, and suspended until the
 * caller resumes it. */
static const DWORD common_flags = CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP |
                                  CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;

static DWORD make_attributes(tether__win32_start *start, LPPROC_THREAD_ATTRIBUTE_LIST *attributes)
{
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 2, 0, &size);
    *attributes = malloc(size);
    if (*attributes == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (!InitializeProcThreadAttributeList(*attributes, 2, 0, &size)) {
        DWORD os_error = GetLastError();
        free(*attributes);
        *attributes = NULL;
        return os_error;
    }
    if (!UpdateProcThreadAttribute(*attributes, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST, &start->job,
                                   sizeof start->job, NULL, NULL))
        return GetLastError();
    if (start->inherited_count > 0 &&
        !UpdateProcThreadAttribute(*attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                   start->inherited,
                                   start->inherited_count * sizeof start->inherited[0], NULL, NULL))
        return GetLastError();
    return ERROR_SUCCESS;
}

static void free_attributes(LPPROC_THREAD_ATTRIBUTE_LIST attributes)
{
    if (attributes == NULL)
        return;
    DeleteProcThreadAttributeList(attributes);
    free(attributes);
}

/* Makes inheritable copies of the handles. They exist only during the call, because a process that
 * another thread starts at that time without a handle list inherits them too. */
static DWORD copy_handles(const tether__win32_start *start, tether__win32_start *copy)
{
    HANDLE self = GetCurrentProcess();
    *copy = *start;
    for (size_t i = 0; i < start->inherited_count; i++)
        copy->inherited[i] = NULL;
    for (size_t i = 0; i < start->inherited_count; i++) {
        if (!DuplicateHandle(self, start->inherited[i], self, &copy->inherited[i], 0, TRUE,
                             DUPLICATE_SAME_ACCESS)) {
            DWORD os_error = GetLastError();
            copy->inherited[i] = NULL;
            return os_error;
        }
    }
    return ERROR_SUCCESS;
}

static void close_copies(tether__win32_start *copy)
{
    for (size_t i = 0; i < copy->inherited_count; i++) {
        if (copy->inherited[i] != NULL)
            CloseHandle(copy->inherited[i]);
    }
}

/* Stores the line with the numbers of the copies at its end, to be freed; NULL: it needs none. */
static DWORD add_numbers(const tether__win32_start *copy, wchar_t **line)
{
    enum { NUMBER_UNITS = 24 };
    *line = NULL;
    if (!copy->names_handles)
        return ERROR_SUCCESS;
    size_t used = wcslen(copy->line);
    *line = calloc(used + TETHER__WIN32_INHERITED * NUMBER_UNITS + 1, sizeof **line);
    if (*line == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    wcscpy(*line, copy->line);
    for (size_t i = TETHER__WIN32_STANDARD; i < copy->inherited_count; i++)
        used += (size_t)swprintf(*line + used, NUMBER_UNITS, L" %llu",
                                 (unsigned long long)(uintptr_t)copy->inherited[i]);
    return ERROR_SUCCESS;
}

static DWORD create_process(const tether__win32_start *start,
                            LPPROC_THREAD_ATTRIBUTE_LIST attributes, DWORD flags,
                            PROCESS_INFORMATION *process)
{
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup}, .lpAttributeList = attributes};
    BOOL inherits = start->inherited_count > 0;
    if (inherits) {
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        startup.StartupInfo.hStdInput = start->inherited[0];
        startup.StartupInfo.hStdOutput = start->inherited[1];
        startup.StartupInfo.hStdError = start->inherited[2];
    }
    if (!CreateProcessW(start->program, start->line, NULL, NULL, inherits, common_flags | flags,
                        (void *)start->environment, start->workdir, &startup.StartupInfo, process))
        return GetLastError();
    return ERROR_SUCCESS;
}

/* Whether a process that leaves our job is still in a job around it. Windows lets a process out of
 * nested jobs up to the first one that forbids it, and does not report where that was. It can only
 * be asked whether a process is in any job, and the supervisor always is in its own. So this
 * creates a second process, without a job of its own and with nothing inherited, and terminates it
 * before it runs. Returns true if that fails. */
static bool is_kept_by_outer_job(const tether__win32_start *start)
{
    wchar_t line[] = L"try";
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    BOOL inside = FALSE;
    if (IsProcessInJob(GetCurrentProcess(), NULL, &inside) && !inside)
        return false;
    if (!CreateProcessW(start->program, line, NULL, NULL, FALSE,
                        CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_BREAKAWAY_FROM_JOB, NULL, NULL,
                        &startup, &process))
        return true;
    if (!IsProcessInJob(process.hProcess, NULL, &inside))
        inside = TRUE;
    tether__win32_abandon(&process);
    return inside != FALSE;
}

/* "Access denied" may mean that the job forbids breakaway, or that we may not run the program: the
 * second call shows which. */
static DWORD create_with_breakaway(const tether__win32_start *start,
                                   LPPROC_THREAD_ATTRIBUTE_LIST attributes,
                                   PROCESS_INFORMATION *process, bool *bound)
{
    *bound = false;
    DWORD os_error = create_process(start, attributes, CREATE_BREAKAWAY_FROM_JOB, process);
    if (os_error == ERROR_SUCCESS)
        *bound = is_kept_by_outer_job(start);
    if (os_error != ERROR_ACCESS_DENIED)
        return os_error;
    os_error = create_process(start, attributes, 0, process);
    *bound = os_error == ERROR_SUCCESS;
    return os_error;
}

DWORD tether__win32_create(const tether__win32_start *start, PROCESS_INFORMATION *process,
                           bool *bound)
{
    tether__win32_start copy;
    wchar_t *line = NULL;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = NULL;
    *process = (PROCESS_INFORMATION){0};
    *bound = false;
    DWORD os_error = copy_handles(start, &copy);
    if (os_error == ERROR_SUCCESS)
        os_error = add_numbers(&copy, &line);
    if (line != NULL)
        copy.line = line;
    if (os_error == ERROR_SUCCESS)
        os_error = make_attributes(&copy, &attributes);
    if (os_error == ERROR_SUCCESS)
        os_error = create_with_breakaway(&copy, attributes, process, bound);
    free_attributes(attributes);
    free(line);
    close_copies(&copy);
    return os_error;
}

void tether__win32_abandon(PROCESS_INFORMATION *process)
{
    TerminateProcess(process->hProcess, 1);
    CloseHandle(process->hThread);
    CloseHandle(process->hProcess);
}

DWORD tether__win32_probe(const wchar_t *program, bool *bound)
{
    PROCESS_INFORMATION process;
    wchar_t line[] = L"try";
    tether__win32_start start = {.program = program, .line = line};
    *bound = false;
    DWORD os_error = tether__win32_job_create_unnamed(&start.job);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    os_error = tether__win32_create(&start, &process, bound);
    if (os_error == ERROR_SUCCESS)
        tether__win32_abandon(&process);
    CloseHandle(start.job);
    return os_error;
}

/* Whether a job that this process is in is why a start was denied: its children may not leave it,
 * and Windows puts none of them into a job of its own inside, such as where a job limits the user
 * interface. Without a job of its own, the program can be started; this process is terminated
 * before it runs. */
static bool is_refused_by_job(const wchar_t *program)
{
    wchar_t line[] = L"try";
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    BOOL inside = FALSE;
    if ((IsProcessInJob(GetCurrentProcess(), NULL, &inside) && !inside) ||
        !CreateProcessW(program, line, NULL, NULL, FALSE, CREATE_SUSPENDED | CREATE_NO_WINDOW, NULL,
                        NULL, &startup, &process))
        return false;
    tether__win32_abandon(&process);
    return true;
}

int tether__win32_fail_start(const wchar_t *program, const char *shown, DWORD os_error, int missing,
                             tether_error *error)
{
    static const char step[] = "start supervisor";
    int code = tether__win32_code(os_error);
    if (os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PATH_NOT_FOUND)
        code = missing;
    else if (os_error == ERROR_DIRECTORY)
        code = TETHER_EWORKDIR;
    else if (os_error == ERROR_ACCESS_DENIED && is_refused_by_job(program))
        return tether__fail(error, TETHER_ENOTSUP, (int)os_error, step,
                            "this process is in a job in which Windows creates no other jobs, as "
                            "if it limits the user interface, and which its children may not "
                            "leave: no task can be started from here; start this process outside "
                            "of that job, or let the job allow breakaway "
                            "(JOB_OBJECT_LIMIT_BREAKAWAY_OK)");
    else if (os_error == ERROR_ACCESS_DENIED || os_error == ERROR_ELEVATION_REQUIRED ||
             os_error == ERROR_ACCESS_DISABLED_BY_POLICY)
        code = TETHER_ENOEXEC;
    else if (os_error == ERROR_FILENAME_EXCED_RANGE)
        code = TETHER_ETOOBIG;
    else if (code == TETHER_ENOMEM)
        code = TETHER_ELIMIT; /* ENOMEM means that this process is out of memory */
    return tether__win32_fail_as(error, code, os_error, step, shown);
}
