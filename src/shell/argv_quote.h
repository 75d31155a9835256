/* How Windows programs find their arguments in one command line: the rules of CommandLineToArgvW
 * and of the C runtimes. Pure text, so that every platform tests it; any thread. */
#ifndef TETHER_ARGV_QUOTE_H
#define TETHER_ARGV_QUOTE_H

#include <stdbool.h>

#include "base/text.h"

/* Whether an argument needs no quotes: it is not empty and has nothing but ASCII letters, digits
 * and - _ . / \ : + = , which mean nothing to cmd, to argument parsers, or to runtimes that expand
 * wildcards, response files or single quotes in what is not quoted. */
bool tether__argv_is_plain(const char *argument);

/* Adds one argument so that a program reads exactly its bytes: as it is where it is plain, else in
 * quotes. Not for the first word of a line, the program, which is read by other rules. */
void tether__argv_add_quoted(tether__text *text, const char *argument);

/* The same in quotes whatever it is. */
void tether__argv_add_in_quotes(tether__text *text, const char *argument);

/* Adds a program's path as the first word of a line: always in quotes, without escapes, which
 * neither cmd nor programs know there. No path on Windows has a quote in it; one is left out. */
void tether__argv_add_program(tether__text *text, const char *program);

/* Adds a whole line: the program, then its arguments, with single blanks between. argv is
 * NULL-terminated and has at least the program. */
void tether__argv_join(const char *const *argv, tether__text *text);

#endif
