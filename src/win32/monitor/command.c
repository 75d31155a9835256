/* Owns the call of CreateProcess for the command.
 * Must not: wait for it, or end it.
 * Thread: the only one. */
#include "win32/monitor/command.h"

#include <stdbool.h>
#include <stdlib.h>

#include "win32/text.h"

static const char step[] = "start command";

enum { INHERITED = 4 };

/* The resources of the start. */
typedef struct call {
    wchar_t *program, *line, *workdir;
    HANDLE inherited[INHERITED]; /* different ones: Windows refuses a handle that is listed twice */
    size_t inherited_count;
    HANDLE standard[3];
    LPPROC_THREAD_ATTRIBUTE_LIST attributes;
} call;

static void dispose(call *c)
{
    free(c->program);
    free(c->line);
    free(c->workdir);
    if (c->attributes != NULL) {
        DeleteProcThreadAttributeList(c->attributes);
        free(c->attributes);
    }
}

static void add_inherited(call *c, HANDLE handle)
{
    for (size_t i = 0; i < c->inherited_count; i++) {
        if (c->inherited[i] == handle)
            return;
    }
    if (handle == NULL || handle == INVALID_HANDLE_VALUE ||
        !SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT))
        return;
    c->inherited[c->inherited_count++] = handle;
}

/* Returns 0 or the error. */
static DWORD widen(const char *text, wchar_t **wide)
{
    int code = tether__win32_widen(text, wide, step, NULL);
    if (code == TETHER_OK)
        return ERROR_SUCCESS;
    return code == TETHER_EINVAL ? ERROR_NO_UNICODE_TRANSLATION : ERROR_NOT_ENOUGH_MEMORY;
}

/* Whether a command that enters a directory by itself can do so: it could not say why not. */
static bool can_enter(const char *path)
{
    wchar_t *wide;
    if (path == NULL)
        return true;
    if (widen(path, &wide) != ERROR_SUCCESS)
        return false;
    DWORD attributes = GetFileAttributesW(wide);
    free(wide);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static DWORD prepare_texts(const tether__orders *orders, call *c)
{
    DWORD os_error = widen(orders->program, &c->program);
    if (os_error == ERROR_SUCCESS)
        os_error = widen(orders->line, &c->line);
    if (os_error == ERROR_SUCCESS && orders->workdir != NULL)
        os_error = widen(orders->workdir, &c->workdir);
    if (os_error == ERROR_SUCCESS && !can_enter(orders->enters))
        os_error = ERROR_DIRECTORY;
    return os_error;
}

static void prepare_handles(HANDLE kept, call *c)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    for (int i = 0; i < 3; i++) {
        c->standard[i] = GetStdHandle(names[i]);
        add_inherited(c, c->standard[i]);
    }
    add_inherited(c, kept);
}

/* Makes the list anew; job NULL: without one. */
static DWORD make_attributes(call *c, HANDLE *job)
{
    SIZE_T size = 0;
    if (c->attributes != NULL)
        DeleteProcThreadAttributeList(c->attributes);
    free(c->attributes);
    InitializeProcThreadAttributeList(NULL, 2, 0, &size);
    c->attributes = malloc(size);
    if (c->attributes == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (!InitializeProcThreadAttributeList(c->attributes, 2, 0, &size)) {
        DWORD os_error = GetLastError();
        free(c->attributes);
        c->attributes = NULL;
        return os_error;
    }
    if (c->inherited_count > 0 &&
        !UpdateProcThreadAttribute(c->attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                   c->inherited, c->inherited_count * sizeof c->inherited[0], NULL,
                                   NULL))
        return GetLastError();
    if (job != NULL && !UpdateProcThreadAttribute(c->attributes, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST,
                                                  job, sizeof *job, NULL, NULL))
        return GetLastError();
    return ERROR_SUCCESS;
}

/* In the monitor's console and process group, so that a console break reaches it. CreateProcessW
 * may modify the line, but has no reason to. */
static DWORD create(call *c, HANDLE *job, DWORD flags, PROCESS_INFORMATION *process)
{
    DWORD os_error = make_attributes(c, job);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup,
                                              .dwFlags = STARTF_USESTDHANDLES,
                                              .hStdInput = c->standard[0],
                                              .hStdOutput = c->standard[1],
                                              .hStdError = c->standard[2]},
                              .lpAttributeList = c->attributes};
    if (!CreateProcessW(c->program, c->line, NULL, NULL, c->inherited_count > 0,
                        EXTENDED_STARTUPINFO_PRESENT | flags, NULL, c->workdir,
                        &startup.StartupInfo, process))
        return GetLastError();
    return ERROR_SUCCESS;
}

/* Without the list of jobs: the process is put into the job before it runs. */
static DWORD create_and_assign(call *c, HANDLE *job, PROCESS_INFORMATION *process)
{
    DWORD os_error = create(c, NULL, CREATE_SUSPENDED, process);
    if (os_error != ERROR_SUCCESS)
        return os_error;
    if (*job != NULL && !AssignProcessToJobObject(*job, process->hProcess)) {
        CloseHandle(*job);
        *job = NULL;
    }
    if (ResumeThread(process->hThread) != (DWORD)-1)
        return ERROR_SUCCESS;
    os_error = GetLastError();
    TerminateProcess(process->hProcess, 1);
    CloseHandle(process->hThread);
    CloseHandle(process->hProcess);
    return os_error;
}

/* The second attempt tells whether the job was to blame for the first failure. */
static DWORD create_in_job(call *c, HANDLE *job, PROCESS_INFORMATION *process)
{
    DWORD os_error = ERROR_NOT_SUPPORTED;
    if (*job != NULL)
        os_error = create(c, job, 0, process);
    if (os_error == ERROR_NOT_SUPPORTED || os_error == ERROR_ACCESS_DENIED ||
        os_error == ERROR_INVALID_PARAMETER)
        os_error = create_and_assign(c, job, process);
    return os_error;
}

DWORD tether__monitor_start_command(const tether__orders *orders, HANDLE *job, HANDLE kept,
                                    PROCESS_INFORMATION *process)
{
    call c = {.program = NULL};
    DWORD os_error = prepare_texts(orders, &c);
    if (os_error == ERROR_SUCCESS) {
        prepare_handles(kept, &c);
        os_error = create_in_job(&c, job, process);
    }
    dispose(&c);
    return os_error;
}
