/* Prints errors and snapshots for people and as JSON, and maps errors to exit codes. */
#ifndef TETHER_CLI_PRINT_H
#define TETHER_CLI_PRINT_H

#include "tether.h"

#include "cli/args.h"
#include "cli/options.h"
#include "cli/stream.h"

/* The exit codes of the command itself. Every other code is that of a task. */
enum { EXIT_TIMED_OUT = 124, EXIT_FAILED = 125, EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127 };

/* Prints an error on standard error, as text or with --json as one object. Returns its exit code.
 */
int print_error(const cli_options *cli, const tether_error *error);

/* Does the same for an error that an event has brought, on the thread of events. In one write, so
 * that no output of a task comes between. */
void print_event_error(const cli_options *cli, const tether_error *error);

/* Does the same as print_error for an error that the command itself detected. The step has at most
 * 31 bytes. */
int print_failure(const cli_options *cli, int code, const char *step, const char *format, ...);

/* Prints the message of a failed args_next. */
int print_args_error(const cli_options *cli, const cli_args *args);

/* Reports that a word could mean any of these tasks, and lists them. Returns an exit code. */
int print_ambiguous(const cli_options *cli, const char *word, const tether_snapshot *const *tasks,
                    size_t count);

int print_no_memory(const cli_options *cli);

/* Prints an error after a text that says what had happened before it, such as "task x was started,
 * but ..." (NULL: print the error alone). With a text it returns EXIT_FAILED for every error. */
int print_error_after(const cli_options *cli, const char *what, const tether_error *error);

/* Flushes standard output. Returns 0, or reports the failure with the text (may be NULL) before it
 * and returns EXIT_FAILED. */
int print_flush(const cli_options *cli, const char *what);

/* Reports that writing to standard output or standard error has failed; what as above. */
int print_stream_failure(const cli_options *cli, const cli_stream *stream, const char *what);

/* Reports that an option's value is not a duration. */
int print_bad_duration(const cli_options *cli, const char *option, const char *value);

/* Print a snapshot as one line of JSON, of the kind "task" or "completion". Return 0 or an exit
 * code. */
int print_snapshot_json(const cli_options *cli, const tether_snapshot *snapshot);
int print_completion_json(const cli_options *cli, const tether_snapshot *snapshot);

/* Does the same for a start with a key, with a member `found`. */
int print_found_json(const cli_options *cli, const tether_snapshot *snapshot, bool found);

/* Does the same with the kind "end": how the task ended whose output was followed. */
int print_end_json(const cli_options *cli, const tether_snapshot *snapshot);

/* Prints the snapshot of this task as one line of JSON. Returns 0 or an exit code; an error is
 * reported as by print_error_after. */
int print_task_json(const cli_options *cli, tether_registry *registry, const char *task_id,
                    const char *what);

/* Prints for people: all fields of one task, or one completion with its preview. With sessions, the
 * session of the task is shown too. */
void print_details(const tether_snapshot *snapshot);
void print_completion(const tether_snapshot *snapshot, bool sessions);

/* Returns the exit code that the command passes on for an ended task. If that is not known (the
 * task is lost), returns EXIT_FAILED and, without --json, prints a message with the reason. Without
 * --json it also tells of processes that live on. */
int print_outcome(const cli_options *cli, const tether_snapshot *snapshot);

#endif
