/* Does for "tether top" what may take time, on a thread of its own: lists, samples and control of
 * tasks. */
#ifndef TETHER_CLI_TOP_WORKER_H
#define TETHER_CLI_TOP_WORKER_H

#include "tether.h"

#include "cli/top_rows.h"

typedef enum top_job_kind {
    TOP_JOB_ALL,      /* lists all tasks of the session */
    TOP_JOB_RUNNING,  /* lists those that have not ended */
    TOP_JOB_SESSIONS, /* lists the tasks of all sessions */
    TOP_JOB_SAMPLE,   /* fills in the samples */
    TOP_JOB_TAIL,     /* reads the end of the output of a task, unless it has `seen` bytes */
    TOP_JOB_KILL,
    TOP_JOB_PAUSE,
    TOP_JOB_RESUME,
    TOP_JOB_EXTEND,
    TOP_JOB_ACKNOWLEDGE,
    TOP_JOB_REMOVE
} top_job_kind;

/* A job, and once it is done its result. */
typedef struct top_job {
    struct top_job *next;
    top_job_kind kind;
    char id[TETHER_ID_SIZE];
    int64_t timeout_ms;  /* EXTEND */
    uint64_t seen;       /* TAIL: in and out */
    top_sample *samples; /* SAMPLE: id, measure, and in output what was seen */
    size_t sample_count;
    tether_error error; /* code 0: it succeeded */
    tether_snapshot_list *list;
    int64_t at;      /* when it was done, as top_worker_now */
    int64_t took_ms; /* how long it took */
    char *text;      /* TAIL: NULL if nothing has changed */
    size_t size;
} top_job;

typedef struct top_worker top_worker;

/* Starts a worker on a registry, which has to outlive it. `wake` is called on its thread whenever a
 * job is done. Returns NULL if there is no thread or memory left. */
top_worker *top_worker_start(tether_registry *registry, void (*wake)(void));

/* Waits for the job that is being done, drops the others, and frees the worker. NULL is allowed. To
 * end a job that waits, interrupt the registry before. */
void top_worker_stop(top_worker *worker);

/* Gives it a job, which it owns from now on. */
void top_worker_give(top_worker *worker, top_job *job);

/* Returns a job that is done, for the caller to free; NULL: none. */
top_job *top_worker_take(top_worker *worker);

/* Returns a new job, of one task or with id NULL; NULL if memory runs out. */
top_job *top_job_new(top_job_kind kind, const char *id);
void top_job_free(top_job *job);

/* Returns a clock that does not go back, in milliseconds; never 0. */
int64_t top_worker_now(void);

#endif
