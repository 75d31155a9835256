/* Owns taking one completion of the session, and waiting until there is one.
 * Must not: acknowledge a completion that was not written out.
 * Thread: the main one. */
#include "cli/wait_next.h"

#include <stdbool.h>

#include "cli/moment.h"
#include "cli/print.h"
#include "cli/stream.h"

/* Nothing wakes a waiting process when another one acknowledges the last completion that both wait
 * for, so check at this interval whether there is one to wait for. */
#define CHECK_MS 1000

#define NS_PER_MS ((uint64_t)1000 * 1000)

/* Prints the completion and acknowledges it. If the process dies in between, the completion is
 * pending again: it is told twice rather than never. */
static int deliver(const cli_options *cli, tether_registry *registry, tether_snapshot *task)
{
    tether_error error = {0};
    int code = 0;

    task->completion_delivered = true;
    if (cli->json) {
        code = print_completion_json(cli, task);
    } else {
        stream_text(stream_stdout(), task->task_id);
        stream_text(stream_stdout(), "\n");
    }
    if (code == 0)
        code = print_flush(cli, "a completion that was not written stays pending");
    if (code != 0)
        return code;
    code = print_outcome(cli, task);
    if (tether_completion_ack(registry, task->task_id, NULL, &error) != 0)
        print_error(cli, &error);
    return code;
}

/* Takes one completion, if there is one. Sets *taken, and returns the exit code of its task or of a
 * failure. */
static int take(const cli_options *cli, tether_registry *registry, bool *taken)
{
    tether_completion_options options = {0};
    tether_snapshot_list *list;
    tether_error error = {0};
    int code = 0;

    options.size = sizeof options;
    options.limit = 1;
    *taken = false;
    if (tether_completions_lease(registry, &options, &list, &error) != 0)
        return print_error(cli, &error);
    if (list->count > 0) {
        *taken = true;
        code = deliver(cli, registry, list->items[0]);
    }
    tether_snapshot_list_free(list);
    return code;
}

/* Sets *expected if a completion may come: a task that requests one runs, or another process has
 * leased one, which becomes pending again if that process ends without acknowledging it. */
static int check_expected(const cli_options *cli, tether_registry *registry, bool *expected)
{
    tether_snapshot_list *list;
    tether_error error = {0};
    size_t i;

    *expected = false;
    if (tether_list(registry, TETHER_LIST_RUNNING, &list, &error) != 0)
        return print_error(cli, &error);
    for (i = 0; i < list->count; i++)
        *expected = *expected || list->items[i]->notify_on_completion;
    tether_snapshot_list_free(list);
    /* After the list: a task that ended in between is pending now. */
    if (*expected)
        return 0;
    if (tether_completions_peek(registry, NULL, &list, &error) != 0)
        return print_error(cli, &error);
    *expected = list->count > 0;
    tether_snapshot_list_free(list);
    return 0;
}

/* Waits until a completion is pending, but not longer than the check interval. */
static int wait_a_while(const cli_options *cli, tether_registry *registry, uint64_t until)
{
    uint64_t left_ms = moment_left_ns(until) / NS_PER_MS;
    tether_error error = {0};
    int64_t wait_ms = left_ms < CHECK_MS ? (int64_t)left_ms + 1 : CHECK_MS;
    int code = tether_completions_wait(registry, NULL, wait_ms, &error);

    return code == 0 || code == TETHER_ETIMEDOUT ? 0 : print_error(cli, &error);
}

int wait_next_run(const cli_options *cli, tether_registry *registry, int64_t timeout_ms)
{
    uint64_t until = moment_after(timeout_ms);

    for (;;) {
        bool taken, expected;
        int code = take(cli, registry, &taken);

        if (taken || code != 0)
            return code;
        code = check_expected(cli, registry, &expected);
        if (code != 0)
            return code;
        if (!expected)
            return print_failure(cli, TETHER_ENOTASK, "wait for a completion",
                                 "no task that requests a completion is running in this session, "
                                 "and none is pending; tether completions shows pending ones, and "
                                 "tether list --all shows all tasks");
        if (moment_left_ns(until) == 0)
            return print_failure(cli, TETHER_ETIMEDOUT, "wait for a completion",
                                 "no task ended in this time; tether list shows what runs");
        code = wait_a_while(cli, registry, until);
        if (code != 0)
            return code;
    }
}
