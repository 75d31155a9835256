/* A model of how Windows parses command lines: the phases of cmd, and the argument parser of
 * programs. Written from their documentation, not from the code under test. */
#ifndef TETHER_TEST_CMD_MODEL_H
#define TETHER_TEST_CMD_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum { MODEL_WORDS = 64 };

typedef struct model_words {
    size_t count;
    char *words[MODEL_WORDS]; /* freed by model_words_dispose */
} model_words;

typedef struct model_variable {
    const char *name;
    const char *value;
} model_variable;

/* Phase 1: expands variables between percent signs, in one pass from left to right. In a batch file
 * an unset variable expands to nothing, and %% to one percent sign; in a command line both stay
 * unchanged. variables ends with a NULL name. Free the result with free(). */
char *model_expand(const char *line, bool in_batch, const model_variable *variables);

/* Phase 2: quotes and carets. Splits a line into commands at each & outside of quotes. Removes
 * carets outside of quotes, and blanks in front of a command. Fails the test at other special
 * characters outside of quotes (| < > and parentheses), and at an unclosed quote unless open_end.
 */
void model_split(const char *line, bool open_end, model_words *commands);

/* Returns the TEXT that cmd runs, given its command line `"..." [/X]... /S /C "TEXT"`. Free it with
 * free(). */
char *model_slash_c(const char *command);

/* Splits a command into words as the runtime of a program does. */
void model_argv(const char *command, model_words *words);

/* Splits a command into %0, %1... of a batch file: at blanks, tabs and , ; = outside of quotes.
 * Keeps the quotes. */
void model_batch_words(const char *command, model_words *words);

void model_words_dispose(model_words *words);

#endif
