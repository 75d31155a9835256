/* The hidden verb that the completions of shells call. */
#ifndef TETHER_CLI_COMPLETE_H
#define TETHER_CLI_COMPLETE_H

#include "cli/verb_table.h"

/* The name of the verb. */
extern const char complete_name[];

/* Prints what may stand in place of the last word, after a line that says what else the shell shall
 * offer there:
 *
 *     tether __complete zsh|fish -- WORD...   the words behind the command's name, without quotes
 *     tether __complete pwsh -- WORD...       the last word begins with a '+', so that it is not ""
 *     tether __complete bash LINE BREAKS TYPE the line up to the cursor, COMP_WORDBREAKS, COMP_TYPE
 *
 * The first line is "none", "files", "dirs", or "command N": the word with index N begins a command
 * of its own. Each other line is a value and its description, separated by a tab; for bash, what
 * replaces the word. Prints nothing on standard error, whatever happens. Returns 0. */
int complete(const verb_table *table, cli_options *cli, const cli_args *args);

#endif
