/* Owns the search for a program by its name: by PATH and PATHEXT, as cmd does, but in the current
 * directory only where the name or PATH says so, since another user may have put a program of that
 * name there.
 * Must not: start any.
 * Thread: any. */
#include "os/host.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "win32/error.h"
#include "win32/text.h"

static const char step[] = "find program";

/* What CreateProcessW can start. PATHEXT also lists scripts, which only a shell can open. */
static const wchar_t *const startable[] = {L".exe", L".com", L".bat", L".cmd"};

enum { STARTABLE = sizeof startable / sizeof startable[0], LIST_UNITS = 4096 };

typedef struct extensions {
    const wchar_t *items[STARTABLE];
    size_t count;
} extensions;

/* The state of a search: the program that was found, or the reason why none was. */
typedef struct search {
    const wchar_t *name;
    extensions extensions;
    wchar_t *found; /* with the prefix for long paths */
    bool refused;   /* a file or directory of that name exists and cannot be run */
    bool no_memory;
} search;

static bool is_separator(wchar_t unit)
{
    return unit == L'\\' || unit == L'/';
}

static void add_extension(extensions *list, const wchar_t *text, size_t size)
{
    for (size_t i = 0; i < STARTABLE; i++) {
        if (wcslen(startable[i]) != size ||
            CompareStringOrdinal(startable[i], (int)size, text, (int)size, TRUE) != CSTR_EQUAL)
            continue;
        for (size_t k = 0; k < list->count; k++) {
            if (list->items[k] == startable[i])
                return;
        }
        list->items[list->count++] = startable[i];
    }
}

/* Reads the endings that can be started, in the order of PATHEXT; all of them where PATHEXT has
 * none. */
static void read_extensions(extensions *list)
{
    wchar_t text[LIST_UNITS];
    DWORD size = GetEnvironmentVariableW(L"PATHEXT", text, LIST_UNITS);
    *list = (extensions){.count = 0};
    if (size > 0 && size < LIST_UNITS) {
        for (const wchar_t *at = text; *at != L'\0';) {
            size_t part = wcscspn(at, L";");
            add_extension(list, at, part);
            at += part;
            at += *at == L';' ? 1 : 0;
        }
    }
    bool given = list->count > 0;
    for (size_t i = 0; i < STARTABLE && !given; i++)
        add_extension(list, startable[i], wcslen(startable[i]));
}

/* Whether a path can probably be run; only a start shows it for certain. */
static bool is_program(search *s, const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return false;
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        s->refused = true;
        return false;
    }
    HANDLE file =
        CreateFileW(path, GENERIC_EXECUTE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    DWORD os_error = file == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    /* An app execution alias is a link that only the start of a process can follow. A sharing
     * violation means that another process has the program open for a moment, which is no reason to
     * choose another program. */
    bool fine =
        os_error == ERROR_SUCCESS || os_error == ERROR_SHARING_VIOLATION ||
        (os_error == ERROR_CANT_ACCESS_FILE && (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0);
    s->refused = s->refused || !fine;
    return fine;
}

/* Tries one path with one ending. Returns true where that is the program. */
static bool try_path(search *s, const wchar_t *path, const wchar_t *ending)
{
    size_t size = wcslen(path) + wcslen(ending) + 1;
    wchar_t *whole = calloc(size, sizeof *whole);
    char *narrow = NULL;
    wchar_t *wide = NULL;
    if (whole != NULL) {
        wcscat(wcscpy(whole, path), ending);
        narrow = tether__win32_narrow(whole);
    }
    free(whole);
    if (narrow == NULL || tether__win32_path(narrow, &wide, step, NULL) == TETHER_ENOMEM)
        s->no_memory = true;
    free(narrow);
    if (wide != NULL && is_program(s, wide)) {
        s->found = wide;
        return true;
    }
    free(wide);
    return false;
}

static bool has_extension(const wchar_t *name)
{
    const wchar_t *dot = wcsrchr(name, L'.');
    return dot != NULL && wcspbrk(dot, L"\\/:") == NULL && dot[1] != L'\0';
}

/* Tries the name itself where it has an extension, then with those of PATHEXT. A file without an
 * extension is run only where it was named by its path. */
static bool try_endings(search *s, const wchar_t *path, bool named_by_path)
{
    if (has_extension(s->name) && try_path(s, path, L""))
        return true;
    for (size_t i = 0; i < s->extensions.count; i++) {
        if (try_path(s, path, s->extensions.items[i]))
            return true;
    }
    return named_by_path && !has_extension(s->name) && try_path(s, path, L"");
}

/* Resolves a path against a directory: "\x" on its drive, "x" below it; freed with free(). NULL
 * when memory is short. */
static wchar_t *resolve_in(const wchar_t *workdir, const wchar_t *path)
{
    bool drive = path[0] != L'\0' && path[1] == L':';
    if (drive || (is_separator(path[0]) && is_separator(path[1])))
        return tether__win32_copy(path);
    if (is_separator(path[0]) && workdir[0] != L'\0' && workdir[1] == L':') {
        wchar_t *copy = calloc(wcslen(path) + 3, sizeof *copy);
        if (copy != NULL) {
            copy[0] = workdir[0];
            copy[1] = L':';
            wcscat(copy, path);
        }
        return copy;
    }
    return tether__win32_join(workdir, path);
}

/* Tries one entry of PATH. */
static bool try_folder(search *s, const wchar_t *workdir, const wchar_t *folder)
{
    wchar_t *resolved = resolve_in(workdir, folder);
    wchar_t *path = resolved != NULL ? tether__win32_join(resolved, s->name) : NULL;
    s->no_memory = s->no_memory || path == NULL;
    bool found = path != NULL && try_endings(s, path, false);
    free(path);
    free(resolved);
    return found;
}

/* Copies the next entry of a list into `entry`, which has room for the whole list. Semicolons
 * separate entries, except inside of quotes; the quotes are dropped. Returns the rest of the list,
 * NULL at the end. */
static const wchar_t *next_entry(const wchar_t *list, wchar_t *entry)
{
    bool quoted = false;
    if (list == NULL || *list == L'\0')
        return NULL;
    for (; *list != L'\0' && (quoted || *list != L';'); list++) {
        if (*list == L'"')
            quoted = !quoted;
        else
            *entry++ = *list;
    }
    *entry = L'\0';
    return *list == L';' ? list + 1 : list;
}

static void search_list(search *s, const wchar_t *list, const wchar_t *workdir)
{
    wchar_t *entry = calloc(wcslen(list) + 1, sizeof *entry);
    s->no_memory = s->no_memory || entry == NULL;
    while (entry != NULL && (list = next_entry(list, entry)) != NULL) {
        if (entry[0] != L'\0' && try_folder(s, workdir, entry))
            break;
    }
    free(entry);
}

/* Searches the system's own folders: System32, that of Windows PowerShell below it, and Windows. */
static void search_system(search *s)
{
    static const wchar_t powershell[] = L"\\WindowsPowerShell\\v1.0";
    wchar_t folder[MAX_PATH + sizeof powershell / sizeof powershell[0]];
    UINT size = GetSystemDirectoryW(folder, MAX_PATH);
    if (size > 0 && size < MAX_PATH &&
        (try_folder(s, L"", folder) || try_folder(s, L"", wcscat(folder, powershell))))
        return;
    size = GetWindowsDirectoryW(folder, MAX_PATH);
    if (size > 0 && size < MAX_PATH)
        try_folder(s, L"", folder);
}

static void search_all(search *s, const wchar_t *list, const wchar_t *workdir)
{
    read_extensions(&s->extensions);
    bool by_path = wcspbrk(s->name, L"\\/") != NULL || s->name[1] == L':';
    if (by_path) {
        wchar_t *path = resolve_in(workdir, s->name);
        s->no_memory = path == NULL;
        if (path != NULL)
            try_endings(s, path, true);
        free(path);
    } else if (list != NULL) {
        search_list(s, list, workdir);
    } else {
        search_system(s);
    }
}

static int report(search *s, const char *name, char **found, tether_error *error)
{
    if (s->found != NULL) {
        *found = tether__win32_plain(s->found);
        free(s->found);
        return *found != NULL ? TETHER_OK : tether__fail_memory(error, step);
    }
    if (s->no_memory)
        return tether__fail_memory(error, step);
    if (s->refused)
        return tether__fail(error, TETHER_ENOEXEC, ERROR_ACCESS_DENIED, step,
                            "%.300s: cannot be executed; check its permissions, and that it is not "
                            "a directory",
                            name);
    return tether__fail(error, TETHER_ENOPROGRAM, ERROR_FILE_NOT_FOUND, step,
                        "%.300s: program not found; check the name and PATH", name);
}

int tether__os_find_program(const char *name, const char *path_list, const char *workdir,
                            char **found, tether_error *error)
{
    wchar_t *wide_name = NULL, *wide_list = NULL, *wide_workdir = NULL;
    *found = NULL;
    if (name[0] == '\0')
        return tether__fail(
            error, TETHER_EINVAL, 0, step,
            "the program's name is empty; give a name, or check the variable that holds it");
    int code = tether__win32_widen(name, &wide_name, step, error);
    if (code == TETHER_OK && path_list != NULL)
        code = tether__win32_widen(path_list, &wide_list, step, error);
    if (code == TETHER_OK)
        code = tether__win32_widen(workdir, &wide_workdir, step, error);
    if (code == TETHER_OK) {
        search s = {.name = wide_name};
        search_all(&s, wide_list, wide_workdir);
        code = report(&s, name, found, error);
    }
    free(wide_name);
    free(wide_list);
    free(wide_workdir);
    return code;
}
