/* Owns the list of what one waiting call has had watched.
 * Must not: watch anything itself (attention.c does), or sleep.
 * Thread: that of the call. */
#include "engine/awaiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "os/watch.h"

static void release(tether__awaiting *awaiting, tether__awaited *item)
{
    if (item->watched && item->holder)
        tether__attention_release_holder(awaiting->attention, item->id);
    else if (item->watched)
        tether__attention_release_exit(awaiting->attention, item->id);
    item->watched = false;
}

/* Keeps the items that were named, or none. */
static void release_others(tether__awaiting *awaiting, bool all)
{
    size_t kept = 0;
    for (size_t i = 0; i < awaiting->count; i++) {
        tether__awaited *item = &awaiting->items[i];
        if (item->named && !all)
            awaiting->items[kept++] = *item;
        else
            release(awaiting, item);
    }
    awaiting->count = kept;
}

/* Returns the item of an id, which it adds if there is none; NULL when memory is short. */
static tether__awaited *name(tether__awaiting *awaiting, const char *id, bool holder)
{
    for (size_t i = 0; i < awaiting->count; i++) {
        if (strcmp(awaiting->items[i].id, id) == 0) {
            awaiting->items[i].named = true;
            return &awaiting->items[i];
        }
    }
    void *items = awaiting->items;
    if (!tether__grow(&items, awaiting->count, &awaiting->capacity, sizeof *awaiting->items))
        return NULL;
    awaiting->items = items;
    tether__awaited *item = &awaiting->items[awaiting->count++];
    *item = (tether__awaited){.holder = holder, .named = true};
    snprintf(item->id, sizeof item->id, "%s", id);
    return item;
}

void tether__awaiting_begin(tether__awaiting *awaiting, size_t count, bool able)
{
    bool events = able && !awaiting->gave_up;
    awaiting->crowd = events && count > TETHER__ENDS_LIMIT && tether__os_watch_tells_close();
    awaiting->told = events && count <= TETHER__ENDS_LIMIT;
    awaiting->fresh = false;
    for (size_t i = 0; i < awaiting->count; i++)
        awaiting->items[i].named = false;
}

static void note(tether__awaiting *awaiting, tether__telling telling)
{
    awaiting->told = awaiting->told && telling == TETHER__TOLD;
    awaiting->gave_up = awaiting->gave_up || telling == TETHER__UNTOLD;
}

void tether__awaiting_task(tether__awaiting *awaiting, const char *task_id)
{
    if (!awaiting->told)
        return;
    tether__awaited *item = name(awaiting, task_id, false);
    note(awaiting, item != NULL
                       ? tether__attention_watch_exit(awaiting->attention, task_id, &item->watched)
                       : TETHER__UNTOLD);
}

void tether__awaiting_holder(tether__awaiting *awaiting, const tether__holder *self,
                             const char *holder_id)
{
    if (!awaiting->told)
        return;
    tether__awaited *item = name(awaiting, holder_id, true);
    bool before = item != NULL && item->watched;
    note(awaiting, item != NULL ? tether__attention_watch_holder(awaiting->attention, self,
                                                                 holder_id, &item->watched)
                                : TETHER__UNTOLD);
    awaiting->fresh = awaiting->fresh || (item != NULL && item->watched && !before);
}

void tether__awaiting_settle(tether__awaiting *awaiting)
{
    /* One that is not known yet keeps what was named before it. */
    release_others(awaiting, awaiting->gave_up);
}

void tether__awaiting_dispose(tether__awaiting *awaiting)
{
    release_others(awaiting, true);
    free(awaiting->items);
    awaiting->items = NULL;
    awaiting->capacity = 0;
    awaiting->told = false;
}
