/* Owns proxy tasks: this process's own work as a task, with this process as its supervisor.
 * Must not: send a signal, or keep a descriptor that a child inherits.
 * Thread: any. */
#include "task/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/refresh.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/host.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "store/id.h"
#include "store/self.h"
#include "task/birth.h"
#include "task/quota.h"
#include "task/tasks.h"

enum { SIGNAL_LIMIT = 127, CODE_LIMIT = 255 };

struct tether_proxy {
    tether__proxies *all;
    tether_proxy *next, *previous; /* under the lock of `all` */
    char id[TETHER_ID_SIZE];
    tether__lifeline lifeline;
    tether__dir *bundle;
};

/* Calls on a proxy may come while its registry is being closed, and after: they meet here. */
struct tether__proxies {
    uv_mutex_t lock;
    uv_cond_t left;            /* with `lock`: a call has left */
    tether_registry *registry; /* NULL: it is closed */
    size_t calls;              /* that use the registry */
    size_t users;              /* the registry and its proxies; the last one frees this */
    tether_proxy *first;
};

/* A proxy in the making. */
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
    if (uv_cond_init(&all->left) != 0) {
        uv_mutex_destroy(&all->lock);
        free(all);
        return NULL;
    }
    all->registry = registry;
    all->users = 1;
    return all;
}

/* The registry's own, made by the first who asks; NULL when memory is short. */
static tether__proxies *proxies_of(tether_registry *registry)
{
    uv_mutex_lock(&registry->catalog.state);
    if (tether__tasks_of(registry)->proxies == NULL)
        tether__tasks_of(registry)->proxies = proxies_new(registry);
    tether__proxies *all = tether__tasks_of(registry)->proxies;
    uv_mutex_unlock(&registry->catalog.state);
    return all;
}

/* Under the lock, which is given up. */
static void leave_for_good(tether__proxies *all)
{
    bool last = --all->users == 0;
    uv_mutex_unlock(&all->lock);
    if (!last)
        return;
    uv_cond_destroy(&all->left);
    uv_mutex_destroy(&all->lock);
    free(all);
}

/* The registry for one call, which keeps it open; NULL: it is closed. */
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
    uv_cond_broadcast(&all->left);
    uv_mutex_unlock(&all->lock);
}

static int fail_closed(const char *step, tether_error *error)
{
    return tether__fail(error, TETHER_ECLOSED, 0, step,
                        "the registry was closed, and with it its proxies were lost");
}

/* Into the list of the registry's proxies, whom closing it concerns. */
static void enlist(tether_proxy *proxy)
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

/* Out of the list, and freed. */
static void dismiss(tether_proxy *proxy)
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
    leave_for_good(all);
}

/* --- opening --- */

static int take_spec(const tether_proxy_spec *given, tether_proxy_spec *spec, tether_error *error)
{
    if (given == NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec", "no spec was given");
    tether__options_take(given, spec, sizeof *spec);
    if (spec->command == NULL || spec->command[0] == '\0')
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the command is empty; say what the work is");
    int code = spec->task_id != NULL ? tether__check_task_id(spec->task_id, error) : TETHER_OK;
    if (code == TETHER_OK)
        code = tether__birth_check(spec->name, spec->timeout_ms, 0, error);
    return code;
}

/* Finds out what can be wrong before anything is made. */
static int resolve(opening *o, tether_error *error)
{
    int code = TETHER_OK;
    if (o->spec.project_root != NULL)
        code = tether__os_real_directory("project directory", o->spec.project_root,
                                         &o->project_root, error);
    if (code != TETHER_OK)
        return code;
    /* For people: work that is no process needs none. */
    if (tether__os_real_directory("working directory", NULL, &o->workdir, NULL) != TETHER_OK)
        o->workdir = NULL;
    o->command = tether__birth_command(o->spec.command, strlen(o->spec.command));
    o->proxy = calloc(1, sizeof *o->proxy);
    if (o->command == NULL || o->proxy == NULL)
        return tether__fail_memory(error, "open proxy");
    o->proxy->lifeline.handle = -1;
    return TETHER_OK;
}

/* The lifeline first: nothing of the task is visible without it. TETHER_ELOCKED: the id is taken.
 * Whoever makes a bundle has its lifeline before. */
static int hold(tether__session *session, tether_proxy *proxy, tether_error *error)
{
    tether__file_stamp stamp;
    if (tether__os_file_stamp(session->tasks, proxy->id, &stamp, NULL) == TETHER_OK)
        return TETHER_ELOCKED;
    return tether__os_lifeline_create(session->exits, proxy->id, &proxy->lifeline, error);
}

static int hold_any(tether__session *session, tether_proxy *proxy, tether_error *error)
{
    int code = TETHER_ELOCKED;
    for (int tries = 0; code == TETHER_ELOCKED && tries < TETHER__ID_TRIES; tries++) {
        code = tether__id_choose(proxy->id, error);
        if (code == TETHER_OK)
            code = hold(session, proxy, error);
    }
    return code;
}

static int claim(tether__session *session, const opening *o, tether_error *error)
{
    tether_proxy *proxy = o->proxy;
    int code;
    if (o->spec.task_id != NULL) {
        strcpy(proxy->id, o->spec.task_id);
        code = hold(session, proxy, error);
    } else {
        code = hold_any(session, proxy, error);
    }
    if (code != TETHER_ELOCKED)
        return code;
    return tether__fail(error, TETHER_EEXISTS, 0, "open proxy",
                        "a task %s is there already; choose another id", proxy->id);
}

/* The record says at once that it runs, and whose it is. It names no child_pid: what is there to be
 * signalled would be the host itself. */
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
    tether__self(&o->record.identity);
    if (!tether__record_set(&o->record.stderr_path, TETHER__STDERR_FILE))
        return tether__fail_memory(error, "write record");
    return TETHER_OK;
}

/* Everything up to the visible record. Who the supervisor is, is said before. */
static int make(tether__session *session, opening *o, tether_error *error)
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
        size_t size = tether__marker_format_supervisor(&o->record.identity, line);
        code = tether__os_lifeline_append(&proxy->lifeline, line, size, error);
    }
    if (code == TETHER_OK)
        code = tether__bundle_save(session, &o->record, &o->stamp, error);
    return code;
}

/* All of it under the session lock: others see the whole task or nothing. */
static int begin(tether_registry *registry, opening *o, tether_error *error)
{
    tether__session *session = &registry->session;
    tether__lock lock;
    int code = tether__session_lock(session, &lock, error);
    if (code != TETHER_OK)
        return code;
    code = claim(session, o, error);
    if (code == TETHER_OK) {
        code = tether__quota_start(registry, o->proxy->id, 0, error);
        if (code == TETHER_OK)
            code = make(session, o, error);
        if (code != TETHER_OK) {
            /* The handles first: the removal needs some itself. */
            close_handles(o->proxy);
            tether__bundle_remove(session, o->proxy->id, NULL);
        }
    }
    tether__os_lock_release(&lock);
    return code;
}

/* Puts the task into the catalog, where its kill finds its owner. Under `disk`. */
static int note(tether__catalog *catalog, opening *o, tether_error *error)
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

/* The task is visible and this process cannot keep it. */
static void take_back(tether__session *session, opening *o)
{
    tether__lock lock = {-1};
    tether__session_lock(session, &lock, NULL);
    close_handles(o->proxy);
    tether__bundle_remove(session, o->proxy->id, NULL);
    tether__os_lock_release(&lock);
}

static int begin_and_note(tether_registry *registry, opening *o, tether_error *error)
{
    uv_mutex_lock(&registry->catalog.disk);
    int code = begin(registry, o, error);
    if (code == TETHER_OK) {
        /* What is known of an earlier task with this id, which was removed, is not of this one. */
        tether__catalog_forget(&registry->catalog, o->proxy->id);
        code = note(&registry->catalog, o, error);
        if (code != TETHER_OK)
            take_back(&registry->session, o);
    }
    uv_mutex_unlock(&registry->catalog.disk);
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
        code = tether__quota_output(registry, error);
    if (code == TETHER_OK)
        code = resolve(&o, error);
    if (code == TETHER_OK)
        code = begin_and_note(registry, &o, error);
    /* Not before: the caller's id may stand in the same place. */
    task_id[0] = '\0';
    if (code == TETHER_OK) {
        o.proxy->all = all;
        enlist(o.proxy);
        strcpy(task_id, o.proxy->id);
        tether__reaper_task_added(registry->reaper, task_id);
        *proxy = o.proxy;
        o.proxy = NULL;
    }
    opening_dispose(&o);
    return code;
}

/* --- output, cancelling --- */

int tether_proxy_write(tether_proxy *proxy, tether_stream stream, const void *data, size_t size,
                       tether_error *error)
{
    static const char step[] = "write output";
    if (stream != TETHER_STDOUT && stream != TETHER_STDERR)
        return tether__fail(error, TETHER_EINVAL, 0, step, "there is no such stream");
    if (enter(proxy->all) == NULL)
        return fail_closed(step, error);
    const char *name = stream == TETHER_STDERR ? TETHER__STDERR_FILE : TETHER__STDOUT_FILE;
    int code = tether__os_file_append(proxy->bundle, name, data, size, error);
    if (code == TETHER_ENOTASK)
        code =
            tether__fail(error, TETHER_EGONE, 0, step,
                         "the output file of task %s was removed; look who does that", proxy->id);
    leave(proxy->all);
    return code;
}

/* Whether the task is wanted no more, by what this registry knows. Its deadline counts once it is
 * written down as the intent: who stops sooner would not be timed_out. */
static bool is_unwanted(tether__catalog *catalog, const char *task_id)
{
    uv_mutex_lock(&catalog->state);
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool unwanted = entry == NULL || entry->ended || entry->status == TETHER_STATUS_KILLING;
    uv_mutex_unlock(&catalog->state);
    return unwanted;
}

bool tether_proxy_cancelled(tether_proxy *proxy)
{
    tether_registry *registry = enter(proxy->all);
    if (registry == NULL)
        return true;
    bool cancelled = is_unwanted(&registry->catalog, proxy->id);
    leave(proxy->all);
    return cancelled;
}

/* --- the end --- */

static bool set_lost(tether__record *record, void *userdata)
{
    (void)userdata;
    if (tether_status_ended(record->status))
        return false;
    record->status = TETHER_STATUS_LOST;
    record->finished_at = tether__os_wall_ms();
    /* Without memory for its words an end still holds. */
    (void)tether__record_set(&record->reason, "given up by its owner");
    return true;
}

/* The work goes on, or has ended nobody knows how, and nobody will tell: not even a kill may say
 * that it is over. Written while the lifeline is held, so that no other look comes first; where it
 * cannot be written, the look that follows finds a supervisor that is gone. */
static void give_up(tether_registry *registry, tether_proxy *proxy)
{
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh_change(catalog, proxy->id, set_lost, NULL, NULL, NULL);
    close_handles(proxy);
    if (code == TETHER_OK)
        tether__os_lifeline_mark_ended(registry->session.exits, proxy->id);
    else
        tether__refresh(catalog, proxy->id, TETHER__INSPECT_NOW, NULL, NULL);
    uv_mutex_unlock(&catalog->disk);
}

static int say_end(const tether_proxy *proxy, int exit_code, int signal, tether_error *error)
{
    static const char step[] = "finish proxy";
    char line[TETHER__MARKER_LINE_SIZE];
    if (signal < 0 || signal > SIGNAL_LIMIT ||
        (signal == 0 && (exit_code < 0 || exit_code > CODE_LIMIT)))
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "an end is a code from 0 to %d or a signal from 1 to %d, so that the "
                            "task is lost",
                            CODE_LIMIT, SIGNAL_LIMIT);
    if (!tether__os_lifeline_linked(&proxy->lifeline))
        return tether__fail(error, TETHER_EGONE, 0, step,
                            "the files of task %s were removed; look who does that", proxy->id);
    size_t size =
        tether__marker_format_end(signal != 0 ? TETHER__END_SIGNAL : TETHER__END_EXIT,
                                  signal != 0 ? signal : exit_code, tether__os_uptime_ms(), line);
    return tether__os_lifeline_append(&proxy->lifeline, line, size, error);
}

/* The end is in the marker; the record follows at once, so that no host has to find it. Whether it
 * can be written or not, the task has ended. */
static void settle(tether_registry *registry, tether_proxy *proxy)
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
        code = say_end(proxy, exit_code, signal, error);
        if (code == TETHER_OK)
            settle(registry, proxy);
        else
            give_up(registry, proxy);
        leave(all);
    }
    dismiss(proxy);
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
        uv_cond_wait(&all->left, &all->lock);
    for (tether_proxy *proxy = all->first; proxy != NULL; proxy = proxy->next)
        give_up(registry, proxy);
    tether__tasks_of(registry)->proxies = NULL;
    leave_for_good(all);
}
