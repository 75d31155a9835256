/* Owns what is done to monitors and hosts on Windows.
 * Must not: touch a process that the test has not started.
 * Thread: the test's. */
#include "monitor/controlled.h"

#include <windows.h>

#include "support/win32/in_job.h"

static HANDLE open_process(long pid, DWORD access)
{
    HANDLE process = OpenProcess(access | SYNCHRONIZE, FALSE, (DWORD)pid);
    assert_non_null(process);
    return process;
}

/* Windows has a call for all threads of a process, which debuggers use. */
static void call(long pid, const char *name)
{
    typedef LONG(WINAPI * call_fn)(HANDLE process);
    HANDLE process = open_process(pid, PROCESS_SUSPEND_RESUME);
    FARPROC function = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
    assert_non_null(function);
    assert_int_equal(((call_fn)(void (*)(void))function)(process), 0);
    CloseHandle(process);
}

void controlled_suspend(long pid)
{
    call(pid, "NtSuspendProcess");
}

void controlled_resume(long pid)
{
    call(pid, "NtResumeProcess");
}

void controlled_kill(long pid)
{
    process_crash(open_process(pid, PROCESS_TERMINATE));
}

/* The handle keeps the pid from being used again. One host at a time. */
static HANDLE host;

long controlled_host(const char *const *argv)
{
    host = process_start(argv);
    return (long)GetProcessId(host);
}

void controlled_host_kill(long pid)
{
    assert_int_equal(GetProcessId(host), pid);
    process_crash(host);
}

void controlled_reap(void)
{
}

bool controlled_has_witnesses(const fixture *f)
{
    (void)f;
    return false;
}
