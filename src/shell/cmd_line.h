/* What cmd makes of a command line before any program sees it, and how to get through it unharmed.
 * Pure text, so that every platform tests it; any thread. */
#ifndef TETHER_CMD_LINE_H
#define TETHER_CMD_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* How far a wrapper's shell can carry what it is to run. */
typedef enum tether__carry {
    TETHER__CARRIED,
    TETHER__CARRY_ELSEWHERE, /* not through cmd; a wrapper for another shell can */
    TETHER__CARRY_REFUSED    /* no wrapper can, or none safely */
} tether__carry;

/* What cmd takes as one line is less than 8,192 UTF-16 units; the rest is for what stands around.
 */
#define TETHER__CMD_LINE_LIMIT 8000

/* The size of a UTF-8 text in UTF-16 units. */
size_t tether__cmd_units(const char *text);

/* Whether a path begins with two slashes, and so cannot be cmd's current directory: \\server\share,
 * but not \\?\ and \\.\, which name something local. */
bool tether__cmd_is_network_path(const char *path);

/* Whether Windows runs this path through cmd: its name ends in .bat or .cmd, in any case, also with
 * dots and blanks behind, which the file system takes away. */
bool tether__cmd_is_batch(const char *program);

/* Whether cmd runs exactly this file and nothing else: .exe and .com. For other names it tries the
 * endings of %PATHEXT%, so that a batch file beside it may run, or what is registered for them. */
bool tether__cmd_runs_exactly(const char *program);

/* Adds an argument for a program behind cmd: what the program reads is its bytes, and cmd finds
 * nothing special in it and is left outside of quotes. No line ends in it. */
void tether__cmd_add_argument(tether__text *text, const char *argument);

/* Adds the text that cmd (its path; NULL: there is none), with /S /C and this text in quotes of its
 * own, runs as this batch file with argv[1]... REFUSED, with a static text of why and what to do,
 * where cmd could read anything in the path or the arguments as something else than a text: it
 * reads them twice, once here and once in the batch file, and has no escape that holds in both. */
tether__carry tether__cmd_add_batch_call(tether__text *text, const char *cmd, const char *program,
                                         const char *const *argv, const char **why);

#endif
