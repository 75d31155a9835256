/* Owns the public calls for watches, and the adoption of kept watches.
 * Must not: search, or deliver matches.
 * Thread: any. */
#include "output/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/refresh.h"
#include "format/kept_watch.h"
#include "format/name.h"
#include "output/outputs.h"
#include "output/tap.h"
#include "search/search.h"
#include "tether/output.h"
#include "tether/watch.h"

static const char step[] = "watch output";

static int check_spec(const tether_watch_spec *spec, tether_error *error)
{
    if (spec->pattern == NULL || (int)spec->view < 0 || spec->view > TETHER_VIEW_STDERR)
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "no pattern was given, or the view is unknown");
    if (spec->partial && (spec->whole_lines || !spec->transient))
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "partial excludes whole_lines and needs transient, because a stored "
                            "watch reports only what cannot change any more");
    return TETHER_OK;
}

static int take_spec(const tether_watch_spec *given, tether_watch_spec *spec, tether_error *error)
{
    if (given == NULL)
        return tether__fail(error, TETHER_EINVAL, 0, step, "no spec was given");
    int code = tether__options_take(given, spec, sizeof *spec, NULL, "tether_watch_spec", error);
    if (code == TETHER_OK)
        code = check_spec(spec, error);
    if (code == TETHER_OK && spec->pattern_size == 0)
        spec->pattern_size = strlen(spec->pattern);
    return code;
}

/* Refreshes the task, so that the catalog knows the task, and finds the largest number of the
 * task's kept watches. */
static int refresh_task(tether_registry *registry, const char *task_id, int *largest,
                        tether_error *error)
{
    tether__entry *entry;
    uv_mutex_lock(&registry->catalog.disk);
    int code = tether__refresh(&registry->catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        tether__kept_watches_count(&entry->record, largest);
    uv_mutex_unlock(&registry->catalog.disk);
    return code;
}

static int find_positions(tether_registry *registry, const char *task_id, bool from_now,
                          uint64_t position[2], tether_error *error)
{
    int code = TETHER_OK;
    position[0] = position[1] = 0;
    for (int stream = 0; code == TETHER_OK && from_now && stream < 2; stream++)
        code =
            tether_output_size(registry, task_id, (tether_stream)stream, &position[stream], error);
    return code;
}

/* --- Adding --- */

typedef struct addition {
    tether__kept_watch *watch;
    int last_used; /* the largest number that this registry has used */
    bool full;
    bool done;
} addition;

/* Chooses the number of a kept watch, and adds the watch to the record. The caller holds the
 * session lock, because other hosts add watches too. */
static bool put_watch(tether__record *record, void *userdata)
{
    addition *a = userdata;
    int largest;
    a->full = tether__kept_watches_count(record, &largest) >= TETHER_WATCHES_PER_TASK;
    if (a->full)
        return false;
    a->watch->number = (largest > a->last_used ? largest : a->last_used) + 1;
    a->done = tether__kept_watch_put(record, a->watch);
    return a->done;
}

static bool drop_watch(tether__record *record, void *userdata)
{
    return tether__kept_watch_drop(record, *(const int *)userdata);
}

static int change_record(tether_registry *registry, const char *task_id,
                         bool (*change)(tether__record *record, void *userdata), void *userdata,
                         tether_error *error)
{
    uv_mutex_lock(&registry->catalog.disk);
    int code = tether__refresh_change(&registry->catalog, task_id, change, userdata, NULL, error);
    uv_mutex_unlock(&registry->catalog.disk);
    return code;
}

/* Stores the watch, with its number, in the record. */
static int store_watch(tether_registry *registry, const char *task_id, tether__kept_watch *watch,
                       int last_used, tether_error *error)
{
    addition a = {watch, last_used, false, false};
    int code = tether__holder_publish(&registry->holder, registry->session.lock_timeout_ms, error);
    if (code != TETHER_OK)
        return code;
    strcpy(watch->holder, registry->holder.id);
    code = change_record(registry, task_id, put_watch, &a, error);
    if (code == TETHER_OK && a.full)
        code = tether__fail(error, TETHER_EQUOTA, 0, step,
                            "task %s has %d watches already, which is the most; remove one",
                            task_id, TETHER_WATCHES_PER_TASK);
    else if (code == TETHER_OK && !a.done)
        code = tether__fail_memory(error, step);
    return code;
}

/* Chooses the number, stores a kept watch, and starts the search. The caller has called
 * tether__taps_lock_numbers. */
static int number_and_start(tether_registry *registry, const char *task_id, int largest,
                            tether__kept_watch *watch, tether__search *search, tether_error *error)
{
    tether__taps *taps = tether__outputs_of(registry)->taps;
    int last = tether__taps_last_number(taps);
    int code = TETHER_OK;
    watch->number = (largest > last ? largest : last) + 1;
    if (search->kept)
        code = store_watch(registry, task_id, watch, last, error);
    if (code != TETHER_OK) {
        tether__search_free(search);
        return code;
    }
    bool kept = search->kept;
    search->number = watch->number;
    tether__taps_note_number(taps, watch->number);
    code = tether__taps_add(taps, task_id, search, error);
    if (code != TETHER_OK && kept)
        change_record(registry, task_id, drop_watch, &watch->number, NULL);
    return code;
}

static int add_watch(tether_registry *registry, const char *task_id, tether__kept_watch *watch,
                     const tether_watch_spec *spec, tether_error *error)
{
    tether__search *search;
    int largest;
    int code = refresh_task(registry, task_id, &largest, error);
    /* Compiles the pattern before anything is stored, so that an invalid one leaves nothing. */
    if (code == TETHER_OK)
        code = tether__search_new(watch, !spec->transient, &search, error);
    if (code != TETHER_OK)
        return code;
    search->partial = spec->partial;
    tether__taps_lock_numbers(tether__outputs_of(registry)->taps);
    code = number_and_start(registry, task_id, largest, watch, search, error);
    tether__taps_unlock_numbers(tether__outputs_of(registry)->taps);
    return code;
}

int tether_watch_add(tether_registry *registry, const char *task_id, const tether_watch_spec *given,
                     int *number, tether_error *error)
{
    tether_watch_spec spec;
    *number = 0;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK)
        code = take_spec(given, &spec, error);
    if (code == TETHER_OK && !tether__events_has_listener(registry->catalog.events))
        code = tether__fail(
            error, TETHER_EINVAL, 0, step,
            "matches cannot be delivered without an on_event; open the registry with one");
    if (code != TETHER_OK)
        return code;
    tether__kept_watch watch = {
        .pattern = (char *)spec.pattern, /* only read */
        .pattern_size = spec.pattern_size,
        .fixed = spec.fixed,
        .once = spec.once,
        .whole_lines = spec.whole_lines,
        .view = spec.view,
    };
    code = find_positions(registry, task_id, spec.from_now, watch.position, error);
    if (code == TETHER_OK)
        code = add_watch(registry, task_id, &watch, &spec, error);
    if (code == TETHER_OK)
        *number = watch.number;
    return code;
}

/* Finds whether a watch is in the record, without the session lock: a transient one is not, and
 * nobody adds one with a number that is given already. */
static int find_kept(tether_registry *registry, const char *task_id, int watch, bool *kept,
                     tether_error *error)
{
    tether__entry *entry;
    uv_mutex_lock(&registry->catalog.disk);
    int code = tether__refresh(&registry->catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    *kept = code == TETHER_OK && tether__kept_watch_has(&entry->record, watch);
    uv_mutex_unlock(&registry->catalog.disk);
    return code;
}

int tether_watch_remove(tether_registry *registry, const char *task_id, int watch,
                        tether_error *error)
{
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    if (watch > 0)
        tether__taps_remove(tether__outputs_of(registry)->taps, task_id, watch);
    bool kept;
    code = find_kept(registry, task_id, watch, &kept, error);
    return code == TETHER_OK && kept ? change_record(registry, task_id, drop_watch, &watch, error)
                                     : code;
}

/* --- Adopting --- */

typedef struct adoption {
    tether_registry *registry;
    size_t count;
    tether__kept_watch watches[TETHER_WATCHES_PER_TASK];
} adoption;

/* Claims kept watches whose holder is dead. The caller holds the session lock, so that no two hosts
 * continue the same watch. */
static bool claim_orphans(tether__record *record, void *userdata)
{
    adoption *a = userdata;
    int ignored;
    tether__kept_watch watch;
    tether__holder *own = &a->registry->holder;
    size_t count = tether__kept_watches_count(record, &ignored);
    for (size_t i = 0; i < count && a->count < TETHER_WATCHES_PER_TASK; i++) {
        if (!tether__kept_watch_get(record, i, &watch))
            continue;
        bool orphaned = !tether__holder_alive(own, watch.holder);
        strcpy(watch.holder, own->id);
        if (orphaned && tether__kept_watch_put(record, &watch))
            a->watches[a->count++] = watch;
        else
            tether__kept_watch_dispose(&watch);
    }
    return a->count > 0;
}

static void resume_watch(tether_registry *registry, const char *task_id,
                         const tether__kept_watch *watch)
{
    tether_error problem = {0};
    tether__search *search;
    int code = tether__search_new(watch, true, &search, &problem);
    if (code == TETHER_OK) {
        search->number = watch->number;
        code = tether__taps_add(tether__outputs_of(registry)->taps, task_id, search, &problem);
    }
    if (code != TETHER_OK)
        tether__events_log(registry->catalog.events, TETHER_LOG_ERROR, task_id, &problem);
}

static void adopt_task(tether_registry *registry, const char *task_id)
{
    tether_error problem = {0};
    adoption a = {.registry = registry};
    int code =
        tether__holder_publish(&registry->holder, registry->session.lock_timeout_ms, &problem);
    if (code == TETHER_OK)
        code = change_record(registry, task_id, claim_orphans, &a, &problem);
    for (size_t i = 0; i < a.count; i++) {
        if (code == TETHER_OK)
            resume_watch(registry, task_id, &a.watches[i]);
        tether__kept_watch_dispose(&a.watches[i]);
    }
    if (code != TETHER_OK)
        tether__events_log(registry->catalog.events, TETHER_LOG_ERROR, task_id, &problem);
}

static bool has_kept_watches(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->disk);
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool watched = entry != NULL && entry->record.watched && !entry->record.read_only;
    uv_mutex_unlock(&catalog->disk);
    return watched;
}

void tether__watches_adopt(tether_registry *registry)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    tether__catalog *catalog = &registry->catalog;
    if (!tether__events_has_listener(catalog->events) ||
        tether__catalog_ids(catalog, TETHER__SCOPE_PENDING, &ids, &count, NULL) != TETHER_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        if (has_kept_watches(catalog, ids[i]))
            adopt_task(registry, ids[i]);
    }
    free(ids);
}
