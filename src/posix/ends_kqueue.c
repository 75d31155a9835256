/* Owns the events of process exits on macOS and the BSDs: NOTE_EXIT, which works for any process,
 * child or not, and needs no descriptor.
 * Must not: call back on any other thread than the loop's, or wait for a process that merely reuses
 * the pid.
 * Thread: any for add; the loop's for the rest. */
#include "os/ends.h"

#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/event.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "posix/error.h"
#include "posix/kqueue.h"
#include "tether/task.h"

enum { EVENTS_AT_ONCE = 64, HANDLES = 2 };

static const char step[] = "watch process";

/* One process may be watched under many ids: a host is the supervisor of all its proxy tasks. */
typedef struct awaited {
    struct awaited *next;
    int64_t pid;
    bool exited;
    char task_id[TETHER_ID_SIZE];
} awaited;

struct tether__ends {
    uv_poll_t poll;
    uv_async_t exited; /* some processes had exited when they were added */
    int queue;
    int handles; /* not closed yet */
    tether__ends_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
    uv_mutex_t mutex; /* guards the list */
    awaited *first;
};

/* Removes the next exited process from the list; NULL if there is none. */
static awaited *pop_exited(tether__ends *ends)
{
    uv_mutex_lock(&ends->mutex);
    awaited **at = &ends->first;
    while (*at != NULL && !(*at)->exited)
        at = &(*at)->next;
    awaited *found = *at;
    if (found != NULL)
        *at = found->next;
    uv_mutex_unlock(&ends->mutex);
    return found;
}

static void deliver_exits(tether__ends *ends)
{
    for (awaited *one = pop_exited(ends); one != NULL; one = pop_exited(ends)) {
        ends->cb(one->task_id, ends->userdata);
        free(one);
    }
}

static void mark_exited(tether__ends *ends, int64_t pid)
{
    uv_mutex_lock(&ends->mutex);
    for (awaited *one = ends->first; one != NULL; one = one->next)
        one->exited = one->exited || one->pid == pid;
    uv_mutex_unlock(&ends->mutex);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    tether__ends *ends = poll->data;
    struct kevent found[EVENTS_AT_ONCE];
    const struct timespec now = {0, 0};
    (void)status;
    (void)events;
    int count = kevent(ends->queue, NULL, 0, found, EVENTS_AT_ONCE, &now);
    for (int i = 0; i < count; i++)
        mark_exited(ends, (int64_t)found[i].ident);
    deliver_exits(ends);
}

static void on_exited(uv_async_t *async)
{
    deliver_exits(async->data);
}

static void dispose(tether__ends *ends)
{
    while (ends->first != NULL) {
        awaited *next = ends->first->next;
        free(ends->first);
        ends->first = next;
    }
    uv_mutex_destroy(&ends->mutex);
    free(ends);
}

/* libuv uses the handle until the next iteration of the loop. */
static void on_discarded(uv_handle_t *handle)
{
    dispose(handle->data);
}

static int open_handles(uv_loop_t *loop, tether__ends *ends, tether_error *error)
{
    ends->exited.data = ends;
    ends->poll.data = ends;
    if (uv_async_init(loop, &ends->exited, on_exited) != 0) {
        dispose(ends);
        return tether__fail(
            error, TETHER_ELIMIT, 0, step,
            "the event loop cannot be extended; raise the limit of descriptors (ulimit "
            "-n)");
    }
    int code = tether__kqueue_open(loop, &ends->poll, on_readable, &ends->queue, step, error);
    if (code != TETHER_OK)
        uv_close((uv_handle_t *)&ends->exited, on_discarded);
    return code;
}

int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **out, tether_error *error)
{
    *out = NULL;
    tether__ends *ends = calloc(1, sizeof *ends);
    if (ends == NULL)
        return tether__fail_memory(error, step);
    if (uv_mutex_init(&ends->mutex) != 0) {
        free(ends);
        return tether__fail_memory(error, step);
    }
    ends->cb = cb;
    ends->userdata = userdata;
    int code = open_handles(loop, ends, error);
    if (code == TETHER_OK)
        *out = ends;
    return code;
}

/* Returns 0 or errno. */
static int watch_process(int queue, int64_t pid)
{
    struct kevent change;
    EV_SET(&change, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
    return kevent(queue, &change, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error)
{
    awaited *one = calloc(1, sizeof *one);
    if (one == NULL)
        return tether__fail_memory(error, step);
    one->pid = process->pid;
    snprintf(one->task_id, sizeof one->task_id, "%s", task_id);

    /* The mutex is held so that the entry is in the list before its event is handled. */
    uv_mutex_lock(&ends->mutex);
    int os_error = watch_process(ends->queue, process->pid);
    if (tether__posix_is_shortage(os_error)) {
        uv_mutex_unlock(&ends->mutex);
        free(one);
        return tether__posix_fail(error, os_error, step, task_id);
    }
    /* Probed after the watch is set: a pid that was reused before that is detected here. */
    one->exited = os_error != 0 || tether__os_process_alive(process) == TETHER__GONE;
    one->next = ends->first;
    ends->first = one;
    bool exited = one->exited;
    uv_mutex_unlock(&ends->mutex);
    if (exited)
        uv_async_send(&ends->exited);
    return TETHER_OK;
}

void tether__os_ends_remove(tether__ends *ends, const char *task_id)
{
    (void)ends;
    (void)task_id;
}

static void on_closed(uv_handle_t *handle)
{
    tether__ends *ends = handle->data;
    if (--ends->handles > 0)
        return;
    void (*closed)(void *) = ends->closed;
    void *userdata = ends->userdata;
    close(ends->queue);
    dispose(ends);
    closed(userdata);
}

void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata))
{
    ends->closed = closed;
    ends->handles = HANDLES;
    uv_poll_stop(&ends->poll);
    uv_close((uv_handle_t *)&ends->poll, on_closed);
    uv_close((uv_handle_t *)&ends->exited, on_closed);
}
