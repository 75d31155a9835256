/* Owns "tether run": starting a task, and with --wait following it to its end.
 * Must not: parse options.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <stdio.h>

#include "cli/duration.h"
#include "cli/follow.h"
#include "cli/kill_on_signal.h"
#include "cli/moment.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/reader.h"
#include "cli/resolve.h"
#include "cli/run_options.h"
#include "cli/stream.h"
#include "cli/troubles.h"
#include "cli/waited.h"

/* What a shell reports for a program that a signal ended, without the signal. */
enum { SIGNAL_STATUS = 128 };

/* Acknowledges the completion: the caller that waited knows the result. On failure the completion
 * stays pending, and the exit code is still that of the task. If another process has leased it,
 * that process delivers it, and there is nothing to report. */
static void acknowledge(const cli_options *cli, tether_registry *registry,
                        const tether_snapshot *snapshot)
{
    tether_error error = {0};
    int code;

    if (!snapshot->notify_on_completion || snapshot->completion_delivered)
        return;
    code = tether_completion_ack(registry, snapshot->task_id, NULL, &error);
    if (code != 0 && code != TETHER_ELEASED)
        print_error(cli, &error);
}

/* Reports that waiting failed. The task was started, so the exit code must not be 126 or 127. */
static int print_wait_failure(const cli_options *cli, const char *task_id,
                              const tether_error *error)
{
    char what[160];

    snprintf(what, sizeof what, "task %s was started, but waiting for it failed", task_id);
    return print_error_after(cli, what, error);
}

static int print_json(const cli_options *cli, const run_request *request,
                      const tether_snapshot *snapshot)
{
    return request->spec.key != NULL ? print_found_json(cli, snapshot, request->found)
                                     : print_snapshot_json(cli, snapshot);
}

/* Prints the snapshot of the task as one line of JSON; `what` is for print_error_after. */
static int print_task(const cli_options *cli, tether_registry *registry, const run_request *request,
                      const char *task_id, const char *what)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    int code;

    if (tether_status_get(registry, task_id, &snapshot, &error) != 0)
        return print_error_after(cli, what, &error);
    code = print_json(cli, request, snapshot);
    tether_snapshot_free(snapshot);
    return code;
}

/* Prints the result of a task that has ended and whose output was printed. */
static int finish_wait(const cli_options *cli, tether_registry *registry,
                       const run_request *request, const char *task_id)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    int code = 0, failed;

    if (tether_status_get(registry, task_id, &snapshot, &error) != 0)
        return print_wait_failure(cli, task_id, &error);
    if (cli->json)
        code = print_json(cli, request, snapshot);
    failed = print_flush(cli, NULL);
    if (code == 0 && failed == 0) {
        code = print_outcome(cli, snapshot);
        acknowledge(cli, registry, snapshot);
    } else {
        code = EXIT_FAILED;
    }
    tether_snapshot_free(snapshot);
    return code;
}

/* A task that was found has its own host, or none. */
static bool ends_with_us(const run_request *request)
{
    return request->spec.with_host && !request->found;
}

/* Reports that the wait timed out. Prints the id on standard error: standard output has the output
 * of the task. */
static int leave_running(const cli_options *cli, tether_registry *registry,
                         const run_request *request, const char *task_id)
{
    if (cli->json) {
        int code = print_task(cli, registry, request, task_id, NULL);

        if (code != 0)
            return code;
    }
    if (ends_with_us(request))
        return print_failure(cli, TETHER_ETIMEDOUT, "wait for the task",
                             "task %s did not end in time, and ends with this command now; leave "
                             "--with-host out to let it continue",
                             task_id);
    return print_failure(cli, TETHER_ETIMEDOUT, "wait for the task",
                         "task %s continues in the background: tether output --follow %s shows its "
                         "output, tether wait %s waits for its end",
                         task_id, task_id, task_id);
}

static void print_hint(const cli_options *cli, const run_request *request, const char *task_id)
{
    cli_stream *to = stream_stderr();

    if (cli->quiet || !stream_is_terminal(to))
        return;
    stream_format(to, "tether: task %s%s (Ctrl-C %s)\n", task_id,
                  request->found ? " has the key" : "",
                  ends_with_us(request) ? "ends it" : "leaves it running");
    stream_flush(to);
}

static follow_result wait_without_output(tether_registry *registry, const char *task_id,
                                         int64_t timeout_ms, tether_error *error)
{
    int code = tether_wait(registry, &task_id, 1, TETHER_WAIT_ALL, timeout_ms, NULL, error);

    if (code == TETHER_ETIMEDOUT)
        return FOLLOW_TIMED_OUT;
    return code == 0 ? FOLLOW_ENDED : FOLLOW_FAILED;
}

/* Reports that one of our own streams failed. The task goes on, and its output is in the store. */
static int print_write_failure(const cli_options *cli, const char *task_id)
{
    bool out_failed = stream_failed(stream_stdout())->code != 0;
    char what[160];

    snprintf(what, sizeof what, "tether output %s shows the output that is missing here", task_id);
    return print_stream_failure(cli, out_failed ? stream_stdout() : stream_stderr(), what);
}

/* Copies the output to the task's end, with a status line below it. Where a program reads the
 * output, it may show it on the same terminal, as tee does: there is no line then. */
static follow_result follow_shown(const cli_options *cli, cli_follow *follow, int64_t timeout_ms,
                                  tether_error *error)
{
    const char *ids[] = {follow->task_id};
    cli_waited line = {.registry = follow->registry,
                       .ids = ids,
                       .count = 1,
                       .limit = "timeout",
                       .until = moment_after(timeout_ms),
                       .by_status = true};
    follow_result result;

    if (stream_is_pipe(stream_stdout()))
        return follow_task(follow, timeout_ms, error);
    progress_begin(cli, "running", waited_fill, &line);
    result = follow_task(follow, timeout_ms, error);
    progress_end();
    return result;
}

static int wait_for_task(const cli_options *cli, tether_registry *registry, const char *task_id,
                         const run_request *request, kill_on_signal *signals)
{
    int64_t timeout_ms = request->wait_ms;
    cli_follow follow = {
        .registry = registry, .task_id = task_id, .to = {stream_stdout(), stream_stderr()}};
    tether_error error = {0};
    follow_result result;

    reader_watch(registry, NULL, NULL);
    if (cli->json) {
        result = wait_without_output(registry, task_id, timeout_ms, &error);
    } else {
        print_hint(cli, request, task_id);
        result = follow_shown(cli, &follow, timeout_ms, &error);
    }
    switch (result) {
    case FOLLOW_ENDED:
        return finish_wait(cli, registry, request, task_id);
    case FOLLOW_TIMED_OUT:
        return leave_running(cli, registry, request, task_id);
    case FOLLOW_FAILED:
        return kill_on_signal_failed(signals, &error) ? print_error(cli, &error)
                                                      : print_wait_failure(cli, task_id, &error);
    default:
        return print_write_failure(cli, task_id);
    }
}

/* Prints the id or the snapshot. If that fails, the message on standard error contains the id: the
 * task has been started. */
static int announce(const cli_options *cli, tether_registry *registry, const run_request *request,
                    const char *task_id)
{
    char what[160];
    int code = 0;

    snprintf(what, sizeof what, "task %s was started", task_id);
    if (cli->json) {
        code = print_task(cli, registry, request, task_id, what);
    } else {
        stream_text(stream_stdout(), task_id);
        stream_text(stream_stdout(), "\n");
    }
    return code != 0 ? code : print_flush(cli, what);
}

/* Waits, and passes signals on to the task. Returns the exit code. */
static int wait_and_kill_on_signal(const cli_options *cli, tether_registry *registry,
                                   const run_request *request, const char *task_id,
                                   kill_on_signal *signals)
{
    if (signals == NULL)
        return wait_for_task(cli, registry, task_id, request, NULL);
    kill_on_signal_task(signals, task_id);
    int code = wait_for_task(cli, registry, task_id, request, signals);
    int signal = kill_on_signal_end(signals);
    return signal != 0 ? SIGNAL_STATUS + signal : code;
}

/* Says more where the library cannot know what was meant. */
static int print_start_failure(const cli_options *cli, const run_request *request,
                               const tether_error *error)
{
    const char *program = request->spec.argv != NULL ? request->spec.argv[0] : "";
    int64_t ms;

    if (error->code == TETHER_ENOSHELL && request->spec.shell == request->script.path)
        return print_failure(cli, error->code, error->step,
                             "the interpreter %.160s, which the first line of %.160s names, was "
                             "not found; install it, correct that line, or choose a --shell",
                             request->script.path, request->file);
    if (error->code == TETHER_ENOPROGRAM && request->wait && request->wait_ms < 0 &&
        duration_parse(program, &ms))
        return print_failure(cli, error->code, error->step,
                             "%.80s: program not found; if it is how long to wait, write "
                             "--wait=%.80s",
                             program, program);
    return print_error(cli, error);
}

static int start(const cli_options *cli, const run_request *request, tether_registry *registry,
                 cli_troubles *troubles)
{
    char task_id[TETHER_ID_SIZE];
    const char *waited = task_id;
    tether_error error = {0};
    kill_on_signal *signals = NULL;

    if (request->kill_on_signal) {
        signals = kill_on_signal_begin(registry, request->grace_ms);
        if (signals == NULL)
            return print_failure(cli, TETHER_ELIMIT, "handle signals",
                                 "--kill-on-signal could not be set up; leave it out, or close "
                                 "other programs");
    }
    if (tether_spawn(registry, &request->spec, task_id, &error) != 0) {
        kill_on_signal_end(signals);
        return print_start_failure(cli, request, &error);
    }
    if (!request->wait)
        return announce(cli, registry, request, task_id);
    troubles_watch(troubles, &waited, 1);
    int code = wait_and_kill_on_signal(cli, registry, request, task_id, signals);
    troubles_watch(troubles, NULL, 0);
    return code;
}

/* Looks up what the task is to run beside: @last is the newest task before this one. */
static int resolve_and_start(const cli_options *cli, run_request *request,
                             tether_registry *registry, cli_troubles *troubles)
{
    int code = 0;

    if (request->beside != NULL) {
        code = resolve_one(cli, registry, request->beside, NULL, request->beside_id);
        request->spec.while_task = request->beside_id;
    }
    return code == 0 ? start(cli, request, registry, troubles) : code;
}

static int open_and_start(const cli_options *cli, run_request *request)
{
    tether_registry *registry;
    cli_troubles troubles;

    /* Starting a task needs nothing of the session's other tasks. */
    request->limits.deferred = !request->wait;
    if (request->wait && !troubles_init(&troubles, cli, &request->limits))
        return print_no_memory(cli);
    int code = session_open_with(cli, &request->limits, &registry);
    if (code == 0)
        code = session_close(cli, registry, resolve_and_start(cli, request, registry, &troubles));
    if (request->wait)
        troubles_dispose(&troubles);
    return code;
}

int verb_run(cli_options *cli, cli_args *args)
{
    run_request request = {0};

    cli->collect_garbage = true;
    int code = run_options_parse(cli, args, &request);
    if (code == 0)
        code = open_and_start(cli, &request);
    run_request_dispose(&request);
    return code;
}
