/* Owns jobs of the tests' own, and the start of processes in them.
 * Must not: use the library's jobs, which are what is tested.
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

const char *job_self(void)
{
    enum { UNITS = 4096 };
    static char path[3 * UNITS];
    wchar_t wide[UNITS];
    DWORD size = GetModuleFileNameW(NULL, wide, UNITS);
    assert_in_range(size, 1, UNITS - 1);
    assert_true(WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, sizeof path, NULL, NULL) > 0);
    return path;
}

DWORD job_join(HANDLE process)
{
    DWORD code;
    assert_int_equal(WaitForSingleObject(process, PATIENCE_MS), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(process, &code));
    CloseHandle(process);
    return code;
}

void job_crash(HANDLE process)
{
    assert_true(TerminateProcess(process, 1));
    assert_int_equal(WaitForSingleObject(process, PATIENCE_MS), WAIT_OBJECT_0);
    CloseHandle(process);
}

void job_close(HANDLE job, HANDLE process)
{
    assert_true(CloseHandle(job));
    assert_int_equal(WaitForSingleObject(process, PATIENCE_MS), WAIT_OBJECT_0);
    CloseHandle(process);
}
