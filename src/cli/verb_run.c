/* Owns "tether run": its options, starting a task, and with --wait following it to its end.
 * Must not: check what the library checks (programs, shells, directories, the size of a command).
 * Thread: the main one. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/duration.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/reader.h"
#include "cli/stream.h"

#define COMMAND_FILE_MAX ((size_t)64 * 1024 * 1024)

const char verb_run_help[] =
    "tether run [options] -- ARG...\n"
    "tether run [options] -c STRING\n"
    "tether run [options] -f FILE\n"
    "\n"
    "Starts a command as a task that outlives this process, and prints the id of the task.\n"
    "\n"
    "  -- ARG...            run this program with these arguments, without a shell\n"
    "  -c STRING            run this text in your shell\n"
    "  -f FILE              run the text of this file in your shell; - is standard input\n"
    "  --cwd DIR            working directory (default: the current one)\n"
    "  --env NAME=VALUE     set an environment variable; may be repeated\n"
    "  --timeout DUR        end the task after this time; 0: never (default: 30m)\n"
    "  --shell SHELL        shell for -c and -f (default: $BASH, bash, zsh or sh; on Windows a\n"
    "                       POSIX shell in $SHELL, pwsh, powershell, git's bash or cmd)\n"
    "  --name TEXT          label for people\n"
    "  --project DIR        directory that the task belongs to\n"
    "  --merge              write standard error to the file of standard output, like 2>&1\n"
    "  --stdin FILE         standard input of the task (default: the null device)\n"
    "  --supervisor WHICH   auto or script\n"
    "  --max-running N      fail if this many tasks of the session are running\n"
    "  --max-started N      fail if this many tasks were started in the session\n"
    "  --max-output SIZE    fail if the outputs of the session take this much of the store\n"
    "  --no-notify          do not request a completion\n"
    "  --output-limit SIZE  keep only the end of each output, once the task has ended\n"
    "  --pipestatus         record the exit codes of the last pipeline (bash, zsh)\n"
    "  --wait[=DUR]         show the output as it is written and exit with the task's code;\n"
    "                       after DUR leave the task running and exit with 124\n";

enum {
    OPT_COMMAND = 1,
    OPT_FILE,
    OPT_CWD,
    OPT_ENV,
    OPT_TIMEOUT,
    OPT_SHELL,
    OPT_NAME,
    OPT_PROJECT,
    OPT_MERGE,
    OPT_STDIN,
    OPT_SUPERVISOR,
    OPT_MAX_RUNNING,
    OPT_MAX_STARTED,
    OPT_MAX_OUTPUT,
    OPT_NO_NOTIFY,
    OPT_OUTPUT_LIMIT,
    OPT_PIPESTATUS,
    OPT_WAIT
};

static const args_option run_options[] = {
    {"-c", ARGS_VALUE, OPT_COMMAND},
    {"-f", ARGS_VALUE, OPT_FILE},
    {"--cwd", ARGS_VALUE, OPT_CWD},
    {"--env", ARGS_VALUE, OPT_ENV},
    {"--timeout", ARGS_VALUE, OPT_TIMEOUT},
    {"--shell", ARGS_VALUE, OPT_SHELL},
    {"--name", ARGS_VALUE, OPT_NAME},
    {"--project", ARGS_VALUE, OPT_PROJECT},
    {"--merge", ARGS_FLAG, OPT_MERGE},
    {"--stdin", ARGS_VALUE, OPT_STDIN},
    {"--supervisor", ARGS_VALUE, OPT_SUPERVISOR},
    {"--max-running", ARGS_VALUE, OPT_MAX_RUNNING},
    {"--max-started", ARGS_VALUE, OPT_MAX_STARTED},
    {"--max-output", ARGS_VALUE, OPT_MAX_OUTPUT},
    {"--no-notify", ARGS_FLAG, OPT_NO_NOTIFY},
    {"--output-limit", ARGS_VALUE, OPT_OUTPUT_LIMIT},
    {"--pipestatus", ARGS_FLAG, OPT_PIPESTATUS},
    {"--wait", ARGS_OPTIONAL_VALUE, OPT_WAIT},
    {NULL, ARGS_FLAG, 0},
};

typedef struct run_request {
    tether_spec spec;
    tether_open_options limits; /* of the registry that starts the task */
    const char **env_set;
    size_t env_count;
    const char *file; /* given with -f */
    char *file_text;
    int ways; /* how many of --, -c and -f were given */
    bool wait;
    int64_t wait_ms; /* -1: no limit */
} run_request;

static int usage(const cli_options *cli, const char *message)
{
    return print_failure(cli, TETHER_EINVAL, "read arguments", "%s; see tether help run", message);
}

static int take_supervisor(const cli_options *cli, const char *value)
{
    if (strcmp(value, "auto") == 0 || strcmp(value, "script") == 0)
        return 0;
    if (strcmp(value, "monitor") == 0)
        return print_failure(cli, TETHER_ENOTSUP, "choose supervisor",
                             "the monitor is not part of this build; use --supervisor script");
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--supervisor %.80s is unknown: give auto or script", value);
}

static int take_env(const cli_options *cli, run_request *request, const char *value)
{
    const char *equals = strchr(value, '=');

    if (equals == NULL || equals == value)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--env %.80s has no name or no value: give NAME=VALUE", value);
    request->env_set[request->env_count++] = value;
    return 0;
}

static int take_timeout(const cli_options *cli, run_request *request, const char *value)
{
    int64_t ms;

    if (!duration_parse(value, &ms))
        return print_bad_duration(cli, "--timeout", value);
    request->spec.timeout_ms = ms == 0 ? TETHER_NO_TIMEOUT : ms;
    return 0;
}

static int take_max_running(const cli_options *cli, run_request *request, const char *value)
{
    uint64_t count;

    if (!count_parse(value, &count) || count == 0 || count > SIZE_MAX)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--max-running %.80s is not a number of tasks: give 1 or more", value);
    request->spec.max_running = (size_t)count;
    return 0;
}

static int take_max_started(const cli_options *cli, run_request *request, const char *value)
{
    uint64_t *count = &request->limits.max_started;

    if (count_parse(value, count) && *count > 0)
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--max-started %.80s is not a number of tasks: give 1 or more", value);
}

static int take_max_output(const cli_options *cli, run_request *request, const char *value)
{
    uint64_t *bytes = &request->limits.max_output_bytes;

    if (size_parse(value, bytes) && *bytes > 0)
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--max-output %.80s is not a size above 0: give %s", value, SIZE_FORMS);
}

static int take_output_limit(const cli_options *cli, run_request *request, const char *value)
{
    if (size_parse(value, &request->spec.output_limit))
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--output-limit %.80s is not a size: give %s", value, SIZE_FORMS);
}

static int take_wait(const cli_options *cli, run_request *request, const char *value)
{
    request->wait = true;
    request->wait_ms = -1;
    if (value != NULL && !duration_parse(value, &request->wait_ms))
        return print_bad_duration(cli, "--wait", value);
    return 0;
}

/* Handles one option of the verb. Returns 0 or an exit code. */
static int take_option(const cli_options *cli, run_request *request, int id, const char *value)
{
    tether_spec *spec = &request->spec;

    switch (id) {
    case OPT_COMMAND:
        spec->command = value;
        request->ways++;
        return 0;
    case OPT_FILE:
        request->file = value;
        request->ways++;
        return 0;
    case OPT_CWD:
        spec->workdir = value;
        return 0;
    case OPT_ENV:
        return take_env(cli, request, value);
    case OPT_TIMEOUT:
        return take_timeout(cli, request, value);
    case OPT_SHELL:
        spec->shell = value;
        return 0;
    case OPT_NAME:
        spec->name = value;
        return 0;
    case OPT_PROJECT:
        spec->project_root = value;
        return 0;
    case OPT_MERGE:
        spec->merge_output = true;
        return 0;
    case OPT_STDIN:
        spec->stdin_path = value;
        return 0;
    case OPT_SUPERVISOR:
        return take_supervisor(cli, value);
    case OPT_MAX_RUNNING:
        return take_max_running(cli, request, value);
    case OPT_MAX_STARTED:
        return take_max_started(cli, request, value);
    case OPT_MAX_OUTPUT:
        return take_max_output(cli, request, value);
    case OPT_NO_NOTIFY:
        spec->no_notify = true;
        return 0;
    case OPT_OUTPUT_LIMIT:
        return take_output_limit(cli, request, value);
    case OPT_PIPESTATUS:
        spec->pipestatus = true;
        return 0;
    default:
        return take_wait(cli, request, value);
    }
}

/* Checks the combination of options. */
static int check_request(const cli_options *cli, const run_request *request)
{
    if (request->ways == 0)
        return usage(cli, "no command was given: give one of -- ARG..., -c STRING, -f FILE");
    if (request->ways > 1)
        return usage(cli, "more than one command was given: choose one of --, -c, -f");
    if (request->spec.argv != NULL && request->spec.shell != NULL)
        return usage(cli, "--shell is for -c and -f; the program after -- runs without a shell");
    if (request->spec.argv != NULL && request->spec.pipestatus)
        return usage(cli, "--pipestatus is for -c and -f; the program after -- has no pipeline");
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, run_request *request)
{
    args_result result;
    const char *value;
    int id, code;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        code = take_option(cli, request, id, value);
        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND) {
        if (!args->operands_only)
            return print_failure(cli, TETHER_EINVAL, "read arguments",
                                 "unexpected argument %.80s: put -- before a program and its "
                                 "arguments, or -c before text for the shell",
                                 value);
        if (value[0] == '\0')
            return usage(cli, "the program's name after -- is empty");
        /* The program is the argument just parsed; args->argv ends with NULL. */
        request->spec.argv = (const char *const *)(args->argv + args->next - 1);
        request->ways++;
    } else if (args->operands_only) {
        return usage(cli, "no program was given after --");
    }
    return check_request(cli, request);
}

static int read_command_file(const cli_options *cli, run_request *request)
{
    stream_failure failure;
    const char *name = strcmp(request->file, "-") == 0 ? "standard input" : request->file;
    const char *nul;
    size_t size;

    switch (
        stream_read_file(request->file, COMMAND_FILE_MAX, &request->file_text, &size, &failure)) {
    case STREAM_READ_OK:
        break;
    case STREAM_READ_NO_MEMORY:
        return print_no_memory(cli);
    case STREAM_READ_TOO_BIG:
        return print_failure(cli, TETHER_ETOOBIG, "read command file",
                             "%.200s has more than 64 MiB: put its data into a separate file",
                             name);
    default: {
        tether_error error = {0};

        error.code = failure.code == UV_EACCES ? TETHER_EACCESS : TETHER_EIO;
        error.os_error = failure.os_error;
        snprintf(error.step, sizeof error.step, "read command file");
        snprintf(error.message, sizeof error.message,
                 "the command file %.200s could not be read (%s); check its name and permissions",
                 name, uv_strerror(failure.code));
        return print_error(cli, &error);
    }
    }
    nul = memchr(request->file_text, '\0', size);
    if (nul != NULL)
        return print_failure(cli, TETHER_EINVAL, "read command file",
                             "%.200s has a NUL byte at offset %" PRIu64
                             ", which no shell accepts: remove it",
                             name, (uint64_t)(nul - request->file_text));
    request->spec.command = request->file_text;
    request->spec.command_size = size;
    return 0;
}

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

/* Prints the result of a task that has ended and whose output was printed. */
static int finish_wait(const cli_options *cli, tether_registry *registry, const char *task_id)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    int code = 0, failed;

    if (tether_status_get(registry, task_id, &snapshot, &error) != 0)
        return print_wait_failure(cli, task_id, &error);
    if (cli->json)
        code = print_snapshot_json(cli, snapshot);
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

/* Reports that the wait timed out. Prints the id on standard error: standard output has the output
 * of the task. */
static int leave_running(const cli_options *cli, tether_registry *registry, const char *task_id)
{
    if (cli->json) {
        int code = print_task_json(cli, registry, task_id, NULL);

        if (code != 0)
            return code;
    }
    return print_failure(cli, TETHER_ETIMEDOUT, "wait for the task",
                         "task %s continues in the background: tether output --follow %s shows its "
                         "output, tether wait %s waits for its end",
                         task_id, task_id, task_id);
}

static void print_hint(const char *task_id)
{
    cli_stream *to = stream_stderr();

    if (!stream_is_terminal(to))
        return;
    stream_format(to, "tether: task %s (Ctrl-C leaves it running)\n", task_id);
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

static int wait_for_task(const cli_options *cli, tether_registry *registry, const char *task_id,
                         int64_t timeout_ms)
{
    cli_follow follow = {
        .registry = registry, .task_id = task_id, .to = {stream_stdout(), stream_stderr()}};
    tether_error error = {0};
    follow_result result;

    reader_watch(registry, NULL, NULL);
    if (cli->json) {
        result = wait_without_output(registry, task_id, timeout_ms, &error);
    } else {
        print_hint(task_id);
        result = follow_task(&follow, timeout_ms, &error);
    }
    switch (result) {
    case FOLLOW_ENDED:
        return finish_wait(cli, registry, task_id);
    case FOLLOW_TIMED_OUT:
        return leave_running(cli, registry, task_id);
    case FOLLOW_FAILED:
        return print_wait_failure(cli, task_id, &error);
    default:
        return print_write_failure(cli, task_id);
    }
}

/* Prints the id or the snapshot. If that fails, the message on standard error contains the id: the
 * task has been started. */
static int announce(const cli_options *cli, tether_registry *registry, const char *task_id)
{
    char what[160];
    int code = 0;

    snprintf(what, sizeof what, "task %s was started", task_id);
    if (cli->json) {
        code = print_task_json(cli, registry, task_id, what);
    } else {
        stream_text(stream_stdout(), task_id);
        stream_text(stream_stdout(), "\n");
    }
    return code != 0 ? code : print_flush(cli, what);
}

static int start(const cli_options *cli, run_request *request)
{
    tether_registry *registry;
    char task_id[TETHER_ID_SIZE];
    tether_error error = {0};
    int code = session_open_with(cli, &request->limits, &registry);

    if (code != 0)
        return code;
    request->spec.size = sizeof request->spec;
    request->spec.env_set = request->env_set;
    if (tether_spawn(registry, &request->spec, task_id, &error) != 0)
        code = print_error(cli, &error);
    else if (request->wait)
        code = wait_for_task(cli, registry, task_id, request->wait_ms);
    else
        code = announce(cli, registry, task_id);
    return session_close(cli, registry, code);
}

int verb_run(cli_options *cli, cli_args *args)
{
    run_request request = {0};
    int code;

    request.env_set = calloc((size_t)(args->argc - args->next) + 1, sizeof *request.env_set);
    if (request.env_set == NULL)
        return print_no_memory(cli);
    cli->collect_garbage = true;
    args->options = run_options;
    code = parse(cli, args, &request);
    if (code == 0 && request.file != NULL)
        code = read_command_file(cli, &request);
    if (code == 0)
        code = start(cli, &request);
    free(request.file_text);
    free((void *)request.env_set);
    return code;
}
