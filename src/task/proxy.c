/* Owns proxy tasks: work of this process as a task, with this process as its supervisor.
 * Must not: send a signal, or open a descriptor that a child inherits.
 * Thread: any. */
#include "task/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/host.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "store/compact.h"
#include "store/id.h"
#include "store/self.h"
#include "task/birth.h"
#include "task/quota.h"
#include "task/tasks.h"

enum { SIGNAL_LIMIT = 127, CODE_LIMIT = 255 };

struct tether_proxy {
    tether__proxies *all;
    tether_proxy *next, *previous; /* guarded by the lock of `all` */
    char id[TETHER_ID_SIZE];
    tether__lifeline lifeline;
    tether__dir *bundle;
    bool follows; /* the session is followed for this proxy */
};

/* The open proxies of one registry. This object outlives the registry, so that calls on a proxy are
 * safe while the registry is being closed and afterwards. All members are guarded by `lock`. */
struct tether__proxies {
    uv_mutex_t lock;
    uv_cond_t call_returned;   /* with `lock`: a call has returned */
    tether_registry *registry; /* NULL: it was closed */
    size_t calls;              /* running calls that use the registry */
    size_t users;              /* the registry and each proxy; the last one frees this */
    tether_proxy *first;
};

/* A proxy that is being opened. */
typedef struct opening {
    tether_proxy_spec spec; /* as this version knows it; the pointers are the caller's */
    char *workdir;
    char *project_root;
    char *command;
    tether_proxy *proxy;
    tether__record record;
    tether__file_stamp stamp;
} opening;

static tether__proxies *proxies_new(tether_registry *registry)
{
    tether__proxies *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    if (uv_mutex_init(&all->lock) != 0) {
        free(all);
        return NULL;
    }
    if (uv_cond_init(&all->call_returned) != 0) {
        uv_mutex_destroy(&all->lock);
        free(all);
        return NULL;
    }
    all->registry = registry;
    all->users = 1;
    return all;
}

/* Returns the registry's proxies, which the first call creates. NULL when memory is short. */
static tether__proxies *proxies_of(tether_registry *registry)
{
    uv_mutex_lock(&registry->catalog.state);
    if (tether__tasks_of(registry)->proxies == NULL)
        tether__tasks_of(registry)->proxies = proxies_new(registry);
    tether__proxies *all = tether__tasks_of(registry)->proxies;
    uv_mutex_unlock(&registry->catalog.state);
    return all;
}

/* Drops one user and releases `lock`, which the caller holds. The last user frees the object. */
static void release_proxies(tether__proxies *all)
{
    bool last = --all->users == 0;
    uv_mutex_unlock(&all->lock);
    if (!last)
        return;
    uv_cond_destroy(&all->call_returned);
    uv_mutex_destroy(&all->lock);
    free(all);
}

/* Begins a call: returns the registry, which stays open until `leave`. NULL: it was closed. */
static tether_registry *enter(tether__proxies *all)
{
    uv_mutex_lock(&all->lock);
    tether_registry *registry = all->registry;
    if (registry != NULL)
        all->calls++;
    uv_mutex_unlock(&all->lock);
    return registry;
}

static void leave(tether__proxies *all)
{
    uv_mutex_lock(&all->lock);
    all->calls--;
    uv_cond_broadcast(&all->call_returned);
    uv_mutex_unlock(&all->lock);
}

static int fail_closed(const char *step, tether_error *error)
{
    return tether__fail(error, TETHER_ECLOSED, 0, step,
                        "the registry was closed, which ended its open proxies as lost");
}

/* Adds a proxy to the list, so that closing the registry ends the proxy. */
static void link_proxy(tether_proxy *proxy)
{
    tether__proxies *all = proxy->all;
    uv_mutex_lock(&all->lock);
    proxy->next = all->first;
    if (all->first != NULL)
        all->first->previous = proxy;
    all->first = proxy;
    all->users++;
    uv_mutex_unlock(&all->lock);
}

static void close_handles(tether_proxy *proxy)
{
    tether__os_lifeline_close(&proxy->lifeline);
    tether__os_dir_close(proxy->bundle);
    proxy->bundle = NULL;
}

/* Removes a proxy from the list and frees it. */
static void free_proxy(tether_proxy *proxy)
{
    tether__proxies *all = proxy->all;
    uv_mutex_lock(&all->lock);
    if (proxy->next != NULL)
        proxy->next->previous = proxy->previous;
    if (proxy->previous != NULL)
        proxy->previous->next = proxy->next;
    else
        all->first = proxy->next;
    close_handles(proxy);
    free(proxy);
    release_proxies(all);
}

/* --- Opening --- */

static int take_spec(const tether_proxy_spec *given, tether_proxy_spec *spec, tether_error *error)
{
    if (given == NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec", "no spec was given");
    int code = tether__options_take(given, spec, sizeof *spec, NULL, "tether_proxy_spec", error);
    if (code != TETHER_OK)
        return code;
    if (spec->command == NULL || spec->command[0] == '\0')
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the command is empty; give a text that describes the work");
    if (spec->task_id != NULL)
        code = tether__check_task_id(spec->task_id, error);
    if (code == TETHER_OK)
        code = tether__birth_check(spec->name, spec->timeout_ms, 0, error);
    return code;
}

/* Finds what can be wrong with the spec before anything is created. */
static int resolve(opening *o, tether_error *error)
{
    int code = TETHER_OK;
    if (o->spec.project_root != NULL)
        code = tether__os_real_directory("project directory", o->spec.project_root,
                                         &o->project_root, error);
    if (code != TETHER_OK)
        return code;
    /* Only for display: a task without processes needs no working directory. */
    if (tether__os_real_directory("working directory", NULL, &o->workdir, NULL) != TETHER_OK)
        o->workdir = NULL;
    o->command = tether__birth_command(o->spec.command, strlen(o->spec.command));
    o->proxy = calloc(1, sizeof *o->proxy);
    if (o->command == NULL || o->proxy == NULL)
        return tether__fail_memory(error, "open proxy");
    o->proxy->lifeline.handle = -1;
    return TETHER_OK;
}

/* Creates the lifeline first: without one, no part of the task may be visible. TETHER_ELOCKED if
 * the id is in use. The stamp of the bundle is enough to check that, because a lifeline always
 * precedes its bundle. */
static int create_lifeline(tether__session *session, tether_proxy *proxy, tether_error *error)
{
    tether__file_stamp stamp;
    tether_error problem = {0};
    int code = tether__os_file_stamp(session->tasks, proxy->id, &stamp, &problem);
    if (code == TETHER_OK)
        return TETHER_ELOCKED;
    if (code != TETHER_ENOTASK) {
        tether__error_set(error, &problem);
        return code;
    }
    return tether__os_lifeline_create(session->exits, proxy->id, &proxy->lifeline, error);
}

static int create_lifeline_any_id(tether__session *session, tether_proxy *proxy,
                                  tether_error *error)
{
    int code = TETHER_ELOCKED;
    for (int tries = 0; code == TETHER_ELOCKED && tries < TETHER__ID_TRIES; tries++) {
        code = tether__id_choose(proxy->id, error);
        if (code == TETHER_OK)
            code = create_lifeline(session, proxy, error);
    }
    return code;
}

static int claim_id(tether__session *session, const opening *o, tether_error *error)
{
    tether_proxy *proxy = o->proxy;
    int code;
    if (o->spec.task_id != NULL) {
        strcpy(proxy->id, o->spec.task_id);
        code = create_lifeline(session, proxy, error);
    } else {
        code = create_lifeline_any_id(session, proxy, error);
    }
    if (code != TETHER_ELOCKED)
        return code;
    return tether__fail(error, TETHER_EEXISTS, 0, "open proxy",
                        "there is already a task %s; choose another id", proxy->id);
}

/* The record says `running` and names the supervisor from the start. The record has no child_pid,
 * because that would be the pid of this host, and scripts might signal this host. */
static int fill_record(const tether__session *session, opening *o, tether_error *error)
{
    tether__birth birth = {
        .id = o->proxy->id,
        .name = o->spec.name,
        .project_root = o->project_root,
        .workdir = o->workdir,
        .command = o->command,
        .supervisor = TETHER__SUPERVISOR_PROXY,
        .timeout_ms = o->spec.timeout_ms,
        .notify = !o->spec.no_notify,
    };
    int code = tether__birth_record(&birth, session, &o->record, error);
    if (code != TETHER_OK)
        return code;
    o->record.status = TETHER_STATUS_RUNNING;
    tether__identity self;
    tether__self(&self);
    if (!tether__record_set_identity(&o->record, &self) ||
        !tether__record_set(&o->record, &o->record.stderr_path, TETHER__STDERR_FILE))
        return tether__fail_memory(error, "write record");
    return TETHER_OK;
}

/* Creates the bundle and the record. The supervisor's line is in the lifeline before the record is
 * visible. */
static int create_files(tether__session *session, opening *o, tether_error *error)
{
    char line[TETHER__MARKER_LINE_SIZE];
    tether_proxy *proxy = o->proxy;
    int code = tether__os_dir_open(session->tasks, proxy->id, true, &proxy->bundle, error);
    if (code == TETHER_OK)
        code = tether__os_file_create(proxy->bundle, TETHER__STDOUT_FILE, "", 0, error);
    if (code == TETHER_OK)
        code = tether__os_file_create(proxy->bundle, TETHER__STDERR_FILE, "", 0, error);
    if (code == TETHER_OK)
        code = fill_record(session, o, error);
    if (code == TETHER_OK) {
        const tether__identity self = tether__record_identity(&o->record);
        size_t size = tether__marker_format_supervisor(&self, line);
        code = tether__os_lifeline_append(&proxy->lifeline, line, size, error);
    }
    if (code == TETHER_OK)
        code = tether__bundle_create(session, &o->record, &o->stamp, error);
    return code;
}

/* Creates all files of the task. Takes the session lock, so that other hosts see the whole task or
 * nothing. The caller holds `disk`. */
static int create_task(tether_registry *registry, opening *o, tether_error *error)
{
    tether__session *session = &registry->session;
    tether__lock lock;
    int code = tether__session_lock(session, &lock, error);
    if (code != TETHER_OK)
        return code;
    tether__compact_if_large(session);
    code = claim_id(session, o, error);
    if (code == TETHER_OK) {
        code = tether__quota_check(registry, o->proxy->id, 0, error);
        if (code == TETHER_OK)
            code = create_files(session, o, error);
        if (code != TETHER_OK) {
            /* Closes the handles first, because the removal needs some itself. */
            close_handles(o->proxy);
            tether__bundle_undo(session, o->proxy->id, NULL);
        }
    }
    tether__os_lock_release(&lock);
    return code;
}

/* Adds the task to the catalog and marks it as this registry's own, so that a kill raises a CANCEL
 * event here. The caller holds `disk`; takes `state`. */
static int add_to_catalog(tether__catalog *catalog, opening *o, tether_error *error)
{
    const tether__identity no_child = {0};
    int code = tether__catalog_add(catalog, &o->record, &o->stamp, &no_child, error);
    if (code != TETHER_OK)
        return code;
    uv_mutex_lock(&catalog->state);
    tether__catalog_find(catalog, o->proxy->id)->own_proxy = true;
    uv_mutex_unlock(&catalog->state);
    return TETHER_OK;
}

/* Removes a task that is visible, after a failure to add it to the catalog. */
static void remove_task(tether__session *session, opening *o)
{
    tether__lock lock;
    int code = tether__session_lock(session, &lock, NULL);
    close_handles(o->proxy);
    if (code != TETHER_OK)
        return;
    tether__bundle_undo(session, o->proxy->id, NULL);
    tether__os_lock_release(&lock);
}

static void stop_following(tether_registry *registry, tether_proxy *proxy)
{
    if (proxy->follows)
        tether__reaper_unfollow_session(registry->reaper);
    proxy->follows = false;
}

static int create_and_add(tether_registry *registry, opening *o, tether_error *error)
{
    /* Other hosts ask for its end by a line in the journal. */
    o->proxy->follows = tether__reaper_follow_session(registry->reaper);
    uv_mutex_lock(&registry->catalog.disk);
    int code = create_task(registry, o, error);
    if (code == TETHER_OK) {
        /* The catalog may know an earlier, removed task with this id. */
        tether__catalog_forget(&registry->catalog, o->proxy->id);
        code = add_to_catalog(&registry->catalog, o, error);
        if (code != TETHER_OK)
            remove_task(&registry->session, o);
    }
    uv_mutex_unlock(&registry->catalog.disk);
    if (code != TETHER_OK)
        stop_following(registry, o->proxy);
    return code;
}

static void opening_dispose(opening *o)
{
    free(o->workdir);
    free(o->project_root);
    free(o->command);
    free(o->proxy);
    tether__record_dispose(&o->record);
}

int tether_proxy_open(tether_registry *registry, const tether_proxy_spec *spec,
                      char task_id[TETHER_ID_SIZE], tether_proxy **proxy, tether_error *error)
{
    opening o = {0};
    *proxy = NULL;
    tether__record_init(&o.record);
    int code = take_spec(spec, &o.spec, error);
    tether__proxies *all = code == TETHER_OK ? proxies_of(registry) : NULL;
    if (code == TETHER_OK && all == NULL)
        code = tether__fail_memory(error, "open proxy");
    if (code == TETHER_OK)
        code = tether__rouse(registry, error);
    if (code == TETHER_OK)
        code = tether__quota_output(registry, error);
    if (code == TETHER_OK)
        code = resolve(&o, error);
    if (code == TETHER_OK)
        code = create_and_add(registry, &o, error);
    /* Only now, because spec->task_id may be the same buffer. */
    task_id[0] = '\0';
    if (code == TETHER_OK) {
        o.proxy->all = all;
        link_proxy(o.proxy);
        strcpy(task_id, o.proxy->id);
        tether__reaper_task_added(registry->reaper, task_id);
        *proxy = o.proxy;
        o.proxy = NULL;
    }
    opening_dispose(&o);
    return code;
}

/* --- Output, cancelling --- */

int tether_proxy_write(tether_proxy *proxy, tether_stream stream, const void *data, size_t size,
                       tether_error *error)
{
    static const char step[] = "write output";
    if (stream != TETHER_STDOUT && stream != TETHER_STDERR)
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "%d is not a stream; use TETHER_STDOUT or TETHER_STDERR", (int)stream);
    if (enter(proxy->all) == NULL)
        return fail_closed(step, error);
    const char *name = stream == TETHER_STDERR ? TETHER__STDERR_FILE : TETHER__STDOUT_FILE;
    int code = tether__os_file_append(proxy->bundle, name, data, size, error);
    if (code == TETHER_ENOTASK)
        code = tether__fail(
            error, TETHER_EGONE, 0, step,
            "the output file of task %s was removed; find out which program does that", proxy->id);
    leave(proxy->all);
    return code;
}

/* Returns whether the task should stop, as far as this registry knows. A deadline counts only once
 * a host has written it into the record as the intent of a kill: work that stopped earlier would
 * not be timed_out. Takes `state`. */
static bool should_stop(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool stop = entry == NULL || entry->ended || entry->status == TETHER_STATUS_KILLING;
    uv_mutex_unlock(&catalog->state);
    return stop;
}

bool tether_proxy_cancelled(tether_proxy *proxy)
{
    tether_registry *registry = enter(proxy->all);
    if (registry == NULL)
        return true;
    bool cancelled = should_stop(&registry->catalog, proxy->id);
    leave(proxy->all);
    return cancelled;
}

/* --- The end --- */

static bool set_lost(tether__record *record, void *userdata)
{
    (void)userdata;
    if (tether_status_ended(record->status))
        return false;
    record->status = TETHER_STATUS_LOST;
    record->finished_at = tether__os_wall_ms();
    /* The end is valid even if there is no memory for the reason. */
    (void)tether__record_set(record, &record->reason, "given up by its owner");
    return true;
}

/* Ends a task whose outcome is not known and never will be. The task becomes lost, even if it is
 * being killed, because its work may go on, and `killed` would mean that the work is over. Writes
 * the record while the lifeline is held, so that no other host finalises the task first. If the
 * write fails, the refresh that follows finds the lifeline free and finalises the task. Takes
 * `disk`. */
static void mark_lost(tether_registry *registry, tether_proxy *proxy)
{
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh_change(catalog, proxy->id, set_lost, NULL, NULL, NULL);
    close_handles(proxy);
    if (code != TETHER_OK)
        tether__refresh(catalog, proxy->id, TETHER__INSPECT_NOW, NULL, NULL);
    uv_mutex_unlock(&catalog->disk);
}

static int append_end(const tether_proxy *proxy, int exit_code, int signal, tether_error *error)
{
    static const char step[] = "finish proxy";
    char line[TETHER__MARKER_LINE_SIZE];
    if (signal < 0 || signal > SIGNAL_LIMIT ||
        (signal == 0 && (exit_code < 0 || exit_code > CODE_LIMIT)))
        return tether__fail(
            error, TETHER_EINVAL, 0, step,
            "the task is lost, because its end was invalid; give an exit code from 0 "
            "to %d or a signal from 1 to %d",
            CODE_LIMIT, SIGNAL_LIMIT);
    if (!tether__os_lifeline_linked(&proxy->lifeline))
        return tether__fail(error, TETHER_EGONE, 0, step,
                            "the files of task %s were removed; find out which program does that",
                            proxy->id);
    size_t size =
        tether__marker_format_end(signal != 0 ? TETHER__END_SIGNAL : TETHER__END_EXIT,
                                  signal != 0 ? signal : exit_code, tether__os_uptime_ms(), line);
    return tether__os_lifeline_append(&proxy->lifeline, line, size, error);
}

/* Updates the record after the end was written to the marker, so that no other host has to find the
 * end. Even if that fails, the task has ended. Takes `disk`. */
static void record_end(tether_registry *registry, tether_proxy *proxy)
{
    close_handles(proxy);
    uv_mutex_lock(&registry->catalog.disk);
    tether__refresh(&registry->catalog, proxy->id, TETHER__INSPECT_NOW, NULL, NULL);
    uv_mutex_unlock(&registry->catalog.disk);
}

int tether_proxy_finish(tether_proxy *proxy, int exit_code, int signal, tether_error *error)
{
    int code;
    tether__proxies *all = proxy->all;
    tether_registry *registry = enter(all);
    if (registry == NULL) {
        code = fail_closed("finish proxy", error);
    } else {
        code = append_end(proxy, exit_code, signal, error);
        if (code == TETHER_OK)
            record_end(registry, proxy);
        else
            mark_lost(registry, proxy);
        stop_following(registry, proxy);
        leave(all);
    }
    free_proxy(proxy);
    return code;
}

void tether__proxies_close(tether_registry *registry)
{
    tether__proxies *all = tether__tasks_of(registry)->proxies;
    if (all == NULL)
        return;
    uv_mutex_lock(&all->lock);
    all->registry = NULL;
    while (all->calls > 0)
        uv_cond_wait(&all->call_returned, &all->lock);
    for (tether_proxy *proxy = all->first; proxy != NULL; proxy = proxy->next)
        mark_lost(registry, proxy);
    tether__tasks_of(registry)->proxies = NULL;
    release_proxies(all);
}
