/* Owns finding a verb by name.
 * Must not: run it.
 * Thread: any. */
#include "cli/verb_table.h"

#include <string.h>

const cli_verb *verb_table_find(const verb_table *table, const char *name)
{
    size_t i;

    for (i = 0; i < table->alias_count; i++) {
        if (strcmp(table->aliases[i].alias, name) == 0)
            name = table->aliases[i].verb;
    }
    for (i = 0; i < table->verb_count; i++) {
        if (strcmp(table->verbs[i].name, name) == 0)
            return &table->verbs[i];
    }
    return NULL;
}
