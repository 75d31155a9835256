/* Owns the opening and closing of registries.
 * Must not: know how tasks are started, watched or killed; other modules do that, and this one
 * assembles them.
 * Thread: any; with a host's own loop, the thread of that loop. */
#include "registry/registry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/kill.h"
#include "engine/kill_rounds.h"
#include "engine/refresh.h"
#include "store/session.h"
#include "engine/replay.h"
#include "format/name.h"
#include "os/child_start.h"
#include "os/clock.h"
#include "os/host.h"
#include "os/process.h"
#include "output/outputs.h"
#include "output/tap_read.h"
#include "output/watch.h"
#include "task/proxy.h"
#include "task/task.h"

enum {
    DEFAULT_TIMEOUT_MS = 30 * 60 * 1000,
    DEFAULT_REMINDER_MS = 10 * 60 * 1000,
    DEFAULT_LOCK_TIMEOUT_MS = 5000
};
enum { REAP_PATIENCE_MS = 1000 };

_Static_assert(offsetof(tether__whole, tasks.outputs.core) == 0,
               "a tether_registry is cast to a tether__whole");

static tether__whole *whole_of(tether_registry *registry)
{
    return (tether__whole *)(void *)registry;
}

/* Copies the caller's options, with zero for fields that the caller's version does not have, and
 * validates them. */
static int read_options(const tether_open_options *given, tether_open_options *options,
                        tether_error *error)
{
    int code =
        tether__options_take(given, options, sizeof *options, NULL, "tether_open_options", error);
    if (code != TETHER_OK)
        return code;
    if (options->session == NULL)
        options->session = "default";
    if (!tether__session_id_valid(options->session))
        return tether__fail(error, TETHER_EINVAL, 0, "check session id",
                            "\"%.80s\" cannot be a session id: use 1 to 128 bytes of UTF-8 "
                            "without control characters, / and \\, without a dot or blank at the "
                            "end, and no device name of Windows",
                            options->session);
    if (options->store != NULL && options->ephemeral)
        return tether__fail(error, TETHER_EINVAL, 0, "check options",
                            "an ephemeral store has no path; set either store or ephemeral");
    if (options->existing && options->ephemeral)
        return tether__fail(error, TETHER_EINVAL, 0, "check options",
                            "an ephemeral store is always new; set either existing or ephemeral");
    if (options->store != NULL && options->store[0] == '\0')
        return tether__fail(error, TETHER_EINVAL, 0, "open store",
                            "the store's path is empty; name a directory");
    if (options->dispatch && options->loop != NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check options",
                            "a registry runs on a loop or by tether_dispatch; set either");
    if (options->default_timeout_ms < TETHER_NO_TIMEOUT || options->lock_timeout_ms < 0 ||
        options->reminder_ms < TETHER_NO_REMINDER || (int)options->reaper < 0 ||
        options->reaper > TETHER_REAPER_POLLING)
        return tether__fail(error, TETHER_EINVAL, 0, "check options",
                            "a time in the options is negative, or the reaper mode is unknown");
    return TETHER_OK;
}

static int open_events(tether_registry *registry, const tether_open_options *options,
                       tether_error *error)
{
    tether__catalog *catalog = &registry->catalog;
    catalog->opening = true;
    catalog->reminder_ms = options->reminder_ms == 0                    ? DEFAULT_REMINDER_MS
                           : options->reminder_ms == TETHER_NO_REMINDER ? 0
                                                                        : options->reminder_ms;
    tether__deliverer deliverer = {.loop = options->loop};
    if (options->dispatch && options->loop == NULL)
        deliverer.pollable = whole_of(registry)->dispatcher->pollable;
    int code = tether__events_open(registry, options->on_event, options->userdata,
                                   tether__task_snapshot, &deliverer, &catalog->events, error);
    if (code != TETHER_OK)
        return code;
    code = tether__taps_open(registry, &tether__outputs_of(registry)->taps, error);
    if (code != TETHER_OK)
        tether__events_close(catalog->events, NULL, NULL);
    return code;
}

static void close_events(tether_registry *registry)
{
    tether__events_close(registry->catalog.events, tether__taps_dispose,
                         tether__outputs_of(registry)->taps);
}

static int open_reaper(tether_registry *registry, const tether_open_options *options,
                       tether_error *error)
{
    const tether__reaper_observer taps = {tether__taps_output_grew, tether__taps_schedule_unwatched,
                                          tether__outputs_of(registry)->taps};
    int code = tether__reaper_open(&registry->catalog, &taps, &registry->reaper, error);
    if (code != TETHER_OK || registry->catch_up != NULL)
        return code;
    code = tether__reaper_start(registry->reaper, options->loop, options->reaper, error);
    if (code != TETHER_OK) {
        tether__reaper_close(registry->reaper);
        registry->reaper = NULL;
    }
    return code;
}

static int open_holder(tether_registry *registry, tether_error *error)
{
    int code = tether__holder_init(&registry->holder, &registry->store, error);
    if (code != TETHER_OK)
        return code;
    code = tether__leases_init(&tether__tasks_of(registry)->leases, error);
    if (code != TETHER_OK)
        tether__holder_dispose(&registry->holder);
    return code;
}

static void close_holder(tether_registry *registry)
{
    tether__tasks_unbind(registry);
    tether__leases_dispose(&tether__tasks_of(registry)->leases);
    tether__holder_dispose(&registry->holder);
}

/* Ends an opening. `missing` is the code for what is not there: who creates nothing names the
 * session then, whether it is that or the whole store. */
static int conclude(const tether_open_options *options, int code, int missing,
                    const tether_error *problem, tether_error *error)
{
    if (code == missing && options->existing)
        return tether__fail(error, TETHER_EGONE, 0, "open session",
                            "there is no session %.80s in the store; start a task in it, or name "
                            "another session",
                            options->session);
    if (code != TETHER_OK)
        tether__error_set(error, problem);
    return code;
}

static int open_store(tether_registry *registry, const tether_open_options *options,
                      tether_error *error)
{
    tether_error problem = {0};
    if (options->ephemeral)
        return tether__ephemeral_open(&whole_of(registry)->ephemeral, &registry->store, error);
    int code = tether__store_open(options->store, !options->existing, &registry->store, &problem);
    return conclude(options, code, TETHER_EGONE, &problem, error);
}

static int open_session(tether_registry *registry, const tether_open_options *options,
                        tether_error *error)
{
    int64_t lock_timeout =
        options->lock_timeout_ms != 0 ? options->lock_timeout_ms : DEFAULT_LOCK_TIMEOUT_MS;
    tether_error problem = {0};
    int code = (options->existing ? tether__session_open_existing : tether__session_open)(
        &registry->store, options->session, lock_timeout, &registry->session, &problem);
    return conclude(options, code, TETHER_ENOTASK, &problem, error);
}

static int open_parts(tether_registry *registry, const tether_open_options *options,
                      tether_error *error)
{
    int code = open_store(registry, options, error);
    if (code != TETHER_OK)
        return code;
    registry->store.sync = options->sync != 0;
    code = open_session(registry, options, error);
    if (code != TETHER_OK)
        goto close_store;
    code = tether__catalog_init(&registry->catalog, &registry->session, error);
    if (code != TETHER_OK)
        goto close_session;
    tether__gate_init(&registry->gate, &registry->catalog);
    code = open_events(registry, options, error);
    if (code != TETHER_OK)
        goto close_catalog;
    code = open_holder(registry, error);
    if (code != TETHER_OK)
        goto close_events;
    /* The reaper watches for events before replay() inspects the tasks: a task that ends in between
     * is noticed twice, not missed. */
    code = open_reaper(registry, options, error);
    if (code == TETHER_OK)
        return TETHER_OK;
    close_holder(registry);
close_events:
    close_events(registry);
close_catalog:
    tether__catalog_dispose(&registry->catalog);
close_session:
    tether__session_close(&registry->session);
close_store:
    tether__store_close(&registry->store);
    tether__ephemeral_close(whole_of(registry)->ephemeral, NULL);
    return code;
}

static int replay(tether_registry *registry, tether_error *error)
{
    tether__catalog *catalog = &registry->catalog;
    tether_error problem = {0};
    int code = tether__replay(catalog, tether__replay_scope(catalog), TETHER__INSPECT_OPENING, NULL,
                              &problem);
    /* A task that cannot be read must not keep the others from this host. */
    bool incomplete = code != TETHER_OK && !tether__replay_is_general(code);
    if (code != TETHER_OK && !incomplete) {
        tether__error_set(error, &problem);
        return code;
    }
    uv_mutex_lock(&catalog->disk);
    code = tether__sweep(catalog, &registry->swept, error);
    uv_mutex_unlock(&catalog->disk);
    uv_mutex_lock(&catalog->state);
    catalog->opening = false;
    uv_mutex_unlock(&catalog->state);
    if (incomplete) {
        tether__events_log(catalog->events, TETHER_LOG_WARNING, NULL, &problem);
        tether__reaper_inspect(registry->reaper);
    } else {
        tether__reaper_wake(registry->reaper);
    }
    return code;
}

static void free_whole(tether__whole *whole)
{
    free(whole->tasks.monitor);
    tether__dispatcher_close(whole->dispatcher);
    uv_mutex_destroy(&whole->opening);
    free(whole);
}

static int close_parts(tether_registry *registry, tether_error *error)
{
    tether__reaper_close(registry->reaper);
    close_events(registry);
    close_holder(registry);
    tether__catalog_dispose(&registry->catalog);
    tether__session_close(&registry->session);
    tether__store_close(&registry->store);
    int code = tether__ephemeral_close(whole_of(registry)->ephemeral, error);
    free_whole(whole_of(registry));
    return code;
}

static void apply_settings(tether__tasks *tasks, const tether_open_options *options)
{
    tasks->default_timeout_ms =
        options->default_timeout_ms != 0 ? options->default_timeout_ms : DEFAULT_TIMEOUT_MS;
    tasks->max_running = options->max_running;
    tasks->max_started = options->max_started;
    tasks->max_output_bytes = options->max_output_bytes;
    tasks->outputs.compress = options->compress;
    tasks->outputs.compress_userdata = options->userdata;
}

/* The registry's catch_up. Without `start` it only inspects the tasks that are overdue, as often as
 * it is called, and leaves leftovers to another opening. */
static int catch_up(tether_registry *registry, bool start, tether_error *error)
{
    tether__whole *whole = whole_of(registry);
    int code = TETHER_OK;
    uv_mutex_lock(&whole->opening);
    if (!whole->complete && start) {
        /* Before the tasks are inspected, as in open_parts. */
        code = tether__reaper_start(registry->reaper, NULL, whole->reaper_mode, error);
        whole->complete = code == TETHER_OK;
        if (code == TETHER_OK)
            code = replay(registry, error);
    } else if (!whole->complete) {
        code = tether__replay_overdue(&registry->catalog, error);
    }
    uv_mutex_unlock(&whole->opening);
    return code;
}

/* Chooses whether this opening is deferred: not if anybody listens for what it would find. */
static int choose_deferral(tether__whole *whole, const tether_open_options *options,
                           tether_error *error)
{
    whole->reaper_mode = options->reaper;
    whole->complete = !options->deferred || options->loop != NULL || options->on_event != NULL ||
                      options->dispatch;
    whole->tasks.outputs.core.catch_up = whole->complete ? NULL : catch_up;
    return uv_mutex_init(&whole->opening) == 0 ? TETHER_OK
                                               : tether__fail_memory(error, "open registry");
}

/* The host runs the registry by turns: its loop becomes the registry's, if it has one. */
static int open_dispatcher(tether__whole *whole, tether_open_options *options, tether_error *error)
{
    if (!options->dispatch)
        return TETHER_OK;
    int code = tether__dispatcher_open(&whole->dispatcher, error);
    if (code == TETHER_OK)
        options->loop = tether__os_pollable_loop(whole->dispatcher->pollable);
    whole->tasks.outputs.core.by_turns = options->loop != NULL;
    return code;
}

/* Does what makes a new registry take part in its session. */
static int join_session(tether_registry *registry, const tether_open_options *options,
                        tether_error *error)
{
    tether__whole *whole = whole_of(registry);
    int code = whole->complete ? replay(registry, error) : TETHER_OK;
    if (code != TETHER_OK)
        return code;
    if (!options->leave_watches)
        tether__watches_adopt(registry);
    if (!options->no_gc && whole->ephemeral == NULL)
        whole->housekeeper = tether__housekeeper_start(registry);
    return TETHER_OK;
}

int tether_open(const tether_open_options *given, tether_registry **out, tether_error *error)
{
    tether_open_options options;
    if (out == NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "open registry",
                            "the pointer to store the registry in is NULL");
    *out = NULL;
    int code = read_options(given, &options, error);
    if (code != TETHER_OK)
        return code;
    tether__whole *whole = calloc(1, sizeof *whole);
    if (whole == NULL)
        return tether__fail_memory(error, "open registry");
    tether_registry *registry = &whole->tasks.outputs.core;
    apply_settings(&whole->tasks, &options);
    code = choose_deferral(whole, &options, error);
    if (code != TETHER_OK) {
        free(whole);
        return code;
    }
    code = open_dispatcher(whole, &options, error);
    if (code == TETHER_OK)
        code = open_parts(registry, &options, error);
    if (code != TETHER_OK) {
        free_whole(whole);
        return code;
    }
    code = join_session(registry, &options, error);
    if (code != TETHER_OK) {
        close_parts(registry, NULL);
        return code;
    }
    /* Events start last: callbacks need a complete registry, and may close it. */
    *out = registry;
    /* Only a turn adds what is new on a loop to its descriptor. None is delivered yet. */
    if (whole->dispatcher != NULL)
        tether__os_pollable_turn(whole->dispatcher->pollable);
    if (options.on_event == NULL)
        return TETHER_OK;
    code = tether__events_start(registry->catalog.events, error);
    if (code != TETHER_OK) {
        *out = NULL;
        tether_close(registry, TETHER_DETACH, NULL);
    }
    return code;
}

/* Removes the ids of tasks that are unknown or are being killed already. Returns how many are left.
 */
static size_t drop_killing(tether__catalog *catalog, char (*ids)[TETHER_ID_SIZE], size_t count)
{
    size_t kept = 0;
    uv_mutex_lock(&catalog->state);
    for (size_t i = 0; i < count; i++) {
        const tether__entry *entry = tether__catalog_find(catalog, ids[i]);
        if (entry == NULL || entry->status == TETHER_STATUS_KILLING)
            continue;
        if (kept != i)
            strcpy(ids[kept], ids[i]);
        kept++;
    }
    uv_mutex_unlock(&catalog->state);
    return kept;
}

/* Kills all live tasks of the session. With `again`, only those that were started since the first
 * time. If not all tasks can be read, kills those that are known, and fails in the end. */
static int kill_all(tether__catalog *catalog, bool again, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int first = tether__replay(catalog, TETHER__SCOPE_LIVE, TETHER__INSPECT_NOW, NULL, error);
    tether_error *later = first == TETHER_OK ? error : NULL;
    int code = tether__catalog_ids(catalog, TETHER__SCOPE_LIVE, &ids, &count, later);
    if (code == TETHER_OK) {
        if (again)
            count = drop_killing(catalog, ids, count);
        if (count > 0)
            code = tether__kill_rounds(catalog, ids, count, TETHER__INTENT_SHUTDOWN, later);
        free(ids);
    }
    return first != TETHER_OK ? first : code;
}

/* Uses the identity that this process knows of its child, because the supervisor may not have
 * written its own to the marker yet. */
static bool set_running(tether__record *record, void *userdata)
{
    const tether__identity *child = userdata;
    if (record->status != TETHER_STATUS_STARTING || !tether__record_set_identity(record, child))
        return false;
    record->status = TETHER_STATUS_RUNNING;
    record->child_pid = child->pid;
    return true;
}

/* Records as running, with their identity, the tasks that this process started and whose records
 * still say starting. After the close, this process no longer writes records. */
static void write_running(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->disk);
    for (size_t i = 0; i < catalog->count; i++) {
        tether__entry *entry = catalog->entries[i];
        if (entry->status != TETHER_STATUS_STARTING)
            continue;
        tether__identity child = tether__child_identity(&entry->child);
        child.start_time = tether__child_start_time(&child);
        if (child.start_time != 0)
            tether__refresh_change(catalog, entry->id, set_running, &child, NULL, NULL);
    }
    uv_mutex_unlock(&catalog->disk);
}

/* Reaps children that have ended, so that the host keeps no zombies. Nothing tells whether those of
 * forgotten tasks have. */
static void reap_children(tether__catalog *catalog)
{
    int64_t deadline = tether__os_monotonic_ms() + REAP_PATIENCE_MS;
    for (size_t i = 0; i < catalog->count; i++) {
        tether__entry *entry = catalog->entries[i];
        while (entry->child.pid != 0 && !tether__child_reap(&entry->child)) {
            /* Waits only for supervisors of ended tasks, which exit right after their exit line. */
            if (!entry->ended || tether__os_monotonic_ms() > deadline)
                break;
            uv_sleep(1);
        }
    }
    for (tether__entry *orphan = catalog->orphans; orphan != NULL; orphan = orphan->next_orphan)
        (void)tether__child_reap(&orphan->child);
}

int tether_close(tether_registry *registry, tether_close_mode mode, tether_error *error)
{
    if (registry == NULL)
        return TETHER_OK;
    tether__housekeeper_stop(whole_of(registry)->housekeeper);
    /* An ephemeral store is removed, so its tasks must not survive the close. */
    bool kills = mode == TETHER_SHUTDOWN || whole_of(registry)->ephemeral != NULL;
    int code = kills ? kill_all(&registry->catalog, false, error) : TETHER_OK;
    tether__gate_close(&registry->gate);
    tether__events_stop(registry->catalog.events);
    /* Callbacks could start tasks until tether__events_stop returned: kill those too. */
    int second_code =
        kills ? kill_all(&registry->catalog, true, code == TETHER_OK ? error : NULL) : TETHER_OK;
    if (code == TETHER_OK)
        code = second_code;
    tether__proxies_close(registry);
    tether__taps_save(tether__outputs_of(registry)->taps);
    tether__reaper_close(registry->reaper);
    registry->reaper = NULL;
    /* After a deferred opening, the next host that inspects the tasks writes it. */
    if (whole_of(registry)->complete)
        write_running(&registry->catalog);
    tether__kill_hand_over(&registry->catalog);
    reap_children(&registry->catalog);
    int close_code = close_parts(registry, code == TETHER_OK ? error : NULL);
    return code != TETHER_OK ? code : close_code;
}

void tether_interrupt(tether_registry *registry)
{
    tether__gate_shut(&registry->gate);
}

int tether_default_store(char **path, tether_error *error)
{
    return tether__os_default_store(path, error);
}
