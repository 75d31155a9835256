/* Owns the watch on the reader of standard output on Windows.
 * Must not: write to the pipe. A write of no bytes would look like the end of the output to the
 * reader.
 * Thread: one of its own, which looks at the pipe's state at intervals until the process ends. */
#include "cli/reader_os.h"

#include <stdbool.h>
#include <windows.h>
#include <winternl.h>

enum { EXIT_BROKEN_PIPE = 128 + 13 }; /* as on POSIX systems, where SIGPIPE ends the command */

/* No event reports that the other end of a pipe was closed. */
enum { INTERVAL_MS = 50 };

/* Information of class FilePipeLocalInformation, which the headers of user programs lack. */
enum { PIPE_LOCAL_INFORMATION = 24, PIPE_CLOSING = 4 };
typedef struct pipe_local_information {
    ULONG type, configuration, maximum_instances, current_instances;
    ULONG inbound_quota, read_data_available, outbound_quota, write_quota_available;
    ULONG state, end;
} pipe_local_information;

typedef NTSTATUS(NTAPI *query_function)(HANDLE file, PIO_STATUS_BLOCK status, PVOID information,
                                        ULONG size, int kind);

static query_function query;
static void (*when_gone)(void);

_Noreturn void reader_os_end(void)
{
    TerminateProcess(GetCurrentProcess(), EXIT_BROKEN_PIPE);
    for (;;)
        Sleep(INFINITE);
}

/* Returns false if the state cannot be read, such as for a handle without the right to. */
static bool read_state(HANDLE pipe, ULONG *state)
{
    IO_STATUS_BLOCK status;
    pipe_local_information information = {0};
    if (query(pipe, &status, &information, sizeof information, PIPE_LOCAL_INFORMATION) < 0)
        return false;
    *state = information.state;
    return true;
}

static DWORD WINAPI wait_for_end(void *pipe)
{
    ULONG state = 0;
    while (read_state(pipe, &state) && state != PIPE_CLOSING)
        Sleep(INTERVAL_MS);
    if (state == PIPE_CLOSING)
        when_gone();
    return 0;
}

void reader_os_watch(void (*gone)(void))
{
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    FARPROC found = ntdll != NULL ? GetProcAddress(ntdll, "NtQueryInformationFile") : NULL;
    if (found == NULL || GetFileType(output) != FILE_TYPE_PIPE)
        return;
    when_gone = gone;
    query = (query_function)(void (*)(void))found;
    HANDLE thread = CreateThread(NULL, 0, wait_for_end, output, 0, NULL);
    if (thread != NULL)
        CloseHandle(thread);
}
