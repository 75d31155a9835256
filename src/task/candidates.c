/* Owns the search for pending completions in one session or in all.
 * Must not: lease or change them; what it finds is read again before that.
 * Thread: any; blocks on the disk. */
#include "task/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "base/utf8.h"
#include "engine/replay.h"
#include "engine/sessions.h"
#include "store/ledger.h"
#include "task/tasks.h"

bool tether__completion_is_pending(const tether__record *record)
{
    return tether_status_ended(record->status) && record->notify_on_completion &&
           !record->completion_delivered && !record->read_only;
}

static bool add_candidate(tether__candidates *all, const tether__entry *entry,
                          const char *session_id)
{
    void *items = all->items;
    if (!tether__grow(&items, all->count, &all->capacity, sizeof *all->items))
        return false;
    all->items = items;
    tether__candidate *item = &all->items[all->count];
    *item = (tether__candidate){.finished_at = entry->record.finished_at};
    strcpy(item->id, entry->id);
    if (!tether__utf8_set(&item->session_id, session_id))
        return false;
    item->order_session = session_id != NULL ? item->session_id : all->registry->session.id;
    all->count++;
    return true;
}

/* Notes of a session's candidates, which begin with the first one, where their ends stand in its
 * journal. Returns false when memory is short. */
static bool note_ends(tether__candidates *all, size_t first, const tether__session *session)
{
    size_t count = all->count - first;
    tether__end_place *ends = calloc(count + 1, sizeof *ends);
    if (ends == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        ends[i].task_id = all->items[first + i].id;
    tether__ledger_ends(session, ends, count);
    for (size_t i = 0; i < count; i++)
        all->items[first + i].end_at = ends[i].at;
    free(ends);
    return true;
}

static int add_session(tether__catalog *catalog, bool own, void *userdata, tether_error *error)
{
    tether__candidates *all = userdata;
    const char *session_id = own ? NULL : catalog->session->id;
    tether_error problem = {0};
    int code = tether__replay(catalog, TETHER__SCOPE_PENDING, TETHER__INSPECT_NOW, NULL, &problem);
    if (tether__replay_is_general(code)) {
        tether__error_set(error, &problem);
        return code;
    }
    if (code != TETHER_OK && all->code == TETHER_OK) {
        all->code = code;
        all->problem = problem;
    }
    bool fits = true;
    size_t first = all->count;
    uv_mutex_lock(&catalog->disk);
    for (size_t i = 0; fits && i < catalog->count; i++) {
        const tether__entry *entry = catalog->entries[i];
        const tether__record *record = &entry->record;
        if (tether__completion_is_pending(record) &&
            !(all->skip_own && tether__holder_is(&all->registry->holder, record->lease_holder)))
            fits = add_candidate(all, entry, session_id);
    }
    uv_mutex_unlock(&catalog->disk);
    fits = fits && note_ends(all, first, catalog->session);
    return fits ? TETHER_OK : tether__fail_memory(error, "list completions");
}

/* By time, which has the resolution of file times, then by the journal; all hosts find the same
 * order. Sessions have none in common. */
static int oldest_first(const void *left, const void *right)
{
    const tether__candidate *a = left, *b = right;
    if (a->finished_at != b->finished_at)
        return a->finished_at < b->finished_at ? -1 : 1;
    int order = strcmp(a->order_session, b->order_session);
    if (order == 0 && a->end_at != b->end_at)
        return a->end_at < b->end_at ? -1 : 1;
    return order != 0 ? order : strcmp(a->id, b->id);
}

void tether__candidates_dispose(tether__candidates *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].session_id);
    free(all->items);
}

int tether__candidates_find(tether_registry *registry, bool all_sessions, bool skip_own,
                            tether__candidates *all, tether_error *error)
{
    *all = (tether__candidates){.registry = registry, .skip_own = skip_own};
    int code = all_sessions ? tether__sessions_visit(registry, add_session, all, error)
                            : add_session(&registry->catalog, true, all, error);
    if (code == TETHER_OK && all->count > 1)
        qsort(all->items, all->count, sizeof *all->items, oldest_first);
    return code;
}
