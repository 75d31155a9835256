/* Escapes command lines that cmd parses before it passes them to a program, so that the program
 * reads exactly the intended arguments. Pure, so that every platform tests it; any thread. */
#ifndef TETHER_CMD_LINE_H
#define TETHER_CMD_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Whether the shell of a wrapper can pass the program and its arguments on unchanged. */
typedef enum tether__carry {
    TETHER__CARRIED,
    TETHER__CARRY_ELSEWHERE, /* this shell cannot, but the wrapper for another shell can */
    TETHER__CARRY_REFUSED    /* no wrapper can do it safely */
} tether__carry;

/* cmd reads lines of less than 8,192 UTF-16 units. The difference is for the text around the call.
 */
#define TETHER__CMD_LINE_LIMIT 8000

/* Returns the size of a UTF-8 text in UTF-16 units. */
size_t tether__cmd_units(const char *text);

/* Returns whether a path is a network path such as \\server\share, which cmd does not accept as its
 * current directory. \\?\ and \\.\ begin local paths. */
bool tether__cmd_is_network_path(const char *path);

/* Returns whether Windows runs this file through cmd: its name ends in .bat or .cmd, ignoring case
 * and trailing dots and blanks, which the file system removes. */
bool tether__cmd_is_batch(const char *program);

/* Returns whether cmd runs exactly this file: its name ends in .exe or .com. For other names cmd
 * appends the extensions of %PATHEXT%, and may run a batch file beside it or start the program that
 * is registered for an extension. */
bool tether__cmd_runs_exactly(const char *program);

/* Adds an argument for a program that cmd starts. The program reads exactly its bytes; cmd finds no
 * special character in it and is not inside quotes after it. The argument has no line ends. */
void tether__cmd_add_argument(tether__text *text, const char *argument);

/* Adds a call of the batch file `program` with the arguments argv[1]..., as text for cmd /S /C in
 * another pair of quotes. cmd is the path of cmd, or NULL if there is none. Returns REFUSED, and
 * sets *why to a static text with the reason and the remedy, where cmd could interpret anything in
 * the path or the arguments: cmd parses them twice, in this line and in the batch file, and has no
 * escape that works in both. */
tether__carry tether__cmd_add_batch_call(tether__text *text, const char *cmd, const char *program,
                                         const char *const *argv, const char **why);

#endif
