/* Owns reading a typed line with libedit: editing, and the history of this shell.
 * Must not: be used without a terminal.
 * Thread: the only one. */
#include <editline/readline.h>
#include <stdio.h>

#include "line.h"
#include "terminal.h"

/* A Ctrl-C between the prompt and a read would not end the read. */
static int read_key(FILE *file)
{
    return terminal_read_key(fileno(file));
}

char *line_read(const char *prompt)
{
    static int prepared;
    if (!prepared) {
        rl_catch_signals = 0; /* they are the shell's */
        rl_getc_function = read_key;
        rl_initialize();
        using_history();
        stifle_history(1000);
        prepared = 1;
    }
    char *line = readline(prompt);
    if (line != NULL && *line != '\0')
        add_history(line);
    if (line == NULL)
        putchar('\n');
    return line;
}

void line_end(void)
{
    clear_history();
}
