/* Owns the command's entry point on Windows: arguments as UTF-8, streams without translation of
 * line ends.
 * Must not: interpret the arguments.
 * Thread: the main one. */
#include "cli/cli_main.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* Unpaired surrogates become U+FFFD. NULL when memory is short. */
static char *narrow(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = size > 0 ? malloc((size_t)size) : NULL;
    if (text != NULL)
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

/* argv is not freed: it lives as long as the process. */
int wmain(int argc, wchar_t **wide)
{
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    for (int i = 0; argv != NULL && i < argc; i++) {
        argv[i] = narrow(wide[i]);
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
