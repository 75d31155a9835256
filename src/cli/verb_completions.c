/* Owns "tether completions": its options, printing what is pending, acknowledging by id.
 * Must not: lease or acknowledge a completion that is only printed.
 * Thread: the main one. */
#include "cli/verbs.h"

#include "cli/completions_follow.h"
#include "cli/drain.h"
#include "cli/duration.h"
#include "cli/ids.h"
#include "cli/print.h"
#include "cli/resolve.h"

const char verb_completions_help[] =
    "tether completions [--drain] [--follow [--remind DUR]] [--all-sessions]\n"
    "tether completions --ack ID...\n"
    "\n"
    "Shows ended tasks that were not acknowledged yet, in the order in which they\n"
    "ended.\n"
    "\n"
    "  --ack ID...          acknowledge these tasks, permanently and for all\n"
    "                       processes\n"
    "  --drain              show and acknowledge; if several processes drain at\n"
    "                       once, only one shows each task, and acknowledges it\n"
    "                       after writing it out\n"
    "  -f, --follow         continue with tasks that end later, until interrupted\n"
    "  --remind DUR         with --follow: report tasks that are still running after\n"
    "                       this time, and again each time it passes\n"
    "  --all-sessions       include every session of the store\n";

enum { OPT_ACK = 1, OPT_DRAIN, OPT_FOLLOW, OPT_REMIND, OPT_ALL_SESSIONS };

static const args_option completions_options[] = {
    {"--ack", ARGS_OPTIONAL_VALUE, OPT_ACK},
    {"--drain", ARGS_FLAG, OPT_DRAIN},
    {"--follow", ARGS_FLAG, OPT_FOLLOW},
    {"-f", ARGS_FLAG, OPT_FOLLOW},
    {"--remind", ARGS_VALUE, OPT_REMIND},
    {"--all-sessions", ARGS_FLAG, OPT_ALL_SESSIONS},
    {NULL, ARGS_FLAG, 0},
};

typedef struct completions_request {
    cli_ids ids;
    bool ack;
    bool follow;
    completions_follow choice;
} completions_request;

static int take_remind(const cli_options *cli, completions_request *request, const char *value)
{
    if (!duration_parse(value, &request->choice.remind_ms))
        return print_bad_duration(cli, "--remind", value);
    if (request->choice.remind_ms == 0)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "--remind 0 would report without pause: give a longer time, such as 10m");
    return 0;
}

static int take_option(const cli_options *cli, completions_request *request, int id,
                       const char *value)
{
    switch (id) {
    case OPT_ACK:
        request->ack = true;
        if (value != NULL)
            request->ids.items[request->ids.count++] = value;
        return 0;
    case OPT_DRAIN:
        request->choice.drain = true;
        return 0;
    case OPT_FOLLOW:
        request->follow = true;
        return 0;
    case OPT_REMIND:
        return take_remind(cli, request, value);
    default:
        request->choice.all_sessions = true;
        return 0;
    }
}

/* Checks the combination of options. */
static int check_request(const cli_options *cli, const completions_request *request)
{
    const char *mistake = NULL;

    if (request->ack && request->choice.drain)
        mistake = "--ack and --drain exclude each other: --drain acknowledges all; leave --ack out";
    else if (request->ack && request->follow)
        mistake = "--ack and --follow exclude each other: use --follow --drain to acknowledge";
    else if (request->ack && request->choice.all_sessions)
        mistake = "--ack and --all-sessions exclude each other: select the task's session with "
                  "--session";
    else if (request->ack && request->ids.count == 0)
        mistake = "--ack needs a task id; tether completions shows them";
    else if (request->choice.remind_ms > 0 && !request->follow)
        mistake =
            "--remind needs --follow: reminders are printed only while following; add --follow";
    if (mistake != NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments", "%s", mistake);
    if (!request->ack && request->ids.count > 0)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "unexpected argument %.80s: completions takes task ids after --ack only; add --ack",
            request->ids.items[0]);
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, completions_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        int code = 0;

        if (result == ARGS_OPERAND)
            request->ids.items[request->ids.count++] = value;
        else
            code = take_option(cli, request, id, value);
        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    return check_request(cli, request);
}

/* Tries every id. Returns the exit code of the first failure. */
static int acknowledge(const cli_options *cli, tether_registry *registry, cli_ids *ids)
{
    int first = resolve_ids(cli, registry, ids);
    size_t i;

    for (i = 0; i < ids->count; i++) {
        tether_error error = {0};
        int code = 0;

        if (tether_completion_ack(registry, ids->items[i], NULL, &error) != 0)
            code = print_error(cli, &error);
        else if (cli->json)
            code = print_task_json(cli, registry, ids->items[i], NULL);
        if (first == 0)
            first = code;
    }
    return first;
}

static int show(const cli_options *cli, tether_registry *registry,
                const tether_completion_options *options)
{
    tether_snapshot_list *list;
    tether_error error = {0};
    int code = 0;
    size_t i;

    if (tether_completions_peek(registry, options, &list, &error) != 0)
        return print_error(cli, &error);
    for (i = 0; i < list->count && code == 0; i++)
        code = drain_print(cli, list->items[i], options->all_sessions);
    tether_snapshot_list_free(list);
    return code;
}

static int run_once(const cli_options *cli, completions_request *request)
{
    tether_completion_options options = {0};
    tether_registry *registry;
    int code = session_open(cli, &registry);

    if (code != 0)
        return code;
    options.size = sizeof options;
    options.all_sessions = request->choice.all_sessions;
    if (request->ack)
        code = acknowledge(cli, registry, &request->ids);
    else if (request->choice.drain)
        code = drain_pending(cli, registry, &options, NULL);
    else
        code = show(cli, registry, &options);
    return session_close(cli, registry, code);
}

int verb_completions(cli_options *cli, cli_args *args)
{
    completions_request request = {0};
    int code;

    args->options = completions_options;
    if (!ids_init(&request.ids, args))
        return print_no_memory(cli);
    code = parse(cli, args, &request);
    if (code == 0 && request.follow)
        code = completions_follow_run(cli, &request.choice);
    else if (code == 0)
        code = run_once(cli, &request);
    ids_dispose(&request.ids);
    return code;
}
