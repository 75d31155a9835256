/* Owns the thread that waits for the library in place of the view, and its two queues.
 * Must not: touch the rows or the screen.
 * Thread: its own; the functions of the header belong to the thread of the view. */
#include "cli/top_worker.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/fit.h"

/* Of a last line; and of the output in the pane, which no screen has more room for. */
enum { LINE_BYTES = 2048, TAIL_BYTES = 65536, TAIL_LINES = 400, NS_PER_MS = 1000000 };

typedef struct job_queue {
    top_job *first, **end;
} job_queue;

struct top_worker {
    tether_registry *registry;
    void (*wake)(void);
    uv_thread_t thread;
    uv_mutex_t lock; /* guards the queues and stopping */
    uv_cond_t given;
    job_queue todo, done;
    bool stopping;
};

int64_t top_worker_now(void)
{
    return (int64_t)(uv_hrtime() / NS_PER_MS) + 1;
}

top_job *top_job_new(top_job_kind kind, const char *id)
{
    top_job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    job->kind = kind;
    if (id != NULL)
        strncpy(job->id, id, sizeof job->id - 1);
    return job;
}

void top_job_free(top_job *job)
{
    size_t i;

    if (job == NULL)
        return;
    for (i = 0; i < job->sample_count; i++)
        free(job->samples[i].last_line);
    free(job->samples);
    tether_snapshot_list_free(job->list);
    tether_free(job->text);
    free(job);
}

static void push(job_queue *queue, top_job *job)
{
    job->next = NULL;
    if (queue->first == NULL)
        queue->end = &queue->first;
    *queue->end = job;
    queue->end = &job->next;
}

static top_job *pop(job_queue *queue)
{
    top_job *job = queue->first;

    if (job != NULL)
        queue->first = job->next;
    return job;
}

static void list(tether_registry *registry, top_job *job)
{
    const tether_list_options options = {.size = sizeof options,
                                         .scope = job->kind == TOP_JOB_RUNNING ? TETHER_LIST_RUNNING
                                                                               : TETHER_LIST_ALL,
                                         .all_sessions = job->kind == TOP_JOB_SESSIONS,
                                         .without_output = true};

    tether_list_in(registry, &options, &job->list, &job->error);
}

/* Returns how much a task has written to both streams. */
static bool total_output(tether_registry *registry, const char *id, uint64_t *total,
                         tether_error *error)
{
    uint64_t size[2] = {0, 0};
    int i;

    for (i = 0; i < 2; i++) {
        if (tether_output_size(registry, id, (tether_stream)i, &size[i], error) != 0)
            return false;
    }
    *total = size[0] + size[1];
    return true;
}

static char *read_last_line(tether_registry *registry, const char *id)
{
    size_t size, length;
    char *text, *copy;
    const char *line;

    if (tether_output_tail(registry, id, TETHER_VIEW_BOTH, LINE_BYTES, 0, &text, &size, NULL,
                           NULL) != 0)
        return NULL;
    line = fit_last_line(text, size, &length);
    copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, line, length);
        copy[length] = '\0';
    }
    /* A byte 0 would end it. */
    for (size = 0; copy != NULL && size < length; size++)
        copy[size] = copy[size] == '\0' ? '\x01' : copy[size];
    tether_free(text);
    return copy;
}

static void measure(tether_registry *registry, top_sample *sample)
{
    tether_snapshot *task;
    tether_error error = {0};
    int code = tether_status_get(registry, sample->id, &task, &error);

    if (code != 0)
        return;
    if (!tether_status_ended(task->status))
        code = tether_snapshot_measure(registry, task, &error);
    sample->no_answer = code == TETHER_ENOANSWER;
    if (code == 0 && !tether_status_ended(task->status)) {
        sample->memory = task->memory_now;
        if (task->user_ms >= 0 && task->system_ms >= 0)
            sample->cpu_ms = task->user_ms + task->system_ms;
    }
    tether_snapshot_free(task);
}

static void take_sample(tether_registry *registry, top_sample *sample)
{
    int64_t seen = sample->output;
    uint64_t total;

    sample->cpu_ms = sample->memory = sample->output = -1;
    if (sample->measure)
        measure(registry, sample);
    if (total_output(registry, sample->id, &total, NULL))
        sample->output = (int64_t)total;
    sample->at = top_worker_now();
    if (sample->output >= 0 && sample->output != seen)
        sample->last_line = read_last_line(registry, sample->id);
}

static void tail(tether_registry *registry, top_job *job)
{
    uint64_t total;

    if (!total_output(registry, job->id, &total, &job->error) || total == job->seen)
        return;
    job->seen = total;
    tether_output_tail(registry, job->id, TETHER_VIEW_BOTH, TAIL_BYTES, TAIL_LINES, &job->text,
                       &job->size, NULL, &job->error);
}

static void control(tether_registry *registry, top_job *job)
{
    switch (job->kind) {
    case TOP_JOB_KILL:
        tether_kill(registry, job->id, NULL, &job->error);
        break;
    case TOP_JOB_PAUSE:
        tether_pause(registry, job->id, &job->error);
        break;
    case TOP_JOB_RESUME:
        tether_resume(registry, job->id, &job->error);
        break;
    case TOP_JOB_EXTEND:
        tether_extend(registry, job->id, job->timeout_ms, &job->error);
        break;
    case TOP_JOB_ACKNOWLEDGE:
        tether_completion_ack(registry, job->id, NULL, &job->error);
        break;
    default:
        tether_remove(registry, job->id, &job->error);
        break;
    }
}

static void work(tether_registry *registry, top_job *job)
{
    int64_t begin = top_worker_now();
    size_t i;

    switch (job->kind) {
    case TOP_JOB_ALL:
    case TOP_JOB_RUNNING:
    case TOP_JOB_SESSIONS:
        list(registry, job);
        break;
    case TOP_JOB_SAMPLE:
        for (i = 0; i < job->sample_count; i++)
            take_sample(registry, &job->samples[i]);
        break;
    case TOP_JOB_TAIL:
        tail(registry, job);
        break;
    default:
        control(registry, job);
        break;
    }
    job->at = top_worker_now();
    job->took_ms = job->at - begin;
}

/* Waits for the next job; NULL: the worker is stopped. */
static top_job *next_job(top_worker *worker)
{
    top_job *job = NULL;

    uv_mutex_lock(&worker->lock);
    while (!worker->stopping && worker->todo.first == NULL)
        uv_cond_wait(&worker->given, &worker->lock);
    if (!worker->stopping)
        job = pop(&worker->todo);
    uv_mutex_unlock(&worker->lock);
    return job;
}

static void run(void *userdata)
{
    top_worker *worker = userdata;
    top_job *job;

    while ((job = next_job(worker)) != NULL) {
        work(worker->registry, job);
        uv_mutex_lock(&worker->lock);
        push(&worker->done, job);
        uv_mutex_unlock(&worker->lock);
        worker->wake();
    }
}

top_worker *top_worker_start(tether_registry *registry, void (*wake)(void))
{
    top_worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return NULL;
    worker->registry = registry;
    worker->wake = wake;
    if (uv_mutex_init(&worker->lock) != 0)
        goto no_lock;
    if (uv_cond_init(&worker->given) != 0)
        goto no_condition;
    if (uv_thread_create(&worker->thread, run, worker) == 0)
        return worker;
    uv_cond_destroy(&worker->given);
no_condition:
    uv_mutex_destroy(&worker->lock);
no_lock:
    free(worker);
    return NULL;
}

static void free_queue(job_queue *queue)
{
    top_job *job;

    while ((job = pop(queue)) != NULL)
        top_job_free(job);
}

void top_worker_stop(top_worker *worker)
{
    if (worker == NULL)
        return;
    uv_mutex_lock(&worker->lock);
    worker->stopping = true;
    uv_cond_signal(&worker->given);
    uv_mutex_unlock(&worker->lock);
    uv_thread_join(&worker->thread);
    free_queue(&worker->todo);
    free_queue(&worker->done);
    uv_cond_destroy(&worker->given);
    uv_mutex_destroy(&worker->lock);
    free(worker);
}

void top_worker_give(top_worker *worker, top_job *job)
{
    uv_mutex_lock(&worker->lock);
    push(&worker->todo, job);
    uv_cond_signal(&worker->given);
    uv_mutex_unlock(&worker->lock);
}

top_job *top_worker_take(top_worker *worker)
{
    top_job *job;

    uv_mutex_lock(&worker->lock);
    job = pop(&worker->done);
    uv_mutex_unlock(&worker->lock);
    return job;
}
