/* Owns the quoting of the tests' own command lines.
 * Must not: be used for .bat files, because cmd reads them by other rules.
 * Thread: any. */
#include "support/win32/command_line.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* Quotes one argument; returns the end of what was written. Backslashes are special only before a
 * quote: there each is doubled, and one more escapes the quote itself. */
static wchar_t *put_quoted(wchar_t *to, const wchar_t *argument)
{
    size_t slashes = 0;
    *to++ = L'"';
    for (const wchar_t *at = argument; *at != L'\0'; at++) {
        if (*at == L'"') {
            for (size_t i = 0; i <= slashes; i++)
                *to++ = L'\\';
        }
        slashes = *at == L'\\' ? slashes + 1 : 0;
        *to++ = *at;
    }
    for (size_t i = 0; i < slashes; i++)
        *to++ = L'\\';
    *to++ = L'"';
    return to;
}

wchar_t *command_line_make(const char *const *argv)
{
    size_t room = 1;
    for (size_t i = 0; argv[i] != NULL; i++)
        room += 2 * strlen(argv[i]) + 3;
    wchar_t *line = calloc(room, sizeof *line), *wide = calloc(room, sizeof *wide), *to = line;
    if (line == NULL || wide == NULL)
        exit(95);
    for (size_t i = 0; argv[i] != NULL; i++) {
        if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, argv[i], -1, wide, (int)room) == 0)
            exit(95);
        if (i > 0)
            *to++ = L' ';
        to = put_quoted(to, wide);
    }
    free(wide);
    return line;
}
