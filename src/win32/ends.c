/* Owns the wait for the ends of processes: one wait of the system's thread pool for each process,
 * which passes the end to the loop.
 * Must not: inspect a task, or keep a handle after it has reported the end.
 * Thread: the loop's, except for add, which any thread may call, and the thread pool's
 * callbacks. */
#include "os/ends.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <windows.h>

#include "base/error.h"
#include "tether/task.h"
#include "win32/error.h"
#include "win32/process.h"

static const char step[] = "watch process";

typedef struct item {
    tether__ends *ends;
    char task_id[TETHER_ID_SIZE];
    HANDLE process; /* NULL: the process had ended before */
    HANDLE wait;
    struct item *next, *previous; /* in one of the two lists */
    bool ended;
} item;

struct tether__ends {
    uv_async_t async;
    uv_mutex_t mutex;
    item waiting; /* heads of circular lists; guarded by `mutex` */
    item ended;
    tether__ends_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
};

static void list_init(item *head)
{
    head->next = head->previous = head;
}

static void list_remove(item *one)
{
    one->next->previous = one->previous;
    one->previous->next = one->next;
}

static void list_add(item *head, item *one)
{
    one->next = head;
    one->previous = head->previous;
    head->previous->next = one;
    head->previous = one;
}

static void queue_end(item *one)
{
    tether__ends *ends = one->ends;
    uv_mutex_lock(&ends->mutex);
    if (!one->ended) {
        one->ended = true;
        list_remove(one);
        list_add(&ends->ended, one);
    }
    uv_async_send(&ends->async);
    uv_mutex_unlock(&ends->mutex);
}

/* Runs on a thread of the pool. */
static VOID CALLBACK on_signalled(PVOID parameter, BOOLEAN timed_out)
{
    (void)timed_out;
    queue_end(parameter);
}

/* Returns once the callback neither runs nor will run. The caller must not hold the mutex, which
 * the callback takes. */
static void free_item(item *one)
{
    if (one->wait != NULL)
        UnregisterWaitEx(one->wait, INVALID_HANDLE_VALUE);
    if (one->process != NULL)
        CloseHandle(one->process);
    free(one);
}

static item *take_first(tether__ends *ends, item *head)
{
    uv_mutex_lock(&ends->mutex);
    item *one = head->next != head ? head->next : NULL;
    if (one != NULL) {
        list_remove(one);
        one->ended = true;
    }
    uv_mutex_unlock(&ends->mutex);
    return one;
}

static void on_async(uv_async_t *async)
{
    tether__ends *ends = async->data;
    for (item *one; (one = take_first(ends, &ends->ended)) != NULL;) {
        char task_id[TETHER_ID_SIZE];
        strcpy(task_id, one->task_id);
        free_item(one);
        ends->cb(task_id, ends->userdata);
    }
}

int tether__os_ends_open(struct uv_loop_s *loop, tether__ends_cb cb, void *userdata,
                         tether__ends **out, tether_error *error)
{
    *out = NULL;
    tether__ends *ends = calloc(1, sizeof *ends);
    if (ends == NULL)
        return tether__fail_memory(error, step);
    ends->cb = cb;
    ends->userdata = userdata;
    list_init(&ends->waiting);
    list_init(&ends->ended);
    if (uv_mutex_init(&ends->mutex) != 0) {
        free(ends);
        return tether__fail_memory(error, step);
    }
    if (uv_async_init(loop, &ends->async, on_async) != 0) {
        uv_mutex_destroy(&ends->mutex);
        free(ends);
        return tether__fail(error, TETHER_ELIMIT, 0, step,
                            "the event loop cannot be extended; end some tasks");
    }
    ends->async.data = ends;
    *out = ends;
    return TETHER_OK;
}

/* Takes the mutex, so that the callback finds the item complete. */
static DWORD start_wait(item *one)
{
    tether__ends *ends = one->ends;
    DWORD os_error = ERROR_SUCCESS;
    uv_mutex_lock(&ends->mutex);
    list_add(&ends->waiting, one);
    if (!RegisterWaitForSingleObject(&one->wait, one->process, on_signalled, one, INFINITE,
                                     WT_EXECUTEONLYONCE)) {
        os_error = GetLastError();
        one->wait = NULL;
        list_remove(one);
    }
    uv_mutex_unlock(&ends->mutex);
    return os_error;
}

int tether__os_ends_add(tether__ends *ends, const char *task_id, const tether__identity *process,
                        tether_error *error)
{
    item *one = calloc(1, sizeof *one);
    if (one == NULL)
        return tether__fail_memory(error, step);
    one->ends = ends;
    strncpy(one->task_id, task_id, sizeof one->task_id - 1);
    tether__win32_process_open(process, 0, &one->process);
    if (one->process == NULL) {
        list_init(one);
        queue_end(one);
        return TETHER_OK;
    }
    DWORD os_error = start_wait(one);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    free_item(one);
    return tether__win32_fail_as(error, TETHER_ELIMIT, os_error, step, NULL);
}

void tether__os_ends_remove(tether__ends *ends, const char *task_id)
{
    (void)ends;
    (void)task_id;
}

static void on_closed(uv_handle_t *handle)
{
    tether__ends *ends = handle->data;
    void (*closed)(void *userdata) = ends->closed;
    void *userdata = ends->userdata;
    uv_mutex_destroy(&ends->mutex);
    free(ends);
    closed(userdata);
}

void tether__os_ends_close(tether__ends *ends, void (*closed)(void *userdata))
{
    ends->closed = closed;
    for (item *one; (one = take_first(ends, &ends->waiting)) != NULL;)
        free_item(one);
    for (item *one; (one = take_first(ends, &ends->ended)) != NULL;)
        free_item(one);
    uv_close((uv_handle_t *)&ends->async, on_closed);
}
