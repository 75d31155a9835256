/* Owns the text and JSON of errors and snapshots, and the mapping of errors to exit codes.
 * Must not: call a registry for anything but a snapshot, or decide what a verb does.
 * Thread: the main one. */
#include "cli/print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "cli/duration.h"
#include "cli/reader.h"
#include "cli/stream.h"
#include "cli/escape.h"
#include "cli/survivors.h"
#include "cli/table.h"

static int exit_code_of(int code)
{
    switch (code) {
    case TETHER_ETIMEDOUT:
        return EXIT_TIMED_OUT;
    case TETHER_ENOEXEC:
        return EXIT_NOT_RUNNABLE;
    case TETHER_ENOTASK:
    case TETHER_ENOPROGRAM:
    case TETHER_ENOSHELL:
        return EXIT_NOT_FOUND;
    default:
        return EXIT_FAILED;
    }
}

/* The tasks that an ambiguous word could mean; count 0: the error is another one. */
typedef struct candidates {
    const tether_snapshot *const *tasks;
    size_t count;
} candidates;

static void write_candidates_json(cli_stream *to, const candidates *found)
{
    size_t i;

    for (i = 0; i < found->count; i++) {
        const tether_snapshot *task = found->tasks[i];

        stream_text(to, i == 0 ? ",\"candidates\":[{\"task_id\":" : ",{\"task_id\":");
        escape_json_string(to, task->task_id);
        stream_text(to, ",\"status\":");
        escape_json_string(to, tether_status_text(task->status));
        stream_text(to, ",\"name\":");
        escape_json_string(to, task->name);
        stream_text(to, ",\"command\":");
        escape_json_string(to, task->command);
        stream_text(to, "}");
    }
    if (found->count > 0)
        stream_text(to, "]");
}

static const char *message_of(const tether_error *error)
{
    return error->message[0] != '\0' ? error->message : tether_error_text(error->code);
}

static void write_error_json(cli_stream *to, const tether_error *error, const candidates *found)
{
    stream_text(to, "{\"error\":{\"code\":");
    escape_json_string(to, tether_error_name(error->code));
    stream_text(to, ",\"step\":");
    escape_json_string(to, error->step[0] != '\0' ? error->step : NULL);
    stream_text(to, ",\"message\":");
    escape_json_string(to, message_of(error));
    if (error->os_error != 0)
        stream_format(to, ",\"os_error\":%d", error->os_error);
    else
        stream_text(to, ",\"os_error\":null");
    write_candidates_json(to, found);
    stream_text(to, "}}\n");
}

static void write_error_text(cli_stream *to, const tether_error *error, const candidates *found)
{
    size_t columns = found->count > 0 ? stream_columns(to) : SIZE_MAX, i;

    stream_text(to, "tether: ");
    escape_terminal(to, message_of(error));
    stream_text(to, "\n");
    for (i = 0; i < found->count; i++) {
        const tether_snapshot *task = found->tasks[i];
        const char *label = task->name != NULL ? task->name : task->command;

        size_t used = strlen(task->task_id) + 15;

        stream_format(to, "  %s  %-9s  ", task->task_id, tether_status_text(task->status));
        escape_line(to, label != NULL ? label : "", columns > used ? columns - used : 0);
        stream_text(to, "\n");
    }
}

static void write_form(const cli_options *cli, cli_stream *to, const tether_error *error,
                       const candidates *found)
{
    /* After a mistake in the arguments, a later --json was not parsed but still counts. */
    if (cli->json || args_remaining_contain(cli->args, "--json"))
        write_error_json(to, error, found);
    else
        write_error_text(to, error, found);
    stream_flush(to);
}

static void write_error(const cli_options *cli, const tether_error *error, const candidates *found)
{
    cli_stream *to = stream_stderr();

    if (reader_gone())
        return;
    /* Keep the order if standard output and standard error go to the same place. */
    stream_flush(stream_stdout());
    stream_begin_line(to);
    write_form(cli, to, error, found);
}

static const candidates no_candidates = {NULL, 0};

void print_event_error(const cli_options *cli, const tether_error *error)
{
    write_form(cli, stream_stderr_events(), error, &no_candidates);
}

int print_error(const cli_options *cli, const tether_error *error)
{
    write_error(cli, error, &no_candidates);
    return exit_code_of(error->code);
}

int print_failure(const cli_options *cli, int code, const char *step, const char *format, ...)
{
    tether_error error = {0};
    va_list arguments;

    error.code = code;
    snprintf(error.step, sizeof error.step, "%s", step);
    va_start(arguments, format);
    vsnprintf(error.message, sizeof error.message, format, arguments);
    va_end(arguments);
    return print_error(cli, &error);
}

int print_args_error(const cli_options *cli, const cli_args *args)
{
    tether_error error = {0};

    if (cli->help || cli->version)
        return EXIT_FAILED; /* no error: cli_main prints help or version, not this code */
    error.code = TETHER_EINVAL;
    snprintf(error.step, sizeof error.step, "read arguments");
    snprintf(error.message, sizeof error.message, "%s", args->message);
    write_error(cli, &error, &no_candidates);
    return EXIT_FAILED;
}

int print_bad_duration(const cli_options *cli, const char *option, const char *value)
{
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "%s %.80s is not a duration: give %s", option, value, DURATION_FORMS);
}

int print_ambiguous(const cli_options *cli, const char *word, const tether_snapshot *const *tasks,
                    size_t count)
{
    const candidates found = {tasks, count};
    tether_error error = {0};

    error.code = TETHER_EINVAL;
    snprintf(error.step, sizeof error.step, "find task");
    snprintf(error.message, sizeof error.message,
             "%.80s could mean %" PRIu64 " tasks: give more of the id", word, (uint64_t)count);
    write_error(cli, &error, &found);
    return exit_code_of(error.code);
}

int print_no_memory(const cli_options *cli)
{
    return print_failure(cli, TETHER_ENOMEM, "allocate memory",
                         "out of memory; free memory or raise the limit, then try again");
}

int print_error_after(const cli_options *cli, const char *what, const tether_error *error)
{
    tether_error longer = *error;

    if (what == NULL)
        return print_error(cli, error);
    snprintf(longer.message, sizeof longer.message, "%.140s: %.360s", what, error->message);
    write_error(cli, &longer, &no_candidates);
    return EXIT_FAILED;
}

int print_stream_failure(const cli_options *cli, const cli_stream *stream, const char *what)
{
    const stream_failure *failure = stream_failed(stream);
    const char *name = stream == stream_stdout() ? "standard output" : "standard error";
    tether_error error = {0};

    error.code = failure->code == UV_ENOSPC ? TETHER_ENOSPACE : TETHER_EIO;
    error.os_error = failure->os_error;
    snprintf(error.step, sizeof error.step, "write %s", name);
    snprintf(error.message, sizeof error.message,
             "%s could not be written (%s); free disk space or redirect it elsewhere", name,
             uv_strerror(failure->code));
    return print_error_after(cli, what, &error);
}

int print_flush(const cli_options *cli, const char *what)
{
    if (stream_flush(stream_stdout()) && !reader_gone())
        return 0;
    print_stream_failure(cli, stream_stdout(), what);
    return EXIT_FAILED;
}

/* Prints a snapshot as one line whose first members say what kind of object it is. */
static int print_members(const cli_options *cli, const char *first, const tether_snapshot *snapshot)
{
    char *json = tether_snapshot_json(snapshot);

    if (json == NULL)
        return print_no_memory(cli);
    stream_format(stream_stdout(), "{%s,", first);
    stream_text(stream_stdout(), json + 1); /* after its opening brace */
    stream_text(stream_stdout(), "\n");
    tether_free(json);
    return 0;
}

int print_snapshot_json(const cli_options *cli, const tether_snapshot *snapshot)
{
    return print_members(cli, "\"kind\":\"task\"", snapshot);
}

int print_found_json(const cli_options *cli, const tether_snapshot *snapshot, bool found)
{
    return print_members(
        cli, found ? "\"kind\":\"task\",\"found\":true" : "\"kind\":\"task\",\"found\":false",
        snapshot);
}

int print_completion_json(const cli_options *cli, const tether_snapshot *snapshot)
{
    return print_members(cli, "\"kind\":\"completion\"", snapshot);
}

int print_end_json(const cli_options *cli, const tether_snapshot *snapshot)
{
    return print_members(cli, "\"kind\":\"end\"", snapshot);
}

int print_task_json(const cli_options *cli, tether_registry *registry, const char *task_id,
                    const char *what)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    int code;

    if (tether_status_get(registry, task_id, &snapshot, &error) != 0)
        return print_error_after(cli, what, &error);
    code = print_snapshot_json(cli, snapshot);
    tether_snapshot_free(snapshot);
    return code;
}

static void detail_text(const char *key, const char *value)
{
    cli_stream *to = stream_stdout();

    if (value == NULL)
        return;
    stream_format(to, "%s:", key);
    if (strchr(value, '\n') != NULL) {
        stream_text(to, "\n");
        escape_block(to, value, "    ");
        return;
    }
    stream_text(to, " ");
    escape_terminal(to, value);
    stream_text(to, "\n");
}

static void detail_number(const char *key, int64_t value)
{
    stream_format(stream_stdout(), "%s: %" PRId64 "\n", key, value);
}

static void detail_time(const char *key, int64_t unix_ms)
{
    char text[TETHER_TIME_SIZE];

    if (unix_ms == 0)
        return;
    /* A damaged record may contain any number. */
    if (!tether_time_text(unix_ms, text))
        detail_number(key, unix_ms);
    else
        stream_format(stream_stdout(), "%s: %s\n", key, text);
}

static void detail_duration(const char *key, int64_t ms)
{
    char text[DURATION_TEXT_SIZE];

    duration_format(ms, text);
    stream_format(stream_stdout(), "%s: %s\n", key, text);
}

/* Prints what the processes have used, if a monitor has counted that. */
static void detail_usage(const tether_snapshot *snapshot)
{
    if (snapshot->user_ms >= 0)
        detail_duration("user_time", snapshot->user_ms);
    if (snapshot->system_ms >= 0)
        detail_duration("system_time", snapshot->system_ms);
    if (snapshot->memory_now >= 0)
        detail_number("memory_now", snapshot->memory_now);
    if (snapshot->processes_now >= 0)
        detail_number("processes_now", snapshot->processes_now);
    if (snapshot->peak_memory >= 0)
        detail_number("peak_memory", snapshot->peak_memory);
    if (snapshot->process_count >= 0)
        detail_number("process_count", snapshot->process_count);
    if (snapshot->memory_limit > 0)
        detail_number("memory_limit", snapshot->memory_limit);
}

static void detail_signal(const tether_snapshot *snapshot)
{
    stream_format(stream_stdout(), "signal: %d", snapshot->signal);
    if (snapshot->signal_name != NULL)
        stream_format(stream_stdout(), " (%s)", snapshot->signal_name);
    stream_text(stream_stdout(), "\n");
}

static void detail_pipeline(const tether_snapshot *snapshot)
{
    cli_stream *to = stream_stdout();
    size_t i;

    if (snapshot->pipeline_statuses == NULL)
        return;
    stream_text(to, "pipeline_statuses:");
    for (i = 0; i < snapshot->pipeline_count; i++)
        stream_format(to, " %d", snapshot->pipeline_statuses[i]);
    stream_text(to, "\n");
}

/* Prints what the task is and its state. */
static void print_task_fields(const tether_snapshot *snapshot)
{
    detail_text("task_id", snapshot->task_id);
    detail_text("session_id", snapshot->session_id);
    detail_text("name", snapshot->name);
    detail_text("key", snapshot->key);
    detail_text("status", tether_status_text(snapshot->status));
    detail_text("reason", snapshot->reason);
    if (snapshot->exit_code != TETHER_EXIT_UNKNOWN)
        detail_number("exit_code", snapshot->exit_code);
    if (snapshot->signal != 0)
        detail_signal(snapshot);
    detail_pipeline(snapshot);
    detail_text("command", snapshot->command);
    detail_text("workdir", snapshot->workdir);
    detail_text("project_root", snapshot->project_root);
    detail_text("shell", snapshot->shell);
    detail_text("supervisor", snapshot->supervisor);
    detail_text("survival", snapshot->survival);
    detail_text("while_task", snapshot->while_task);
    if (snapshot->while_pid != 0)
        detail_number("while_pid", snapshot->while_pid);
    if (snapshot->scope != NULL)
        detail_text("scope", snapshot->scope);
    detail_text("output_kind", snapshot->output_kind);
    detail_text("on_end", snapshot->on_end);
    if (snapshot->on_end_exit_code != TETHER_EXIT_UNKNOWN)
        detail_number("on_end_exit_code", snapshot->on_end_exit_code);
    detail_text("on_end_error", snapshot->on_end_error);
}

/* Prints where the output is and how much of it the output limit has dropped. */
static void print_output_fields(const tether_snapshot *snapshot)
{
    detail_text("output_path", snapshot->output_path);
    detail_text("stderr_path", snapshot->stderr_path);
    if (snapshot->output_limit > 0)
        detail_number("output_limit", snapshot->output_limit);
    if (snapshot->output_dropped > 0)
        detail_number("output_dropped", (int64_t)snapshot->output_dropped);
    if (snapshot->output_lost > 0)
        detail_number("output_lost", snapshot->output_lost);
    if (snapshot->stderr_dropped > 0)
        detail_number("stderr_dropped", (int64_t)snapshot->stderr_dropped);
}

void print_details(const tether_snapshot *snapshot)
{
    print_task_fields(snapshot);
    detail_time("started_at", snapshot->started_at);
    detail_time("finished_at", snapshot->finished_at);
    if (snapshot->duration_ms >= 0)
        detail_duration("duration", snapshot->duration_ms);
    detail_usage(snapshot);
    if (snapshot->timeout_ms > 0)
        detail_duration("timeout", snapshot->timeout_ms);
    detail_time("deadline_at", snapshot->deadline_at);
    if (snapshot->child_pid > 0)
        detail_number("child_pid", snapshot->child_pid);
    survivors_print(stream_stdout(), "survivors: ", snapshot);
    print_output_fields(snapshot);
    if (!snapshot->notify_on_completion)
        detail_text("completion", "not requested");
    else if (tether_status_ended(snapshot->status))
        detail_text("completion", snapshot->completion_delivered ? "acknowledged" : "pending");
    if (snapshot->read_only)
        detail_text("read_only", "the record was written by a newer version of tether");
    if (snapshot->output_preview != NULL && snapshot->output_preview[0] != '\0') {
        stream_format(stream_stdout(), "output_preview%s:\n",
                      snapshot->output_truncated ? " (only the end)" : "");
        escape_block(stream_stdout(), snapshot->output_preview, "    ");
    }
}

void print_completion(const tether_snapshot *snapshot, bool sessions)
{
    table_row(snapshot, sessions);
    if (snapshot->output_preview != NULL)
        escape_block(stream_stdout(), snapshot->output_preview, "    ");
    survivors_print(stream_stdout(), "    ", snapshot);
}

int print_outcome(const cli_options *cli, const tether_snapshot *snapshot)
{
    bool known = snapshot->exit_code != TETHER_EXIT_UNKNOWN || snapshot->signal != 0;

    if (snapshot->status == TETHER_STATUS_LOST)
        known = false;
    /* Such as that the command could not be started: its output cannot say so. */
    if (known && !cli->json && snapshot->status == TETHER_STATUS_FAILED && snapshot->reason != NULL)
        print_failure(cli, TETHER_OK, "read the task's end",
                      "task %s failed with code %" PRId64 ": %s", snapshot->task_id,
                      snapshot->exit_code, snapshot->reason);
    if (!known && !cli->json)
        print_failure(cli, TETHER_OK, "read the task's end",
                      "task %s is %s: its exit code is not known (%s); see tether status %s",
                      snapshot->task_id, tether_status_text(snapshot->status),
                      snapshot->reason != NULL ? snapshot->reason : "no reason is recorded",
                      snapshot->task_id);
    if (!cli->json)
        survivors_print(stream_stderr(), "tether: ", snapshot);
    return tether_exit_status(snapshot);
}
