/* Owns the removal of what nobody needs any more, over all sessions of a store.
 * Must not: remove anything of a task that runs or whose end nobody has acknowledged.
 * Thread: any. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "name.h"
#include "os_clock.h"
#include "os_lifeline.h"
#include "refresh.h"
#include "registry.h"
#include "replay.h"
#include "tether/store.h"

enum { DEFAULT_AGE_MS = 24 * 60 * 60 * 1000 };

/* A clock that is behind the end of a task by more than this was set, and nothing can be said about
 * ages. */
enum { CLOCK_SLACK_MS = 60 * 1000 };

typedef struct collection {
    tether_registry *registry;
    int64_t older_than_ms; /* -1: any age */
    tether_gc_result result;
    int code; /* the first failure; the others go on */
    tether_error *error;
} collection;

static bool is_old_enough(const tether__record *record, int64_t older_than_ms)
{
    int64_t age = tether__os_wall_ms() - record->finished_at;
    if (older_than_ms < 0)
        return true;
    return age >= older_than_ms && age >= -CLOCK_SLACK_MS;
}

static bool is_garbage(const tether__record *record, int64_t older_than_ms)
{
    return tether_status_ended(record->status) && !record->read_only &&
           (record->delivered || !record->notify) && is_old_enough(record, older_than_ms);
}

/* Under `disk`. The record is read again under the session lock: what is decided on is what is
 * removed. */
static void collect_task(collection *c, tether__catalog *catalog, const char *task_id)
{
    tether__entry *entry;
    tether__lock lock;
    if (tether__refresh(catalog, task_id, TETHER__LOOK_NOW, &entry, NULL) != TETHER_OK)
        return;
    bool removed = false;
    bool held = true;
    if (is_garbage(&entry->record, c->older_than_ms) && !entry->unsaved &&
        tether__session_lock(catalog->session, &lock, NULL) == TETHER_OK) {
        tether__os_lifeline_held(catalog->session->exits, task_id, &held, NULL);
        removed = !held && tether__bundle_remove(catalog->session, task_id, NULL) == TETHER_OK;
        tether__os_lock_release(&lock);
    }
    if (removed) {
        tether__catalog_forget(catalog, task_id);
        c->result.removed++;
    } else {
        c->result.kept++;
    }
}

static int collect_session(collection *c, tether__catalog *catalog, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count, leftovers;
    int code = tether__replay(catalog, true, TETHER__LOOK_NOW, &c->result.quarantined, error);
    if (code == TETHER_OK)
        code = tether__catalog_ids(catalog, true, &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    for (size_t i = 0; i < count; i++) {
        uv_mutex_lock(&catalog->disk);
        collect_task(c, catalog, ids[i]);
        uv_mutex_unlock(&catalog->disk);
    }
    free(ids);
    uv_mutex_lock(&catalog->disk);
    code = tether__sweep(catalog, &leftovers, error);
    uv_mutex_unlock(&catalog->disk);
    c->result.leftovers += leftovers;
    return code;
}

/* A session that is not the registry's own, with a catalog for this moment. */
static int collect_foreign(collection *c, const char *key, tether_error *error)
{
    tether__session session;
    tether__catalog catalog;
    const tether__session *own = &c->registry->session;
    int code =
        tether__session_open_key(&c->registry->store, key, own->lock_timeout_ms, &session, error);
    if (code != TETHER_OK)
        return code;
    code = tether__catalog_init(&catalog, &session, error);
    if (code == TETHER_OK) {
        code = collect_session(c, &catalog, error);
        tether__catalog_dispose(&catalog);
    }
    tether__session_close(&session);
    return code;
}

/* Whether a name in the store is a session's: 16 hexadecimal digits. */
static bool is_key(const char *name)
{
    return strlen(name) == TETHER__SESSION_KEY_SIZE - 1 &&
           strspn(name, "0123456789abcdef") == TETHER__SESSION_KEY_SIZE - 1;
}

static bool visit_session(const char *name, void *userdata)
{
    collection *c = userdata;
    char own[TETHER__SESSION_KEY_SIZE];
    tether_error problem = {0};
    if (!is_key(name))
        return true;
    tether__session_key(c->registry->session.id, own);
    int code = strcmp(name, own) == 0 ? collect_session(c, &c->registry->catalog, &problem)
                                      : collect_foreign(c, name, &problem);
    /* A session that goes away or never was whole is not the caller's trouble. */
    if (code != TETHER_OK && code != TETHER_ENOTASK && c->code == TETHER_OK) {
        c->code = code;
        if (c->error != NULL)
            *c->error = problem;
    }
    return true;
}

int tether_gc(tether_registry *registry, const tether_gc_options *given, tether_gc_result *result,
              tether_error *error)
{
    tether_gc_options options = {0};
    if (given != NULL) {
        size_t size = given->size == 0 ? sizeof options : given->size;
        memcpy(&options, given, size < sizeof options ? size : sizeof options);
    }
    if (options.older_than_ms < -1)
        return tether__fail(error, TETHER_EINVAL, 0, "collect garbage", "the age is negative");
    collection c = {
        .registry = registry,
        .older_than_ms = options.older_than_ms == 0 ? DEFAULT_AGE_MS : options.older_than_ms,
        .error = error,
    };
    int code = tether__os_dir_list(registry->store.root, visit_session, &c, error);
    if (result != NULL)
        *result = c.result;
    return code != TETHER_OK ? code : c.code;
}
