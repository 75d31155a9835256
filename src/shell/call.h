/* How CreateProcess calls a command on Windows: the program, and the text of its arguments. Pure,
 * so that every platform tests it; any thread. */
#ifndef TETHER_CALL_H
#define TETHER_CALL_H

#include "base/text.h"
#include "shell/cmd_line.h"
#include "shell/wrapper.h"

/* Stores the program, which is cmd for a batch file, and adds its arguments, without the program.
 * Returns CARRIED or REFUSED, and sets *why, as tether__cmd_add_batch_call does. *program points
 * into the wrapper. */
tether__carry tether__call_arguments(const tether__wrapper *wrapper, const char **program,
                                     tether__text *arguments, const char **why);

/* The same for the whole line, which begins with the program. Returns ELSEWHERE where cmd would
 * start in a network path, which it cannot: the wrapper for cmd gives it a drive letter. */
tether__carry tether__call_line(const tether__wrapper *wrapper, const char **program,
                                tether__text *line, const char **why);

/* Returns whether cmd is what is called, and would start in a network path. */
bool tether__call_is_in_network(const tether__wrapper *wrapper);

#endif
