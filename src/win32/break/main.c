/* Owns the program tether-break: `tether-break PID START` sends CTRL+BREAK to the process group of
 * exactly that process. It has no console of its own and ends at once, so that it can attach to
 * another process's console. Exits with 0 when the break was sent.
 * Must not: signal a process with another creation time.
 * Thread: the main one. */
#include <stdlib.h>
#include <windows.h>

static BOOL is_same(HANDLE process, unsigned long long wanted)
{
    FILETIME created, exited, kernel, user;
    if (!GetProcessTimes(process, &created, &exited, &kernel, &user))
        return FALSE;
    return (((unsigned long long)created.dwHighDateTime << 32) | created.dwLowDateTime) == wanted &&
           WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    DWORD pid = (DWORD)strtoul(argv[1], NULL, 10);
    unsigned long long start = strtoull(argv[2], NULL, 10);
    HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    if (process == NULL)
        return 1;
    /* The open handle keeps the pid from being reused until the break is sent. */
    FreeConsole();
    BOOL sent = is_same(process, start) && AttachConsole(pid) &&
                SetConsoleCtrlHandler(NULL, TRUE) &&
                GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, pid);
    FreeConsole();
    CloseHandle(process);
    return sent ? 0 : 1;
}
