/* Owns "tether mcp" and "tether serve": their options.
 * Must not: speak a protocol; the servers of src/mcp do.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/stream.h"
#include "mcp/config.h"
#include "mcp/folder_os.h"
#include "mcp/server.h"

#define SERVER_OPTIONS                                                                             \
    "  --allow-dir DIR      start tasks only in this directory and below; may be\n"                \
    "                       given several times\n"                                                 \
    "  --deny-env NAME      give no task this variable; may be given several times\n"              \
    "  --max-running N      refuse to start a task while N tasks of a session run\n"               \
    "  --max-output SIZE    keep at most this much of each output of a task\n"                     \
    "  --max-time DUR       let no task run for longer\n"                                          \
    "  --read-only          offer only what changes nothing\n"

const char verb_mcp_help[] =
    "tether mcp [options]\n"
    "tether mcp --print-config CLIENT [options]\n"
    "\n"
    "Serves the Model Context Protocol on standard input and output: an agent's\n"
    "client starts it, and its model starts tasks, waits for them and reads them.\n"
    "Tasks go on when the client or this server ends; the next one finds them.\n"
    "\n"
    "  --print-config CLIENT  print what goes into the file of this client, with\n"
    "                       the other options: claude, codex, cursor, vscode,\n"
    "                       gemini or zed\n" SERVER_OPTIONS;

const char verb_serve_help[] =
    "tether serve --jsonl [options]\n"
    "\n"
    "Serves the verbs of tether as lines of JSON on standard input and output, for\n"
    "a program in any language: {\"id\": 1, \"verb\": \"run\", \"args\": {...}} is answered\n"
    "by {\"id\": 1, \"result\": {...}} or {\"id\": 1, \"error\": {...}}.\n"
    "\n"
    "  --jsonl              the protocol: one object on each line\n" SERVER_OPTIONS;

enum {
    OPT_ALLOW_DIR = 1,
    OPT_DENY_ENV,
    OPT_MAX_RUNNING,
    OPT_MAX_OUTPUT,
    OPT_MAX_TIME,
    OPT_READ_ONLY,
    OPT_PRINT_CONFIG,
    OPT_JSONL
};

#define COMMON_OPTIONS                                                                             \
    {"--allow-dir", ARGS_VALUE, OPT_ALLOW_DIR}, {"--deny-env", ARGS_VALUE, OPT_DENY_ENV},          \
        {"--max-running", ARGS_VALUE, OPT_MAX_RUNNING},                                            \
        {"--max-output", ARGS_VALUE, OPT_MAX_OUTPUT}, {"--max-time", ARGS_VALUE, OPT_MAX_TIME},    \
    {                                                                                              \
        "--read-only", ARGS_FLAG, OPT_READ_ONLY                                                    \
    }

static const args_option mcp_options[] = {
    COMMON_OPTIONS, {"--print-config", ARGS_VALUE, OPT_PRINT_CONFIG}, {NULL, ARGS_FLAG, 0}};

static const args_option serve_options[] = {
    COMMON_OPTIONS, {"--jsonl", ARGS_FLAG, OPT_JSONL}, {NULL, ARGS_FLAG, 0}};

/* An option of this call, for the file of a client. */
typedef struct kept_option {
    const char *option, *value;
    bool folder;
} kept_option;

/* What the client passes to the server. */
typedef struct config_arguments {
    const char **items;
    size_t count;
    char **owned;
    size_t owned_count;
} config_arguments;

typedef struct serve_request {
    server_options options;
    const char **dirs, **denied; /* as many as there are arguments */
    kept_option *kept;
    size_t kept_count;
    const char *client;
    bool jsonl;
} serve_request;

static bool init(serve_request *request, const cli_args *args)
{
    size_t room = (size_t)args->argc + 2;

    request->dirs = calloc(room, sizeof *request->dirs);
    request->denied = calloc(room, sizeof *request->denied);
    request->kept = calloc(room, sizeof *request->kept);
    request->options.policy.dirs = request->dirs;
    request->options.policy.denied = request->denied;
    return request->dirs != NULL && request->denied != NULL && request->kept != NULL;
}

static void dispose(serve_request *request)
{
    free((void *)request->dirs);
    free((void *)request->denied);
    free(request->kept);
}

static int take_limit(const cli_options *cli, mcp_policy *policy, int id, const char *value)
{
    if (id == OPT_MAX_RUNNING && (!count_parse(value, &policy->max_running) ||
                                  policy->max_running == 0 || policy->max_running > SIZE_MAX))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--max-running %.80s is not a number of tasks: give 1 or more", value);
    if (id == OPT_MAX_OUTPUT &&
        (!size_parse(value, &policy->max_output) || policy->max_output == 0))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--max-output %.80s is not a size above 0: give %s", value,
                             SIZE_FORMS);
    if (id == OPT_MAX_TIME &&
        (!duration_parse(value, &policy->max_time_ms) || policy->max_time_ms == 0))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--max-time %.80s is not a duration above 0: give %s", value,
                             DURATION_FORMS);
    return 0;
}

static int take_option(const cli_options *cli, serve_request *request, int id, const char *value,
                       const args_option *table)
{
    mcp_policy *policy = &request->options.policy;

    for (; id != OPT_PRINT_CONFIG && table->name != NULL; table++) {
        if (table->id == id)
            request->kept[request->kept_count++] =
                (kept_option){table->name, value, id == OPT_ALLOW_DIR};
    }
    switch (id) {
    case OPT_ALLOW_DIR:
        request->dirs[policy->dir_count++] = value;
        return 0;
    case OPT_DENY_ENV:
        request->denied[policy->denied_count++] = value;
        return 0;
    case OPT_READ_ONLY:
        policy->read_only = true;
        return 0;
    case OPT_PRINT_CONFIG:
        request->client = value;
        return 0;
    case OPT_JSONL:
        request->jsonl = true;
        return 0;
    default:
        return take_limit(cli, policy, id, value);
    }
}

static int parse(const cli_options *cli, cli_args *args, serve_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        int code = take_option(cli, request, id, value, args->options);

        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "unexpected argument %.80s: %s takes only options; leave it out",
                             value, args->verb);
    return 0;
}

/* Adds an option of this call with its value. A directory gets its true name: the client starts the
 * server elsewhere. */
static void add_option(config_arguments *to, const char *option, const char *value, bool folder)
{
    char *resolved = folder && value != NULL ? folder_os_resolve(value) : NULL;

    to->items[to->count++] = option;
    if (value != NULL)
        to->items[to->count++] = resolved != NULL ? resolved : value;
    if (resolved != NULL)
        to->owned[to->owned_count++] = resolved;
}

static void collect(const cli_options *cli, const serve_request *request, config_arguments *to)
{
    size_t i;

    add_option(to, "mcp", NULL, false);
    if (cli->store != NULL)
        add_option(to, "--store", cli->store, true);
    if (cli->session != NULL)
        add_option(to, "--session", cli->session, false);
    for (i = 0; i < request->kept_count; i++)
        add_option(to, request->kept[i].option, request->kept[i].value, request->kept[i].folder);
}

static int print_config(const cli_options *cli, const serve_request *request, const cli_args *args)
{
    char program[4096];
    size_t size = sizeof program, i;
    config_arguments all = {0};
    char *text = NULL;

    all.items = calloc(2 * request->kept_count + 5, sizeof *all.items);
    all.owned = calloc(request->kept_count + 1, sizeof *all.owned);
    if (all.items != NULL && all.owned != NULL) {
        collect(cli, request, &all);
        text =
            config_text(request->client, uv_exepath(program, &size) == 0 ? program : args->argv[0],
                        all.items, all.count);
    }
    for (i = 0; i < all.owned_count; i++)
        free(all.owned[i]);
    free((void *)all.owned);
    free((void *)all.items);
    if (text == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--print-config %.80s is unknown: give " CONFIG_CLIENTS,
                             request->client);
    stream_text(stream_stdout(), text);
    stream_text(stream_stdout(), "\n");
    free(text);
    return print_flush(cli, NULL);
}

static int serve(cli_options *cli, serve_request *request)
{
    tether_error error = {0};

    request->options.store = cli->store;
    request->options.session = cli->session;
    if (server_run(&request->options, &error) != 0)
        return print_error(cli, &error);
    return 0;
}

static int run_verb(cli_options *cli, cli_args *args, bool plain)
{
    serve_request request = {.options = {.plain = plain}};
    int code;

    if (!init(&request, args)) {
        dispose(&request);
        return print_no_memory(cli);
    }
    code = parse(cli, args, &request);
    if (code == 0 && plain && !request.jsonl)
        code = print_failure(cli, TETHER_EINVAL, "read arguments",
                             "serve needs to know the protocol; give --jsonl");
    else if (code == 0 && request.client != NULL)
        code = print_config(cli, &request, args);
    else if (code == 0)
        code = serve(cli, &request);
    dispose(&request);
    return code;
}

int verb_mcp(cli_options *cli, cli_args *args)
{
    args->options = mcp_options;
    return run_verb(cli, args, false);
}

int verb_serve(cli_options *cli, cli_args *args)
{
    args->options = serve_options;
    return run_verb(cli, args, true);
}
