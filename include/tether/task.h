/* Tasks: start, query, list, wait, kill, pause.
 *
 * A task is a command with all processes that the command starts. A host is a process with an open
 * registry. The command is run by a supervisor, a shell process that needs no host, so a task goes
 * on when the host that started it ends. Every host with the session open can query and control the
 * task.
 *
 * Functions that take a task id return TETHER_EINVAL if it cannot be one, and TETHER_ENOTASK if the
 * session has no such task. */
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

/* The size of a buffer for any task id with its terminating zero. */
#define TETHER_ID_SIZE 65

/* All statuses, as X(name, text). The order is part of the ABI.
 *
 *   starting   recorded, its supervisor has not reported yet
 *   running    its command runs
 *   paused     stopped by tether_pause
 *   killing    a kill was requested; some of its processes may still run
 *   completed  ended by itself with exit code 0
 *   failed     ended by itself with another exit code, or by a signal that no kill sent
 *   killed     ended by tether_kill, or by a close with TETHER_SHUTDOWN
 *   timed_out  killed at its deadline
 *   lost       its end is not known, see `reason`: the supervisor died, the machine rebooted, ...
 */
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

/* The status of a task. TETHER_STATUS_COMPLETED and all after it are final. */
typedef enum tether_status {
#define TETHER_STATUS_ENUM(name, text) TETHER_STATUS_##name,
    TETHER_STATUS_MAP(TETHER_STATUS_ENUM)
#undef TETHER_STATUS_ENUM
} tether_status;

/* Returns the text of a status, as in records and JSON; "unknown" for a value out of range. The
 * text is static. Any thread. */
TETHER_EXPORT const char *tether_status_text(tether_status status);

/* Returns whether a status is final: the task has ended. Any thread. */
TETHER_EXPORT bool tether_status_ended(tether_status status);

/* What happens when an output exceeds its limit. */
typedef enum tether_output_policy {
    TETHER_OUTPUT_TRUNCATE = 0, /* a part of it is dropped */
    TETHER_OUTPUT_KILL = 1      /* the same, and the task is ended */
} tether_output_policy;

/* What supervises a task. */
typedef enum tether_supervisor {
    TETHER_SUPERVISOR_AUTO = 0,   /* the monitor where it is installed, else a script */
    TETHER_SUPERVISOR_SCRIPT = 1, /* a wrapper script, which every machine can run */
    TETHER_SUPERVISOR_MONITOR = 2 /* the program tether-monitor */
} tether_supervisor;

/* Who writes the files of a task's outputs. */
typedef enum tether_output {
    TETHER_OUTPUT_AUTO = 0,   /* through pipes where a monitor supervises the task, else direct */
    TETHER_OUTPUT_DIRECT = 1, /* the command itself */
    TETHER_OUTPUT_PIPE = 2    /* the monitor, which reads what the command writes from pipes */
} tether_output;

/* What to start. All zero except for `command` or `argv` is valid. Strings and arrays are copied
 * before tether_spawn returns. */
typedef struct tether_spec {
    /* sizeof(tether_spec), or 0 for the size of version 0.1, which has all fields below. */
    size_t size;

    /* The text of a command for the user's shell: any bytes but NUL, of any length. Excludes
     * argv. */
    const char *command;
    /* The bytes of command. 0: up to the terminating zero. */
    size_t command_size;
    /* The program and its arguments, NULL-terminated, started without a user's shell. If the name
     * of the program has no '/', it is looked up in the task's PATH during the call, and the
     * program sees its full path as argv[0]. Excludes command and shell. */
    const char *const *argv;
    /* The shell for command, a name (looked up in the task's PATH) or a path. If it is not found,
     * the call fails with TETHER_ENOSHELL. NULL: the first that is found of $BASH, bash, zsh and
     * sh; on Windows of $SHELL if it is a Bourne-like shell, pwsh, powershell, the bash of Git and
     * cmd. */
    const char *shell;
    /* The task's working directory. NULL: that of this process. */
    const char *workdir;
    /* The whole environment as "NAME=value", NULL-terminated. NULL: that of this process, which no
     * other thread may change during the call. */
    const char *const *env;
    /* Variables to set in addition to env, replacing those of the same name: "NAME=value",
     * NULL-terminated. NULL: none. */
    const char *const *env_set;
    /* A file to read standard input from. A FIFO is opened by the task itself, which waits for a
     * writer before the command starts. NULL: the null device. */
    const char *stdin_path;
    /* A label for people. UTF-8, 1 to 1024 bytes. NULL: none. */
    const char *name;
    /* An existing directory that the task belongs to, for tether_find and tether_list_in. Stored as
     * its canonical path. NULL: none. */
    const char *project_root;
    /* The task is killed this many milliseconds after its start, as timed_out, by any host that has
     * the session open then. 0: the registry's default_timeout_ms. TETHER_NO_TIMEOUT: never. */
    int64_t timeout_ms;
    /* Standard error goes to the file of standard output, as with 2>&1. Default: to a file of its
     * own. */
    bool merge_output;
    /* No completion is kept when the task ends, see tether/completion.h. Default: one is. */
    bool no_notify;

    /* Refuse to start the task (TETHER_EQUOTA, the message names up to eight of them) while this
     * many tasks of the session run. The smaller of this and the registry's max_running applies. 0:
     * the registry's only. */
    size_t max_running;
    /* How many bytes of each stream are kept; 0: all. Where a monitor writes the files (`output`),
     * they are the first ones, about a quarter of the limit, and the last ones, and the files take
     * no more than twice the limit of the disk at any moment, if that has holes; see
     * tether_output_gap. Else they are the last ones, and the files are trimmed after the end of
     * the task. */
    uint64_t output_limit;
    /* Record the exit codes of all commands of the last pipeline, if the shell is bash or zsh: see
     * pipeline_statuses of tether_snapshot. Default: off. */
    bool pipestatus;
    /* Do not pass this task's output to the registry's `compress`. Default: pass it. */
    bool no_compress;
    /* Names of variables to remove from env before env_set is applied, NULL-terminated; names that
     * env does not have are ignored. NULL: none. */
    const char *const *env_unset;
    /* Arguments for the shell in front of the file with the command, NULL-terminated, at most 16;
     * with shell "/usr/bin/env" and "python3" here, the command is a program in Python. Excludes
     * argv. NULL: none. */
    const char *const *shell_arguments;
    /* Start the shell as a login shell, which reads the user's profile. TETHER_ENOTSUP for a shell
     * that is not known to have such an option. Excludes argv. Default: no login shell. */
    bool login;
    /* Standard input is that of this process: the task reads from the same file, pipe or terminal,
     * also after this process has ended. It must be open since before the registry was opened.
     * Excludes stdin_path. Default: the null device. */
    bool inherit_stdin;
    /* What supervises the task. With TETHER_SUPERVISOR_MONITOR the call fails with
     * TETHER_ENOTSUP if the monitor is not installed, or, on Windows, if only a script can run the
     * command (cmd in a network path). The monitor is the program that the
     * variable TETHER_MONITOR of this process names (an empty value: none), else `tether-monitor`
     * beside this program or in the folder where tether was installed. Default: the monitor where
     * it is installed. */
    tether_supervisor supervisor;
    /* When the command has ended, end what it has left behind (SIGTERM, 2 seconds, SIGKILL). The
     * end of the task is told at once. Needs a monitor: TETHER_ENOTSUP without one. Default:
     * what it has left behind goes on. */
    bool end_tree;
    /* Who writes the files of the outputs. Through pipes, a command that opens /dev/stderr or
     * /dev/stdout itself loses nothing, and one whose disk is full goes on. With TETHER_OUTPUT_PIPE
     * the call fails with TETHER_ENOTSUP where no monitor has pipes. Default: through pipes where a
     * monitor has them. */
    tether_output output;
    /* Make programs write whole lines at once, which otherwise collect what they write into a file
     * or a pipe: sets PYTHONUNBUFFERED, and, where it is installed (Linux), preloads the library of
     * stdbuf (LD_PRELOAD, _STDBUF_O), which reaches the programs that use the C library's streams.
     * Variables that are set already stay. Default: off. */
    bool line_buffered;
    /* With TETHER_OUTPUT_KILL the monitor ends the task (SIGTERM, 2 seconds, SIGKILL) as soon as
     * one of its outputs exceeds output_limit, also with no host alive; the task is then `killed`,
     * with the reason "its output exceeded the limit". Needs an output_limit, and a monitor that
     * has pipes: TETHER_ENOTSUP without one. Default: TETHER_OUTPUT_TRUNCATE. */
    tether_output_policy output_policy;
    /* The task ends with this registry: when it is closed (TETHER_DETACH too) or this process ends,
     * however that happens, the monitor ends the task with all that it has left behind (SIGTERM, 2
     * seconds, SIGKILL), and it is `killed`, with the reason "its host ended". A process that this
     * one has forked, and that executes no program, must end as well: it has a copy of the
     * descriptor whose closing tells the monitor. Needs a monitor: TETHER_ENOTSUP without one.
     * Default: the task goes on. */
    bool with_host;
    /* Standard input is a pipe into which hosts write with tether_input, until one closes it. Needs
     * a monitor: TETHER_ENOTSUP without one. Excludes stdin_path and inherit_stdin.
     * Default: the null device. */
    bool input_pipe;
    /* The task runs beside another task of the session, or beside a process: when that has ended,
     * however, the monitor ends this task with all that it has left behind (SIGTERM, 2 seconds,
     * SIGKILL), also with no host alive. It is then `killed`, with the reason "ended at the end of
     * task ID" or "of process PID". A task has ended when its command has, whatever it has left
     * behind. The process is the one that has this pid during the call. Needs a monitor, on Linux:
     * TETHER_ENOTSUP without one. TETHER_EENDED if the task or the process has ended;
     * TETHER_ENOTASK; TETHER_EFOREIGN if the task runs in another pid namespace; TETHER_ETIMEDOUT
     * if it does not start its command within 5 s (on the thread of a host's own loop: at once).
     * Give at most one of them. NULL and 0: none. */
    const char *while_task;
    int64_t while_pid; /* see while_task */
    /* The task runs in a cgroup of its own (Linux, version 2), below that of this process or one
     * above it, wherever a cgroup is delegated to the user. Needs a monitor. TETHER_ENOTSUP, and
     * nothing is started, if that cannot be had; the message says what to do. Default: in the
     * cgroup of this process. */
    bool scope;
    /* How many bytes of memory the processes of the task may have together, without swap; includes
     * scope. When they need more, the kernel ends them all, and the task has `failed`, with the
     * reason "out of memory: limit" and the size. 0: no limit. */
    uint64_t memory_limit;
    /* A text that the monitor runs with /bin/sh, on Windows with cmd (one line of at most 8,000
     * characters), when the task has ended, however it has (but for a task that is `lost`), also
     * with no host alive: at most once, in the task's working directory (if that is gone, in the
     * root or the directory of Windows) and environment. It is no part of the task: it neither
     * delays the end nor changes it, and no kill ends it. It reads the task's JSON, as of
     * tether_snapshot_json, on standard input, and has variables TETHER_ID, TETHER_STATUS,
     * TETHER_EXIT_CODE and more; the first 64 KiB of its output are kept in the file `on-end`
     * beside those of the task. docs/format.md has the details. What has become of it is in the
     * snapshot (on_end_error). NULL: none. Needs a monitor: TETHER_ENOTSUP without one. */
    const char *on_end;
    /* After this time, and 2 seconds more, its process group (on Windows, all that it has started)
     * is ended. 0: 60 seconds. */
    int64_t on_end_timeout_ms;
    /* Makes the start idempotent: while a task of the session has this key, each start with the key
     * finds that task instead of starting another one, whatever else the spec says, and succeeds
     * with its id. So a start that may have been lost can be repeated, by any host and at any time;
     * of several hosts that race, one starts the task. A task has its key from its start until it
     * is removed, also when it has ended and its completion was acknowledged. Only one whose
     * command is known never to have begun does not have it any more: it is lost because it was
     * never started, or has failed because it could not be started. Sessions do not share keys.
     * 1 to 200 bytes of UTF-8 without control characters. NULL: none. */
    const char *key;
    /* Receives whether the call found a task with the key: then it has started nothing, and no
     * limit of the session was checked. False after a failure. NULL: not wanted. */
    bool *found;
} tether_spec;

/* Starts a task. Returns as soon as its supervisor runs, without waiting for the command.
 *
 * task_id receives the id; it is empty on failure. After a failure no process, file or descriptor
 * of the task is left. Any thread. With a `key`, the id may be that of a task that was started
 * before; if another host is just starting it, the call waits until that is decided, up to 5 s (on
 * the thread of a host's own loop: not at all).
 *
 * The task runs in a session and process group of its own, with default signal handling, an empty
 * signal mask, and no open descriptors but its three standard streams. On Windows it runs in a job
 * and a console of its own, and inherits no handles but its three standard streams and two that
 * belong to its supervision. The variable TETHER_TASK_ID in its environment is its id.
 *
 * Errors: TETHER_EINVAL for an invalid spec, for a standard input that does not exist or is closed,
 * and on Windows for arguments that cmd would misread; TETHER_ENOPROGRAM, TETHER_ENOEXEC,
 * TETHER_ENOSHELL, TETHER_EWORKDIR if the program, shell or directory is not found or cannot be
 * used; TETHER_ETOOBIG if an argument, a variable or all of them are too big (the message names the
 * cause); TETHER_EQUOTA if a limit of the session is reached; TETHER_ELIMIT if no more processes or
 * descriptors are available; TETHER_ELOCKED; TETHER_ENOSPACE; TETHER_EGONE if the store was
 * removed; TETHER_ENOTSUP where the job of this process permits no task; TETHER_ETIMEDOUT if
 * another host has begun to start a task with the same key, and does not go on: call it again. */
TETHER_EXPORT int tether_spawn(tether_registry *registry, const tether_spec *spec,
                               char task_id[TETHER_ID_SIZE], tether_error *error);

/* The state of a task at one moment: a plain value without locks or references. The caller owns it.
 * Strings are UTF-8 (invalid bytes became U+FFFD) and NULL if absent. Times are milliseconds since
 * the Unix epoch. */
typedef struct tether_snapshot {
    size_t size;                  /* sizeof(tether_snapshot) of the library at run time */
    char task_id[TETHER_ID_SIZE]; /* the id of the task */
    char *session_id;             /* the id of its session */
    char *name;                   /* its label for people; NULL: none */
    char *project_root; /* the directory that it belongs to, as its canonical path; NULL: none */
    /* The text of the command, or argv in shell quoting; at most 64 KiB. */
    char *command;
    char *workdir;        /* the directory in which the command was started */
    char *shell;          /* the path of the user's shell; NULL for argv */
    char *supervisor;     /* "script", "monitor", or "proxy" for a proxy task (tether/proxy.h) */
    tether_status status; /* whether it runs, and how it ended */
    char *reason;         /* more about the status, see docs/format.md; NULL: nothing to add */
    int64_t exit_code;    /* 128 + N after signal N, 124 after a timeout; TETHER_EXIT_UNKNOWN: not
                             ended, or not known */
    int signal;          /* the signal that ended the task: that of a kill, or one that a monitor or
                            a proxy task reports; 0: none. A script cannot tell a signal from exit
                            code 128 + N, and reports only the latter */
    int64_t started_at;  /* 0: not known */
    int64_t finished_at; /* 0: not ended */
    int64_t duration_ms; /* unaffected by changes of the wall clock; up to now while it runs; -1:
                            not known */
    int64_t timeout_ms;  /* 0: none */
    int64_t deadline_at; /* 0: none */
    int64_t child_pid;   /* the process id of the supervisor; 0: not known, or a proxy task */
    char *output_path;   /* the file of standard output, or of both streams if merged */
    char *stderr_path;   /* the file of standard error; NULL if merged */
    char *output_preview;      /* the last bytes of both streams, standard output first and standard
                                  error after it: at most 300 together, so a long standard error
                                  leaves none for standard output; begins with a whole character */
    bool output_truncated;     /* there is more output than the preview shows */
    bool notify_on_completion; /* a completion is kept, see tether/completion.h */
    bool completion_delivered; /* it was acknowledged */
    bool read_only;            /* a newer version wrote the record: it can be read, not changed */
    /* Process ids of a task that has ended or is being killed. tether_status_get and tether_find
     * look for those that run now, and list at most 64. All other snapshots of an ended task have
     * at most 16 of those that lived on when its monitor reported the end: they may have ended
     * since. Valid if survivors_known. */
    int64_t *survivors;
    size_t survivor_count; /* how many are listed */
    /* Exit codes of the commands of the last pipeline; NULL: not requested or not known. */
    int *pipeline_statuses;
    size_t pipeline_count;   /* how many codes there are */
    int64_t output_limit;    /* in bytes; 0: none */
    uint64_t output_dropped; /* bytes of standard output that the limit has dropped */
    uint64_t stderr_dropped; /* bytes of standard error that the limit has dropped */
    bool compressed;         /* the registry's `compress` made the preview */
    bool survivors_known;    /* if false, JSON has null for the survivors */
    /* What happens to the task when the host that started it ends: "detached" (it goes on), "ends
     * with its host" (with_host of its spec), or "dies with host's job" (Windows, if the host is in
     * a job that its children cannot leave); NULL: not known, or a proxy task. */
    char *survival;
    char *signal_name; /* the name of `signal`, such as "SIGTERM"; NULL: none, or it has no name */
    /* What the task's processes have used, where a monitor supervised it: those for which it could
     * wait, with those for which these have waited. -1: not known, or not ended; but see
     * tether_snapshot_measure. */
    int64_t user_ms;       /* processor time */
    int64_t system_ms;     /* processor time of the kernel for them */
    int64_t peak_memory;   /* bytes, of the largest process; of all together in a scope that counts
                              memory */
    int64_t process_count; /* how many processes these numbers count */
    int64_t output_lost;   /* bytes of output that a monitor could not write; 0: none */
    /* Who writes the files of the outputs: "pipe" (the monitor, from pipes), or "direct" (the
     * command itself; for a proxy task its host). */
    char *output_kind;
    /* The names of the survivors, in their order: valid UTF-8 without control characters, chosen by
     * the processes, and cut as the system cuts them. NULL: not known. */
    char **survivor_names;
    int64_t survivor_total; /* how many survivors there are, listed or not; -1: not known. In JSON
                               this is the survivor_count */
    char *while_task;       /* the task beside which it was to run; NULL: none */
    int64_t while_pid;      /* the process beside which it was to run; 0: none */
    /* Of a task that runs, after tether_snapshot_measure; -1: not known. */
    int64_t memory_now;    /* bytes of memory; what several processes share counts for each */
    int64_t processes_now; /* how many of its processes live, without its supervisor */
    char *scope;           /* the path of the task's own cgroup; NULL: it has none */
    int64_t memory_limit;  /* bytes, of that cgroup; 0: none */
    /* What its supervisor runs when the task has ended (on_end of its spec), and what has become of
     * that. The command has done its work if the exit code is 0; an error says why it has not, or
     * why that is not known. Both are absent until it has ended: it is not part of the task, and
     * may end after it. NULL: nothing is run. */
    char *on_end;
    int64_t on_end_exit_code; /* 128 + N after signal N; TETHER_EXIT_UNKNOWN: none, or not known */
    char *on_end_error;       /* NULL: none, or not known yet */
    char *key;                /* with which it was started (key of its spec); NULL: none */
} tether_snapshot;

/* Returns the exit status that a shell would report for an ended task: its exit code (0 to 255; on
 * Windows all 32 bits), 128 + N after signal N, 124 after a timeout. Returns 125 if the exit code
 * is not known or the task has not ended. Any thread. */
TETHER_EXPORT int tether_exit_status(const tether_snapshot *snapshot);

/* The exit_code of a task that has not ended, or whose exit code is not known. */
#define TETHER_EXIT_UNKNOWN ((int64_t)-1)

/* Snapshots of several tasks. The items belong to the list. */
typedef struct tether_snapshot_list {
    size_t size;             /* sizeof(tether_snapshot_list) of the library at run time */
    tether_snapshot **items; /* count pointers, so that a snapshot can grow */
    size_t count;            /* how many items there are */
} tether_snapshot_list;

/* Returns the state of a task of the session. It is never older than the files in the store: the
 * call reads what the supervisor wrote, even if no event has arrived yet.
 *
 * The caller frees *snapshot with tether_snapshot_free; it is NULL on failure. Any thread.
 *
 * Errors: TETHER_ENOTASK; TETHER_EINVAL for a malformed id; TETHER_EGONE if the store was removed;
 * TETHER_ECORRUPT if the record is damaged. */
TETHER_EXPORT int tether_status_get(tether_registry *registry, const char *task_id,
                                    tether_snapshot **snapshot, tether_error *error);

/* As tether_status_get, but if the session does not have the task, searches all other sessions of
 * the store for a task with this id and project root. project_root is any path to that directory;
 * if the directory is gone, the path that it had. NULL: the registry's own session only.
 *
 * Errors: as tether_status_get; TETHER_EWORKDIR if project_root exists but is not a directory, or
 * cannot be entered. */
TETHER_EXPORT int tether_find(tether_registry *registry, const char *task_id,
                              const char *project_root, tether_snapshot **snapshot,
                              tether_error *error);

/* Which tasks to list. */
typedef enum tether_list_scope {
    TETHER_LIST_RUNNING = 0, /* tasks that have not ended */
    TETHER_LIST_ALL = 1,     /* ended ones as well */
    /* Those that have ended, and of which processes still run: a kill ends these. The snapshots
     * have the survivors, looked up as by tether_status_get. A task whose monitor guards processes
     * that cannot be seen from here is listed too, with survivors that are not known. */
    TETHER_LIST_ORPHANS = 2
} tether_list_scope;

/* Lists the tasks of the session, the newest first. Each item is as current as from
 * tether_status_get, except that survivors are not looked up (but for TETHER_LIST_ORPHANS), and
 * that a running task whose lifeline is held is believed to run (docs/design.md). Damaged tasks are
 * left out. If any other task cannot be read, such as for lack of descriptors, the call fails: a
 * list is complete.
 *
 * The caller frees *list with tether_snapshot_list_free; it is NULL on failure. An empty list is
 * not an error. Any thread. */
TETHER_EXPORT int tether_list(tether_registry *registry, tether_list_scope scope,
                              tether_snapshot_list **list, tether_error *error);

/* Options of tether_list_in. All zero (or a NULL pointer) means every default. */
typedef struct tether_list_options {
    /* sizeof(tether_list_options), or 0 for the size of version 0.1, which has all fields below. */
    size_t size;
    /* Default: TETHER_LIST_RUNNING. */
    tether_list_scope scope;
    /* Only tasks with this project root, of all sessions: any path to the directory, or the path
     * that it had. NULL: tasks with any project root, or none. */
    const char *project_root;
    /* List all sessions of the store. Default: the registry's own session, unless project_root is
     * given. */
    bool all_sessions;
    /* Leave out what takes a look at the outputs: output_preview is NULL, output_truncated false,
     * and no bytes count as dropped. Makes a list of many tasks faster. Default: off. */
    bool without_output;
} tether_list_options;

/* As tether_list, with options.
 *
 * Errors: TETHER_EWORKDIR if project_root exists but is not a directory, or cannot be entered. */
TETHER_EXPORT int tether_list_in(tether_registry *registry, const tether_list_options *options,
                                 tether_snapshot_list **list, tether_error *error);

/* Completes the snapshot of a task that runs by what its processes use now: user_ms and system_ms,
 * with the processor time of the processes that have ended, memory_now and processes_now. What is
 * not known stays -1.
 *
 * Asks the monitor of the task and waits for its answer, 2 seconds at most, so call it for the few
 * tasks whose numbers are shown: no other call does it. The task is one of this registry's session.
 * Any thread.
 *
 * Errors, after which the snapshot is as before: TETHER_EENDED if the task has ended meanwhile, or
 * had when the snapshot was made; TETHER_ENOTSUP if it has no monitor, or one of another version,
 * and where monitors cannot be asked; TETHER_ETIMEDOUT if its command has not been
 * started yet; TETHER_ENOANSWER if the monitor is stopped; TETHER_ENOTASK also for a task of
 * another session; TETHER_EFOREIGN; TETHER_ECLOSED. */
TETHER_EXPORT int tether_snapshot_measure(tether_registry *registry, tether_snapshot *snapshot,
                                          tether_error *error);

/* Free a snapshot, or a list with its items. NULL is allowed. Any thread. */
TETHER_EXPORT void tether_snapshot_free(tether_snapshot *snapshot);
TETHER_EXPORT void tether_snapshot_list_free(tether_snapshot_list *list);

/* Returns a snapshot as one line of JSON. Its members have the names of the snapshot's; absent
 * values are null. Beside each time there is a text, as started_at_rfc3339 beside started_at: see
 * tether_time_text. The caller frees it with tether_free; NULL if memory is short. Any thread. */
TETHER_EXPORT char *tether_snapshot_json(const tether_snapshot *snapshot);

/* The size of a buffer for tether_time_text. */
#define TETHER_TIME_SIZE 25

/* Writes a time, in milliseconds since the Unix epoch, as RFC 3339 in UTC:
 * "2026-01-31T12:00:00.250Z". Returns false, with an empty text, outside the years 0 to 9999. Any
 * thread. */
TETHER_EXPORT bool tether_time_text(int64_t unix_ms, char text[TETHER_TIME_SIZE]);

/* Whether to wait for the end of all tasks, or of any of them. */
typedef enum tether_wait_mode {
    TETHER_WAIT_ALL = 0, /* until all have ended */
    TETHER_WAIT_ANY = 1  /* until one has ended */
} tether_wait_mode;

/* Waits until all (or any) of `count` tasks of the session have ended; any host may have started
 * them. Depends on the end of the tasks only: processes that a task leaves behind, even with its
 * output open, are not waited for.
 *
 * timeout_ms in milliseconds: -1 waits forever, 0 checks once. *index receives the index in
 * task_ids of the task that ended first; index may be NULL. Any thread, any number at a time; not
 * the thread of a host's own loop if timeout_ms is not 0 (TETHER_EINVAL), because that loop could
 * not notice the end.
 *
 * Errors: TETHER_EINVAL also if count is 0; TETHER_ETIMEDOUT; TETHER_ENOTASK if one of the tasks
 * does not exist or was removed; TETHER_ECLOSED if the registry is closed during the wait. */
TETHER_EXPORT int tether_wait(tether_registry *registry, const char *const *task_ids, size_t count,
                              tether_wait_mode mode, int64_t timeout_ms, size_t *index,
                              tether_error *error);

/* A waiter reports the ends of a set of tasks one by one, each once, in the order in which they
 * ended, like `wait -n` of a shell. There can be any number of waiters. Calls on one waiter must
 * not overlap. */
typedef struct tether_waiter tether_waiter;

/* Opens a waiter on these tasks; count 0: on all that run in the session now.
 *
 * The caller frees *waiter with tether_waiter_close, before or after it closes the registry; it is
 * NULL on failure. Any thread.
 *
 * Errors: TETHER_ENOTASK if one of the tasks does not exist. */
TETHER_EXPORT int tether_waiter_open(tether_registry *registry, const char *const *task_ids,
                                     size_t count, tether_waiter **waiter, tether_error *error);

/* Waits until the next task has ended. task_id receives its id; it is empty on failure. timeout_ms
 * and threads as in tether_wait. Tasks that were removed before they were reported are skipped.
 *
 * Errors: TETHER_ENOTASK if no task is left to report; TETHER_ETIMEDOUT; TETHER_ECLOSED if the
 * registry is closed during the wait. */
TETHER_EXPORT int tether_waiter_next(tether_waiter *waiter, int64_t timeout_ms,
                                     char task_id[TETHER_ID_SIZE], tether_error *error);

/* Frees a waiter. NULL is allowed. */
TETHER_EXPORT void tether_waiter_close(tether_waiter *waiter);

/* The result of tether_run. The members belong to it. */
typedef struct tether_outcome {
    size_t size; /* sizeof(tether_outcome) of the library at run time */
    /* The state of the task. tether_status_ended(snapshot->status) says whether it has ended. */
    tether_snapshot *snapshot;
    /* What it has written to standard output: everything, or the last `limit` bytes. A terminating
     * zero follows. */
    char *output;
    size_t output_size;     /* the bytes in output, without the zero */
    uint64_t output_offset; /* of the first byte of output in the stream */
    char *errors;           /* the same for standard error */
    size_t errors_size;     /* the bytes in errors, without the zero */
    uint64_t errors_offset; /* of the first byte of errors in the stream */
} tether_outcome;

/* Starts a task and waits for its end, but not longer than wait_ms milliseconds (-1: forever). If
 * the task has not ended by then, the call succeeds all the same: the task goes on in the
 * background, and can be waited for, read and killed like any other.
 *
 * *outcome has at most `limit` bytes of each stream (0: 1 MiB); tether_output_read gives the rest.
 * The caller frees *outcome with tether_outcome_free; it is NULL on failure. Any thread, except the
 * thread of a host's own loop if wait_ms is not 0 (TETHER_EINVAL).
 *
 * Errors: as tether_spawn and tether_wait. After an error that occurs once the task was started,
 * the task goes on, and the message names it. */
TETHER_EXPORT int tether_run(tether_registry *registry, const tether_spec *spec, int64_t wait_ms,
                             size_t limit, tether_outcome **outcome, tether_error *error);

/* Frees an outcome. NULL is allowed. Any thread. */
TETHER_EXPORT void tether_outcome_free(tether_outcome *outcome);

/* Options of tether_kill. All zero (or a NULL pointer) means every default. */
typedef struct tether_kill_options {
    /* sizeof(tether_kill_options), or 0 for the size of version 0.1, which has all fields below. */
    size_t size;
    /* Only send this signal to the task's processes, without waiting for its effect and without
     * changing the task's status. The supervisor is spared if the signal would end it, so that it
     * can report how the command ends. 0: end the task. */
    int signal;
    /* The time from SIGTERM to SIGKILL, in milliseconds. 0: 2 seconds. -1: SIGKILL at once. Ignored
     * with a signal. */
    int64_t grace_ms;
} tether_kill_options;

/* Ends a task with all its processes: SIGTERM, the grace, SIGKILL. On Windows it sends a console
 * break, waits for the grace, and terminates the job; it does not wait if the break cannot be sent.
 *
 * Returns when no process of the task is left. After the grace it waits up to 5 s in which none of
 * them ends, and up to 60 s in all. If the task is being killed already, waits for that kill; a
 * shorter grace shortens its grace. Killing a task that has ended is not an error; it ends the
 * processes that the task left behind. A task that ends by itself in the meantime keeps its own
 * status and exit code. No process is signalled that is not verified to belong to the task. Any
 * thread.
 *
 * A signal is sent when the task has started its command, for which the call waits up to 5 s, but
 * not on the thread of a host's own loop.
 *
 * Errors: TETHER_ENOTASK; TETHER_EINVAL for a signal that the system does not have, or a grace
 * below -1; TETHER_ESURVIVED if processes are left: the message has their ids, and whether they
 * belong to another user or are not proved to be the task's, so that they got no signal. The task
 * then stays TETHER_STATUS_KILLING, with the same in its reason, until they have exited;
 * TETHER_EACCESS if a process of another user refused the signal, which all others got;
 * TETHER_EFOREIGN if the task runs in another pid namespace; TETHER_ENOTSUP for a signal to a proxy
 * task (tether/proxy.h), on Windows for a signal that tether_signal_number does not return, and on
 * systems where processes cannot be listed for a signal that would end the supervisor;
 * TETHER_ETIMEDOUT for a signal to a task that does not start its command in time; TETHER_ELIMIT if
 * not all processes could be found or signalled for lack of descriptors: call it again;
 * TETHER_EREADONLY if a newer version wrote the record; TETHER_ELOCKED; TETHER_ECLOSED if the
 * registry is closed during the wait. */
TETHER_EXPORT int tether_kill(tether_registry *registry, const char *task_id,
                              const tether_kill_options *options, tether_error *error);

/* Waits until the kills that this registry carries on with are over: of tasks whose deadline has
 * passed, also while no host was there, and of tasks whose kill another host began and did not
 * finish. The registry begins them by itself; a process that is about to close it and exit calls
 * this first, because otherwise they stop halfway. Returns at once if there are none. A kill that
 * another host may still finish itself is not waited for.
 *
 * timeout_ms in milliseconds: -1 waits forever, 0 checks once. Any thread; not the thread of a
 * host's own loop if timeout_ms is not 0 (TETHER_EINVAL).
 *
 * Errors: TETHER_ETIMEDOUT if some are not over by then, such as because processes survive the
 * final signal; TETHER_ECLOSED if the registry is closed during the wait. */
TETHER_EXPORT int tether_finish_kills(tether_registry *registry, int64_t timeout_ms,
                                      tether_error *error);

/* Pause a task with all its processes (SIGSTOP), and resume it (SIGCONT). Pausing a paused task, or
 * resuming a running one, is not an error. While a task is paused, its deadline continues to count,
 * and it can be killed. Both calls wait up to 5 s for a task that is starting, but not on the
 * thread of a host's own loop. Any thread.
 *
 * Errors: TETHER_EENDED if the task has ended or is being killed; TETHER_ETIMEDOUT if it does not
 * start in time, or starts processes faster than they can be stopped; TETHER_EACCESS if a process
 * of another user cannot be stopped: all others are, and the task is paused; TETHER_ENOTASK;
 * TETHER_ENOTSUP for a proxy task; TETHER_EFOREIGN, TETHER_EREADONLY as in tether_kill;
 * TETHER_ELOCKED; TETHER_ECLOSED if the registry is closed during the wait. */
TETHER_EXPORT int tether_pause(tether_registry *registry, const char *task_id, tether_error *error);
TETHER_EXPORT int tether_resume(tether_registry *registry, const char *task_id,
                                tether_error *error);

/* Moves the deadline of a running task to timeout_ms milliseconds from now; TETHER_NO_TIMEOUT: it
 * has none any more. The deadline may become an earlier one. If several hosts move it, the last one
 * to be recorded counts.
 *
 * With a script as supervisor, and for a proxy task, hosts enforce the deadline, and all of them
 * take the new one. A monitor is told of it: the call waits for its answer, 2 seconds at most, and
 * up to 5 s for a task that is starting (not on the thread of a host's own loop). Any thread.
 *
 * Errors: TETHER_ETOOLATE if the task is being ended by its supervisor; TETHER_EENDED if the task
 * has ended or is being killed; TETHER_EINVAL if timeout_ms is 0 or cannot be a time;
 * TETHER_EREADONLY; TETHER_ELOCKED; TETHER_ECLOSED. After any other error, such as TETHER_ENOANSWER
 * because the monitor is stopped, the new deadline is recorded and hosts enforce it, but the
 * monitor may end the task at the one before: call it again. */
TETHER_EXPORT int tether_extend(tether_registry *registry, const char *task_id, int64_t timeout_ms,
                                tether_error *error);

/* Options of tether_input. All zero (or a NULL pointer) means every default. */
typedef struct tether_input_options {
    /* sizeof(tether_input_options), or 0 for the fields of version 0.1. */
    size_t size;
    /* The first byte of the data has this offset in the task's standard input. What was taken
     * before is not written again, so a call can be repeated after a failure. One host at a time
     * should write with offsets. Default: the data follows what was taken before, from any host. */
    bool at_offset;
    uint64_t offset; /* the offset of the first byte, with at_offset */
    /* Close standard input once all of the data was taken: the task reads the end. Closing it again
     * is no error. Default: it stays open, also when this process ends. */
    bool close;
    /* How long to wait for a task that does not read, in milliseconds; -1: forever. Default: 0,
     * only what has room now is taken. */
    int64_t timeout_ms;
} tether_input_options;

/* Writes to the standard input of a running task that was started with input_pipe, by any host.
 * Size 0 writes nothing: with `close` it closes, without it tells how much was taken.
 *
 * *written receives how many bytes of the data were taken, also on failure, and *taken how many
 * bytes the task's standard input has taken in total; both may be NULL. What was taken is in the
 * pipe: the task need not have read it. A write of up to 4096 bytes is taken as a whole or not at
 * all, and does not mix with those of other hosts. Any thread; not the thread of a host's own loop
 * if timeout_ms is not 0 (TETHER_EINVAL). The monitor may take 2 s for each answer.
 *
 * Errors: TETHER_ETIMEDOUT if not all was taken in time; TETHER_EPIPE if standard input was closed,
 * or no process reads it any more; TETHER_ENOTSUP if it is no pipe, or the task has no monitor;
 * TETHER_EENDED if the task has ended; TETHER_EINVAL also if the offset is beyond what was taken;
 * TETHER_ENOANSWER if the monitor is stopped: then it is not known whether the last part is taken
 * later, and only a call with an offset can be repeated; TETHER_EFOREIGN; TETHER_ECLOSED. */
TETHER_EXPORT int tether_input(tether_registry *registry, const char *task_id, const void *data,
                               size_t size, const tether_input_options *options, size_t *written,
                               uint64_t *taken, tether_error *error);

/* Returns the number of a signal, given as "TERM", "SIGTERM" (in any case), "15", or "RTMIN+n" or
 * "RTMAX-n" for a real-time signal; 0 if there is no such signal. On Windows there are KILL, which
 * terminates the task's processes, and TERM, INT and BREAK, which send a console break. Any thread.
 */
TETHER_EXPORT int tether_signal_number(const char *name);

#ifdef __cplusplus
}
#endif
#endif
