/* Owns the Windows part of the test child.
 * Must not: know of the tests.
 * Thread: one. */
#include "support/child_os.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <shellapi.h>

#include "support/win32/command_line.h"

static wchar_t *widen(const char *text)
{
    int units = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *wide = calloc((size_t)units + 1, sizeof *wide);
    if (wide == NULL)
        exit(95);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, units);
    return wide;
}

static char *narrow(const wchar_t *wide)
{
    int bytes = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = calloc((size_t)bytes + 1, 1);
    if (text == NULL)
        exit(95);
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, bytes, NULL, NULL);
    return text;
}

/* The arguments of main() are in the code page of the machine; these are UTF-8. */
char **child_arguments(int argc, char **argv)
{
    int count;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    char **arguments = wide != NULL ? calloc((size_t)count + 1, sizeof *arguments) : NULL;
    (void)argc;
    (void)argv;
    if (arguments == NULL)
        exit(95);
    for (int i = 0; i < count; i++)
        arguments[i] = narrow(wide[i]);
    LocalFree(wide);
    /* printf() must not translate line ends either. */
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
    return arguments;
}

/* In pieces that fit into a pipe of Linux together with a request to Wine's server: while a larger
 * request waits for room, any signal makes it a part, and Wine then ends the process. */
static void write_to(HANDLE handle, const char *bytes, size_t size)
{
    enum { PIECE = 32768 };
    while (size > 0) {
        DWORD written, part = size < PIECE ? (DWORD)size : PIECE;
        if (!WriteFile(handle, bytes, part, &written, NULL))
            exit(98);
        bytes += written;
        size -= written;
    }
}

void child_write(int stream, const char *bytes, size_t size)
{
    write_to(GetStdHandle(stream == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE), bytes, size);
}

long child_read(char *bytes, size_t room)
{
    DWORD got;
    if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, (DWORD)room, &got, NULL))
        return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -1;
    return (long)got;
}

void child_close_input(void)
{
    CloseHandle(GetStdHandle(STD_INPUT_HANDLE));
}

void child_append(const char *path, const char *bytes, size_t size)
{
    wchar_t *wide = widen(path);
    HANDLE file = CreateFileW(wide, FILE_APPEND_DATA | SYNCHRONIZE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_ALWAYS, 0, NULL);
    free(wide);
    if (file == INVALID_HANDLE_VALUE)
        exit(96);
    write_to(file, bytes, size);
    CloseHandle(file);
}

bool child_exists(const char *path)
{
    wchar_t *wide = widen(path);
    bool exists = GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
    free(wide);
    return exists;
}

const char *child_variable(const char *name)
{
    static wchar_t value[32768];
    wchar_t *wide = widen(name);
    SetLastError(ERROR_SUCCESS);
    DWORD size = GetEnvironmentVariableW(wide, value, 32768);
    free(wide);
    if (size == 0 && GetLastError() != ERROR_SUCCESS)
        return NULL;
    return narrow(value);
}

const char *child_workdir(void)
{
    static wchar_t path[32768];
    if (GetCurrentDirectoryW(32768, path) == 0)
        exit(94);
    return narrow(path);
}

long child_pid(void)
{
    return (long)GetCurrentProcessId();
}

void child_nap(long ms)
{
    Sleep((DWORD)ms);
}

void child_wait(void)
{
    for (;;)
        Sleep(INFINITE);
}

/* An inherited handle is inheritable itself; of those that the program opened, hardly any is.
 * Handles are multiples of four. */
void child_show_inherited(void)
{
    for (ULONG_PTR value = 4; value < 0x4000; value += 4) {
        DWORD flags;
        if (GetHandleInformation((HANDLE)value, &flags) && (flags & HANDLE_FLAG_INHERIT) != 0)
            printf("%lu ", (unsigned long)value);
    }
    putchar('\n');
    fflush(stdout);
}

/* Creates a pipe and returns its write end. The read end stays open where the pipe is to be a full
 * one, and is closed otherwise. */
static HANDLE make_pipe(const char *kind)
{
    static const char block[4096];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE from, to;
    DWORD at_once = PIPE_NOWAIT, blocking = PIPE_WAIT, written;
    if (!CreatePipe(&from, &to, &inherited, sizeof block))
        exit(97);
    SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
    if (strcmp(kind, "full") == 0) {
        if (!SetNamedPipeHandleState(to, &at_once, NULL, NULL))
            exit(97);
        while (WriteFile(to, block, sizeof block, &written, NULL) && written > 0)
            continue;
        while (WriteFile(to, block, 1, &written, NULL) && written > 0)
            continue;
        SetNamedPipeHandleState(to, &blocking, NULL, NULL);
    } else {
        CloseHandle(from);
    }
    return to;
}

int child_run_into(const char *kind, char **argv)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    DWORD code = 97;
    wchar_t *line = command_line_make((const char *const *)argv);
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = strcmp(kind, "closed") != 0 ? make_pipe(kind) : NULL;
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        exit(97);
    CloseHandle(process.hThread);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hProcess);
    free(line);
    return (int)code;
}

/* Starts this program with other verbs and the same streams; exits with 97 where that fails. */
static void start_self(char **verbs)
{
    wchar_t program[MAX_PATH + 1];
    const char *argv[64] = {"tether-test-child"};
    PROCESS_INFORMATION process;
    STARTUPINFOW startup = {.cb = sizeof startup};
    size_t count = 1;
    for (; *verbs != NULL && count < 63; verbs++)
        argv[count++] = *verbs;
    wchar_t *line = command_line_make(argv);
    GetModuleFileNameW(NULL, program, MAX_PATH);
    if (!CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_NEW_PROCESS_GROUP, NULL, NULL,
                        &startup, &process))
        exit(97);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    free(line);
}

/* Prints the rights that a handle was opened with, which Cygwin's programs look at before they
 * write. */
static void show_access(DWORD stream)
{
    typedef LONG(WINAPI * query_fn)(HANDLE, int, void *, ULONG, ULONG *);
    struct {
        ULONG attributes, access, handles, pointers, reserved[10];
    } basic = {0};
    char line[32];
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    query_fn query = (query_fn)(void (*)(void))GetProcAddress(ntdll, "NtQueryObject");
    if (query == NULL || query(GetStdHandle(stream), 0, &basic, sizeof basic, NULL) != 0)
        exit(93);
    snprintf(line, sizeof line, "%lx\n", (unsigned long)basic.access);
    child_write(1, line, strlen(line));
}

bool child_do_plain(const char *verb, char **rest)
{
    if (strcmp(verb, "access") == 0) {
        show_access(STD_OUTPUT_HANDLE);
        show_access(STD_ERROR_HANDLE);
        return true;
    }
    if (strcmp(verb, "ignore-term") == 0) {
        SetConsoleCtrlHandler(NULL, TRUE);
        return true;
    }
    if (strcmp(verb, "detach") == 0 || strcmp(verb, "leave") == 0) {
        start_self(rest);
        exit(0);
    }
    return false;
}

bool child_do_with_argument(const char *verb, const char *argument)
{
    char forever[] = "forever";
    char *verbs[] = {forever, NULL};
    if (strcmp(verb, "forks") != 0)
        return false;
    for (long i = 0; i < atol(argument); i++)
        start_self(verbs);
    return true;
}
