/* What the command has: its verbs, their other names, and the options that all of them share. */
#ifndef TETHER_CLI_VERB_TABLE_H
#define TETHER_CLI_VERB_TABLE_H

#include "cli/verbs.h"

typedef struct verb_table {
    const cli_verb *verbs;
    size_t verb_count;
    const verb_alias *aliases;
    size_t alias_count;
    const args_option *common;
    const char *common_help;
} verb_table;

/* Finds a verb by its name or another name of it. NULL: there is none. */
const cli_verb *verb_table_find(const verb_table *table, const char *name);

#endif
