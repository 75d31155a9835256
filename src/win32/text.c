/* Owns the conversions between UTF-8 and UTF-16, and the long form of paths.
 * Must not: open anything.
 * Thread: any. */
#include "win32/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "win32/error.h"

static const wchar_t prefix[] = L"\\\\?\\";
static const wchar_t unc_prefix[] = L"\\\\?\\UNC\\";

enum { PREFIX_SIZE = 4, UNC_PREFIX_SIZE = 8 };

static wchar_t *new_wide(size_t units)
{
    return calloc(units + 1, sizeof(wchar_t));
}

wchar_t *tether__win32_copy(const wchar_t *wide)
{
    size_t units = wcslen(wide);
    wchar_t *copy = new_wide(units);
    if (copy != NULL)
        memcpy(copy, wide, units * sizeof(wchar_t));
    return copy;
}

int tether__win32_widen_part(const char *text, size_t size, wchar_t **wide, const char *step,
                             tether_error *error)
{
    int units = 0;
    *wide = NULL;
    if (size > INT_MAX)
        return tether__fail(error, TETHER_ETOOBIG, 0, step,
                            "%s: a text is too long; shorten it, or pass it in a file", step);
    if (size > 0) {
        units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int)size, NULL, 0);
        if (units == 0)
            return tether__fail(error, TETHER_EINVAL, (int)GetLastError(), step,
                                "%s: \"%.200s\" is not UTF-8; pass names in UTF-8", step, text);
    }
    wchar_t *units_out = new_wide((size_t)units);
    if (units_out == NULL)
        return tether__fail_memory(error, step);
    if (units > 0)
        MultiByteToWideChar(CP_UTF8, 0, text, (int)size, units_out, units);
    *wide = units_out;
    return TETHER_OK;
}

int tether__win32_widen(const char *text, wchar_t **wide, const char *step, tether_error *error)
{
    return tether__win32_widen_part(text, strlen(text), wide, step, error);
}

char *tether__win32_narrow(const wchar_t *wide)
{
    size_t units = wcslen(wide);
    int bytes = 0;
    if (units > 0 && units <= INT_MAX)
        bytes = WideCharToMultiByte(CP_UTF8, 0, wide, (int)units, NULL, 0, NULL, NULL);
    char *text = malloc((size_t)bytes + 1);
    if (text == NULL)
        return NULL;
    if (bytes > 0)
        WideCharToMultiByte(CP_UTF8, 0, wide, (int)units, text, bytes, NULL, NULL);
    text[bytes] = '\0';
    return text;
}

static wchar_t *concatenate(const wchar_t *first, const wchar_t *middle, const wchar_t *last)
{
    wchar_t *whole = new_wide(wcslen(first) + wcslen(middle) + wcslen(last));
    if (whole != NULL) {
        memcpy(whole, first, wcslen(first) * sizeof(wchar_t));
        wcscat(wcscat(whole, middle), last);
    }
    return whole;
}

wchar_t *tether__win32_join(const wchar_t *folder, const wchar_t *name)
{
    size_t size = wcslen(folder);
    bool ends = size > 0 && folder[size - 1] == L'\\';
    return concatenate(folder, ends ? L"" : L"\\", name);
}

/* Calls GetFullPathNameW with memory of its own, freed with free(). NULL on failure, with the
 * reason in *os_error. */
static wchar_t *full_path(const wchar_t *path, DWORD *os_error)
{
    DWORD room = GetFullPathNameW(path, 0, NULL, NULL);
    for (int tries = 0; room > 0 && tries < 4; tries++) {
        wchar_t *full = new_wide(room);
        if (full == NULL) {
            *os_error = ERROR_NOT_ENOUGH_MEMORY;
            return NULL;
        }
        DWORD size = GetFullPathNameW(path, room, full, NULL);
        if (size > 0 && size < room)
            return full;
        *os_error = size == 0 ? GetLastError() : ERROR_FILENAME_EXCED_RANGE;
        free(full);
        /* Another thread may have changed to a longer working directory. */
        room = size == 0 ? 0 : size + 1;
    }
    if (room == 0 && *os_error == ERROR_SUCCESS)
        *os_error = GetLastError();
    return NULL;
}

/* Adds the prefix to a path from GetFullPathNameW, whose roots end in a backslash: without that,
 * "\\?\C:" would be the device. */
static int add_prefix(const wchar_t *full, wchar_t **wide, const char *shown, const char *step,
                      tether_error *error)
{
    bool share = full[0] == L'\\' && full[1] == L'\\';
    if (share && (full[2] == L'.' || full[2] == L'?') && full[3] == L'\\')
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "%s: %.200s is the name of a device; choose another", step, shown);
    *wide = share ? concatenate(unc_prefix, full + 2, L"") : concatenate(prefix, full, L"");
    return *wide != NULL ? TETHER_OK : tether__fail_memory(error, step);
}

int tether__win32_path(const char *path, wchar_t **wide, const char *step, tether_error *error)
{
    wchar_t *given;
    *wide = NULL;
    if (path[0] == '\0')
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "%s: the path is empty; give one, or check the variable that holds it",
                            step);
    int code = tether__win32_widen(path, &given, step, error);
    if (code != TETHER_OK)
        return code;
    if (wcsncmp(given, prefix, PREFIX_SIZE) == 0) {
        *wide = given;
        return TETHER_OK;
    }
    DWORD os_error = ERROR_SUCCESS;
    wchar_t *full = full_path(given, &os_error);
    if (full == NULL)
        code = tether__win32_fail(error, os_error, step, path);
    else
        code = add_prefix(full, wide, path, step, error);
    free(full);
    free(given);
    return code;
}

static size_t skip_component(const wchar_t *path, size_t at)
{
    while (path[at] != L'\0' && path[at] != L'\\')
        at++;
    return path[at] == L'\\' ? at + 1 : at;
}

size_t tether__win32_root_size(const wchar_t *path)
{
    if (wcsncmp(path, unc_prefix, UNC_PREFIX_SIZE) == 0)
        return skip_component(path, skip_component(path, UNC_PREFIX_SIZE));
    if (wcsncmp(path, prefix, PREFIX_SIZE) == 0)
        return skip_component(path, PREFIX_SIZE);
    return 0;
}

wchar_t *tether__win32_plain_wide(const wchar_t *path)
{
    if (wcsncmp(path, unc_prefix, UNC_PREFIX_SIZE) == 0)
        return concatenate(L"\\\\", path + UNC_PREFIX_SIZE, L"");
    bool long_form = wcsncmp(path, prefix, PREFIX_SIZE) == 0;
    wchar_t *plain = tether__win32_copy(long_form ? path + PREFIX_SIZE : path);
    if (plain != NULL && plain[0] >= L'a' && plain[0] <= L'z' && plain[1] == L':')
        plain[0] = (wchar_t)(plain[0] - L'a' + L'A');
    return plain;
}

char *tether__win32_plain(const wchar_t *path)
{
    wchar_t *wide = tether__win32_plain_wide(path);
    char *plain = wide != NULL ? tether__win32_narrow(wide) : NULL;
    free(wide);
    return plain;
}
