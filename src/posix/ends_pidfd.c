/* Owns the events of process exits on Linux: one process descriptor for each process that somebody
 * waits for, all in one epoll set that the loop polls.
 * Must not: watch a process that merely reuses the pid, or keep a descriptor of one that has
 * exited. Thread: any for add and remove; the loop's for the rest. */
#include "os/ends.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "posix/error.h"
#include "posix/pidfd.h"
#include "tether/task.h"

enum { EVENTS_AT_ONCE = TETHER__ENDS_LIMIT };

static const char step[] = "watch process";

typedef enum progress { RUNS, EXITED, TOLD } progress;

typedef struct awaited {
    struct awaited *next;
    int pidfd; /* -1: the process has exited */
    progress progress;
    size_t users;
    char task_id[TETHER_ID_SIZE];
} awaited;

struct tether__ends {
    uv_async_t wake; /* some processes had exited when they were added */
    uv_poll_t poll;
    int set; /* the epoll set */
    tether__ends_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
    int handles;      /* not closed yet */
    uv_mutex_t mutex; /* guards the list */
    awaited *first;
    size_t count;
};

/* Stops watching a process. The caller holds the mutex, or is alone. */
static void drop_descriptor(tether__ends *ends, awaited *one)
{
    if (one->pidfd < 0)
        return;
    /* A child that the host has forked may have a copy, which would keep it in the set. */
    epoll_ctl(ends->set, EPOLL_CTL_DEL, one->pidfd, NULL);
    close(one->pidfd);
    one->pidfd = -1;
}

/* --- On the loop --- */

/* Copies the name of a process whose exit was not told yet. Returns false if there is none. */
static bool next_exited(tether__ends *ends, char task_id[TETHER_ID_SIZE])
{
    uv_mutex_lock(&ends->mutex);
    awaited *one = ends->first;
    while (one != NULL && one->progress != EXITED)
        one = one->next;
    if (one != NULL) {
        one->progress = TOLD;
        memcpy(task_id, one->task_id, sizeof one->task_id);
    }
    uv_mutex_unlock(&ends->mutex);
    return one != NULL;
}

static void tell_exits(tether__ends *ends)
{
    char task_id[TETHER_ID_SIZE];
    while (next_exited(ends, task_id))
        ends->cb(task_id, ends->userdata);
}

/* The caller holds the mutex. */
static void note_exit(tether__ends *ends, int pidfd)
{
    for (awaited *one = ends->first; one != NULL; one = one->next) {
        if (one->pidfd != pidfd)
            continue;
        drop_descriptor(ends, one);
        one->progress = EXITED;
        return;
    }
}

/* The mutex is held while the events are taken: a descriptor in them cannot be closed meanwhile,
 * and its number cannot be used again. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    tether__ends *ends = poll->data;
    struct epoll_event found[EVENTS_AT_ONCE];
    (void)status;
    (void)events;
    uv_mutex_lock(&ends->mutex);
    int count = epoll_wait(ends->set, found, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < count; i++)
        note_exit(ends, found[i].data.fd);
    uv_mutex_unlock(&ends->mutex);
    tell_exits(ends);
}

static void on_wake(uv_async_t *async)
{
    tell_exits(async->data);
}

static void dispose(tether__ends *ends)
{
    while (ends->first != NULL) {
        awaited *one = ends->first;
        ends->first = one->next;
        drop_descriptor(ends, one);
        free(one);
    }
    close(ends->set);
    uv_mutex_destroy(&ends->mutex);
    free(ends);
}

/* libuv uses the handle until the next iteration of the loop. */
static void on_discarded(uv_handle_t *handle)
{
    dispose(handle->data);
}

static bool open_handles(uv_loop_t *loop, tether__ends *ends)
{
    ends->wake.data = ends;
    ends->poll.data = ends;
    if (uv_async_init(loop, &ends->wake, on_wake) != 0) {
        dispose(ends);
        return false;
    }
    if (uv_poll_init(loop, &ends->poll, ends->set) != 0) {
        uv_close((uv_handle_t *)&ends->wake, on_discarded);
        return false;
    }
    uv_poll_start(&ends->poll, UV_READABLE, on_readable);
    return true;
}

/* Without a set, waiting calls look at the disk: no reason to fail. */
int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **out, tether_error *error)
{
    *out = NULL;
    tether__ends *ends = calloc(1, sizeof *ends);
    if (ends == NULL)
        return tether__fail_memory(error, step);
    ends->cb = cb;
    ends->userdata = userdata;
    ends->set = epoll_create1(EPOLL_CLOEXEC);
    if (ends->set < 0) {
        free(ends);
        return TETHER_OK;
    }
    if (uv_mutex_init(&ends->mutex) != 0) {
        close(ends->set);
        free(ends);
        return tether__fail_memory(error, step);
    }
    if (open_handles(loop, ends))
        *out = ends;
    return TETHER_OK;
}

/* --- From any thread --- */

static awaited **find(tether__ends *ends, const char *task_id)
{
    awaited **at = &ends->first;
    while (*at != NULL && strcmp((*at)->task_id, task_id) != 0)
        at = &(*at)->next;
    return at;
}

static int fail_refused(tether_error *error)
{
    return tether__fail(error, TETHER_ENOTSUP, 0, step,
                        "the process cannot be identified, or the system refuses pidfd_open; leave "
                        "the reaper on auto, which polls there");
}

/* Opens a descriptor of the process. *pidfd is -1 if the process has exited. Verified after the
 * open: from then on the descriptor denotes that process, whatever its pid does. */
static int open_process(const tether__identity *process, int *pidfd, tether_error *error)
{
    *pidfd = tether__pidfd_open(process->pid);
    int os_error = *pidfd < 0 ? errno : 0;
    if (tether__posix_is_shortage(os_error))
        return tether__posix_fail(error, os_error, step, "pidfd_open");
    tether__liveness alive = tether__os_process_alive(process);
    if (*pidfd >= 0 && alive == TETHER__ALIVE)
        return TETHER_OK;
    if (*pidfd >= 0)
        close(*pidfd);
    *pidfd = -1;
    return alive == TETHER__GONE ? TETHER_OK : fail_refused(error);
}

static int watch_descriptor(tether__ends *ends, int pidfd, tether_error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = pidfd};
    if (epoll_ctl(ends->set, EPOLL_CTL_ADD, pidfd, &event) == 0)
        return TETHER_OK;
    int os_error = errno;
    return tether__posix_fail(error, os_error, step, "epoll_ctl");
}

/* Makes a new entry watch its process. The caller holds the mutex. */
static int start_watch(tether__ends *ends, awaited *one, const tether__identity *process,
                       tether_error *error)
{
    int code = open_process(process, &one->pidfd, error);
    if (code != TETHER_OK)
        return code;
    if (one->pidfd < 0) {
        one->progress = EXITED;
        uv_async_send(&ends->wake);
        return TETHER_OK;
    }
    code = watch_descriptor(ends, one->pidfd, error);
    if (code != TETHER_OK)
        close(one->pidfd);
    return code;
}

/* The caller holds the mutex. */
static int add_entry(tether__ends *ends, const char *task_id, const tether__identity *process,
                     tether_error *error)
{
    if (ends->count >= TETHER__ENDS_LIMIT)
        return tether__fail(error, TETHER_ELIMIT, 0, step,
                            "%d processes are watched already; wait for fewer at once",
                            TETHER__ENDS_LIMIT);
    awaited *one = calloc(1, sizeof *one);
    if (one == NULL)
        return tether__fail_memory(error, step);
    snprintf(one->task_id, sizeof one->task_id, "%s", task_id);
    one->users = 1;
    int code = start_watch(ends, one, process, error);
    if (code != TETHER_OK) {
        free(one);
        return code;
    }
    one->next = ends->first;
    ends->first = one;
    ends->count++;
    return TETHER_OK;
}

int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error)
{
    int code = TETHER_OK;
    uv_mutex_lock(&ends->mutex);
    awaited *one = *find(ends, task_id);
    if (one != NULL)
        one->users++;
    else
        code = add_entry(ends, task_id, process, error);
    uv_mutex_unlock(&ends->mutex);
    return code;
}

void tether__os_ends_remove(tether__ends *ends, const char *task_id)
{
    uv_mutex_lock(&ends->mutex);
    awaited **at = find(ends, task_id), *one = *at;
    if (one != NULL && --one->users == 0) {
        *at = one->next;
        ends->count--;
        drop_descriptor(ends, one);
        free(one);
    }
    uv_mutex_unlock(&ends->mutex);
}

/* --- The end --- */

static void on_closed(uv_handle_t *handle)
{
    tether__ends *ends = handle->data;
    if (--ends->handles > 0)
        return;
    void (*closed)(void *) = ends->closed;
    void *userdata = ends->userdata;
    dispose(ends);
    closed(userdata);
}

void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata))
{
    ends->closed = closed;
    ends->handles = 2;
    uv_poll_stop(&ends->poll);
    uv_close((uv_handle_t *)&ends->poll, on_closed);
    uv_close((uv_handle_t *)&ends->wake, on_closed);
}
