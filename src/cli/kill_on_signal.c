/* Owns the signals that end a task together with the command that waits for it.
 * Must not: print, or decide the exit code.
 * Thread: a thread of its own waits for the signals; kills run in the thread pool, so that a second
 * signal is noticed during the grace of the first. */
#include "cli/kill_on_signal.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

/* Names that exist on every platform of libuv; those without an own signal are never raised. */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0], KILLS = 2 };

typedef struct one_kill {
    uv_work_t work;
    kill_on_signal *owner;
    int64_t grace_ms;
} one_kill;

struct kill_on_signal {
    tether_registry *registry;
    int64_t grace_ms; /* of the first kill */
    uv_thread_t thread;
    uv_loop_t loop;
    uv_signal_t handles[SIGNALS];
    uv_async_t changed;
    uv_mutex_t lock; /* guards task_id, ending, first and error */
    char task_id[TETHER_ID_SIZE];
    bool ending;
    int first;          /* the first signal that came; 0: none */
    tether_error error; /* of the first kill that failed; code 0: none */
    int came;           /* how many came; the loop's thread */
    one_kill kills[KILLS];
    int begun; /* kills; the loop's thread */
};

static void do_kill(uv_work_t *work)
{
    const one_kill *one = work->data;
    kill_on_signal *k = one->owner;
    const tether_kill_options options = {.grace_ms = one->grace_ms};
    tether_error error = {0};
    int code = tether_kill(k->registry, k->task_id, &options, &error);
    /* Usually the wait that goes on sees how the task ends. */
    if (code == 0 || code == TETHER_ECLOSED)
        return;
    uv_mutex_lock(&k->lock);
    if (k->error.code == 0)
        k->error = error;
    uv_mutex_unlock(&k->lock);
    tether_interrupt(k->registry);
}

static void ignore_end(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

/* Begins as many kills as signals have come, once the task is known. */
static void begin_kills(kill_on_signal *k)
{
    uv_mutex_lock(&k->lock);
    bool known = k->task_id[0] != '\0';
    uv_mutex_unlock(&k->lock);
    for (; known && k->begun < k->came && k->begun < KILLS; k->begun++) {
        one_kill *one = &k->kills[k->begun];
        *one = (one_kill){.owner = k, .grace_ms = k->begun == 0 ? k->grace_ms : -1};
        one->work.data = one;
        if (uv_queue_work(&k->loop, &one->work, do_kill, ignore_end) != 0)
            break;
    }
}

static void note_signal(uv_signal_t *handle, int number)
{
    kill_on_signal *k = handle->data;
    uv_mutex_lock(&k->lock);
    if (k->first == 0)
        k->first = number;
    uv_mutex_unlock(&k->lock);
    k->came++;
    begin_kills(k);
}

static void close_handle(uv_handle_t *handle, void *userdata)
{
    (void)userdata;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void note_change(uv_async_t *handle)
{
    kill_on_signal *k = handle->data;
    uv_mutex_lock(&k->lock);
    bool ending = k->ending;
    uv_mutex_unlock(&k->lock);
    begin_kills(k);
    if (ending)
        uv_walk(&k->loop, close_handle, NULL);
}

static void wait_for_signals(void *userdata)
{
    kill_on_signal *k = userdata;
    uv_run(&k->loop, UV_RUN_DEFAULT);
}

/* Closes all handles of a loop that no thread runs, and frees everything. */
static void dispose(kill_on_signal *k)
{
    uv_walk(&k->loop, close_handle, NULL);
    uv_run(&k->loop, UV_RUN_DEFAULT);
    uv_loop_close(&k->loop);
    uv_mutex_destroy(&k->lock);
    free(k);
}

static bool start_handles(kill_on_signal *k)
{
    if (uv_async_init(&k->loop, &k->changed, note_change) != 0)
        return false;
    k->changed.data = k;
    for (int i = 0; i < SIGNALS; i++) {
        if (uv_signal_init(&k->loop, &k->handles[i]) != 0)
            return false;
        k->handles[i].data = k;
        if (uv_signal_start(&k->handles[i], note_signal, signals[i]) != 0)
            return false;
    }
    return uv_thread_create(&k->thread, wait_for_signals, k) == 0;
}

kill_on_signal *kill_on_signal_begin(tether_registry *registry, int64_t grace_ms)
{
    kill_on_signal *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->registry = registry;
    k->grace_ms = grace_ms;
    if (uv_mutex_init(&k->lock) != 0) {
        free(k);
        return NULL;
    }
    if (uv_loop_init(&k->loop) != 0) {
        uv_mutex_destroy(&k->lock);
        free(k);
        return NULL;
    }
    if (start_handles(k))
        return k;
    dispose(k);
    return NULL;
}

static void change(kill_on_signal *k, const char *task_id, bool ending)
{
    uv_mutex_lock(&k->lock);
    if (task_id != NULL)
        strcpy(k->task_id, task_id);
    k->ending = k->ending || ending;
    uv_mutex_unlock(&k->lock);
    uv_async_send(&k->changed);
}

void kill_on_signal_task(kill_on_signal *k, const char *task_id)
{
    change(k, task_id, false);
}

bool kill_on_signal_failed(kill_on_signal *k, tether_error *error)
{
    if (k == NULL)
        return false;
    uv_mutex_lock(&k->lock);
    bool failed = k->error.code != 0;
    if (failed)
        *error = k->error;
    uv_mutex_unlock(&k->lock);
    return failed;
}

int kill_on_signal_end(kill_on_signal *k)
{
    if (k == NULL)
        return 0;
    change(k, NULL, true);
    uv_thread_join(&k->thread);
    int first = k->first;
    dispose(k);
    return first;
}
