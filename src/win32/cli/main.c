/* Owns wmain() on Windows: converts the arguments to UTF-8 and sets the streams to binary mode.
 * Must not: interpret the arguments.
 * Thread: the main one. */
#include "cli/cli_main.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* Converts a string to UTF-8; unpaired surrogates become U+FFFD. Returns NULL if memory runs out.
 */
static char *to_utf8(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = size > 0 ? malloc((size_t)size) : NULL;
    if (text != NULL)
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

/* The converted arguments are never freed: they live as long as the process. */
int wmain(int argc, wchar_t **wide)
{
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    for (int i = 0; argv != NULL && i < argc; i++) {
        argv[i] = to_utf8(wide[i]);
        if (argv[i] == NULL)
            return 125;
    }
    if (argv == NULL)
        return 125;
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    return cli_main(argc, argv);
}
