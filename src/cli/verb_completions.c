/* Owns: "tether completions": showing and acknowledging the ends that nobody has taken note of.
 * Must not: print under --drain what another process acknowledged first.
 * Runs on: the main thread. */
#include "verbs.h"

#include <stdio.h>

#include "ids.h"
#include "print.h"
#include "stream.h"

const char verb_completions_help[] =
    "tether completions\n"
    "tether completions --ack ID...\n"
    "tether completions --drain\n"
    "\n"
    "Shows the tasks that ended and were not acknowledged, the oldest end first.\n"
    "\n"
    "  --ack ID...          acknowledge these, for every process and for good\n"
    "  --drain              show and acknowledge: of two that drain, one gets each\n";

enum { OPT_ACK = 1, OPT_DRAIN };

static const args_option completions_options[] = {
    {"--ack", ARGS_MAYBE, OPT_ACK},
    {"--drain", ARGS_FLAG, OPT_DRAIN},
    {NULL, ARGS_FLAG, 0},
};

typedef struct completions_request {
    cli_ids ids;
    bool ack;
    bool drain;
} completions_request;

static int parse(const cli_options *cli, cli_args *args, completions_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        if (result == ARGS_OPTION && id == OPT_ACK)
            request->ack = true;
        else if (result == ARGS_OPTION)
            request->drain = true;
        if (value != NULL)
            request->ids.items[request->ids.count++] = value;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (request->ack && request->drain)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--ack and --drain do not go together: --drain acknowledges all");
    if (request->ack && request->ids.count == 0)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--ack needs a task id; tether completions shows them");
    if (!request->ack && request->ids.count > 0)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "%.80s stands alone: completions takes task ids after --ack only",
                             request->ids.items[0]);
    return 0;
}

/* Every id is tried; the code is that of the first failure. */
static int acknowledge(const cli_options *cli, tether_registry *registry, const cli_ids *ids)
{
    int first = 0;
    size_t i;

    for (i = 0; i < ids->count; i++) {
        tether_error error;
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

static int print_one(const cli_options *cli, const tether_snapshot *snapshot)
{
    if (cli->json)
        return print_snapshot_json(cli, snapshot);
    print_completion(snapshot);
    return 0;
}

/* Acknowledges one and prints it if nobody else did so first. The order loses a completion when
 * this process dies, or its standard output fails, between the two steps: the other order would
 * show it twice to two that drain at once. The failure is reported with the id; a lease on
 * completions, which the library does not have yet, closes the gap. */
static int drain_one(const cli_options *cli, tether_registry *registry, tether_snapshot *snapshot)
{
    tether_error error;
    bool fresh;
    char what[160];
    int code;

    if (tether_completion_ack(registry, snapshot->task_id, &fresh, &error) != 0)
        return print_error(cli, &error);
    if (!fresh)
        return 0;
    snapshot->completion_delivered = true;
    snprintf(what, sizeof what, "task %s was acknowledged, and tether status shows it",
             snapshot->task_id);
    code = print_one(cli, snapshot);
    return code != 0 ? code : print_flush(cli, what);
}

static int show(const cli_options *cli, tether_registry *registry, bool drain)
{
    tether_snapshot_list *list;
    tether_error error;
    int first = 0;
    size_t i;

    if (tether_completions_peek(registry, &list, &error) != 0)
        return print_error(cli, &error);
    for (i = 0; i < list->count; i++) {
        int code =
            drain ? drain_one(cli, registry, &list->items[i]) : print_one(cli, &list->items[i]);

        if (first == 0)
            first = code;
        /* With nowhere to print to, the others stay pending. */
        if (stream_failed(stream_stdout())->code != 0)
            break;
    }
    tether_snapshot_list_free(list);
    return first;
}

int verb_completions(cli_options *cli, cli_args *args)
{
    completions_request request = {{NULL, 0, NULL}, false, false};
    tether_registry *registry;
    int code;

    args->options = completions_options;
    if (!ids_init(&request.ids, args))
        return print_no_memory(cli);
    code = parse(cli, args, &request);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code == 0) {
        code = request.ack ? acknowledge(cli, registry, &request.ids)
                           : show(cli, registry, request.drain);
        code = session_close(cli, registry, code);
    }
    ids_dispose(&request.ids);
    return code;
}
