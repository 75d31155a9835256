/* Owns what the host's process and machine offer: environment, limits, folders. host_program.c
 * finds programs.
 * Must not: change any of it.
 * Thread: any. */
#include "os/host.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <shlobj.h>

#include "base/error.h"
#include "shell/cmd_line.h"
#include "win32/dir.h"
#include "win32/error.h"
#include "win32/text.h"

enum { PATH_UNITS = 32767 };

/* Counts the entries and the bytes that they take as UTF-8. */
static void measure(const wchar_t *block, size_t *count, size_t *bytes)
{
    *count = 0;
    *bytes = 0;
    for (const wchar_t *entry = block; *entry != L'\0'; entry += wcslen(entry) + 1) {
        if (*entry == L'=')
            continue;
        int size = WideCharToMultiByte(CP_UTF8, 0, entry, -1, NULL, 0, NULL, NULL);
        *bytes += size > 0 ? (size_t)size : 1;
        ++*count;
    }
}

int tether__os_environ(char ***entries, tether_error *error)
{
    size_t count, bytes;
    *entries = NULL;
    wchar_t *block = GetEnvironmentStringsW();
    if (block == NULL)
        return tether__fail_memory(error, "read environment");
    measure(block, &count, &bytes);
    /* One allocation: the pointers, then the strings. */
    char **copy = malloc((count + 1) * sizeof(char *) + bytes);
    char *to = copy != NULL ? (char *)(copy + count + 1) : NULL, *end = to + bytes;
    size_t next = 0;
    for (const wchar_t *entry = block; copy != NULL && *entry != L'\0';
         entry += wcslen(entry) + 1) {
        if (*entry == L'=')
            continue;
        copy[next++] = to;
        int size = WideCharToMultiByte(CP_UTF8, 0, entry, -1, to, (int)(end - to), NULL, NULL);
        to += size > 0 ? size : 1;
        to[-1] = '\0';
    }
    FreeEnvironmentStringsW(block);
    if (copy == NULL)
        return tether__fail_memory(error, "read environment");
    copy[next] = NULL;
    *entries = copy;
    return TETHER_OK;
}

void tether__os_environ_free(char **entries)
{
    free(entries);
}

static bool same_letters(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
            return false;
    }
    return true;
}

static bool is_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] > 0x7f)
            return false;
    }
    return true;
}

/* Compares by the system's own case tables; names that are not UTF-8 are compared byte by byte. */
bool tether__os_env_same_name(const char *a, size_t a_size, const char *b, size_t b_size)
{
    wchar_t *wide_a = NULL, *wide_b = NULL;
    if (is_ascii(a, a_size) && is_ascii(b, b_size))
        return a_size == b_size && same_letters(a, b, a_size);
    bool same = a_size == b_size && memcmp(a, b, a_size) == 0;
    if (!same && tether__win32_widen_part(a, a_size, &wide_a, "compare", NULL) == TETHER_OK &&
        tether__win32_widen_part(b, b_size, &wide_b, "compare", NULL) == TETHER_OK)
        same = CompareStringOrdinal(wide_a, -1, wide_b, -1, TRUE) == CSTR_EQUAL;
    free(wide_a);
    free(wide_b);
    return same;
}

/* Returns a variable's value, freed with free(); NULL where it is not set or empty, or when memory
 * is short. */
static wchar_t *variable(const wchar_t *name)
{
    wchar_t *value = calloc(PATH_UNITS + 1, sizeof *value);
    if (value == NULL)
        return NULL;
    DWORD size = GetEnvironmentVariableW(name, value, PATH_UNITS);
    if (size > 0 && size < PATH_UNITS)
        return value;
    free(value);
    return NULL;
}

static bool is_absolute(const wchar_t *path)
{
    bool separator = path[0] == L'\\' || path[0] == L'/';
    return (separator && path[1] == path[0]) ||
           (path[0] != L'\0' && path[1] == L':' && (path[2] == L'\\' || path[2] == L'/'));
}

/* Sets *path to "folder\name" in UTF-8. Takes ownership of the folder, which may be NULL when
 * memory was short. */
static int join_path(wchar_t *folder, const wchar_t *name, char **path, tether_error *error)
{
    wchar_t *whole = folder != NULL ? tether__win32_join(folder, name) : NULL;
    *path = whole != NULL ? tether__win32_narrow(whole) : NULL;
    free(whole);
    free(folder);
    return *path != NULL ? TETHER_OK : tether__fail_memory(error, "find store");
}

int tether__os_default_store(char **path, tether_error *error)
{
    *path = NULL;
    wchar_t *folder = variable(L"LOCALAPPDATA");
    if (folder != NULL && is_absolute(folder))
        return join_path(folder, L"tether", path, error);
    free(folder);
    /* Services and programs with an environment of their own may lack the variable. */
    PWSTR known = NULL;
    HRESULT result = SHGetKnownFolderPath(&FOLDERID_LocalAppData, KF_FLAG_DEFAULT, NULL, &known);
    folder = SUCCEEDED(result) ? tether__win32_copy(known) : NULL;
    CoTaskMemFree(known);
    if (FAILED(result))
        return tether__fail(error, TETHER_EINVAL, (int)result, "find store",
                            "this user has no folder for local data (LOCALAPPDATA); name a store");
    return join_path(folder, L"tether", path, error);
}

/* Windows has no file system in memory. The folder may be shared by all users: the name contains
 * the user's name, and the open of the store checks its owner. */
int tether__os_ephemeral_base(char **path, bool *in_memory, tether_error *error)
{
    wchar_t name[300] = L"tether-ephemeral";
    wchar_t user[257];
    DWORD user_size = 257;
    *path = NULL;
    *in_memory = false;
    wchar_t *folder = calloc(PATH_UNITS + 1, sizeof *folder);
    if (folder == NULL)
        return tether__fail_memory(error, "find store");
    DWORD size = GetTempPathW(PATH_UNITS, folder);
    if (size == 0 || size >= PATH_UNITS) {
        DWORD os_error = GetLastError();
        free(folder);
        return tether__win32_fail(error, os_error, "find store", "the folder of temporary files");
    }
    if (GetUserNameW(user, &user_size))
        wcscat(wcscat(name, L"-"), user);
    return join_path(folder, name, path, error);
}

const char *tether__os_ephemeral_variable(void)
{
    return "TMP";
}

/* Windows starts no program in a directory whose path has more units than this. */
enum { WORKDIR_UNITS = 258 };

int tether__os_check_workdir(const char *path, tether_error *error)
{
    size_t units = tether__cmd_units(path);
    if (units <= WORKDIR_UNITS)
        return TETHER_OK;
    return tether__fail(error, TETHER_EWORKDIR, ERROR_FILENAME_EXCED_RANGE, "check directory",
                        "working directory %.300s: its path has %zu characters, and Windows starts "
                        "no program in a directory of more than %d; choose a shorter one, or give "
                        "it a drive letter with subst",
                        path, units, WORKDIR_UNITS);
}

/* Returns the path of an open directory (tether__win32_final_path) in UTF-8, freed with free().
 * NULL when memory is short. */
static char *final_path(HANDLE directory, const wchar_t *opened)
{
    wchar_t *path = tether__win32_final_path(directory, opened);
    char *plain = path != NULL ? tether__win32_plain(path) : NULL;
    free(path);
    return plain;
}

/* Opens a directory with the right to enter it; links are followed. Returns 0 or the error. */
static DWORD open_directory(const wchar_t *path, HANDLE *directory)
{
    BY_HANDLE_FILE_INFORMATION found;
    *directory = CreateFileW(path, FILE_TRAVERSE | FILE_READ_ATTRIBUTES,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                             OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (*directory == INVALID_HANDLE_VALUE)
        return tether__win32_last_error();
    DWORD os_error = ERROR_SUCCESS;
    if (!GetFileInformationByHandle(*directory, &found))
        os_error = GetLastError();
    else if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
        os_error = ERROR_DIRECTORY;
    if (os_error == ERROR_SUCCESS)
        return ERROR_SUCCESS;
    CloseHandle(*directory);
    *directory = INVALID_HANDLE_VALUE;
    return os_error;
}

static bool is_missing(DWORD os_error)
{
    return os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PATH_NOT_FOUND ||
           os_error == ERROR_DELETE_PENDING || os_error == ERROR_INVALID_NAME ||
           os_error == ERROR_BAD_NETPATH || os_error == ERROR_BAD_NET_NAME;
}

static int refuse(DWORD os_error, const char *what, const char *path, tether_error *error)
{
    const char *why = is_missing(os_error) ? "it does not exist; create it or choose another"
                      : os_error == ERROR_DIRECTORY ? "it is not a directory; choose another"
                      : os_error == ERROR_ACCESS_DENIED
                          ? "it cannot be entered; check its permissions"
                          : "it cannot be used; choose another";
    return tether__fail(error, TETHER_EWORKDIR, (int)os_error, "check directory", "%s %.300s: %s",
                        what, path != NULL ? path : "(the current one)", why);
}

int tether__os_real_directory(const char *what, const char *path, char **real, tether_error *error)
{
    tether_error problem = {0};
    wchar_t *wide;
    HANDLE directory;
    *real = NULL;
    int code = tether__win32_path(path != NULL ? path : ".", &wide, "check directory", &problem);
    if (code == TETHER_ENOMEM)
        return tether__fail_memory(error, "check directory");
    if (code != TETHER_OK)
        return refuse(ERROR_INVALID_NAME, what, path, error);
    DWORD os_error = open_directory(wide, &directory);
    if (os_error == ERROR_SUCCESS) {
        *real = final_path(directory, wide);
        CloseHandle(directory);
    }
    free(wide);
    if (os_error != ERROR_SUCCESS)
        return refuse(os_error, what, path, error);
    return *real != NULL ? TETHER_OK : tether__fail_memory(error, "check directory");
}

/* Returns a wide path as users write it, with its longest existing part made canonical. NULL when
 * memory is short. */
static char *resolve_existing(wchar_t *path)
{
    size_t root = tether__win32_root_size(path);
    for (wchar_t *slash = wcsrchr(path, L'\\'); slash != NULL && slash >= path + root;) {
        HANDLE directory;
        *slash = L'\0';
        wchar_t *next = wcsrchr(path, L'\\');
        /* Stops at the root, which would be a device without its backslash. */
        bool at_root = next == NULL || next < path + root;
        bool there = open_directory(path, &directory) == ERROR_SUCCESS;
        char *folder = there ? final_path(directory, path) : NULL;
        if (there)
            CloseHandle(directory);
        *slash = L'\\';
        if (there) {
            wchar_t *wide = NULL;
            char *whole = NULL;
            if (folder != NULL &&
                tether__win32_widen(folder, &wide, "check directory", NULL) == TETHER_OK)
                join_path(wide, slash + 1, &whole, NULL);
            free(folder);
            return whole;
        }
        slash = at_root ? NULL : next;
    }
    return tether__win32_plain(path);
}

int tether__os_former_directory(const char *what, const char *path, char **real,
                                tether_error *error)
{
    tether_error problem = {0};
    wchar_t *wide;
    int code = tether__os_real_directory(what, path, real, &problem);
    bool gone = code == TETHER_EWORKDIR && is_missing((DWORD)problem.os_error) && path != NULL &&
                path[0] != '\0' &&
                tether__win32_path(path, &wide, "check directory", NULL) == TETHER_OK;
    if (!gone) {
        if (code != TETHER_OK)
            tether__error_set(error, &problem);
        return code;
    }
    size_t size = wcslen(wide), root = tether__win32_root_size(wide);
    while (size > root && wide[size - 1] == L'\\')
        wide[--size] = L'\0';
    *real = resolve_existing(wide);
    free(wide);
    return *real != NULL ? TETHER_OK : tether__fail_memory(error, "check directory");
}

const tether__shell_rules *tether__os_shell_rules(void)
{
    static const tether__shell_rules rules = {
        .candidates = tether__shell_candidates_win32,
        .outers = tether__outers_win32,
        .system_path = NULL,
        .outer_name = "cmd",
        .preferred = "pwsh",
        .loss = "commands run in Windows PowerShell, or in cmd",
        .windows = true,
    };
    return &rules;
}

/* Documented: a variable, and a command line, have at most 32,767 characters, including the
 * terminator. Counted in bytes of UTF-8, this allows a little less than Windows would for text
 * beyond ASCII. */
size_t tether__os_string_limit(void)
{
    return PATH_UNITS;
}

/* Documented: the environment block has no limit of its own. */
size_t tether__os_exec_limit(void)
{
    return SIZE_MAX;
}
