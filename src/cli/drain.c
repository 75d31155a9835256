/* Owns the order in which a completion is leased, printed and acknowledged.
 * Must not: acknowledge a completion that was not written out.
 * Thread: the main one. */
#include "cli/drain.h"

#include "cli/print.h"

int drain_print(const cli_options *cli, const tether_snapshot *snapshot, bool sessions)
{
    if (cli->json)
        return print_completion_json(cli, snapshot);
    print_completion(snapshot, sessions);
    return 0;
}

/* Prints a leased completion, then acknowledges it. It is printed with completion_delivered true,
 * as it is once the acknowledgement succeeds. If the process dies between the two steps, the
 * completion is pending again: it is printed twice rather than never. */
static int deliver_one(const cli_options *cli, tether_registry *registry, tether_snapshot *snapshot,
                       bool sessions, bool *stop)
{
    tether_error error = {0};
    int code;

    snapshot->completion_delivered = true;
    code = drain_print(cli, snapshot, sessions);
    if (code == 0)
        code = print_flush(cli, "completions that were not written stay pending");
    if (code != 0) {
        *stop = true;
        return code;
    }
    if (tether_completion_ack(registry, snapshot->task_id, NULL, &error) != 0)
        return print_error(cli, &error);
    return 0;
}

int drain_pending(const cli_options *cli, tether_registry *registry,
                  const tether_completion_options *options, bool *stop)
{
    tether_snapshot_list *list;
    tether_error error = {0};
    bool stopped = false;
    int first = 0;
    size_t i;

    if (tether_completions_lease(registry, options, &list, &error) != 0) {
        if (stop != NULL)
            *stop = true;
        return print_error(cli, &error);
    }
    for (i = 0; i < list->count && !stopped; i++) {
        int code = deliver_one(cli, registry, list->items[i], options->all_sessions, &stopped);

        if (first == 0)
            first = code;
    }
    tether_snapshot_list_free(list);
    if (stop != NULL)
        *stop = stopped;
    return first;
}
