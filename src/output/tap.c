/* Owns adding and removing the searches and rings that a registry's taps feed.
 * Must not: read output.
 * Thread: any. */
#include "output/tap.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "engine/core.h"
#include "output/tap_list.h"
#include "output/tap_read.h"

static bool matches_pending(const char *task_id, void *userdata);

int tether__taps_open(tether_registry *registry, tether__taps **out, tether_error *error)
{
    *out = NULL;
    tether__taps *taps = calloc(1, sizeof *taps);
    if (taps == NULL)
        return tether__fail_memory(error, "open registry");
    taps->registry = registry;
    if (uv_mutex_init(&taps->mutex) != 0) {
        free(taps);
        return tether__fail_memory(error, "open registry");
    }
    if (uv_mutex_init(&taps->numbering) != 0) {
        uv_mutex_destroy(&taps->mutex);
        free(taps);
        return tether__fail_memory(error, "open registry");
    }
    tether__events_hold_completions(registry->catalog.events, matches_pending, taps);
    registry->catalog.on_end = tether__taps_schedule;
    registry->catalog.on_end_userdata = taps;
    *out = taps;
    return TETHER_OK;
}

void tether__taps_dispose(void *userdata)
{
    tether__taps *taps = userdata;
    if (taps == NULL)
        return;
    while (taps->first != NULL) {
        tether__tap *next = taps->first->next;
        tether__tap_free(taps->first);
        taps->first = next;
    }
    uv_mutex_destroy(&taps->numbering);
    uv_mutex_destroy(&taps->mutex);
    free(taps);
}

/* Returns whether matches of a task may still be delivered. Its COMPLETION waits for them. */
static bool matches_pending(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    const tether__tap *t = tether__tap_find(taps, task_id);
    bool pending = t != NULL && t->scheduled && t->count > 0;
    uv_mutex_unlock(&taps->mutex);
    return pending;
}

/* --- Adding and removing --- */

/* Sets the entry's wants_on_end, which is never cleared: when the task ends, the catalog calls
 * tether__taps_schedule before it queues the COMPLETION. Takes `state`. */
static void set_wants_on_end(tether__taps *taps, const char *task_id)
{
    tether__catalog *catalog = &taps->registry->catalog;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        entry->wants_on_end = true;
    uv_mutex_unlock(&catalog->state);
}

/* Opens the task's outputs and follows its bundle, if the tap does not do so yet. The caller holds
 * no lock of the catalog. */
static void follow(tether__taps *taps, const char *task_id)
{
    int tag;
    set_wants_on_end(taps, task_id);
    tether__tap_open_outputs(taps, task_id, NULL);
    tether__reaper_follow(taps->registry->reaper, task_id, &tag);
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    bool needed = t != NULL && !t->following;
    if (needed) {
        t->following = true;
        t->tag = tag;
    }
    if (t != NULL)
        tether__tap_schedule(taps, t);
    uv_mutex_unlock(&taps->mutex);
    if (!needed)
        tether__reaper_unfollow(taps->registry->reaper, task_id);
    else if (tag < 0) /* no event reports growth: the reaper has to poll */
        tether__reaper_wake(taps->registry->reaper);
}

/* Returns NULL when memory is short. The caller holds the mutex. */
static tether__tap *find_or_create(tether__taps *taps, const char *task_id)
{
    tether__tap *t = tether__tap_find(taps, task_id);
    if (t != NULL)
        return t;
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    strcpy(t->id, task_id);
    t->tag = -1;
    t->next = taps->first;
    taps->first = t;
    return t;
}

int tether__taps_add(tether__taps *taps, const char *task_id, tether__search *search,
                     tether_error *error)
{
    int code = TETHER_OK;
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = find_or_create(taps, task_id);
    if (t == NULL)
        code = tether__fail_memory(error, "watch output");
    else if (t->count == TETHER_WATCHES_PER_TASK)
        code = tether__fail(error, TETHER_EQUOTA, 0, "watch output",
                            "task %s has %d watches already, which is the most; remove one",
                            task_id, TETHER_WATCHES_PER_TASK);
    else
        t->searches[t->count++] = search;
    if (code == TETHER_OK)
        memcpy(search->truncations, t->truncations, sizeof search->truncations);
    uv_mutex_unlock(&taps->mutex);
    if (code == TETHER_OK)
        follow(taps, task_id);
    else
        tether__search_free(search);
    return code;
}

bool tether__taps_remove(tether__taps *taps, const char *task_id, int number)
{
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    bool removed = t != NULL && tether__tap_remove_searches(t, number);
    if (removed)
        tether__tap_schedule(taps, t);
    uv_mutex_unlock(&taps->mutex);
    return removed;
}

void tether__taps_lock_numbers(tether__taps *taps)
{
    uv_mutex_lock(&taps->numbering);
}

void tether__taps_unlock_numbers(tether__taps *taps)
{
    uv_mutex_unlock(&taps->numbering);
}

int tether__taps_last_number(const tether__taps *taps)
{
    return taps->last_number;
}

void tether__taps_note_number(tether__taps *taps, int number)
{
    if (number > taps->last_number)
        taps->last_number = number;
}

int tether__taps_set_ring(tether__taps *taps, const char *task_id, tether__ring *ring,
                          tether_error *error)
{
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = ring != NULL ? find_or_create(taps, task_id) : tether__tap_find(taps, task_id);
    tether__ring *old = t != NULL ? t->ring : NULL;
    if (t != NULL) {
        t->ring = ring;
        tether__tap_schedule(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    free(old);
    if (ring == NULL)
        return TETHER_OK;
    if (t == NULL) {
        free(ring);
        return tether__fail_memory(error, "keep ring");
    }
    follow(taps, task_id);
    return TETHER_OK;
}

bool tether__taps_read_ring(tether__taps *taps, const char *task_id, void *buffer, size_t size,
                            size_t *got)
{
    *got = 0;
    uv_mutex_lock(&taps->mutex);
    const tether__tap *t = tether__tap_find(taps, task_id);
    bool found = t != NULL && t->ring != NULL;
    if (found)
        *got = tether__ring_copy(t->ring, buffer, size);
    uv_mutex_unlock(&taps->mutex);
    return found;
}
