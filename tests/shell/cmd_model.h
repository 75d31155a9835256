/* A model of how Windows reads a command line: cmd's phases one by one, and the argument parser of
 * programs. Written from their description, not from the code under test. */
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

/* Phase 1: variables between percent signs, in one pass from left to right. In a batch file a
 * variable that is not set becomes nothing and %% one sign; in a command line both stay. variables
 * ends with a NULL name. Freed with free(). */
char *model_expand(const char *line, bool in_batch, const model_variable *variables);

/* Phase 2: quotes and carets. Parts a line at each & outside of quotes. Fails the test at anything
 * else that is special there (| < > and parentheses), and at quotes that are open at the end unless
 * open_end. Carets outside of quotes are taken away. Blanks before a command are. */
void model_split(const char *line, bool open_end, model_words *commands);

/* What cmd runs of its own command line `"..." [/X]... /S /C "TEXT"`: TEXT, freed with free(). */
char *model_slash_c(const char *command);

/* The words of a command as a program's runtime reads them. */
void model_argv(const char *command, model_words *words);

/* %0, %1... of a batch file: parted by blanks, tabs and , ; = outside of quotes, with their quotes.
 */
void model_batch_words(const char *command, model_words *words);

void model_words_dispose(model_words *words);

#endif
