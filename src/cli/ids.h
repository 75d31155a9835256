/* The list of task ids that a verb works on. */
#ifndef TETHER_CLI_IDS_H
#define TETHER_CLI_IDS_H

#include <stdbool.h>
#include <stddef.h>

#include "tether.h"

#include "cli/args.h"

/* The strings belong to argv, to the list or to resolved. */
typedef struct cli_ids {
    const char **items;
    size_t count;
    tether_snapshot_list *list;       /* NULL: the ids come from the command line */
    char (*resolved)[TETHER_ID_SIZE]; /* NULL: not resolved yet, see resolve.h */
} cli_ids;

/* Allocates an empty list with room for every argument not parsed yet. Returns false if memory
 * runs out. */
bool ids_init(cli_ids *ids, const cli_args *args);

/* Replaces the ids by those of a list of tasks, in reverse order (oldest first), and takes
 * ownership of the list. Returns false if memory runs out; the list then still belongs to the
 * caller. */
bool ids_from_list(cli_ids *ids, tether_snapshot_list *list);

/* Allocates `resolved` for count ids. Returns false if memory runs out. */
bool ids_make_room(cli_ids *ids);

void ids_dispose(cli_ids *ids);

#endif
