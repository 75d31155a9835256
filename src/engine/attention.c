/* Owns what is watched only while somebody needs it, and how many do.
 * Must not: inspect a task, or read a journal.
 * Thread: any; note_exit is the loop's. */
#include "engine/attention.h"

#include "store/bundle.h"
#include "store/ledger.h"

void tether__attention_init(tether__attention *attention, tether__catalog *catalog)
{
    *attention = (tether__attention){.catalog = catalog, .journal_tag = -1, .holders_tag = -1};
}

/* --- The journal --- */

/* Watches the journal, if that is not done yet. The caller holds `state`. */
static bool watch_journal(tether__attention *attention, tether_error *error)
{
    return attention->journal_tag >= 0 ||
           tether__os_watch_add(attention->watch, attention->catalog->session->journal,
                                &attention->journal_tag, error) == TETHER_OK;
}

/* The news are noted before the watch exists: what comes in between is found with the first event,
 * and by the callers, who look at the disk after this call. The caller holds `state`. */
static bool add_follower(tether__attention *attention, tether_error *error)
{
    const tether__session *session = attention->catalog->session;
    if (attention->journal_followers == 0)
        tether__ledger_follow(session, true);
    bool watched = watch_journal(attention, error);
    if (watched)
        attention->journal_followers++;
    else if (attention->journal_followers == 0)
        tether__ledger_follow(session, false);
    return watched;
}

bool tether__attention_follow_session(tether__attention *attention, tether_error *error)
{
    if (attention->watch == NULL)
        return false;
    uv_mutex_lock(&attention->catalog->state);
    bool follows = add_follower(attention, error);
    uv_mutex_unlock(&attention->catalog->state);
    return follows;
}

void tether__attention_follow_unwatched(tether__attention *attention)
{
    uv_mutex_lock(&attention->catalog->state);
    if (attention->journal_followers++ == 0)
        tether__ledger_follow(attention->catalog->session, true);
    uv_mutex_unlock(&attention->catalog->state);
}

bool tether__attention_watch_journal(tether__attention *attention)
{
    uv_mutex_lock(&attention->catalog->state);
    bool watched = watch_journal(attention, NULL);
    uv_mutex_unlock(&attention->catalog->state);
    return watched;
}

void tether__attention_unfollow_session(tether__attention *attention)
{
    uv_mutex_lock(&attention->catalog->state);
    if (--attention->journal_followers == 0) {
        tether__os_watch_remove(attention->watch, attention->journal_tag);
        tether__ledger_follow(attention->catalog->session, false);
        attention->journal_tag = -1;
    }
    uv_mutex_unlock(&attention->catalog->state);
}

bool tether__attention_is_journal(tether__attention *attention, int tag)
{
    uv_mutex_lock(&attention->catalog->state);
    bool same = attention->journal_tag >= 0 && tag == attention->journal_tag;
    uv_mutex_unlock(&attention->catalog->state);
    return same;
}

/* --- Bundles --- */

void tether__attention_follow(tether__attention *attention, const char *task_id, int *tag)
{
    tether__dir *bundle;
    tether__catalog *catalog = attention->catalog;
    if (attention->watch == NULL ||
        tether__bundle_open(catalog->session, task_id, &bundle, NULL) != TETHER_OK)
        return;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL && entry->followers++ == 0) {
        entry->output_moved = false;
        tether__os_watch_add(attention->watch, bundle, &entry->watch_tag, NULL);
    }
    /* Where events of growth come late, the caller has to read at intervals, as without events. */
    if (entry != NULL && tag != NULL && tether__os_watch_tells_growth())
        *tag = entry->watch_tag;
    uv_mutex_unlock(&catalog->state);
    tether__os_dir_close(bundle);
}

void tether__attention_unfollow(tether__attention *attention, const char *task_id)
{
    tether__catalog *catalog = attention->catalog;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL && entry->followers > 0 && --entry->followers == 0 && entry->watch_tag >= 0) {
        tether__os_watch_remove(attention->watch, entry->watch_tag);
        entry->watch_tag = -1;
    }
    uv_mutex_unlock(&catalog->state);
}

void tether__attention_note_move(tether__attention *attention, int tag)
{
    tether__catalog *catalog = attention->catalog;
    uv_mutex_lock(&catalog->state);
    for (size_t i = 0; i < catalog->count; i++) {
        tether__entry *entry = catalog->entries[i];
        if (entry->followers == 0 || entry->watch_tag != tag)
            continue;
        entry->output_moved = true;
        catalog->changes++;
        uv_cond_broadcast(&catalog->changed);
    }
    uv_mutex_unlock(&catalog->state);
}

/* --- Exits of supervisors --- */

/* NOT_YET: the exit has to be added first. No other event follows an exit that was told and did not
 * end the task. The caller holds `state`. */
static tether__telling telling_of(const tether__entry *entry, bool watched)
{
    if (entry == NULL)
        return TETHER__NOT_YET;
    if (entry->ended || entry->own_proxy)
        return TETHER__TOLD;
    if (entry->exit_seen || entry->output_moved)
        return TETHER__UNTOLD;
    return watched || entry->exit_watched ? TETHER__TOLD : TETHER__NOT_YET;
}

/* Stores pid 0 while the supervisor is not known. Takes `disk` and `state`. */
static void read_supervisor(tether__catalog *catalog, const char *task_id,
                            tether__identity *supervisor)
{
    *supervisor = (tether__identity){0};
    uv_mutex_lock(&catalog->disk);
    uv_mutex_lock(&catalog->state);
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        *supervisor = tether__entry_supervisor(entry);
    uv_mutex_unlock(&catalog->state);
    uv_mutex_unlock(&catalog->disk);
}

/* Not needed where all exits are added anyway, and of no use if one could not be added there. */
static bool adds_on_demand(const tether__attention *attention)
{
    return attention->ends != NULL && tether__os_watch_tells_close();
}

tether__telling tether__attention_watch_exit(tether__attention *attention, const char *task_id,
                                             bool *watched)
{
    tether__identity supervisor;
    tether__catalog *catalog = attention->catalog;
    uv_mutex_lock(&catalog->state);
    tether__telling telling = telling_of(tether__catalog_find(catalog, task_id), *watched);
    uv_mutex_unlock(&catalog->state);
    if (telling != TETHER__NOT_YET || *watched)
        return telling;
    read_supervisor(catalog, task_id, &supervisor);
    if (supervisor.pid == 0)
        return TETHER__NOT_YET;
    supervisor = tether__here_compared(&catalog->session->store->here, &supervisor);
    if (!adds_on_demand(attention) ||
        tether__os_ends_add(attention->ends, task_id, &supervisor, NULL) != TETHER_OK)
        return TETHER__UNTOLD;
    *watched = true;
    return TETHER__TOLD;
}

void tether__attention_release_exit(tether__attention *attention, const char *task_id)
{
    tether__os_ends_remove(attention->ends, task_id);
}

void tether__attention_note_exit(tether__attention *attention, const char *name)
{
    tether__catalog *catalog = attention->catalog;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, name);
    if (entry != NULL && !entry->ended)
        entry->exit_seen = true;
    if (entry == NULL || !entry->ended) {
        catalog->changes++;
        uv_cond_broadcast(&catalog->changed);
    }
    uv_mutex_unlock(&catalog->state);
}

/* --- Holders --- */

static bool follow_holders(tether__attention *attention, const tether__holder *self)
{
    tether__dir *dir;
    if (tether__holders_open(self, &dir, NULL) != TETHER_OK)
        return false;
    uv_mutex_lock(&attention->catalog->state);
    bool follows =
        attention->holders_followers > 0 ||
        tether__os_watch_add(attention->watch, dir, &attention->holders_tag, NULL) == TETHER_OK;
    if (follows)
        attention->holders_followers++;
    uv_mutex_unlock(&attention->catalog->state);
    tether__os_dir_close(dir);
    return follows;
}

static void unfollow_holders(tether__attention *attention)
{
    uv_mutex_lock(&attention->catalog->state);
    if (--attention->holders_followers == 0) {
        tether__os_watch_remove(attention->watch, attention->holders_tag);
        attention->holders_tag = -1;
    }
    uv_mutex_unlock(&attention->catalog->state);
}

tether__telling tether__attention_watch_holder(tether__attention *attention,
                                               const tether__holder *self, const char *holder_id,
                                               bool *watched)
{
    tether__identity process;
    if (*watched)
        return TETHER__TOLD;
    if (!adds_on_demand(attention) || attention->watch == NULL ||
        !tether__holder_process(self, holder_id, &process) || !follow_holders(attention, self))
        return TETHER__UNTOLD;
    /* A child that the holder has forked may keep the file open. */
    if (tether__os_ends_add(attention->ends, holder_id, &process, NULL) == TETHER_OK) {
        *watched = true;
        return TETHER__TOLD;
    }
    unfollow_holders(attention);
    return TETHER__UNTOLD;
}

void tether__attention_release_holder(tether__attention *attention, const char *holder_id)
{
    tether__os_ends_remove(attention->ends, holder_id);
    unfollow_holders(attention);
}
