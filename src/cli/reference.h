/* What a word of the command line means where a task is expected. Pure. */
#ifndef TETHER_CLI_REFERENCE_H
#define TETHER_CLI_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "tether.h"

/* The tasks that a word could mean. */
typedef struct reference {
    size_t count; /* 0: none; 1: this one; more: the word is ambiguous */
    size_t first; /* the index of the first of them; valid if count > 0 */
} reference;

/* Looks for a word among tasks, which are sorted from the newest to the oldest. The first of these
 * that applies decides:
 *
 *   1. the id of a task;
 *   2. "@last" is the newest task, "@last-1" the one before it, and so on;
 *   3. the name of a task: if several have it, the newest;
 *   4. the beginning of ids: ambiguous if several ids begin with it.
 *
 * So a name is never ambiguous, and a new task whose id happens to begin with it changes nothing.
 */
reference reference_find(const char *word, tether_snapshot *const *tasks, size_t count);

/* Returns true if the id of the task begins with the word: rule 4. */
bool reference_begins(const char *word, const tether_snapshot *task);

#endif
