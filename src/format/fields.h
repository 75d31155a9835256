/* The only list of the fields of a task. It generates the struct of a record, a record's JSON, what
 * a snapshot copies, a snapshot's JSON and the table in docs/format.md.
 *
 * To add a field, add one line here and, if snapshots show it, a member of the same name to the
 * public tether_snapshot. Then run `ci/fields`, which updates the table in docs/format.md.
 * tests/format/test_fields.c fails until all of them have the field. */
#ifndef TETHER_FIELDS_H
#define TETHER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"
#include "tether/task.h"

/* Why a task is being killed, written before the first signal. */
typedef enum tether__intent {
    TETHER__INTENT_NONE,
    TETHER__INTENT_KILL,
    TETHER__INTENT_TIMEOUT,
    TETHER__INTENT_SHUTDOWN
} tether__intent;

/* The kinds of fields, and the type of each in a record, which owns the texts. In a snapshot an ID
 * is an array of characters, CODES and SURVIVORS are arrays with a count, and a SIGNAL is an int.
 */
typedef const char *tether__field_ID;    /* as TEXT */
typedef const char *tether__field_TEXT;  /* NULL: null. Always valid UTF-8 */
typedef const char *tether__field_CODES; /* "1,0" for the array [1, 0]; NULL: null */
typedef int64_t tether__field_NUMBER;    /* the value `absent` means null */
typedef int64_t tether__field_SIGNAL;    /* as NUMBER */
typedef int64_t tether__field_TIME; /* as NUMBER; Unix milliseconds. In JSON there is a text too */
typedef const char *tether__field_PROCESSES; /* as format/left.h writes them; NULL: null */
typedef const char *tether__field_OBJECT;    /* its JSON; NULL: absent, not null */
typedef bool tether__field_FLAG;             /* never null */
typedef tether_status tether__field_STATUS;
typedef tether__intent tether__field_INTENT; /* NONE: null */
typedef tether__kept_identity tether__field_IDENTITY;
typedef const char *tether__field_BOOT; /* never NULL; empty: null */

/* The kinds that both records and snapshots have. Each of them lists its own kinds after these. */
#define TETHER__SHARED_KINDS ID, TEXT, CODES, NUMBER, SIGNAL, TIME, FLAG, STATUS

/* As `absent`: 0 means none. A record's JSON has the 0, and that of a snapshot has null. */
#define TETHER__STORED_0 INT64_MIN

/* As `absent` of a TEXT: most tasks have none, and the record's JSON then lacks the field. */
#define TETHER__OMITTED 1

/* The list. A BOTH field is in the record, and in snapshots under the same name. A STORED field is
 * in the record only. A SHOWN field is in snapshots only and computed when a snapshot is created (a
 * COUNT is a number that is never null). An OTHER field is in a record's JSON, but not in the
 * struct: special code handles it.
 *
 * BOTH, STORED, SHOWN: (kind, name, absent, type, text); OTHER: (name, type, text). `absent` is the
 * number that means null. type and text go into the table of docs/format.md, and are empty for
 * SHOWN. The order is that of the JSON. */
#define TETHER__FIELDS(BOTH, STORED, SHOWN, OTHER)                                                 \
    OTHER(schema_version, "1", "see above")                                                        \
    BOTH(ID, task_id, 0, "text", "the task's id")                                                  \
    BOTH(TEXT, session_id, 0, "text", "the id of its session")                                     \
    BOTH(TEXT, name, 0, "text, null", "a label; several tasks may have the same")                  \
    BOTH(TEXT, key, TETHER__OMITTED, "text",                                                       \
         "with which it was started, see Keys above; absent: none. It never changes")              \
    BOTH(TEXT, project_root, 0, "text, null", "the canonical path of the project's directory")     \
    BOTH(STATUS, status, 0, "text",                                                                \
         "`starting running paused killing completed failed killed timed_out lost`")               \
    STORED(INTENT, kill_intent, 0, "text, null",                                                   \
           "`kill`, `timeout` or `shutdown`; written before the first signal")                     \
    BOTH(TEXT, reason, 0, "text, null", "see below")                                               \
    STORED(NUMBER, kill_takeover_ms, 0, "number, null",                                            \
           "the time, by the monotonic clock, from which another host may resume the kill")        \
    BOTH(NUMBER, exit_code, TETHER_EXIT_UNKNOWN, "number, null",                                   \
         "the exit code; 128 + N for signal N, 124 for a timeout; null: none, or not known")       \
    BOTH(SIGNAL, signal, 0, "number, null",                                                        \
         "the signal that ended the task: that of a kill, or one that the marker reports as "      \
         "`signal N`; null: none, or not known. Scripts report any other signal as exit code "     \
         "128 + N")                                                                                \
    SHOWN(TEXT, signal_name, 0, "", "")                                                            \
    BOTH(CODES, pipeline_statuses, 0, "array, null", "the codes in the marker's `pipestatus`")     \
    BOTH(TEXT, command, 0, "text",                                                                 \
         "the command's text, or its arguments quoted for a shell; cut after 64 KiB")              \
    OTHER(argv, "array", "the arguments; absent if the command was given as a text")               \
    BOTH(TEXT, workdir, 0, "text", "the directory in which the command was started")               \
    BOTH(TEXT, shell, 0, "text, null",                                                             \
         "the shell that runs the text; null for an argument vector")                              \
    BOTH(TEXT, supervisor, 0, "text",                                                              \
         "`monitor`, `script`, or `proxy` for work of the host itself, which has no process to "   \
         "signal")                                                                                 \
    BOTH(TEXT, survival, 0, "text, null",                                                          \
         "`detached`: the task outlives its host; `dies with host's job`: on Windows, its host "   \
         "is in a job that no process may leave; `ends with its host`: when the registry ends "    \
         "that "                                                                                   \
         "started it, as it was asked to. null: a proxy, or not written yet")                      \
    BOTH(TEXT, while_task, 0, "text, null",                                                        \
         "the id of the task beside which it was to run: it ends when that has ended")             \
    BOTH(NUMBER, while_pid, 0, "number, null",                                                     \
         "likewise the id of a process, in the pid namespace of the host that started the task")   \
    STORED(OBJECT, on_end, 0, "object",                                                            \
           "what the monitor runs when the task has ended: `command`, a text; `exit_code`, null: " \
           "none, or not known; `error`, null: none, or not known yet. Absent: nothing is run")    \
    OTHER(on_end_open, "bool", "what has become of it is not in the record yet; absent: false")    \
    SHOWN(TEXT, on_end, 0, "", "")                                                                 \
    SHOWN(NUMBER, on_end_exit_code, TETHER_EXIT_UNKNOWN, "", "")                                   \
    SHOWN(TEXT, on_end_error, 0, "", "")                                                           \
    BOTH(TIME, started_at, 0, "number, null",                                                      \
         "Unix milliseconds, UTC, by the wall clock: for display")                                 \
    BOTH(TIME, finished_at, 0, "number, null",                                                     \
         "likewise; if the marker reports no end, the time at which a host found the end")         \
    BOTH(NUMBER, duration_ms, -1, "number, null",                                                  \
         "by a clock that is never set. If the marker has no `uptime`, by the modification time "  \
         "of its file, unless the wall clock has been set since the start")                        \
    BOTH(NUMBER, user_ms, -1, "number, null",                                                      \
         "processor time of the task's processes, as far as a monitor could wait for them")        \
    BOTH(NUMBER, system_ms, -1, "number, null", "likewise, of the kernel for them")                \
    BOTH(NUMBER, peak_memory, -1, "number, null",                                                  \
         "bytes, of the largest of these processes, or of the task's cgroup")                      \
    BOTH(NUMBER, process_count, -1, "number, null", "how many these processes were")               \
    SHOWN(NUMBER, memory_now, -1, "", "")                                                          \
    SHOWN(NUMBER, processes_now, -1, "", "")                                                       \
    BOTH(NUMBER, memory_limit, 0, "number, null", "bytes, of the task's cgroup; null: none")       \
    BOTH(TEXT, scope, 0, "text, null", "the path of the task's own cgroup; null: it has none")     \
    STORED(                                                                                        \
        PROCESSES, survivors, 0, "array, null",                                                    \
        "what lived on when a monitor reported the end, or was killed while it ended the task: "   \
        "objects with `pid` and `name`, at most 16; null: none, or not known")                     \
    STORED(NUMBER, survivor_count, -1, "number, null",                                             \
           "how many these processes were; 0 also for a task that a kill has ended")               \
    BOTH(NUMBER, timeout_ms, TETHER__STORED_0, "number",                                           \
         "the timeout with which the task was started; 0: none")                                   \
    BOTH(TIME, deadline_at, 0, "number, null",                                                     \
         "the deadline in Unix milliseconds, UTC: for display")                                    \
    STORED(NUMBER, deadline_monotonic_ms, 0, "number, null",                                       \
           "the deadline by the monotonic clock of the boot `boot_id`")                            \
    STORED(NUMBER, deadline_moves, 0, "number, null",                                              \
           "how often the deadline was moved; the monitor takes no move that is older than the "   \
           "one it knows")                                                                         \
    STORED(NUMBER, started_uptime_ms, 0, "number, null", "the start by the uptime of that boot")   \
    STORED(NUMBER, finished_uptime_ms, 0, "number, null",                                          \
           "the end by the uptime of that boot; null if it was found during another boot and the " \
           "marker has no `uptime`")                                                               \
    STORED(NUMBER, alive_uptime_ms, 0, "number, null",                                             \
           "an uptime of that boot at which the supervisor was alive: when a host found that it "  \
           "runs, when a kill began, or when the supervisor wrote its exit line")                  \
    STORED(BOOT, boot_id, 0, "text, null", "the boot in which the task was started")               \
    BOTH(NUMBER, child_pid, 0, "number, null",                                                     \
         "the supervisor, leader of its session and process group; null for a proxy")              \
    OTHER(pgid, "number, null", "a copy of `child_pid` for scripts")                               \
    STORED(IDENTITY, identity, 0, "object",                                                        \
           "`pid`, `start_time`, `boot_id`, `pid_ns` of the supervisor; `pidfs_id`: the number "   \
           "that no other process of this boot has, absent: not known; and `time_offset_ns`: "     \
           "how far "                                                                              \
           "the clock of `start_time` was ahead of the machine's, in a time namespace; absent: "   \
           "it was not")                                                                           \
    STORED(TEXT, output_path, 0, "text",                                                           \
           "the name of the file with standard output, in the bundle")                             \
    STORED(TEXT, stderr_path, 0, "text, null",                                                     \
           "likewise for standard error; null: merged into standard output")                       \
    SHOWN(TEXT, output_path, 0, "", "")                                                            \
    SHOWN(TEXT, stderr_path, 0, "", "")                                                            \
    BOTH(TEXT, output_kind, 0, "text, null",                                                       \
         "who writes these files: `pipe`: the monitor, from pipes; `direct`: the command itself; " \
         "null: as `direct`")                                                                      \
    SHOWN(TEXT, output_preview, 0, "", "")                                                         \
    SHOWN(FLAG, output_truncated, 0, "", "")                                                       \
    BOTH(NUMBER, output_limit, 0, "number, null", "how many bytes of each output stay; null: all") \
    STORED(NUMBER, stdout_total, -1, "number, null",                                               \
           "how many bytes the task wrote, if the limit trims the output; null: it does not, or "  \
           "not yet")                                                                              \
    STORED(NUMBER, stderr_total, -1, "number, null", "likewise for standard error")                \
    BOTH(NUMBER, output_lost, 0, "number, null",                                                   \
         "bytes of output that a monitor could not write until the command ended, such as on a "   \
         "full disk; null: none")                                                                  \
    STORED(FLAG, no_compress, 0, "bool", "previews of this task do not use the host's compressor") \
    SHOWN(FLAG, compressed, 0, "", "")                                                             \
    SHOWN(COUNT, output_dropped, 0, "", "")                                                        \
    SHOWN(COUNT, stderr_dropped, 0, "", "")                                                        \
    BOTH(FLAG, notify_on_completion, 0, "bool",                                                    \
         "a completion is requested; it is pending if the task has ended and the next field is "   \
         "false")                                                                                  \
    BOTH(FLAG, completion_delivered, 0, "bool", "the completion was acknowledged")                 \
    STORED(TEXT, lease_holder, 0, "text, null",                                                    \
           "the id of the holder that has leased the completion; valid while that holder is "      \
           "alive")                                                                                \
    OTHER(watches, "array", "the kept watches, see below")                                         \
    SHOWN(FLAG, read_only, 0, "", "")                                                              \
    SHOWN(SURVIVORS, survivors, 0, "", "")

#endif
