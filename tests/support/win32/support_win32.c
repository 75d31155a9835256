/* Owns the Windows side of the test support.
 * Must not: know what a test is about, or end a process that the test did not start.
 * Thread: the test's. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>
#include <tlhelp32.h>

#include "support/win32/command_line.h"
#include "win32/acl.h"
#include "win32/signal.h"

enum { PATH_UNITS = 32767, LAST_HANDLE = 0x4000 };

/* --- Text ------------------------------------------------------------------------------------- */

static wchar_t *widen(const char *text)
{
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    assert_true(units > 0);
    wchar_t *wide = calloc((size_t)units, sizeof *wide);
    assert_non_null(wide);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, units);
    return wide;
}

static char *narrow(const wchar_t *wide)
{
    int bytes = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = calloc((size_t)bytes + 1, 1);
    assert_non_null(text);
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, bytes, NULL, NULL);
    return text;
}

/* Makes a path absolute and without a length limit; freed with free(). */
static wchar_t *long_path(const char *path)
{
    wchar_t *given = widen(path), *whole = calloc(PATH_UNITS + 8, sizeof *whole);
    assert_non_null(whole);
    wcscpy(whole, wcsncmp(given, L"\\\\?\\", 4) == 0 ? L"" : L"\\\\?\\");
    DWORD size = GetFullPathNameW(given, PATH_UNITS, whole + wcslen(whole), NULL);
    assert_true(size > 0 && size < PATH_UNITS);
    free(given);
    return whole;
}

static wchar_t *join(const wchar_t *folder, const wchar_t *name)
{
    wchar_t *path = calloc(wcslen(folder) + wcslen(name) + 2, sizeof *path);
    assert_non_null(path);
    return wcscat(wcscat(wcscpy(path, folder), L"\\"), name);
}

static bool is_dots(const wchar_t *name)
{
    return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0;
}

/* --- Folders and files ------------------------------------------------------------------------ */

char *test_make_store(void)
{
    static long count;
    wchar_t folder[MAX_PATH + 1], path[2 * MAX_PATH];
    tether_error error = {0};
    PSECURITY_DESCRIPTOR descriptor;
    LARGE_INTEGER now;
    assert_in_range(GetTempPathW(MAX_PATH, folder), 1, MAX_PATH);
    DWORD size = GetLongPathNameW(folder, path, MAX_PATH);
    assert_in_range(size, 1, MAX_PATH);
    QueryPerformanceCounter(&now);
    swprintf(path + size, 2 * MAX_PATH - size, L"tether-test-%lu-%ld-%lx",
             (unsigned long)GetCurrentProcessId(), ++count,
             (unsigned long)(now.QuadPart & 0xffffff));
    /* The rights that the parent passes on let others in on some machines. */
    ASSERT_OK(tether__win32_acl_private(&descriptor, &error), error);
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    assert_true(CreateDirectoryW(path, &security));
    LocalFree(descriptor);
    return narrow(path);
}

/* Removes links instead of following them. */
static bool remove_tree(const wchar_t *path)
{
    WIN32_FIND_DATAW entry;
    wchar_t *pattern = join(path, L"*");
    HANDLE search = FindFirstFileW(pattern, &entry);
    bool fine = search != INVALID_HANDLE_VALUE;
    free(pattern);
    for (bool more = fine; more; more = FindNextFileW(search, &entry) != 0) {
        if (is_dots(entry.cFileName))
            continue;
        wchar_t *below = join(path, entry.cFileName);
        bool folder = (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
        bool link = (entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
        SetFileAttributesW(below, FILE_ATTRIBUTE_NORMAL);
        fine = (folder && !link ? remove_tree(below)
                : folder        ? RemoveDirectoryW(below)
                                : DeleteFileW(below)) &&
               fine;
        free(below);
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    return RemoveDirectoryW(path) && fine;
}

static void print_tree(const wchar_t *path)
{
    WIN32_FIND_DATAW entry;
    wchar_t *pattern = join(path, L"*");
    HANDLE search = FindFirstFileW(pattern, &entry);
    free(pattern);
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        if (is_dots(entry.cFileName))
            continue;
        wchar_t *below = join(path, entry.cFileName);
        fprintf(stderr, "cannot be removed: %ls\n", below);
        if (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
            print_tree(below);
        free(below);
    } while (FindNextFileW(search, &entry));
    FindClose(search);
}

/* A process that has just ended may have its files open for a moment longer. */
void test_remove_store(const char *store)
{
    wchar_t *path = long_path(store);
    int64_t end = test_now_ms() + PATIENCE_MS;
    while (!remove_tree(path) && GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES) {
        if (test_now_ms() > end) {
            print_tree(path);
            fail_msg("%s cannot be removed", store);
        }
        test_pause();
    }
    free(path);
}

/* Calls visit for the entries of a directory until it returns false. Returns false where there is
 * no directory. */
static bool for_names(const char *path,
                      bool (*visit)(const WIN32_FIND_DATAW *entry, void *userdata), void *userdata)
{
    WIN32_FIND_DATAW entry;
    wchar_t *folder = long_path(path), *pattern = join(folder, L"*");
    HANDLE search = FindFirstFileW(pattern, &entry);
    free(pattern);
    free(folder);
    if (search == INVALID_HANDLE_VALUE)
        return false;
    do {
        if (!is_dots(entry.cFileName) && !visit(&entry, userdata))
            break;
    } while (FindNextFileW(search, &entry));
    FindClose(search);
    return true;
}

typedef struct wanted {
    const char *path;
    const char *prefix;
    bool found;
    char *name;
    int count;
} wanted;

static bool search_below(const WIN32_FIND_DATAW *entry, void *userdata)
{
    wanted *w = userdata;
    char *name = narrow(entry->cFileName);
    w->found = strncmp(name, w->prefix, strlen(w->prefix)) == 0;
    if (!w->found && (entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        size_t size = strlen(w->path) + strlen(name) + 2;
        char *below = malloc(size);
        assert_non_null(below);
        snprintf(below, size, "%s/%s", w->path, name);
        w->found = test_tree_has(below, w->prefix);
        free(below);
    }
    free(name);
    return !w->found;
}

bool test_tree_has(const char *path, const char *prefix)
{
    wanted w = {.path = path, .prefix = prefix};
    for_names(path, search_below, &w);
    return w.found;
}

static bool match_name(const WIN32_FIND_DATAW *entry, void *userdata)
{
    wanted *w = userdata;
    w->name = narrow(entry->cFileName);
    if (w->name[0] != '.' && strncmp(w->name, w->prefix, strlen(w->prefix)) == 0)
        return false;
    free(w->name);
    w->name = NULL;
    return true;
}

const char *test_find_name(const char *path, const char *prefix)
{
    static char names[4][256];
    static unsigned next;
    wanted w = {.prefix = prefix};
    for_names(path, match_name, &w);
    if (w.name == NULL)
        return NULL;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "%s", w.name);
    free(w.name);
    return name;
}

static bool count_name(const WIN32_FIND_DATAW *entry, void *userdata)
{
    (void)entry;
    ++((wanted *)userdata)->count;
    return true;
}

int test_count_names(const char *path)
{
    wanted w = {.count = 0};
    for_names(path, count_name, &w);
    return w.count;
}

static HANDLE open_shared(const char *path, DWORD access, DWORD disposition)
{
    wchar_t *wide = long_path(path);
    HANDLE file = CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
    free(wide);
    return file;
}

static char *read_all(HANDLE file, size_t *size)
{
    LARGE_INTEGER length;
    DWORD got;
    assert_true(GetFileSizeEx(file, &length));
    char *text = malloc((size_t)length.QuadPart + 1);
    assert_non_null(text);
    assert_true(ReadFile(file, text, (DWORD)length.QuadPart, &got, NULL));
    text[got] = '\0';
    if (size != NULL)
        *size = got;
    return text;
}

char *test_read_file(const char *path, size_t *size)
{
    HANDLE file = open_shared(path, GENERIC_READ, OPEN_EXISTING);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    char *text = read_all(file, size);
    CloseHandle(file);
    return text;
}

void test_write_file(const char *path, const void *data, size_t size)
{
    DWORD written;
    HANDLE file = open_shared(path, GENERIC_WRITE, CREATE_ALWAYS);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, data, (DWORD)size, &written, NULL));
    assert_int_equal(written, size);
    assert_true(CloseHandle(file));
}

bool test_exists(const char *path)
{
    wchar_t *wide = long_path(path);
    bool exists = GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
    free(wide);
    return exists;
}

int64_t test_disk_use(const char *path)
{
    wchar_t *wide = long_path(path);
    ULARGE_INTEGER size;
    size.LowPart = GetCompressedFileSizeW(wide, &size.HighPart);
    free(wide);
    assert_int_not_equal(size.LowPart, INVALID_FILE_SIZE);
    return (int64_t)size.QuadPart;
}

int test_count_lines(const char *path)
{
    int count = 0;
    char *text = test_read_file(path, NULL);
    for (const char *c = text; c != NULL && *c != '\0'; c++)
        count += *c == '\n';
    free(text);
    return count;
}

bool test_in_wine(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
}

const char *test_shell(void)
{
    return "cmd";
}

const char *test_no_program_remedy(void)
{
    return "not a program for this machine";
}

int test_kill_signal(void)
{
    return test_in_wine() ? TETHER__WIN32_KILL : TETHER__WIN32_TERM;
}

/* --- What is open, and what runs -------------------------------------------------------------- */

static FARPROC find_native(const char *name)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    assert_non_null(ntdll);
    FARPROC found = GetProcAddress(ntdll, name);
    assert_non_null(found);
    return found;
}

/* Stores the name of the type of a handle's object. */
static bool find_type(HANDLE handle, wchar_t *name, size_t room)
{
    typedef LONG(WINAPI * query_fn)(HANDLE handle, int class, void *information, ULONG size,
                                    ULONG *got);
    static const int type_information = 2;
    /* OBJECT_TYPE_INFORMATION begins with a UNICODE_STRING. */
    union {
        struct {
            USHORT size, room;
            WCHAR *name;
        } type;
        LONGLONG bytes[128];
    } information;
    DWORD flags;
    query_fn query = (query_fn)(void (*)(void))find_native("NtQueryObject");
    if (!GetHandleInformation(handle, &flags) ||
        query(handle, type_information, &information, sizeof information, NULL) < 0 ||
        information.type.size / sizeof *name >= room)
        return false;
    memcpy(name, information.type.name, information.type.size);
    name[information.type.size / sizeof *name] = L'\0';
    return true;
}

static int count_handles(const wchar_t *const *types, size_t count)
{
    int found = 0;
    for (ULONG_PTR value = 4; value < LAST_HANDLE; value += 4) {
        wchar_t name[64];
        bool known = find_type((HANDLE)value, name, sizeof name / sizeof name[0]);
        for (size_t i = 0; known && i < count; i++)
            found += wcscmp(name, types[i]) == 0;
    }
    return found;
}

/* Only handles that a test may leave behind by mistake. Events, threads and ports do not count: the
 * pools of the system and of libuv create them at any time. */
int test_count_fds(void)
{
    static const wchar_t *const types[] = {L"File", L"Process", L"Job", L"Token"};
    return count_handles(types, sizeof types / sizeof types[0]);
}

int test_count_loops(void)
{
    static const wchar_t *const type = L"IoCompletion";
    return count_handles(&type, 1);
}

static bool is_running(DWORD pid)
{
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, pid);
    if (process == NULL)
        return GetLastError() == ERROR_ACCESS_DENIED;
    bool running = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
    CloseHandle(process);
    return running;
}

bool test_process_alive(long pid)
{
    return pid > 0 && is_running((DWORD)pid);
}

/* Returns whether visit returns true for any process. */
static bool any_process(bool (*visit)(const PROCESSENTRY32W *process, void *userdata),
                        void *userdata)
{
    PROCESSENTRY32W process = {.dwSize = sizeof process};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    assert_true(snapshot != INVALID_HANDLE_VALUE);
    bool found = false;
    for (BOOL more = Process32FirstW(snapshot, &process); more && !found;
         more = Process32NextW(snapshot, &process))
        found = visit(&process, userdata);
    CloseHandle(snapshot);
    return found;
}

/* Returns the creation time; 0 where it is not known. */
static uint64_t created_at(HANDLE process)
{
    FILETIME created, ended, kernel, user;
    if (!GetProcessTimes(process, &created, &ended, &kernel, &user))
        return 0;
    return (uint64_t)created.dwHighDateTime << 32 | created.dwLowDateTime;
}

/* Console hosts belong to the system. A process that is older than this one was started by another
 * process that had our pid. */
static bool is_own_child(const PROCESSENTRY32W *process, void *userdata)
{
    (void)userdata;
    if (process->th32ParentProcessID != GetCurrentProcessId() ||
        process->th32ProcessID == GetCurrentProcessId() ||
        _wcsicmp(process->szExeFile, L"conhost.exe") == 0)
        return false;
    HANDLE child =
        OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process->th32ProcessID);
    if (child == NULL)
        return false;
    bool own = WaitForSingleObject(child, 0) == WAIT_TIMEOUT &&
               created_at(child) >= created_at(GetCurrentProcess());
    CloseHandle(child);
    return own;
}

bool test_has_child(void)
{
    return any_process(is_own_child, NULL);
}

static bool read_memory(HANDLE process, ULONG_PTR address, void *to, SIZE_T size)
{
    SIZE_T got;
    return ReadProcessMemory(process, (const void *)address, to, size, &got) && got == size;
}

/* Reads the environment of a process of the same kind (64 bit) by the layout of its parameters,
 * which debuggers rely on; freed with free(). NULL where it is not readable. */
static wchar_t *read_environment(HANDLE process, size_t *units)
{
    typedef LONG(WINAPI * query_fn)(HANDLE process, int class, void *information, ULONG size,
                                    ULONG *got);
    static const ULONG_PTR parameters_offset = 0x20, block_offset = 0x80, size_offset = 0x3f0;
    ULONG_PTR basic[6] = {0}, parameters, block, size;
    query_fn query = (query_fn)(void (*)(void))find_native("NtQueryInformationProcess");
    *units = 0;
    if (query(process, 0, basic, sizeof basic, NULL) < 0 ||
        !read_memory(process, basic[1] + parameters_offset, &parameters, sizeof parameters) ||
        !read_memory(process, parameters + block_offset, &block, sizeof block) ||
        !read_memory(process, parameters + size_offset, &size, sizeof size) || size > (1u << 24))
        return NULL;
    wchar_t *text = calloc(size / sizeof(wchar_t) + 2, sizeof *text);
    if (text == NULL || !read_memory(process, block, text, size)) {
        free(text);
        return NULL;
    }
    *units = size / sizeof(wchar_t);
    return text;
}

static bool has_variable(DWORD pid, const wchar_t *entry)
{
    size_t units;
    HANDLE process =
        OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ | SYNCHRONIZE, FALSE, pid);
    if (process == NULL)
        return false;
    bool found = false;
    wchar_t *text =
        WaitForSingleObject(process, 0) == WAIT_TIMEOUT ? read_environment(process, &units) : NULL;
    for (const wchar_t *at = text; !found && at != NULL && *at != L'\0' && at < text + units;
         at += wcslen(at) + 1)
        found = wcscmp(at, entry) == 0;
    free(text);
    CloseHandle(process);
    return found;
}

typedef struct cookie {
    const wchar_t *entry;
    int count;
} cookie;

/* Leaves out this process itself: a test sets in its environment what its tasks inherit. */
static bool count_cookie(const PROCESSENTRY32W *process, void *userdata)
{
    cookie *c = userdata;
    if (process->th32ProcessID != GetCurrentProcessId() &&
        _wcsicmp(process->szExeFile, L"conhost.exe") != 0)
        c->count += has_variable(process->th32ProcessID, c->entry);
    return false;
}

int test_count_cookies(const char *entry)
{
    wchar_t *wide = widen(entry);
    cookie c = {.entry = wide};
    any_process(count_cookie, &c);
    free(wide);
    return c.count;
}

/* --- Processes of the tests' own -------------------------------------------------------------- */

static HANDLE open_inherited(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE file = CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              &inherited, disposition, flags, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    return file;
}

static HANDLE open_output(int number)
{
    static long count;
    wchar_t folder[MAX_PATH + 1], path[2 * MAX_PATH];
    assert_in_range(GetTempPathW(MAX_PATH, folder), 1, MAX_PATH);
    swprintf(path, 2 * MAX_PATH, L"%lstether-output-%lu-%ld-%d", folder,
             (unsigned long)GetCurrentProcessId(), ++count, number);
    return open_inherited(path, GENERIC_READ | GENERIC_WRITE | DELETE, CREATE_NEW,
                          FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE);
}

static void finish_output(HANDLE file, char **text)
{
    if (text != NULL) {
        assert_true(SetFilePointer(file, 0, NULL, FILE_BEGIN) == 0);
        *text = read_all(file, NULL);
    }
    CloseHandle(file);
}

int test_command(const char *const *argv, char **out, char **err)
{
    return test_command_in(NULL, argv, out, err);
}

int test_command_in(const char *workdir, const char *const *argv, char **out, char **err)
{
    HANDLE files[3] = {open_inherited(L"NUL", GENERIC_READ, OPEN_EXISTING, 0), open_output(1),
                       open_output(2)};
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    DWORD code = 127;
    wchar_t *line = command_line_make(argv), *folder = workdir != NULL ? widen(workdir) : NULL;
    startup.hStdInput = files[0];
    startup.hStdOutput = files[1];
    startup.hStdError = files[2];
    if (CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, folder, &startup,
                       &process)) {
        CloseHandle(process.hThread);
        assert_int_equal(WaitForSingleObject(process.hProcess, INFINITE), WAIT_OBJECT_0);
        assert_true(GetExitCodeProcess(process.hProcess, &code));
        CloseHandle(process.hProcess);
    }
    free(folder);
    free(line);
    CloseHandle(files[0]);
    finish_output(files[1], out);
    finish_output(files[2], err);
    return (int)code;
}

void test_nap_us(long us)
{
    LARGE_INTEGER frequency, begin, now;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&begin);
    if (us >= 20000)
        Sleep((DWORD)(us / 1000));
    do {
        SwitchToThread();
        QueryPerformanceCounter(&now);
    } while ((now.QuadPart - begin.QuadPart) * 1000000 / frequency.QuadPart < us);
}

void test_host_end(void)
{
    ExitProcess(3);
}

void test_host_fail(const char *file, int line, const char *what, const char *why)
{
    fprintf(stderr, "in a host: %s:%d: %s: %s\n", file, line, what, why != NULL ? why : "not so");
    fflush(stderr);
    ExitProcess(70);
}

/* --- What only POSIX can do ------------------------------------------------------------------- */

static void fail_without_fork(void)
{
    fail_msg("%s", "this test forks: it is for POSIX only");
}

void *test_shared(size_t size)
{
    (void)size;
    fail_without_fork();
    return NULL;
}

void test_unshare(void *memory, size_t size)
{
    (void)memory;
    (void)size;
    fail_without_fork();
}

long test_fork_host(void (*host)(fixture *f, void *userdata), fixture *f, void *userdata)
{
    (void)host;
    (void)f;
    (void)userdata;
    fail_without_fork();
    return -1;
}

int test_join_host(long pid)
{
    (void)pid;
    fail_without_fork();
    return -1;
}

void test_kill_host(long pid)
{
    (void)pid;
    fail_without_fork();
}

void test_stop_host(long pid)
{
    (void)pid;
    fail_without_fork();
}
