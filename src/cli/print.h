/* What people and programs get to read: errors, snapshots, exit codes. */
#ifndef TETHER_CLI_PRINT_H
#define TETHER_CLI_PRINT_H

#include "tether.h"

#include "cli/args.h"
#include "cli/session.h"
#include "cli/stream.h"

/* The command's own exit codes; everything else is a task's. */
enum { EXIT_WAIT_OVER = 124, EXIT_FAILED = 125, EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127 };

/* Prints an error on standard error, as text or with --json as one object, and returns the exit
 * code that stands for it. */
int print_error(const cli_options *cli, const tether_error *error);

/* The same for what the command itself found. The step is at most 31 bytes. */
int print_failure(const cli_options *cli, int code, const char *step, const char *format, ...);
int print_args_error(const cli_options *cli, const cli_args *args);
int print_no_memory(const cli_options *cli);

/* Prints an error that came after something worth telling, such as "task x was started, but". */
int print_error_after(const cli_options *cli, const char *what, const tether_error *error);

/* Flushes standard output. 0, or the exit code after the failure was printed, with what came before
 * it (NULL: nothing worth telling). */
int print_flush(const cli_options *cli, const char *what);

/* The same for a stream of ours that has failed. */
int print_stream_failure(const cli_options *cli, const cli_stream *stream, const char *what);

/* For an option's value that is no DUR. */
int print_bad_duration(const cli_options *cli, const char *option, const char *value);

/* One line of JSON; 0 or an exit code. */
int print_snapshot_json(const cli_options *cli, const tether_snapshot *snapshot);

/* One snapshot by id, as JSON, after something worth telling (NULL: nothing) should it fail; 0 or
 * an exit code. */
int print_task_json(const cli_options *cli, tether_registry *registry, const char *task_id,
                    const char *what);

/* For people: a table, all that is known of one task, one completion with its preview. sessions:
 * tell the session of each too. */
void print_table(const tether_snapshot_list *list, bool sessions);
void print_details(const tether_snapshot *snapshot);
void print_completion(const tether_snapshot *snapshot, bool sessions);

/* The exit code that an ended task gives to its waiter. One that has none (it was lost) gives
 * EXIT_FAILED, and without --json a message that says why. */
int print_outcome(const cli_options *cli, const tether_snapshot *snapshot);

#endif
