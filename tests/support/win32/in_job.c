/* Owns the jobs and processes that a test makes itself.
 * Must not: use the library's jobs and spawner, which are what is tested.
 * Thread: the test's. */
#include "support/win32/in_job.h"

#include <stdlib.h>

#include "support/win32/command_line.h"
#include "support/support.h"

HANDLE job_make(DWORD flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    assert_non_null(job);
    limits.BasicLimitInformation.LimitFlags = flags;
    assert_true(
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits));
    return job;
}

HANDLE job_start(const HANDLE *jobs, size_t count, const char *const *argv, BOOL inherits)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    wchar_t *line = command_line_make(argv);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, inherits, CREATE_SUSPENDED, NULL, NULL,
                               &startup, &process));
    free(line);
    for (size_t i = 0; i < count; i++)
        assert_true(AssignProcessToJobObject(jobs[i], process.hProcess));
    assert_int_equal(ResumeThread(process.hThread), 1);
    CloseHandle(process.hThread);
    return process.hProcess;
}

static void wait_for(HANDLE process)
{
    assert_int_equal(WaitForSingleObject(process, PATIENCE_MS), WAIT_OBJECT_0);
}

void job_close(HANDLE job, HANDLE process)
{
    assert_true(CloseHandle(job));
    wait_for(process);
    CloseHandle(process);
}

HANDLE process_start(const char *const *argv)
{
    return job_start(NULL, 0, argv, FALSE);
}

HANDLE process_start_forever(void)
{
    static const char *const argv[] = {CHILD, "forever", NULL};
    return process_start(argv);
}

DWORD process_run(const char *const *argv)
{
    return process_join(process_start(argv));
}

DWORD process_join(HANDLE process)
{
    DWORD code;
    wait_for(process);
    assert_true(GetExitCodeProcess(process, &code));
    CloseHandle(process);
    return code;
}

void process_kill(HANDLE process)
{
    assert_true(TerminateProcess(process, 1));
    wait_for(process);
}

void process_crash(HANDLE process)
{
    process_kill(process);
    CloseHandle(process);
}

const char *process_self(void)
{
    enum { UNITS = 4096 };
    static char path[3 * UNITS];
    wchar_t wide[UNITS];
    DWORD size = GetModuleFileNameW(NULL, wide, UNITS);
    assert_in_range(size, 1, UNITS - 1);
    assert_true(WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, sizeof path, NULL, NULL) > 0);
    return path;
}

typedef struct closing {
    HANDLE file;
    DWORD ms;
} closing;

static DWORD WINAPI sleep_and_close(void *userdata)
{
    closing c = *(closing *)userdata;
    free(userdata);
    Sleep(c.ms);
    CloseHandle(c.file);
    return 0;
}

HANDLE close_later(HANDLE file, DWORD ms)
{
    closing *c = malloc(sizeof *c);
    assert_non_null(c);
    *c = (closing){file, ms};
    HANDLE thread = CreateThread(NULL, 0, sleep_and_close, c, 0, NULL);
    assert_non_null(thread);
    return thread;
}

void close_later_join(HANDLE thread)
{
    wait_for(thread);
    CloseHandle(thread);
}
