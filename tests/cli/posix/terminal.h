/* The command on a terminal of its own. */
#ifndef TETHER_CLI_TERMINAL_H
#define TETHER_CLI_TERMINAL_H

#include "cli/cli_support.h"

/* Runs the command to its end on a terminal with this many columns; returns its exit status. */
#define ON_TERMINAL(f, columns, ...)                                                               \
    terminal_run((columns),                                                                        \
                 (const char *const[]){COMMAND, "--store", (f)->store, __VA_ARGS__, NULL})
int terminal_run(int columns, const char *const *argv);

/* The same in steps: start the command, wait for a text that it shows, change the width, wait for
 * the end. With an output, standard output is that descriptor. */
typedef struct terminal {
    int master;
    pid_t pid;
    size_t seen; /* of what was shown, the bytes before the last text that was waited for */
} terminal;

#define TERMINAL_START(t, f, columns, output, ...)                                                 \
    terminal_start((t), (columns), (output),                                                       \
                   (const char *const[]){COMMAND, "--store", (f)->store, __VA_ARGS__, NULL})
void terminal_start(terminal *t, int columns, int output, const char *const *argv);
void terminal_expect(terminal *t, const char *text);
void terminal_resize(const terminal *t, int columns);
int terminal_end(terminal *t);

/* What the last command has shown: without the carriage returns that the terminal adds before
 * newlines. */
const char *terminal_shown(void);

#endif
