/* Owns the common options, the table of verbs, the help and the exit code of the process.
 * Must not: open a store or know what a verb does.
 * Thread: the main one. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_main.h"

#include "cli/complete.h"
#include "cli/print.h"
#include "cli/stream.h"
#include "cli/verbs.h"

enum { OPT_STORE = 1, OPT_SESSION, OPT_JSON, OPT_HELP, OPT_VERSION };

static const args_option common_options[] = {
    {"--store", ARGS_VALUE, OPT_STORE}, {"--session", ARGS_VALUE, OPT_SESSION},
    {"--json", ARGS_FLAG, OPT_JSON},    {"--help", ARGS_FLAG, OPT_HELP},
    {"-h", ARGS_FLAG, OPT_HELP},        {"--version", ARGS_FLAG, OPT_VERSION},
    {"-V", ARGS_FLAG, OPT_VERSION},     {NULL, ARGS_FLAG, 0},
};

static const char common_help[] =
    "  --store DIR   directory that holds the tasks (TETHER_STORE)\n"
    "  --session ID  session of the tasks (TETHER_SESSION; default: \"default\")\n"
    "  --json        print JSON, also for errors, on standard error\n"
    "  -h, --help    print this, or the help of a verb\n"
    "  -V, --version print the version\n";

static int verb_help(cli_options *cli, cli_args *args);

static const char verb_help_help[] = "tether help [VERB]\n"
                                     "\n"
                                     "Shows the usage of tether, or of one verb.\n";

static const cli_verb verbs[] = {
    {"run", verb_run, "start a command as a task and print its id", verb_run_help},
    {"list", verb_list, "list running tasks, or all tasks", verb_list_help},
    {"status", verb_status, "show one task", verb_status_help},
    {"output", verb_output, "show the output of a task", verb_output_help},
    {"wait", verb_wait, "wait for tasks and exit with their code", verb_wait_help},
    {"kill", verb_kill, "end tasks with all their processes", verb_kill_help},
    {"pause", verb_pause, "stop tasks until they are resumed", verb_pause_help},
    {"resume", verb_resume, "continue paused tasks", verb_resume_help},
    {"extend", verb_extend, "move the deadline of a running task", verb_extend_help},
    {"input", verb_input, "write to the standard input of a task", verb_input_help},
    {"promote", verb_promote, "request completions of --no-notify tasks", verb_promote_help},
    {"completions", verb_completions, "show and acknowledge ended tasks", verb_completions_help},
    {"watch", verb_watch, "print lines of output that match", verb_watch_help},
    {"top", verb_top, "watch and control the tasks on the terminal", verb_top_help},
    {"rm", verb_rm, "remove ended tasks", verb_rm_help},
    {"gc", verb_gc, "remove ended tasks by their age", verb_gc_help},
    {"mcp", verb_mcp, "serve agents: MCP on standard input and output", verb_mcp_help},
    {"serve", verb_serve, "serve programs: lines of JSON", verb_serve_help},
    {"doctor", verb_doctor, "check which guarantees hold here", verb_doctor_help},
    {"help", verb_help, "show this help, or that of a verb", verb_help_help},
};

static const verb_alias aliases[] = {
    {"ls", "list"}, {"ps", "list"}, {"show", "status"}, {"logs", "output"}, {"stop", "kill"},
};

#define ALIAS_COUNT (sizeof aliases / sizeof aliases[0])
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static const verb_table table = {verbs,       VERB_COUNT,     aliases,
                                 ALIAS_COUNT, common_options, common_help};

static void write_aliases(cli_stream *to, const cli_verb *verb, const char *before,
                          const char *after)
{
    bool any = false;
    size_t i;

    for (i = 0; i < ALIAS_COUNT; i++) {
        if (strcmp(aliases[i].verb, verb->name) != 0)
            continue;
        stream_format(to, "%s%s", any ? ", " : before, aliases[i].alias);
        any = true;
    }
    if (any)
        stream_text(to, after);
}

static void write_help(cli_stream *to, const cli_verb *verb)
{
    stream_text(to, verb->help);
    write_aliases(to, verb, "\nOther names of this verb: ", "\n");
}

static void write_usage(cli_stream *to)
{
    size_t i;

    stream_text(to, "tether [--store DIR] [--session ID] [--json] VERB ...\n"
                    "\n"
                    "Runs commands as tasks that outlive the process that started them.\n"
                    "\n");
    for (i = 0; i < VERB_COUNT; i++) {
        stream_format(to, "  %-12s  %s", verbs[i].name, verbs[i].summary);
        write_aliases(to, &verbs[i], " (", ")");
        stream_text(to, "\n");
    }
    stream_text(to, "\n");
    stream_text(to, common_help);
    stream_text(to,
                "\n"
                "Where a verb takes an ID, give the id of a task, the beginning of one, the\n"
                "name that run --name gave it, or @last (@last-1 is the task before it).\n"
                "Run tether help VERB for the options of a verb.\n"
                "\n"
                "Exit status: 124 timed out, 125 tether failed, 126 the command cannot be run,\n"
                "127 no such command or task, otherwise the exit code of the task.\n");
}

/* Returns the Levenshtein distance of two names: how many letters to insert, remove or replace.
 * Returns the maximum for names longer than any verb. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX_LENGTH = 24 };
    size_t row[MAX_LENGTH + 1];
    size_t rows = strlen(a), columns = strlen(b), i, j;

    if (rows > MAX_LENGTH || columns > MAX_LENGTH)
        return MAX_LENGTH;
    for (j = 0; j <= columns; j++)
        row[j] = j;
    for (i = 1; i <= rows; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (j = 1; j <= columns; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
            size_t shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = replaced < shorter ? replaced : shorter;
        }
    }
    return row[columns];
}

static int unknown_verb(const cli_options *cli, const char *name)
{
    const cli_verb *nearest = NULL;
    size_t least = 3, i;

    for (i = 0; i < VERB_COUNT; i++) {
        size_t distance = edit_distance(name, verbs[i].name);

        if (strlen(name) >= 2 && strncmp(name, verbs[i].name, strlen(name)) == 0)
            distance = 0;
        if (distance < least && distance < strlen(name)) {
            least = distance;
            nearest = &verbs[i];
        }
    }
    if (nearest == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "unknown verb %.80s; tether help lists the verbs", name);
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "unknown verb %.80s; did you mean %s? tether help lists the verbs", name,
                         nearest->name);
}

static int verb_help(cli_options *cli, cli_args *args)
{
    const cli_verb *verb;
    const char *value;
    int id;

    switch (args_next(args, &id, &value)) {
    case ARGS_END:
        write_usage(stream_stdout());
        return 0;
    case ARGS_OPERAND:
        verb = verb_table_find(&table, value);
        if (verb == NULL)
            return unknown_verb(cli, value);
        break;
    default:
        return print_args_error(cli, args);
    }
    switch (args_next(args, &id, &value)) {
    case ARGS_END:
        write_help(stream_stdout(), verb);
        return 0;
    case ARGS_OPERAND:
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "unexpected argument %.80s: help shows one verb at a time; leave it out", value);
    default:
        return print_args_error(cli, args);
    }
}

/* Handles an option that is valid before and after the verb. */
static bool take_common(int id, const char *value, void *userdata)
{
    cli_options *cli = userdata;

    switch (id) {
    case OPT_STORE:
        cli->store = value;
        return false;
    case OPT_SESSION:
        cli->session = value;
        return false;
    case OPT_JSON:
        cli->json = true;
        return false;
    case OPT_HELP:
        cli->help = true;
        return true;
    default:
        cli->version = true;
        return true;
    }
}

/* Runs the verb. If --help or --version was given, before or after it, prints that instead; without
 * any argument, prints the help. */
static int dispatch(cli_options *cli, cli_args *args)
{
    const cli_verb *verb = NULL;
    const char *name;
    int id, code = EXIT_FAILED;
    args_result result = args_next(args, &id, &name);

    if (result == ARGS_OPERAND && strcmp(name, complete_name) == 0)
        return complete(&table, cli, args); /* a shell asks for a word */
    if (result == ARGS_OPERAND) {
        verb = verb_table_find(&table, name);
        if (verb == NULL)
            return unknown_verb(cli, name);
        args->verb = verb->name;
        args->operands_only = false;
        code = verb->function(cli, args);
    } else if (result == ARGS_ERROR) {
        code = print_args_error(cli, args);
    }
    if (cli->version) {
        stream_format(stream_stdout(), "tether %s\n", tether_version());
        return 0;
    }
    if (cli->help && verb != NULL)
        write_help(stream_stdout(), verb);
    else if (cli->help)
        write_usage(stream_stdout());
    else if (result == ARGS_END && args->argc > 1)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "no verb was given; tether help lists the verbs");
    else if (result == ARGS_END)
        write_usage(stream_stdout());
    return cli->help || result == ARGS_END ? 0 : code;
}

int cli_main(int argc, char **argv)
{
    cli_options cli = {0};
    cli_args args = {0};
    int code, failed;

    stream_init();
    args.argc = argc;
    args.argv = argv;
    args.next = argc > 0 ? 1 : 0;
    args.common = common_options;
    args.on_common = take_common;
    args.userdata = &cli;
    cli.args = &args;
    code = options_init(&cli) ? dispatch(&cli, &args) : print_no_memory(&cli);
    /* After EXIT_FAILED a message was printed already: do not add one about standard output. */
    failed = code == EXIT_FAILED ? !stream_flush(stream_stdout()) : print_flush(&cli, NULL) != 0;
    stream_flush(stream_stderr());
    stream_end(stream_stdout());
    stream_end(stream_stderr());
    options_dispose(&cli);
    return failed ? EXIT_FAILED : code;
}
