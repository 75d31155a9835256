/* Every field of a task, once. The struct of a record, record.json, what a snapshot copies, a
 * snapshot's JSON and the table in docs/format.md are all made from this list.
 *
 * To add a field, add one line, and to the public tether_snapshot a member of the same name if the
 * field is shown. tests/format/test_fields.c fails where a list lacks it; `ci/fields` writes the
 * table of docs/format.md anew. */
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

/* The kinds of fields, and what a record holds for each. In a snapshot an ID is an array of
 * characters, CODES and PIDS are arrays with a count, and a SIGNAL is an int. */
typedef char *tether__field_ID;       /* as TEXT */
typedef char *tether__field_TEXT;     /* owned; NULL: null. Always valid UTF-8 */
typedef char *tether__field_CODES;    /* "1,0" for the array [1, 0]; owned; NULL: null */
typedef int64_t tether__field_NUMBER; /* `absent` stands for null */
typedef int64_t tether__field_SIGNAL; /* as NUMBER */
typedef bool tether__field_FLAG;      /* never null */
typedef tether_status tether__field_STATUS;
typedef tether__intent tether__field_INTENT; /* NONE: null */
typedef tether__identity tether__field_IDENTITY;
typedef char tether__field_BOOT[TETHER__BOOT_ID_SIZE]; /* empty: null */

/* The `absent` of a number that is never null. */
#define TETHER__NEVER INT64_MIN

/* The list. BOTH is stored, and shown by a snapshot under the same name; STORED is in the record
 * only; SHOWN is in the snapshot only, computed when that is made (COUNT is a number that is never
 * null); OTHER is in record.json and handled by the module that its text names.
 *
 * BOTH, STORED, SHOWN: (kind, name, absent, type, text); OTHER: (name, type, text). `absent` is the
 * number that stands for null; type and text are for the documentation of record.json, and empty
 * for SHOWN. The order is that of the JSON. */
#define TETHER__FIELDS(BOTH, STORED, SHOWN, OTHER)                                                 \
    OTHER(schema_version, "1", "see above")                                                        \
    BOTH(ID, task_id, 0, "text", "")                                                               \
    BOTH(TEXT, session_id, 0, "text", "")                                                          \
    BOTH(TEXT, name, 0, "text, null", "a label; more than one task may have it")                   \
    BOTH(TEXT, project_root, 0, "text, null", "a canonical directory")                             \
    BOTH(STATUS, status, 0, "text",                                                                \
         "`starting running paused killing completed failed killed timed_out lost`")               \
    BOTH(TEXT, reason, 0, "text, null", "see below")                                               \
    STORED(INTENT, kill_intent, 0, "text, null",                                                   \
           "`kill`, `timeout` or `shutdown`; written before the first signal")                     \
    STORED(NUMBER, kill_takeover_ms, 0, "number, null",                                            \
           "monotonic clock: from when on another host may continue the kill")                     \
    BOTH(NUMBER, exit_code, TETHER_EXIT_UNKNOWN, "number, null", "null: none or not known")        \
    BOTH(SIGNAL, signal, 0, "number, null", "null: none or not known")                             \
    BOTH(CODES, pipeline_statuses, 0, "array, null", "the marker's `pipestatus`")                  \
    BOTH(TEXT, command, 0, "text",                                                                 \
         "the command's text, or the arguments in shell quoting; cut after 64 KiB")                \
    OTHER(argv, "array", "the arguments one by one; absent where `command` is a text")             \
    BOTH(TEXT, workdir, 0, "text", "the directory in which the command was started")               \
    BOTH(TEXT, shell, 0, "text, null",                                                             \
         "the shell that runs the text; null for an argument vector")                              \
    BOTH(TEXT, supervisor, 0, "text",                                                              \
         "`script`, or `proxy` for work of a host's own: then there is no process to signal")      \
    BOTH(TEXT, survival, 0, "text, null",                                                          \
         "`detached`: it goes on when its host ends; `dies with host's job`: Windows, where its "  \
         "host is in a job that no process may leave. null: a proxy, or not written yet")          \
    BOTH(NUMBER, started_at, 0, "number, null",                                                    \
         "Unix milliseconds, UTC; by the wall clock, for display. Likewise the next")              \
    BOTH(NUMBER, finished_at, 0, "number, null",                                                   \
         "of a task that was found lost: when it was found")                                       \
    BOTH(NUMBER, duration_ms, -1, "number, null",                                                  \
         "by a clock that nobody sets; where the marker has no `uptime`, by its file's time, "     \
         "unless the wall clock was seen to be set since the start")                               \
    BOTH(NUMBER, timeout_ms, TETHER__NEVER, "number", "0: none")                                   \
    BOTH(NUMBER, deadline_at, 0, "number, null", "Unix milliseconds, UTC, for display")            \
    STORED(NUMBER, deadline_monotonic_ms, 0, "number, null",                                       \
           "the deadline by the monotonic clock of the boot `boot_id`")                            \
    STORED(NUMBER, started_uptime_ms, 0, "number, null", "the start by the uptime of that boot")   \
    STORED(NUMBER, finished_uptime_ms, 0, "number, null",                                          \
           "the end by the uptime of that boot; null where it was found in another one")           \
    STORED(BOOT, boot_id, 0, "text, null", "the boot in which the task was started")               \
    BOTH(NUMBER, child_pid, 0, "number, null",                                                     \
         "the supervisor, leader of its session and process group; null for a proxy")              \
    OTHER(pgid, "number, null", "the same as `child_pid`, for scripts")                            \
    STORED(IDENTITY, identity, 0, "object",                                                        \
           "`pid`, `start_time`, `boot_id`, `pid_ns` of the supervisor")                           \
    STORED(TEXT, output_path, 0, "text", "the file of standard output in the bundle")              \
    STORED(TEXT, stderr_path, 0, "text, null", "that of standard error; null: merged")             \
    SHOWN(TEXT, output_path, 0, "", "")                                                            \
    SHOWN(TEXT, stderr_path, 0, "", "")                                                            \
    SHOWN(TEXT, output_preview, 0, "", "")                                                         \
    SHOWN(FLAG, output_truncated, 0, "", "")                                                       \
    BOTH(NUMBER, output_limit, 0, "number, null",                                                  \
         "bytes of each output that are kept once the task has ended; null: all")                  \
    STORED(NUMBER, stdout_total, -1, "number, null",                                               \
           "what the task wrote, where the limit cuts it; null: it does not, or not yet")          \
    STORED(NUMBER, stderr_total, -1, "number, null", "the same of standard error")                 \
    STORED(FLAG, no_compress, 0, "bool", "the host's compressor is not asked for this task")       \
    SHOWN(FLAG, compressed, 0, "", "")                                                             \
    SHOWN(COUNT, output_dropped, 0, "", "")                                                        \
    SHOWN(COUNT, stderr_dropped, 0, "", "")                                                        \
    BOTH(FLAG, notify_on_completion, 0, "bool",                                                    \
         "a completion is pending while the task has ended, this is true and the next is not")     \
    BOTH(FLAG, completion_delivered, 0, "bool", "the completion was acknowledged")                 \
    STORED(TEXT, lease_holder, 0, "text, null",                                                    \
           "the id of the holder that has leased the completion. It counts while that holder "     \
           "lives")                                                                                \
    OTHER(watches, "array", "patterns that a host keeps watching for, see below")                  \
    SHOWN(FLAG, read_only, 0, "", "")                                                              \
    SHOWN(PIDS, survivors, 0, "", "")

#endif
