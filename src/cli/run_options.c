/* Owns the options of "tether run", and which of them exclude each other.
 * Must not: check what the library checks (programs, shells, directories, the size of a command).
 * Thread: the main one. */
#include "cli/run_options.h"

#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/run_files.h"
#include "cli/verbs.h"

const char verb_run_help[] =
    "tether run [options] [--] PROG ARG...\n"
    "tether run [options] -c STRING\n"
    "tether run [options] -f FILE\n"
    "\n"
    "Starts a command as a task that outlives this process, and prints its id.\n"
    "\n"
    "  PROG ARG...          run this program with these arguments, without a shell;\n"
    "                       the options of run end at PROG, or at -- before it\n"
    "  -c STRING            run this text in your shell\n"
    "  -f FILE              run the text of this file in your shell, or in the\n"
    "                       interpreter that its first line names (#!/usr/bin/env\n"
    "                       python3); - is standard input\n"
    "  --cwd DIR            working directory (default: the current one)\n"
    "  --env NAME=VALUE     set an environment variable; may be repeated\n"
    "  --env-file FILE      set the variables in this file, a NAME=VALUE per line\n"
    "  --unset NAME         leave out an environment variable; may be repeated\n"
    "  --timeout DUR        end the task after this time; 0: never (default: never,\n"
    "                       or the duration in TETHER_TIMEOUT)\n"
    "  --shell SHELL        shell for -c and -f (default: $BASH, bash, zsh or sh; on\n"
    "                       Windows a POSIX shell in $SHELL, pwsh, powershell, git's\n"
    "                       bash or cmd)\n"
    "  --login              make it a login shell, which reads your profile\n"
    "  --name TEXT          label for people; verbs take it in place of the id\n"
    "  --key KEY            start no second task with this key: the first is found\n"
    "  --project DIR        directory that the task belongs to\n"
    "  --merge              write standard error to standard output, like 2>&1\n"
    "  --stdin FILE         standard input of the task (default: the null device);\n"
    "                       with - the task reads what this command would read;\n"
    "                       with pipe what tether input writes (*; ./pipe is a\n"
    "                       file)\n"
    "  --supervisor WHICH   monitor, script, or auto: the monitor where it is\n"
    "                       installed (default: auto)\n"
    "  --end-tree           when the command has ended, end what it has left behind\n"
    "                       too (*)\n"
    "  --with-host          with --wait: end the task, and what it has left behind,\n"
    "                       however this command ends (*)\n"
    "  --while ID|PID       likewise, when this other task, or this process (a\n"
    "                       number), has ended (*)\n"
    "  --scope              run the task in a cgroup of its own (*)\n"
    "  --memory-limit SIZE  end the task when its processes need more memory\n"
    "                       (includes --scope)\n"
    "  --on-end COMMAND     run this text in sh (Windows: cmd) at the end (*)\n"
    "  --on-end-timeout DUR end that after this time (default: 1m)\n"
    "  --output HOW         pipe: the monitor writes the files; direct: the command\n"
    "                       does; auto (default): pipe if there is a monitor\n"
    "  --line-buffered      make programs write whole lines at once (Python; with\n"
    "                       stdbuf's library, C too)\n"
    "  --max-running N      fail if this many tasks of the session are running\n"
    "  --max-started N      fail if this many tasks were started in the session\n"
    "  --max-output SIZE    fail if the outputs of the session take this much space\n"
    "  --no-notify          do not request a completion\n"
    "  --output-limit SIZE  keep only so much of each output: its start and its end\n"
    "                       (without a monitor its end, once the task has ended)\n"
    "  --output-policy HOW  kill: end the task when an output exceeds the limit\n"
    "                       (*); truncate (default)\n"
    "  --pipestatus         record the exit codes of the last pipeline (bash, zsh)\n"
    "  --wait[=DUR]         show the output as it is written and exit with the\n"
    "                       task's code; after DUR let it run on and exit with 124\n"
    "  -q, --quiet          with --wait: no status line\n"
    "  --kill-on-signal     with --wait: Ctrl-C, SIGTERM or SIGHUP ends the task\n"
    "                       too, and the exit status is 128+N (default: they end\n"
    "                       this command only)\n"
    "  --grace DUR          with --kill-on-signal: time between TERM and KILL\n"
    "                       (default: 2s; 0: none)\n"
    "\n"
    "(*) needs the monitor\n";

enum {
    OPT_COMMAND = 1,
    OPT_FILE,
    OPT_CWD,
    OPT_ENV,
    OPT_ENV_FILE,
    OPT_UNSET,
    OPT_TIMEOUT,
    OPT_SHELL,
    OPT_LOGIN,
    OPT_NAME,
    OPT_KEY,
    OPT_PROJECT,
    OPT_MERGE,
    OPT_STDIN,
    OPT_SUPERVISOR,
    OPT_END_TREE,
    OPT_LINE_BUFFERED,
    OPT_WITH_HOST,
    OPT_WHILE,
    OPT_SCOPE,
    OPT_MEMORY_LIMIT,
    OPT_ON_END,
    OPT_ON_END_TIMEOUT,
    OPT_OUTPUT,
    OPT_MAX_RUNNING,
    OPT_MAX_STARTED,
    OPT_MAX_OUTPUT,
    OPT_NO_NOTIFY,
    OPT_OUTPUT_LIMIT,
    OPT_OUTPUT_POLICY,
    OPT_PIPESTATUS,
    OPT_WAIT,
    OPT_KILL_ON_SIGNAL,
    OPT_GRACE,
    OPT_QUIET
};

static const args_option run_options[] = {
    {"-c", ARGS_VALUE, OPT_COMMAND},
    {"-f", ARGS_VALUE, OPT_FILE},
    {"--cwd", ARGS_VALUE, OPT_CWD},
    {"--env", ARGS_VALUE, OPT_ENV},
    {"--env-file", ARGS_VALUE, OPT_ENV_FILE},
    {"--unset", ARGS_VALUE, OPT_UNSET},
    {"--timeout", ARGS_VALUE, OPT_TIMEOUT},
    {"--shell", ARGS_VALUE, OPT_SHELL},
    {"--login", ARGS_FLAG, OPT_LOGIN},
    {"--name", ARGS_VALUE, OPT_NAME},
    {"--key", ARGS_VALUE, OPT_KEY},
    {"--project", ARGS_VALUE, OPT_PROJECT},
    {"--merge", ARGS_FLAG, OPT_MERGE},
    {"--stdin", ARGS_VALUE, OPT_STDIN},
    {"--supervisor", ARGS_VALUE, OPT_SUPERVISOR},
    {"--end-tree", ARGS_FLAG, OPT_END_TREE},
    {"--line-buffered", ARGS_FLAG, OPT_LINE_BUFFERED},
    {"--with-host", ARGS_FLAG, OPT_WITH_HOST},
    {"--while", ARGS_VALUE, OPT_WHILE},
    {"--scope", ARGS_FLAG, OPT_SCOPE},
    {"--memory-limit", ARGS_VALUE, OPT_MEMORY_LIMIT},
    {"--on-end", ARGS_VALUE, OPT_ON_END},
    {"--on-end-timeout", ARGS_VALUE, OPT_ON_END_TIMEOUT},
    {"--output", ARGS_VALUE, OPT_OUTPUT},
    {"--max-running", ARGS_VALUE, OPT_MAX_RUNNING},
    {"--max-started", ARGS_VALUE, OPT_MAX_STARTED},
    {"--max-output", ARGS_VALUE, OPT_MAX_OUTPUT},
    {"--no-notify", ARGS_FLAG, OPT_NO_NOTIFY},
    {"--output-limit", ARGS_VALUE, OPT_OUTPUT_LIMIT},
    {"--output-policy", ARGS_VALUE, OPT_OUTPUT_POLICY},
    {"--pipestatus", ARGS_FLAG, OPT_PIPESTATUS},
    {"--wait", ARGS_OPTIONAL_VALUE, OPT_WAIT},
    {"--kill-on-signal", ARGS_FLAG, OPT_KILL_ON_SIGNAL},
    {"--grace", ARGS_VALUE, OPT_GRACE},
    {"--quiet", ARGS_FLAG, OPT_QUIET},
    {"-q", ARGS_FLAG, OPT_QUIET},
    {NULL, ARGS_FLAG, 0},
};

static int usage(const cli_options *cli, const char *message)
{
    return print_failure(cli, TETHER_EINVAL, "read arguments", "%s; see tether help run", message);
}

static int take_supervisor(const cli_options *cli, const char *value, tether_supervisor *choice)
{
    static const char *const names[] = {[TETHER_SUPERVISOR_AUTO] = "auto",
                                        [TETHER_SUPERVISOR_SCRIPT] = "script",
                                        [TETHER_SUPERVISOR_MONITOR] = "monitor"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            *choice = (tether_supervisor)i;
            return 0;
        }
    }
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--supervisor %.80s is unknown: give auto, script or monitor", value);
}

static int take_output(const cli_options *cli, const char *value, tether_output *choice)
{
    static const char *const names[] = {[TETHER_OUTPUT_AUTO] = "auto",
                                        [TETHER_OUTPUT_DIRECT] = "direct",
                                        [TETHER_OUTPUT_PIPE] = "pipe"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            *choice = (tether_output)i;
            return 0;
        }
    }
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--output %.80s is unknown: give auto, direct or pipe", value);
}

static int take_policy(const cli_options *cli, const char *value, tether_output_policy *choice)
{
    *choice = strcmp(value, "kill") == 0 ? TETHER_OUTPUT_KILL : TETHER_OUTPUT_TRUNCATE;
    if (*choice == TETHER_OUTPUT_KILL || strcmp(value, "truncate") == 0)
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--output-policy %.80s is unknown: give truncate or kill", value);
}

/* Appends to a list that ends with NULL. */
static int add_entry(const cli_options *cli, const char ***list, size_t *count, const char *entry)
{
    const char **grown = realloc((void *)*list, (*count + 2) * sizeof *grown);

    if (grown == NULL)
        return print_no_memory(cli);
    *list = grown;
    grown[(*count)++] = entry;
    grown[*count] = NULL;
    return 0;
}

static int take_env(const cli_options *cli, run_request *request, const char *value)
{
    const char *equals = strchr(value, '=');

    if (equals == NULL || equals == value)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--env %.80s has no name or no value: give NAME=VALUE", value);
    return add_entry(cli, &request->env_set, &request->env_count, value);
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

static int take_memory_limit(const cli_options *cli, run_request *request, const char *value)
{
    uint64_t *bytes = &request->spec.memory_limit;

    if (size_parse(value, bytes) && *bytes > 0)
        return 0;
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--memory-limit %.80s is not a size above 0: give %s", value, SIZE_FORMS);
}

static int take_wait(const cli_options *cli, run_request *request, const char *value)
{
    request->wait = true;
    request->wait_ms = -1;
    if (value != NULL && !duration_parse(value, &request->wait_ms))
        return print_bad_duration(cli, "--wait", value);
    return 0;
}

/* Handles an option whose value needs no check here. Returns false for all others. */
static bool take_plain(run_request *request, int id, const char *value)
{
    tether_spec *spec = &request->spec;

    switch (id) {
    case OPT_COMMAND:
        spec->command = value;
        request->ways++;
        return true;
    case OPT_FILE:
        request->file = value;
        request->stdin_readers += strcmp(value, "-") == 0;
        request->ways++;
        return true;
    case OPT_CWD:
        spec->workdir = value;
        return true;
    case OPT_SHELL:
        spec->shell = value;
        return true;
    case OPT_LOGIN:
        spec->login = true;
        return true;
    case OPT_NAME:
        spec->name = value;
        return true;
    case OPT_KEY:
        spec->key = value;
        spec->found = &request->found;
        return true;
    case OPT_PROJECT:
        spec->project_root = value;
        return true;
    case OPT_MERGE:
        spec->merge_output = true;
        return true;
    case OPT_STDIN:
        request->stdin_readers += strcmp(value, "-") == 0;
        spec->inherit_stdin = strcmp(value, "-") == 0;
        spec->input_pipe = strcmp(value, "pipe") == 0;
        spec->stdin_path = spec->inherit_stdin || spec->input_pipe ? NULL : value;
        return true;
    case OPT_NO_NOTIFY:
        spec->no_notify = true;
        return true;
    case OPT_LINE_BUFFERED:
        spec->line_buffered = true;
        return true;
    case OPT_END_TREE:
        spec->end_tree = true;
        return true;
    case OPT_WITH_HOST:
        spec->with_host = true;
        return true;
    case OPT_ON_END:
        spec->on_end = value;
        return true;
    case OPT_SCOPE:
        spec->scope = true;
        return true;
    case OPT_PIPESTATUS:
        spec->pipestatus = true;
        return true;
    case OPT_KILL_ON_SIGNAL:
        request->kill_on_signal = true;
        return true;
    case OPT_QUIET:
        request->quiet = true;
        return true;
    default:
        return false;
    }
}

/* A number is a process; what a task is called is looked up once the session is open. */
static int take_while(const cli_options *cli, run_request *request, const char *value)
{
    bool is_number = *value != '\0' && strspn(value, "0123456789") == strlen(value);

    request->beside = is_number ? NULL : value;
    request->spec.while_pid = is_number && strlen(value) <= 10 ? strtoll(value, NULL, 10) : 0;
    if (*value == '\0' || (is_number && request->spec.while_pid == 0))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--while takes a task or a process id, not \"%.80s\"; tether list "
                             "shows the tasks that run",
                             value);
    return 0;
}

/* Handles one option of the verb. Returns 0 or an exit code. */
static int take_option(const cli_options *cli, run_request *request, int id, const char *value)
{
    if (take_plain(request, id, value))
        return 0;
    switch (id) {
    case OPT_ENV:
        return take_env(cli, request, value);
    case OPT_ENV_FILE:
        request->stdin_readers += strcmp(value, "-") == 0;
        return run_files_env(cli, request, value);
    case OPT_UNSET:
        return add_entry(cli, &request->env_unset, &request->unset_count, value);
    case OPT_TIMEOUT:
        return take_timeout(cli, request, value);
    case OPT_WHILE:
        return take_while(cli, request, value);
    case OPT_OUTPUT:
        return take_output(cli, value, &request->spec.output);
    case OPT_SUPERVISOR:
        return take_supervisor(cli, value, &request->spec.supervisor);
    case OPT_MAX_RUNNING:
        return take_max_running(cli, request, value);
    case OPT_MAX_STARTED:
        return take_max_started(cli, request, value);
    case OPT_MAX_OUTPUT:
        return take_max_output(cli, request, value);
    case OPT_OUTPUT_POLICY:
        return take_policy(cli, value, &request->spec.output_policy);
    case OPT_ON_END_TIMEOUT:
        if (duration_parse(value, &request->spec.on_end_timeout_ms) &&
            request->spec.on_end_timeout_ms > 0)
            return 0;
        return print_bad_duration(cli, "--on-end-timeout", value);
    case OPT_MEMORY_LIMIT:
        return take_memory_limit(cli, request, value);
    case OPT_OUTPUT_LIMIT:
        return take_output_limit(cli, request, value);
    case OPT_GRACE:
        if (grace_parse(value, &request->grace_ms))
            return 0;
        return print_bad_duration(cli, "--grace", value);
    default:
        return take_wait(cli, request, value);
    }
}

/* Checks the combination of options. */
static int check_request(const cli_options *cli, const run_request *request)
{
    if (request->ways == 0)
        return usage(cli, "no command was given: give one of PROG ARG..., -c STRING, -f FILE");
    if (request->ways > 1)
        return usage(cli, "more than one command was given: choose one of PROG ARG..., -c STRING, "
                          "-f FILE; the text of -c or -f takes no arguments");
    if (request->spec.argv != NULL && request->spec.shell != NULL)
        return usage(cli, "--shell is for -c and -f: a program with its arguments runs without a "
                          "shell; leave it out");
    if (request->spec.argv != NULL && request->spec.login)
        return usage(cli, "--login is for -c and -f: a program with its arguments runs without a "
                          "shell; leave it out");
    if (request->stdin_readers > 1)
        return usage(
            cli, "-f -, --env-file - and --stdin - would read the same standard input: choose one");
    if (request->kill_on_signal && !request->wait)
        return usage(cli, "--kill-on-signal needs --wait; tether kill ends a task later");
    if (request->spec.with_host && !request->wait)
        return usage(cli, "--with-host needs --wait: without it this command ends at once, and the "
                          "task with it; add --wait");
    if (request->grace_ms != 0 && !request->kill_on_signal)
        return usage(cli, "--grace is that of --kill-on-signal; give both, or leave it out");
    if (request->spec.argv != NULL && request->spec.pipestatus)
        return usage(cli, "--pipestatus is for -c and -f: a program with its "
                          "arguments has no pipeline; leave it out");
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
        if (value[0] == '\0')
            return usage(
                cli,
                "the program's name is empty; give a name, or check the variable that holds it");
        /* The program is the argument just parsed; args->argv ends with NULL. */
        request->spec.argv = (const char *const *)(args->argv + args->next - 1);
        request->ways++;
    } else if (args->operands_only) {
        return usage(cli, "no program was given after --; name one, or give -c or -f before it");
    }
    return check_request(cli, request);
}

/* A task that is given no timeout has that of TETHER_TIMEOUT, or none. */
static int choose_timeout(const cli_options *cli, run_request *request)
{
    int64_t ms = 0;

    if (request->spec.timeout_ms != 0)
        return 0;
    if (cli->timeout != NULL && !duration_parse(cli->timeout, &ms))
        return print_bad_duration(cli, "TETHER_TIMEOUT", cli->timeout);
    request->spec.timeout_ms = ms == 0 ? TETHER_NO_TIMEOUT : ms;
    return 0;
}

int run_options_parse(cli_options *cli, cli_args *args, run_request *request)
{
    args->options = run_options;
    args->operands_end_options = true;
    int code = parse(cli, args, request);
    cli->quiet = request->quiet;
    if (code == 0)
        code = choose_timeout(cli, request);
    if (code == 0 && request->file != NULL)
        code = run_files_command(cli, request);
    request->spec.size = sizeof request->spec;
    request->spec.env_set = request->env_set;
    request->spec.env_unset = request->env_unset;
    return code;
}
