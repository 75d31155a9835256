/* The task ids that a command line names. */
#ifndef TETHER_CLI_IDS_H
#define TETHER_CLI_IDS_H

#include <stdbool.h>
#include <stddef.h>

#include "tether.h"

#include "cli/args.h"

/* The strings belong to argv, or to the list that was kept with them. */
typedef struct cli_ids {
    const char **items;
    size_t count;
    tether_snapshot_list *list; /* NULL: they came from the command line */
} cli_ids;

/* Makes room for as many ids as the command line can still have. False: no memory. */
bool ids_init(cli_ids *ids, const cli_args *args);

/* Takes over a list of tasks, whose ids these are now, the oldest first. False: no memory. */
bool ids_from_list(cli_ids *ids, tether_snapshot_list *list);

void ids_dispose(cli_ids *ids);

#endif
