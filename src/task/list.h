/* Lists of snapshots, made from the catalog. */
#ifndef TETHER_TASK_LIST_H
#define TETHER_TASK_LIST_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "engine/refresh.h"
#include "tether/error.h"
#include "tether/task.h"

/* What a list has. */
typedef struct tether__list_request {
    tether__scope scope;
    uint64_t began_at; /* this and `mode` from tether__task_list_begin */
    tether__inspect_mode mode;
    bool without_output; /* as in tether_list_options */
    bool (*matches)(const tether__entry *entry, void *userdata);
    void *userdata;
    int (*order)(const void *left, const void *right);
} tether__list_request;

/* Begins a list: what is refreshed from now on need not be refreshed again for it. The caller then
 * replays the session with the mode. Takes `disk`, then `state`. */
void tether__task_list_begin(tether__catalog *catalog, tether__list_request *request);

/* Refreshes the catalog's entries in scope that were not refreshed since the list began, makes
 * snapshots of those for which `matches` returns true, and sorts them. Leaves out tasks that were
 * removed or are damaged. Free *list with tether_snapshot_list_free. Takes `disk`, for one task at
 * a time. */
int tether__task_list(tether__catalog *catalog, const tether__list_request *request,
                      tether_snapshot_list **list, tether_error *error);

/* Adds snapshots of the session's archived tasks that the request selects; the list may have
 * some of them already. */
int tether__task_list_archived(tether__catalog *catalog, const tether__list_request *request,
                               tether_snapshot_list *list, tether_error *error);

/* Moves all snapshots of `some` to the end of `all`. Returns false when memory is short. */
bool tether__task_list_append(tether_snapshot_list *all, tether_snapshot_list *some);

#endif
