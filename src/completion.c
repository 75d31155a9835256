/* Owns completions: which ended tasks wait to be acknowledged, and the acknowledging.
 * Must not: keep anything but what the records say.
 * Thread: any. */
#include "tether/completion.h"

#include <string.h>

#include "error.h"
#include "refresh.h"
#include "registry.h"
#include "replay.h"
#include "task_list.h"

static bool is_pending(const tether__entry *entry, void *userdata)
{
    (void)userdata;
    return entry->ended && entry->record.notify && !entry->record.delivered &&
           !entry->record.read_only;
}

static int oldest_first(const void *left, const void *right)
{
    const tether_snapshot *a = left, *b = right;
    if (a->finished_at != b->finished_at)
        return a->finished_at < b->finished_at ? -1 : 1;
    return strcmp(a->task_id, b->task_id);
}

int tether_completions_peek(tether_registry *registry, tether_snapshot_list **list,
                            tether_error *error)
{
    *list = NULL;
    int code = tether__replay(&registry->catalog, true, TETHER__LOOK_NOW, NULL, error);
    if (code == TETHER_OK)
        code = tether__task_list(registry, true, is_pending, NULL, oldest_first, list, error);
    return code;
}

typedef struct ack {
    bool ended;
    bool fresh;
} ack;

static bool set_delivered(tether__record *record, void *userdata)
{
    ack *a = userdata;
    a->ended = tether_status_ended(record->status);
    a->fresh = a->ended && !record->delivered;
    if (a->fresh)
        record->delivered = true;
    return a->fresh;
}

int tether_completion_ack(tether_registry *registry, const char *task_id, bool *fresh,
                          tether_error *error)
{
    ack a = {false, false};
    if (fresh != NULL)
        *fresh = false;
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    uv_mutex_lock(&registry->catalog.disk);
    code = tether__refresh_change(&registry->catalog, task_id, set_delivered, &a, NULL, error);
    uv_mutex_unlock(&registry->catalog.disk);
    if (code != TETHER_OK)
        return code;
    if (!a.ended)
        return tether__fail(error, TETHER_ENOTENDED, 0, "acknowledge",
                            "task %s has not ended; wait for it first", task_id);
    if (fresh != NULL)
        *fresh = a.fresh;
    return TETHER_OK;
}
