/* What the help text of a verb says about its options and operands. Pure; any thread. */
#ifndef TETHER_CLI_COMPLETE_HELP_H
#define TETHER_CLI_COMPLETE_HELP_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/args.h"

enum { HELP_WORD_SIZE = 32, HELP_TEXT_SIZE = 512 };

typedef struct help_entry {
    char value[HELP_WORD_SIZE]; /* the word for its value, such as "DIR"; "" if it has none */
    char text[HELP_TEXT_SIZE];  /* its description as one line */
} help_entry;

/* Finds an option in a help text. Returns false if it is not described. */
bool help_find(const char *help, const args_option *option, help_entry *entry);

/* Finds the word for the operand with this index in the usage lines, such as "ID"; the last one
 * counts for those behind it if it ends with "...". Returns false if there is no such operand. */
bool help_operand(const char *help, const args_option *options, size_t index,
                  char word[HELP_WORD_SIZE]);

#endif
