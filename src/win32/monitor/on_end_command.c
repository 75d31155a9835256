/* Owns the command at the end of a task: its start, what it reads, and the pipe of its outputs.
 * Must not: wait for what it leaves behind, or for a command that does not read.
 * Thread: the only one, of the messenger. */
#include "monitor/on_end_os.h"

#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "win32/monitor/command.h"
#include "win32/pipe.h"
#include "win32/signal.h"
#include "win32/text.h"

enum { PIPE_SIZE = 64 * 1024, LONGEST_MS = 3600 * 1000, LOOK_MS = 100 };

static const DWORD ended_by_break = 0xC000013A; /* STATUS_CONTROL_C_EXIT */

static HANDLE command, job;
static bool sent_break, sent_final;

static HANDLE output;      /* the reading end; NULL: closed */
static OVERLAPPED looking; /* a read of no bytes, which ends when there are some */
static bool looks;
static HANDLE reading; /* signalled when a read of some has ended */

static HANDLE input; /* the writing end; NULL: closed */
static OVERLAPPED writing;
static char *text_of_input; /* for as long as the write goes on */

static void close_handle(HANDLE *handle)
{
    if (*handle != NULL)
        CloseHandle(*handle);
    *handle = NULL;
}

/* --- What it gets --- */

/* This process has no other use for its environment. An empty value removes the variable. */
static bool set_variable(const char *variable)
{
    wchar_t *wide;
    if (tether__win32_widen(variable, &wide, "set variable", NULL) != TETHER_OK)
        return false;
    wchar_t *value = wcschr(wide, L'=');
    bool set = value != NULL;
    if (set) {
        *value++ = L'\0';
        set = SetEnvironmentVariableW(wide, *value != L'\0' ? value : NULL) || *value == L'\0';
    }
    free(wide);
    return set;
}

/* ERRORLEVEL would hide the exit codes that cmd provides under this name. */
static bool set_environment(const char *const *variables)
{
    SetEnvironmentVariableW(L"ERRORLEVEL", NULL);
    for (; *variables != NULL; variables++) {
        if (!set_variable(*variables))
            return false;
    }
    return true;
}

static void settle_input(void)
{
    if (input != NULL && HasOverlappedIoCompleted(&writing))
        close_handle(&input);
}

/* The pipe has room for all of it as a rule; else the write goes on while the command reads. */
static bool write_input(const char *bytes, size_t size)
{
    text_of_input = malloc(size + 1);
    if (text_of_input == NULL)
        return false;
    memcpy(text_of_input, bytes, size);
    if (!WriteFile(input, text_of_input, (DWORD)size, NULL, &writing) &&
        GetLastError() != ERROR_IO_PENDING)
        close_handle(&input);
    settle_input();
    return true;
}

/* Stores the ends for the command, which are its standard streams from now on. */
static bool open_pipes(size_t input_size, HANDLE *reader, HANDLE *writer)
{
    looking.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    writing.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    reading = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (looking.hEvent == NULL || writing.hEvent == NULL || reading == NULL ||
        tether__win32_pipe_pair(TETHER__WIN32_OUTBOUND, FILE_FLAG_OVERLAPPED, (DWORD)input_size, 0,
                                &input, reader) != ERROR_SUCCESS ||
        tether__win32_pipe_pair(TETHER__WIN32_INBOUND, FILE_FLAG_OVERLAPPED, PIPE_SIZE, 0, &output,
                                writer) != ERROR_SUCCESS)
        return false;
    SetStdHandle(STD_INPUT_HANDLE, *reader);
    SetStdHandle(STD_OUTPUT_HANDLE, *writer);
    SetStdHandle(STD_ERROR_HANDLE, *writer);
    return true;
}

/* --- The start --- */

/* Returns the path of cmd, which the caller frees; NULL: not known. */
static char *find_cmd(void)
{
    wchar_t folder[MAX_PATH + 1];
    UINT size = GetSystemDirectoryW(folder, MAX_PATH);
    wchar_t *path = size > 0 && size < MAX_PATH ? tether__win32_join(folder, L"cmd.exe") : NULL;
    char *narrow = path != NULL ? tether__win32_narrow(path) : NULL;
    free(path);
    return narrow;
}

/* Without registry commands that run first, and with the text as it is between the outer quotes. */
static void add_line(tether__text *line, const char *cmd, const char *text)
{
    tether__text_add_string(line, "\"");
    tether__text_add_string(line, cmd);
    tether__text_add_string(line, "\" /D /S /C \"");
    tether__text_add_string(line, text);
    tether__text_add_string(line, "\"");
}

/* A directory that is gone is replaced by that of this process, the system's. */
static bool start_in(tether__orders *orders, PROCESS_INFORMATION *process)
{
    DWORD os_error = tether__monitor_start_command(orders, &job, NULL, process);
    if (os_error == ERROR_DIRECTORY && orders->workdir != NULL) {
        orders->workdir = NULL;
        os_error = tether__monitor_start_command(orders, &job, NULL, process);
    }
    return os_error == ERROR_SUCCESS;
}

static int64_t start_cmd(const tether__on_end_call *call)
{
    PROCESS_INFORMATION process;
    tether__text line = {0};
    int64_t pid = 0;
    char *cmd = find_cmd();
    if (cmd == NULL)
        return 0;
    add_line(&line, cmd, call->text);
    tether__orders orders = {.program = cmd, .line = line.bytes, .workdir = call->workdir};
    job = CreateJobObjectW(NULL, NULL);
    if (!line.failed && start_in(&orders, &process)) {
        CloseHandle(process.hThread);
        command = process.hProcess;
        pid = process.dwProcessId;
    }
    tether__text_dispose(&line);
    free(cmd);
    return pid;
}

int64_t tether__on_end_os_start(const tether__on_end_call *call)
{
    HANDLE reader = NULL, writer = NULL;
    int64_t pid = 0;
    if (set_environment(call->variables) && open_pipes(call->input_size, &reader, &writer) &&
        write_input(call->input, call->input_size))
        pid = start_cmd(call);
    close_handle(&reader);
    close_handle(&writer);
    return pid;
}

/* --- While it runs --- */

/* Begins the read of no bytes, unless the last one goes on. False: the pipe is closed. */
static bool look_out(void)
{
    static char none;
    if (output == NULL)
        return false;
    looks = looks && !HasOverlappedIoCompleted(&looking);
    if (!looks)
        looks = ReadFile(output, &none, 0, NULL, &looking) || GetLastError() == ERROR_IO_PENDING;
    if (!looks)
        close_handle(&output);
    return looks;
}

static DWORD time_until(int64_t until_ms)
{
    int64_t left_ms = until_ms - tether__os_monotonic_ms();
    return left_ms < 0 ? 0 : left_ms < LONGEST_MS ? (DWORD)left_ms : LONGEST_MS;
}

static void sleep_until(int64_t until_ms)
{
    HANDLE items[3] = {command};
    DWORD count = 1, left = time_until(until_ms);
    if (look_out())
        items[count++] = looking.hEvent;
    if (input != NULL)
        items[count++] = writing.hEvent;
    if (WaitForMultipleObjects(count, items, FALSE, left) == WAIT_FAILED)
        Sleep(left < LOOK_MS ? left : LOOK_MS);
    settle_input();
}

/* Windows has no signals: what has ended the command is known from its code, if it was sent. */
static tether__afterwards conclude(DWORD code, int *value)
{
    bool killed = sent_final && code == TETHER__WIN32_KILLED_CODE;
    bool broken = sent_break && code == ended_by_break;
    *value = killed ? TETHER__WIN32_KILL : broken ? TETHER__WIN32_TERM : (int)code;
    return killed || broken ? TETHER__AFTERWARDS_SIGNAL : TETHER__AFTERWARDS_EXIT;
}

/* Of a command whose end cannot be found out, silence says so. */
tether__afterwards tether__on_end_os_wait(int64_t pid, int64_t until_ms, int *value)
{
    DWORD code;
    (void)pid;
    sleep_until(until_ms);
    DWORD state = WaitForSingleObject(command, 0);
    if (state == WAIT_TIMEOUT)
        return TETHER__AFTERWARDS_UNTOLD;
    if (state != WAIT_OBJECT_0 || !GetExitCodeProcess(command, &code))
        tether__on_end_os_leave();
    return conclude(code, value);
}

/* Does not wait, since so many bytes are there, and nobody else reads them. */
size_t tether__on_end_os_read(char *bytes, size_t capacity)
{
    DWORD held = 0, got = 0;
    OVERLAPPED request = {.hEvent = reading};
    if (output == NULL || !PeekNamedPipe(output, NULL, 0, NULL, &held, NULL) || held == 0)
        return 0;
    if ((ReadFile(output, bytes, held < capacity ? held : (DWORD)capacity, NULL, &request) ||
         GetLastError() == ERROR_IO_PENDING) &&
        GetOverlappedResult(output, &request, &got, TRUE))
        return got;
    return 0;
}

/* A break goes to the process group, which this process leads, and which has nothing else in it. */
void tether__on_end_os_signal(int64_t pid, bool final)
{
    (void)pid;
    if (!final)
        sent_break =
            GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, GetCurrentProcessId()) || sent_break;
    else if (job != NULL)
        sent_final = TerminateJobObject(job, TETHER__WIN32_KILLED_CODE) || sent_final;
    else
        sent_final = TerminateProcess(command, TETHER__WIN32_KILLED_CODE) || sent_final;
}
