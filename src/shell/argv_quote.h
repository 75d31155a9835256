/* Builds command lines from which Windows programs parse exactly the intended arguments, by the
 * rules of CommandLineToArgvW and of the C runtimes. Pure, so that every platform tests it; any
 * thread. */
#ifndef TETHER_ARGV_QUOTE_H
#define TETHER_ARGV_QUOTE_H

#include <stdbool.h>

#include "base/text.h"

/* Returns whether an argument needs no quotes: it is not empty and consists of ASCII letters,
 * digits and - _ . / \ : + = , only. These are special neither to cmd, nor to argument parsers, nor
 * to runtimes that expand wildcards, response files or single quotes in unquoted arguments. */
bool tether__argv_is_plain(const char *argument);

/* Adds one argument so that a program reads exactly its bytes: unchanged if it is plain, else in
 * quotes. Not for the program, the first word of a line, which programs parse by other rules. */
void tether__argv_add_quoted(tether__text *text, const char *argument);

/* Adds one argument in quotes, even if it is plain. */
void tether__argv_add_in_quotes(tether__text *text, const char *argument);

/* Adds the path of a program as the first word of a line: always in quotes and without escapes,
 * because neither cmd nor programs support escapes there. Drops double quotes, which no path on
 * Windows can contain. */
void tether__argv_add_program(tether__text *text, const char *program);

/* Adds a whole line: the program and its arguments, separated by single blanks. argv is
 * NULL-terminated and has at least the program. */
void tether__argv_join(const char *const *argv, tether__text *text);

#endif
