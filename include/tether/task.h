/* Tasks: start, look, wait, kill. */
#ifndef TETHER_TASK_H
#define TETHER_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for a task id and its terminating zero. */
#define TETHER_ID_SIZE 65

/* X(name, text). The order is part of the ABI. */
#define TETHER_STATUS_MAP(X)                                                                       \
    X(STARTING, "starting")                                                                        \
    X(RUNNING, "running")                                                                          \
    X(PAUSED, "paused")                                                                            \
    X(KILLING, "killing")                                                                          \
    X(COMPLETED, "completed")                                                                      \
    X(FAILED, "failed")                                                                            \
    X(KILLED, "killed")                                                                            \
    X(TIMED_OUT, "timed_out")                                                                      \
    X(LOST, "lost")

/* Where a task is in its life. COMPLETED and everything after it is final: it never changes again.
 */
typedef enum tether_status {
#define TETHER_STATUS_ENUM(name, text) TETHER_STATUS_##name,
    TETHER_STATUS_MAP(TETHER_STATUS_ENUM)
#undef TETHER_STATUS_ENUM
} tether_status;

/* The text of a status as it stands in records and JSON. Static; "unknown" for a value out of
 * range. Any thread. */
TETHER_EXPORT const char *tether_status_text(tether_status status);

/* Whether a status is final. Any thread. */
TETHER_EXPORT bool tether_status_ended(tether_status status);

/* What to start. All zero but for command or argv is valid. Strings are copied before tether_spawn
 * returns. */
typedef struct tether_spec {
    /* sizeof(tether_spec), or 0 for the fields of version 0.1. */
    size_t size;

    /* Text for the user's shell: any bytes but NUL, of any length. Excludes argv. */
    const char *command;
    /* Its bytes. 0: up to the terminating zero. */
    size_t command_size;
    /* NULL-terminated: the program and its arguments, started without a user's shell. Excludes
     * command and shell. A name without '/' is looked up in PATH at once; the program then sees its
     * full path as argv[0]. */
    const char *const *argv;
    /* The user's shell, a name or a path. NULL: $BASH, bash, zsh, sh, the first there is; on
     * Windows $SHELL where that is one of the Bourne family, pwsh, powershell, the bash of git,
     * cmd. A choice made here is final: where it is not there the call fails with TETHER_ENOSHELL.
     */
    const char *shell;
    /* NULL: the working directory of this process. */
    const char *workdir;
    /* NULL-terminated "NAME=value": the whole environment. NULL: this process's own, read during
     * the call, so no other thread may change it meanwhile. */
    const char *const *env;
    /* NULL-terminated "NAME=value": set on top of env. NULL: nothing. */
    const char *const *env_set;
    /* A file for the task's standard input. NULL: the null device. */
    const char *stdin_path;
    /* A label for people, UTF-8, up to 1024 bytes. NULL: none. */
    const char *name;
    /* A directory the task belongs to, kept canonically. NULL: none. */
    const char *project_root;
    /* From the start to the kill. 0: the registry's default. TETHER_NO_TIMEOUT: none. It is kept by
     * whichever host has the session open. */
    int64_t timeout_ms;
    /* Standard error goes to the file of standard output, as 2>&1. Default: apart. */
    bool merge_output;
    /* The task completes silently: no completion is kept. Default: one is. */
    bool no_notify;

    /* The task is refused (TETHER_EQUOTA, the message names the first eight) while so many tasks of
     * the session run. 0: the registry's limit alone. */
    size_t max_running;
    /* What is kept of each output, in bytes, once the task has ended: its tail. 0: everything. */
    uint64_t output_limit;
    /* The exit codes of all commands in the last pipeline, where the user's shell is bash or zsh:
     * see pipeline_statuses of the snapshot. */
    bool pipestatus;
    /* The registry's compressor is not asked for this task. */
    bool no_compress;
} tether_spec;

/* Starts a task and returns as soon as its supervisor runs. The task gets a session and process
 * group of its own, closed descriptors from 3 on, default signal handling and an empty mask (on
 * Windows a job and a console of its own, and no handle but the three streams and its lifeline),
 * and finds TETHER_TASK_ID in its environment. task_id receives the id, and is an empty string on
 * failure. After a failure there is no process, no bundle, no descriptor. Threads: any. Errors
 * worth acting on: TETHER_ENOPROGRAM, TETHER_ENOEXEC, TETHER_ENOSHELL, TETHER_EWORKDIR (the named
 * thing is not there or not usable), TETHER_ETOOBIG (the message names the culprit), TETHER_ELIMIT
 * (processes or descriptors), TETHER_ENOSPACE, TETHER_EGONE (the store was removed); on Windows
 * TETHER_EINVAL for arguments of a batch file that cmd could misread. */
TETHER_EXPORT int tether_spawn(tether_registry *registry, const tether_spec *spec,
                               char task_id[TETHER_ID_SIZE], tether_error *error);

/* What is known of a task at one moment: a plain value without locks or references, owned by the
 * caller. Strings are UTF-8 (invalid bytes become U+FFFD) and NULL where absent. Times: Unix
 * milliseconds, UTC. */
typedef struct tether_snapshot {
    char task_id[TETHER_ID_SIZE];
    char *session_id;
    char *name;
    char *project_root;
    char *command; /* the command's text, or argv in shell quoting; cut after 64 KiB (the bundle has
                      all of it) */
    char *workdir;
    char *shell;      /* the shell that was resolved; NULL for argv */
    char *supervisor; /* "script"; "proxy": a host, see tether/proxy.h */
    tether_status status;
    char *reason;          /* why, where the status alone does not tell */
    int64_t exit_code;     /* TETHER_EXIT_UNKNOWN: none, not yet, or not known */
    int signal;            /* the signal that ended it; 0: none or not known */
    int64_t started_at;    /* 0: never started */
    int64_t finished_at;   /* 0: not ended */
    int64_t duration_ms;   /* by a clock that nobody sets; -1: not known. Running: up to now */
    int64_t timeout_ms;    /* 0: none */
    int64_t deadline_at;   /* 0: none */
    int64_t child_pid;     /* the supervisor's process id; 0: not known, or a host's own work */
    char *output_path;     /* the file of standard output, or of both when merged */
    char *stderr_path;     /* NULL when merged */
    char *output_preview;  /* the last 300 bytes of stdout then stderr, cut at a character */
    bool output_truncated; /* there is more than the preview shows */
    bool notify_on_completion;
    bool completion_delivered;
    bool read_only;     /* the record has a newer schema: it is shown, never changed */
    int64_t *survivors; /* process ids of a lost or ended task that still run: at most 64,
                           and only where survivors_known */
    size_t survivor_count;
    int *pipeline_statuses; /* exit codes of the last pipeline's commands; NULL: not asked for, or
                               not told */
    size_t pipeline_count;
    int64_t output_limit;    /* 0: none */
    uint64_t output_dropped; /* bytes of standard output that the limit dropped */
    uint64_t stderr_dropped;
    bool compressed;      /* the preview was made by the registry's compressor */
    bool survivors_known; /* somebody looked for survivors: tether_status_get and tether_find do.
                             Else there may be some, and JSON says null for them */
    char *survival; /* what becomes of it when its host ends: "detached" (it goes on), or "dies
                       with host's job" (Windows, where the host is in a job that nothing may
                       leave); NULL: not known, or a host's own work */
} tether_snapshot;

/* What a shell's `wait` would say of an ended task: 0 to 255 (on Windows all 32 bits of the code);
 * 128 + N for signal N, 124 for a timeout; 125 where the code is not known, and for a task that has
 * not ended. Any thread. */
TETHER_EXPORT int tether_exit_status(const tether_snapshot *snapshot);

#define TETHER_EXIT_UNKNOWN ((int64_t)-1)

typedef struct tether_snapshot_list {
    tether_snapshot *items;
    size_t count;
} tether_snapshot_list;

/* One task, never older than what is on disk: the exit marker itself is looked at. *snapshot is
 * freed with tether_snapshot_free, NULL on failure. Any thread. Errors: TETHER_ENOTASK;
 * TETHER_EINVAL for an id that cannot be one; TETHER_EGONE when the store was removed;
 * TETHER_ECORRUPT for a record that cannot be read. */
TETHER_EXPORT int tether_status_get(tether_registry *registry, const char *task_id,
                                    tether_snapshot **snapshot, tether_error *error);

/* As tether_status_get; a task that is not of this session is also looked for in all others of the
 * store, where its project root is this directory (any path to it; NULL: own session only). The
 * directory may be gone: it is then found by the path it had. Any thread. Errors: as
 * tether_status_get; TETHER_EWORKDIR for what is no directory or cannot be entered. */
TETHER_EXPORT int tether_find(tether_registry *registry, const char *task_id,
                              const char *project_root, tether_snapshot **snapshot,
                              tether_error *error);

typedef enum tether_list_scope {
    TETHER_LIST_RUNNING = 0, /* tasks that have not ended */
    TETHER_LIST_ALL = 1
} tether_list_scope;

/* The session's tasks, newest first, each as fresh as tether_status_get gives it. *list is freed
 * with tether_snapshot_list_free, NULL on failure. Any thread. */
TETHER_EXPORT int tether_list(tether_registry *registry, tether_list_scope scope,
                              tether_snapshot_list **list, tether_error *error);

typedef struct tether_list_options {
    size_t size; /* sizeof(tether_list_options), or 0 for the fields of version 0.1 */
    tether_list_scope scope;
    const char *project_root; /* only tasks with this project root, of all sessions; any path to it,
                                 also where it is gone. NULL: any */
    bool all_sessions;        /* of all sessions of the store. Default: of the registry's own */
} tether_list_options;

/* As tether_list, with a choice. options NULL: running tasks of the own session. Any thread.
 * Errors: TETHER_EWORKDIR for a project root that is no directory or cannot be entered. */
TETHER_EXPORT int tether_list_in(tether_registry *registry, const tether_list_options *options,
                                 tether_snapshot_list **list, tether_error *error);

TETHER_EXPORT void tether_snapshot_free(tether_snapshot *snapshot);
TETHER_EXPORT void tether_snapshot_list_free(tether_snapshot_list *list);

/* A snapshot as one line of JSON with the record's field names; absent values are null. Freed with
 * tether_free; NULL when memory is short. Any thread. */
TETHER_EXPORT char *tether_snapshot_json(const tether_snapshot *snapshot);

typedef enum tether_wait_mode { TETHER_WAIT_ALL = 0, TETHER_WAIT_ANY = 1 } tether_wait_mode;

/* Waits until all or any of these tasks have ended; tasks of other hosts too. timeout_ms: -1 waits
 * for ever, 0 only looks. With TETHER_WAIT_ANY, *index receives the place in task_ids of the one
 * that ended first (NULL: not wanted). Depends on the tasks' ends only, never on the end of their
 * output. Any thread, any number of waiters; not from the thread of a host's own loop with a
 * timeout other than 0, because that loop could not tell of the end (TETHER_EINVAL). Errors:
 * TETHER_ETIMEDOUT, TETHER_ENOTASK, TETHER_ECLOSED. */
TETHER_EXPORT int tether_wait(tether_registry *registry, const char *const *task_ids, size_t count,
                              tether_wait_mode mode, int64_t timeout_ms, size_t *index,
                              tether_error *error);

/* Several waits on one set of tasks, each task told once, in the order of ending: the shell's
 * `wait -n`. One thread at a time; any number of waiters. */
typedef struct tether_waiter tether_waiter;

/* Takes these tasks; count 0: all that run in the session now. *waiter is freed by
 * tether_waiter_close, also after the registry's close; NULL on failure. Any thread. Errors:
 * TETHER_ENOTASK. */
TETHER_EXPORT int tether_waiter_open(tether_registry *registry, const char *const *task_ids,
                                     size_t count, tether_waiter **waiter, tether_error *error);

/* Waits for the next one to end; timeout_ms as in tether_wait. Errors: TETHER_ETIMEDOUT;
 * TETHER_ECLOSED; TETHER_ENOTASK when all were told (those that were removed meanwhile are not). */
TETHER_EXPORT int tether_waiter_next(tether_waiter *waiter, int64_t timeout_ms,
                                     char task_id[TETHER_ID_SIZE], tether_error *error);

/* NULL is allowed. */
TETHER_EXPORT void tether_waiter_close(tether_waiter *waiter);

/* What tether_run came to. */
typedef struct tether_outcome {
    tether_snapshot *snapshot; /* its status tells whether the task still runs */
    char *output; /* what it wrote to standard output so far: all, or the last output_limit bytes of
                     the call; a zero after it */
    size_t output_size;
    uint64_t output_offset; /* where that begins in the stream; 0: at its first byte */
    char *errors;           /* the same of standard error */
    size_t errors_size;
    uint64_t errors_offset;
} tether_outcome;

/* Starts a task and waits up to wait_ms (-1: for ever) for its end. A task that has not ended by
 * then is no error: it goes on in the background, and nothing of it is lost. `limit` is how many
 * bytes of each output the outcome has at most (0: 1 MiB); all of it stays readable with
 * tether_output_read. *outcome is freed with tether_outcome_free, NULL on failure. Any thread but
 * that of a host's own loop. Errors: as tether_spawn and tether_wait; where one comes after the
 * start, the task runs on, and the message has its id. */
TETHER_EXPORT int tether_run(tether_registry *registry, const tether_spec *spec, int64_t wait_ms,
                             size_t limit, tether_outcome **outcome, tether_error *error);

TETHER_EXPORT void tether_outcome_free(tether_outcome *outcome);

typedef struct tether_kill_options {
    size_t size;      /* sizeof(tether_kill_options), or 0 for the fields of version 0.1 */
    int signal;       /* 0: end the task. Else just this signal goes to its processes, and the call
                         returns at once */
    int64_t grace_ms; /* between the polite signal and the final one; 0: 2 seconds; -1: none */
} tether_kill_options;

/* Ends the whole tree: SIGTERM, the grace, SIGKILL (on Windows a console break, the grace, the end
 * of the job; no grace where no break reaches it); returns when no process of it is left. Killing
 * a task that has ended is no error, and ends what it left behind. A task that ends by itself
 * meanwhile keeps its own result. options may be NULL. No signal is sent before the process is
 * verified as the task's own. Any thread; blocks for up to grace + 5 s. Errors: TETHER_ENOTASK;
 * TETHER_ESURVIVED (the message has the pids); TETHER_ENOTSUP (a signal for a proxy task, see
 * tether/proxy.h); TETHER_EFOREIGN (started in another pid namespace);
 * TETHER_EREADONLY (a newer version's record). */
TETHER_EXPORT int tether_kill(tether_registry *registry, const char *task_id,
                              const tether_kill_options *options, tether_error *error);

/* Stops and continues the whole tree. A pause is written down before the first process is stopped;
 * doing either again is no error. The deadline of a paused task still holds, and killing it works.
 * Any thread; a task that is just being started is waited for, up to 5 s. Errors: TETHER_ENOTASK;
 * TETHER_EENDED when it has ended or is being killed; TETHER_EFOREIGN; TETHER_EREADONLY;
 * TETHER_ETIMEDOUT. */
TETHER_EXPORT int tether_pause(tether_registry *registry, const char *task_id, tether_error *error);
TETHER_EXPORT int tether_resume(tether_registry *registry, const char *task_id,
                                tether_error *error);

/* The number of a signal by name or number ("TERM", "SIGTERM", "15"); 0 where there is none.
 * Windows has KILL, which ends the job, and TERM, INT and BREAK, which stand for a console break.
 * Any thread. */
TETHER_EXPORT int tether_signal_number(const char *name);

#ifdef __cplusplus
}
#endif
#endif
