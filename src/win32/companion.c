/* Owns the search for the programs that belong to tether.
 * Must not: search the PATH, where anybody's program of that name may be, or start any.
 * Thread: any. */
#include "os/companion.h"

#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>

#include "base/error.h"
#include "win32/text.h"

static const char step[] = "find program";

enum { PATH_UNITS = 32767 };

/* Where programs of tether stand as seen from a folder with a program or a library. */
static const wchar_t *const beside[] = {L"", L"..\\libexec\\tether\\", NULL};

static bool is_program(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

static bool is_absolute(const wchar_t *path)
{
    bool drive = path[0] != L'\0' && path[1] == L':' && (path[2] == L'\\' || path[2] == L'/');
    return drive || (path[0] == L'\\' && path[1] == L'\\');
}

/* Replaces the name of the file in a path by that of a program beside it. The place has
 * PATH_UNITS. */
static bool find_from(wchar_t *place, const wchar_t *name)
{
    wchar_t *last = wcsrchr(place, L'\\');
    for (const wchar_t *const *folder = beside; last != NULL && *folder != NULL; folder++) {
        size_t size = (size_t)(last + 1 - place) + wcslen(*folder) + wcslen(name);
        if (size + sizeof L".exe" / sizeof(wchar_t) > PATH_UNITS)
            return false;
        wcscpy(last + 1, *folder);
        wcscat(last + 1, name);
        wcscat(last + 1, L".exe");
        if (is_program(place))
            return true;
    }
    return false;
}

/* NULL: this program. */
static bool find_from_module(HMODULE module, wchar_t *place, const wchar_t *name)
{
    DWORD size = GetModuleFileNameW(module, place, PATH_UNITS);
    return size > 0 && size < PATH_UNITS && find_from(place, name);
}

/* The library that contains this code; that is the program if it is part of it. */
static bool find_from_library(wchar_t *place, const wchar_t *name)
{
    HMODULE module;
    return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                  GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                              (LPCWSTR)(const void *)beside, &module) &&
           find_from_module(module, place, name);
}

/* A variable that is set decides alone, also with an empty value. */
static bool find_anywhere(const wchar_t *name, const wchar_t *variable, wchar_t *place)
{
    SetLastError(ERROR_SUCCESS);
    DWORD size = GetEnvironmentVariableW(variable, place, PATH_UNITS);
    if (size > 0 || GetLastError() != ERROR_ENVVAR_NOT_FOUND)
        return size > 0 && size < PATH_UNITS && is_absolute(place) && is_program(place);
    return find_from_module(NULL, place, name) || find_from_library(place, name);
}

/* Stores a wide path; NULL: there is none. The caller frees it. */
static int find(const char *name, const char *variable, wchar_t **place, tether_error *error)
{
    wchar_t *wide_name = NULL, *wide_variable = NULL;
    *place = calloc(PATH_UNITS, sizeof **place);
    int code = *place != NULL ? TETHER_OK : tether__fail_memory(error, step);
    if (code == TETHER_OK)
        code = tether__win32_widen(name, &wide_name, step, error);
    if (code == TETHER_OK)
        code = tether__win32_widen(variable, &wide_variable, step, error);
    if (code == TETHER_OK && !find_anywhere(wide_name, wide_variable, *place))
        code = tether__fail(error, TETHER_ENOPROGRAM, 0, step, "%s is not installed; name it in %s",
                            name, variable);
    free(wide_name);
    free(wide_variable);
    return code;
}

/* A search costs no more than a look at what is known, so nothing is remembered. */
int tether__os_find_companion(const char *name, const char *variable, char **known, char **path,
                              tether_error *error)
{
    wchar_t *place;
    (void)known;
    *path = NULL;
    int code = find(name, variable, &place, error);
    if (code == TETHER_OK) {
        *path = tether__win32_plain(place);
        if (*path == NULL)
            code = tether__fail_memory(error, step);
    }
    free(place);
    return code;
}
