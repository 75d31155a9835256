/* Owns the queue of events and the thread that delivers them.
 * Must not: hold a lock during a callback, or touch the registry after a callback has closed it.
 * Thread: any thread queues; a thread of its own, the host's loop or its calls of a turn deliver.
 */
#include "engine/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "os/pollable.h"
#include "os/start_thread.h"
#include "os/thread.h"

/* More LOG events than MAX_QUEUED_LOGS are dropped; events of tasks never are. One turn of a host's
 * loop delivers at most MAX_PER_TURN items, so that the loop stays responsive. */
enum { MAX_QUEUED_LOGS = 256, MAX_PER_TURN = 16 };

typedef struct item {
    struct item *next;
    tether_event_kind kind;
    char id[TETHER_ID_SIZE]; /* empty: none */
    int64_t elapsed_ms;
    tether_log_level level;
    /* Not NULL: call this instead of delivering an event. */
    void (*work)(const char *task_id, void *userdata);
    void *userdata;
    tether_error error;
} item;

struct tether__events {
    tether_registry *registry;
    tether_event_cb cb;
    void *userdata;
    tether__snapshot_maker *make_snapshot;
    bool on_loop;
    tether__pollable *pollable; /* signalled for the host to call a turn; NULL: it calls none */
    uv_async_t async;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t queued;
    /* Guarded by `mutex`. */
    item *first, **end;
    size_t logs;
    bool started;         /* the thread runs */
    bool released;        /* a loop or a turn may deliver */
    bool closed;          /* deliver nothing any more */
    bool freed_by_thread; /* closed inside a callback: the thread frees this */
    bool in_turn;         /* only the thread of the turn reads and writes it, and the next */
    bool freed_by_turn;   /* closed inside a callback: the turn frees this */
    void (*dispose)(void *userdata);
    void *dispose_userdata;
    bool (*must_wait)(const char *task_id, void *userdata); /* set once, at the start */
    void *must_wait_userdata;
};

static void queue(tether__events *events, const item *what);

static void drop_items(tether__events *events)
{
    while (events->first != NULL) {
        item *next = events->first->next;
        free(events->first);
        events->first = next;
    }
    events->end = &events->first;
}

static void events_free(tether__events *events)
{
    drop_items(events);
    if (events->dispose != NULL)
        events->dispose(events->dispose_userdata);
    uv_cond_destroy(&events->queued);
    uv_mutex_destroy(&events->mutex);
    free(events);
}

static bool is_log(const item *what)
{
    return what->work == NULL && what->kind == TETHER_EVENT_LOG;
}

/* The caller holds the mutex. */
static item *pop(tether__events *events)
{
    item *first = events->first;
    if (first == NULL)
        return NULL;
    events->first = first->next;
    if (events->first == NULL)
        events->end = &events->first;
    if (is_log(first))
        events->logs--;
    return first;
}

static bool is_closed(tether__events *events)
{
    uv_mutex_lock(&events->mutex);
    bool closed = events->closed;
    uv_mutex_unlock(&events->mutex);
    return closed;
}

bool tether__events_deliver(tether__events *events, tether_event *event, bool *delivered)
{
    bool call = events->cb != NULL && !is_closed(events);
    event->size = sizeof *event;
    if (delivered != NULL)
        *delivered = call;
    if (call)
        events->cb(events->registry, event, events->userdata);
    return !is_closed(events);
}

/* Delivers nothing if the task was removed since the event was queued. */
static void deliver_task_event(tether__events *events, const item *what)
{
    tether_snapshot *snapshot;
    if (events->make_snapshot(events->registry, what->id, &snapshot, NULL) != TETHER_OK)
        return;
    tether_event event = {.kind = what->kind,
                          .task_id = what->id,
                          .snapshot = snapshot,
                          .elapsed_ms = what->elapsed_ms};
    bool stale = what->kind == TETHER_EVENT_REMINDER && tether_status_ended(snapshot->status);
    if (!stale)
        tether__events_deliver(events, &event, NULL);
    tether_snapshot_free(snapshot);
}

static void deliver_item(tether__events *events, const item *what)
{
    if (what->work != NULL) {
        what->work(what->id, what->userdata);
    } else if (what->kind == TETHER_EVENT_LOG) {
        tether_event event = {.kind = what->kind,
                              .task_id = what->id[0] != '\0' ? what->id : NULL,
                              .level = what->level,
                              .error = &what->error};
        tether__events_deliver(events, &event, NULL);
    } else if (what->kind == TETHER_EVENT_COMPLETION && events->must_wait != NULL &&
               events->must_wait(what->id, events->must_wait_userdata)) {
        queue(events, what);
    } else {
        deliver_task_event(events, what);
    }
}

static void run_thread(void *userdata)
{
    tether__events *events = userdata;
    uv_mutex_lock(&events->mutex);
    while (!events->closed) {
        item *next = pop(events);
        if (next == NULL) {
            uv_cond_wait(&events->queued, &events->mutex);
            continue;
        }
        uv_mutex_unlock(&events->mutex);
        deliver_item(events, next);
        free(next);
        uv_mutex_lock(&events->mutex);
    }
    bool freed_by_thread = events->freed_by_thread;
    uv_mutex_unlock(&events->mutex);
    if (freed_by_thread)
        events_free(events);
}

/* Returns whether there may be more. */
static bool deliver_some(tether__events *events)
{
    for (int i = 0; i < MAX_PER_TURN; i++) {
        uv_mutex_lock(&events->mutex);
        item *next = events->closed || !events->released ? NULL : pop(events);
        uv_mutex_unlock(&events->mutex);
        if (next == NULL)
            return false;
        deliver_item(events, next);
        free(next);
    }
    return !is_closed(events);
}

static void on_async(uv_async_t *async)
{
    tether__events *events = async->data;
    if (deliver_some(events))
        uv_async_send(&events->async);
}

bool tether__events_turn(tether__events *events)
{
    if (events->pollable == NULL)
        return false;
    events->in_turn = true;
    bool more = deliver_some(events);
    events->in_turn = false;
    if (events->freed_by_turn) {
        events_free(events);
        return false;
    }
    if (more)
        tether__os_pollable_signal(events->pollable);
    return more;
}

/* Wakes the thread, the loop or the host, which delivers. The caller holds the mutex. */
static void rouse(tether__events *events)
{
    uv_cond_signal(&events->queued);
    if (events->on_loop)
        uv_async_send(&events->async);
    if (events->pollable != NULL)
        tether__os_pollable_signal(events->pollable);
}

/* The caller holds the mutex. */
static int start(tether__events *events, tether_error *error)
{
    events->released = true;
    if (events->on_loop || events->pollable != NULL) {
        rouse(events);
        return TETHER_OK;
    }
    if (events->started)
        return TETHER_OK;
    int code = tether__start_thread(&events->thread, run_thread, events, "start callbacks", error);
    events->started = code == TETHER_OK;
    return code;
}

int tether__events_start(tether__events *events, tether_error *error)
{
    uv_mutex_lock(&events->mutex);
    int code = start(events, error);
    uv_mutex_unlock(&events->mutex);
    return code;
}

static int open_locks(tether__events *events, tether_error *error)
{
    if (uv_mutex_init(&events->mutex) != 0)
        return tether__fail_memory(error, "open registry");
    if (uv_cond_init(&events->queued) == 0)
        return TETHER_OK;
    uv_mutex_destroy(&events->mutex);
    return tether__fail_memory(error, "open registry");
}

static int open_async(tether__events *events, struct uv_loop_s *loop, tether_error *error)
{
    if (!events->on_loop)
        return TETHER_OK;
    events->async.data = events;
    if (uv_async_init(loop, &events->async, on_async) == 0)
        return TETHER_OK;
    return tether__fail(error, TETHER_ELIMIT, 0, "start callbacks",
                        "the event loop cannot be extended; raise the limit of descriptors (ulimit "
                        "-n)");
}

int tether__events_open(tether_registry *registry, tether_event_cb cb, void *userdata,
                        tether__snapshot_maker *make_snapshot, const tether__deliverer *deliverer,
                        tether__events **out, tether_error *error)
{
    *out = NULL;
    tether__events *events = calloc(1, sizeof *events);
    if (events == NULL)
        return tether__fail_memory(error, "open registry");
    *events = (tether__events){.registry = registry,
                               .cb = cb,
                               .userdata = userdata,
                               .make_snapshot = make_snapshot,
                               .on_loop = deliverer->loop != NULL,
                               .pollable = deliverer->pollable};
    events->end = &events->first;
    int code = open_locks(events, error);
    if (code != TETHER_OK) {
        free(events);
        return code;
    }
    code = open_async(events, deliverer->loop, error);
    if (code != TETHER_OK) {
        events_free(events);
        return code;
    }
    *out = events;
    return TETHER_OK;
}

static void on_async_closed(uv_handle_t *handle)
{
    events_free(handle->data);
}

void tether__events_stop(tether__events *events)
{
    uv_thread_t self = uv_thread_self();
    uv_mutex_lock(&events->mutex);
    bool joinable = events->started && !events->closed;
    events->closed = true;
    bool freed_by_thread = joinable && uv_thread_equal(&self, &events->thread) != 0;
    events->freed_by_thread = events->freed_by_thread || freed_by_thread;
    uv_cond_signal(&events->queued);
    uv_mutex_unlock(&events->mutex);
    if (joinable && !freed_by_thread)
        uv_thread_join(&events->thread);
}

void tether__events_close(tether__events *events, void (*dispose)(void *userdata), void *userdata)
{
    if (events == NULL)
        return;
    tether__events_stop(events);
    uv_mutex_lock(&events->mutex);
    events->dispose = dispose;
    events->dispose_userdata = userdata;
    bool freed_by_thread = events->freed_by_thread;
    uv_mutex_unlock(&events->mutex);
    /* The thread is inside the callback that closes the registry, and frees the queue when that
     * callback has returned. */
    if (freed_by_thread)
        tether__os_thread_detach(&events->thread);
    else if (events->on_loop)
        uv_close((uv_handle_t *)&events->async, on_async_closed);
    else if (events->in_turn)
        events->freed_by_turn = true;
    else
        events_free(events);
}

void tether__events_hold_completions(tether__events *events,
                                     bool (*must_wait)(const char *task_id, void *userdata),
                                     void *userdata)
{
    events->must_wait = must_wait;
    events->must_wait_userdata = userdata;
}

bool tether__events_has_listener(const tether__events *events)
{
    return events != NULL && events->cb != NULL;
}

/* An event that finds no memory is lost. That is safe: completions are stored on disk. */
static void queue(tether__events *events, const item *what)
{
    item *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return;
    *copy = *what;
    copy->next = NULL;
    uv_mutex_lock(&events->mutex);
    bool log = is_log(what);
    if (events->closed || (log && events->logs == MAX_QUEUED_LOGS)) {
        uv_mutex_unlock(&events->mutex);
        free(copy);
        return;
    }
    if (log)
        events->logs++;
    *events->end = copy;
    events->end = &copy->next;
    rouse(events);
    uv_mutex_unlock(&events->mutex);
}

void tether__events_task(tether__events *events, tether_event_kind kind, const char *task_id,
                         int64_t elapsed_ms)
{
    item what = {.kind = kind, .elapsed_ms = elapsed_ms};
    if (!tether__events_has_listener(events))
        return;
    strcpy(what.id, task_id);
    queue(events, &what);
}

void tether__events_log(tether__events *events, tether_log_level level, const char *task_id,
                        const tether_error *error)
{
    item what = {.kind = TETHER_EVENT_LOG, .level = level, .error = *error};
    what.error.size = sizeof what.error;
    if (!tether__events_has_listener(events))
        return;
    if (task_id != NULL)
        snprintf(what.id, sizeof what.id, "%s", task_id);
    queue(events, &what);
}

void tether__events_work(tether__events *events, void (*work)(const char *task_id, void *userdata),
                         const char *task_id, void *userdata)
{
    item what = {.work = work, .userdata = userdata};
    strcpy(what.id, task_id);
    queue(events, &what);
}
