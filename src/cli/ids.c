/* Owns the list of task ids that a verb works on.
 * Must not: check whether an id is valid; the library does that.
 * Thread: the main one. */
#include "cli/ids.h"

#include <stdlib.h>

bool ids_init(cli_ids *ids, const cli_args *args)
{
    size_t room = (size_t)(args->argc - args->next) + 1;

    ids->count = 0;
    ids->list = NULL;
    ids->resolved = NULL;
    ids->items = calloc(room, sizeof *ids->items);
    return ids->items != NULL;
}

bool ids_from_list(cli_ids *ids, tether_snapshot_list *list)
{
    const char **items = calloc(list->count + 1, sizeof *items);
    size_t i;

    if (items == NULL)
        return false;
    for (i = 0; i < list->count; i++)
        items[i] = list->items[list->count - 1 - i]->task_id;
    ids_dispose(ids);
    ids->items = items;
    ids->count = list->count;
    ids->list = list;
    return true;
}

bool ids_make_room(cli_ids *ids)
{
    ids->resolved = calloc(ids->count + 1, sizeof *ids->resolved);
    return ids->resolved != NULL;
}

void ids_dispose(cli_ids *ids)
{
    free((void *)ids->items);
    tether_snapshot_list_free(ids->list);
    free(ids->resolved);
    ids->items = NULL;
    ids->count = 0;
    ids->list = NULL;
    ids->resolved = NULL;
}
