/* Owns "tether top": the choice between the live view and the plain table.
 * Must not: draw.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <stdlib.h>

#include <uv.h>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/stream.h"
#include "cli/table.h"
#ifdef TETHER_WITH_SCREEN
#include "cli/top_view.h"
#endif

const char verb_top_help[] =
    "tether top [--running] [--interval DUR]\n"
    "\n"
    "Shows the tasks of the session on the whole terminal while they change, with\n"
    "what they use and what they print; keys follow, kill, pause, resume, extend,\n"
    "acknowledge and remove them, and h shows all keys. q leaves; tasks go on.\n"
    "\n"
    "  --running       only tasks that have not ended, at the beginning\n"
    "  --interval DUR  how often ages and usage of running tasks are renewed\n"
    "                  (default: 1s; 0: only when something happens)\n"
    "\n"
    "Where standard input or output is no terminal, it prints the table once, or\n"
    "with --interval again and again.\n";

enum { OPT_RUNNING = 1, OPT_INTERVAL };

enum { DEFAULT_INTERVAL_MS = 1000, LEAST_INTERVAL_MS = 100 };

static const args_option top_options[] = {
    {"--running", ARGS_FLAG, OPT_RUNNING},
    {"--interval", ARGS_VALUE, OPT_INTERVAL},
    {NULL, ARGS_FLAG, 0},
};

typedef struct top_request {
    bool running;
    bool repeats; /* --interval was given */
    int64_t interval_ms;
} top_request;

static int parse(const cli_options *cli, cli_args *args, top_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        if (id == OPT_RUNNING) {
            request->running = true;
        } else if (!duration_parse(value, &request->interval_ms)) {
            return print_bad_duration(cli, "--interval", value);
        } else {
            request->repeats = request->interval_ms > 0;
            if (request->repeats && request->interval_ms < LEAST_INTERVAL_MS)
                request->interval_ms = LEAST_INTERVAL_MS;
        }
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "unexpected argument %.80s: top takes none; tether status shows one "
                             "task",
                             value);
    return 0;
}

static int print_once(const cli_options *cli, tether_registry *registry, const top_request *request)
{
    const tether_list_options options = {.size = sizeof options,
                                         .scope = request->running ? TETHER_LIST_RUNNING
                                                                   : TETHER_LIST_ALL,
                                         .without_output = !cli->json};
    tether_snapshot_list *list;
    tether_error error = {0};
    int code = 0;
    size_t i;

    if (tether_list_in(registry, &options, &list, &error) != 0)
        return print_error(cli, &error);
    for (i = 0; cli->json && code == 0 && i < list->count; i++)
        code = print_snapshot_json(cli, list->items[i]);
    if (!cli->json)
        table_print(cli, (const tether_snapshot *const *)list->items, list->count, false);
    tether_snapshot_list_free(list);
    return code != 0 ? code : print_flush(cli, NULL);
}

/* Prints the table once, or for ever: a signal, a reader that is gone, or a failure ends it. */
static int print_tables(const cli_options *cli, const top_request *request)
{
    tether_registry *registry;
    int code = session_open(cli, &registry);

    if (code != 0)
        return code;
    code = print_once(cli, registry, request);
    while (code == 0 && request->repeats) {
        uv_sleep((unsigned)request->interval_ms);
        if (!cli->json)
            stream_text(stream_stdout(), "\n");
        code = print_once(cli, registry, request);
    }
    return session_close(cli, registry, code);
}

/* Says on a terminal why there is only the table. */
static int print_instead(const cli_options *cli, const top_request *request, const char *why)
{
    if (stream_is_terminal(stream_stderr())) {
        stream_text(stream_stderr(), "tether: top prints the plain table: ");
        stream_text(stream_stderr(), why);
        stream_text(stream_stderr(), "\n");
        stream_flush(stream_stderr());
    }
    return print_tables(cli, request);
}

static int show(const cli_options *cli, const top_request *request)
{
    const char *why = "this tether was built without ncursesw, which draws the view";

    if (cli->json || !stream_is_terminal(stream_stdout()))
        return print_tables(cli, request);
#ifdef TETHER_WITH_SCREEN
    int code;

    if (uv_guess_handle(0) != UV_TTY)
        return print_instead(cli, request, "standard input is no terminal");
    if (cli->dumb)
        return print_instead(cli, request, "the terminal is \"dumb\" (TERM)");
    code = top_view_run(cli, request->interval_ms, request->running, &why);
    if (why == NULL)
        return code;
#endif
    return print_instead(cli, request, why);
}

int verb_top(cli_options *cli, cli_args *args)
{
    top_request request = {.interval_ms = DEFAULT_INTERVAL_MS};
    int code;

    args->options = top_options;
    code = parse(cli, args, &request);
    return code != 0 ? code : show(cli, &request);
}
