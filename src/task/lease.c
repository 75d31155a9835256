/* Owns the memory of leases in other sessions.
 * Must not: touch a record.
 * Thread: any. */
#include "task/lease.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int tether__leases_init(tether__leases *leases, tether_error *error)
{
    *leases = (tether__leases){0};
    if (uv_mutex_init(&leases->mutex) != 0)
        return tether__fail_memory(error, "open registry");
    return TETHER_OK;
}

void tether__leases_dispose(tether__leases *leases)
{
    for (size_t i = 0; i < leases->count; i++)
        free(leases->items[i].session_id);
    free(leases->items);
    uv_mutex_destroy(&leases->mutex);
}

/* Under the mutex; the count where there is none. */
static size_t place_of(const tether__leases *leases, const char *task_id)
{
    size_t place = 0;
    while (place < leases->count && strcmp(leases->items[place].task_id, task_id) != 0)
        place++;
    return place;
}

static bool make_room(tether__leases *leases)
{
    if (leases->count < leases->room)
        return true;
    size_t room = leases->room == 0 ? 16 : leases->room * 2;
    tether__lease *items = realloc(leases->items, room * sizeof *items);
    if (items == NULL)
        return false;
    leases->items = items;
    leases->room = room;
    return true;
}

bool tether__leases_add(tether__leases *leases, const char *task_id, const char *session_id)
{
    char *copy = tether__text_copy(session_id);
    uv_mutex_lock(&leases->mutex);
    bool known = place_of(leases, task_id) < leases->count;
    bool fits = !known && copy != NULL && make_room(leases);
    if (fits) {
        tether__lease *item = &leases->items[leases->count++];
        strcpy(item->task_id, task_id);
        item->session_id = copy;
    }
    uv_mutex_unlock(&leases->mutex);
    if (!fits)
        free(copy);
    return known || fits;
}

char *tether__leases_find(tether__leases *leases, const char *task_id)
{
    uv_mutex_lock(&leases->mutex);
    size_t place = place_of(leases, task_id);
    char *copy = place < leases->count ? tether__text_copy(leases->items[place].session_id) : NULL;
    uv_mutex_unlock(&leases->mutex);
    return copy;
}

void tether__leases_remove(tether__leases *leases, const char *task_id)
{
    uv_mutex_lock(&leases->mutex);
    size_t place = place_of(leases, task_id);
    if (place < leases->count) {
        free(leases->items[place].session_id);
        leases->items[place] = leases->items[--leases->count];
    }
    uv_mutex_unlock(&leases->mutex);
}
