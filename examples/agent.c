/* How an agent uses tether: the program behind docs/embedding.md.
 *
 *     agent STORE start COMMAND    starts a task, watches its output for "error", and crashes
 *     agent STORE resume           waits for all tasks, shows how they ended, and acknowledges that
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tether.h"

static int fail(const char *what, const tether_error *error)
{
    fprintf(stderr, "agent: %s: %s (%s, at: %s)\n", what, error->message,
            tether_error_name(error->code), error->step);
    return 1;
}

/* How many COMPLETION events were received. */
static atomic_size_t completions;

/* Runs on a thread of the registry. */
static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    (void)registry;
    (void)userdata;
    switch (event->kind) {
    case TETHER_EVENT_MATCH:
        printf("match: %.*s\n", (int)event->match->context_size, event->match->context);
        break;
    case TETHER_EVENT_REMINDER:
        printf("%s still runs after %lld s\n", event->task_id, (long long)event->elapsed_ms / 1000);
        break;
    case TETHER_EVENT_COMPLETION:
        printf("%s has ended: %s\n", event->task_id, tether_status_text(event->snapshot->status));
        atomic_fetch_add(&completions, 1);
        break;
    case TETHER_EVENT_LOG:
        fprintf(stderr, "agent: %s\n", event->error->message);
        break;
    default:
        break;
    }
    fflush(stdout);
}

static int open_session(const char *store, tether_registry **registry, tether_error *error)
{
    const tether_open_options options = {
        .size = sizeof options, .store = store, .session = "agent", .on_event = on_event};
    return tether_open(&options, registry, error);
}

/* Starts a task, waits half a second for it, and crashes without closing the registry. */
static int start(const char *store, const char *command)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_outcome *outcome;
    int number;
    if (open_session(store, &registry, &error) != TETHER_OK)
        return fail("cannot open the session", &error);
    const tether_spec spec = {.size = sizeof spec, .command = command};
    if (tether_run(registry, &spec, 500, 0, &outcome, &error) != TETHER_OK)
        return fail("cannot start the task", &error);
    printf("task %s: %s\n", outcome->snapshot->task_id,
           tether_status_text(outcome->snapshot->status));
    const tether_watch_spec watch = {
        .size = sizeof watch, .pattern = "error", .fixed = true, .whole_lines = true};
    if (tether_watch_add(registry, outcome->snapshot->task_id, &watch, &number, &error) !=
        TETHER_OK)
        return fail("cannot watch the task", &error);
    fflush(stdout);
    abort();
}

static int report(tether_registry *registry, const tether_snapshot *task, tether_error *error)
{
    char *text;
    size_t size;
    int code = tether_output_tail(registry, task->task_id, TETHER_VIEW_BOTH, 0, 3, &text, &size,
                                  NULL, error);
    if (code != TETHER_OK)
        return code;
    printf("%s (%s) ended as %s with %lld; its last lines:\n%s", task->task_id, task->command,
           tether_status_text(task->status), (long long)task->exit_code, text);
    tether_free(text);
    return tether_completion_ack(registry, task->task_id, NULL, error);
}

/* Waits until no task runs any more, then reports and acknowledges all that ended. */
static int resume(const char *store)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_waiter *waiter;
    tether_snapshot_list *list;
    char id[TETHER_ID_SIZE];
    if (open_session(store, &registry, &error) != TETHER_OK)
        return fail("cannot open the session", &error);
    int code = tether_waiter_open(registry, NULL, 0, &waiter, &error);
    while (code == TETHER_OK)
        code = tether_waiter_next(waiter, -1, id, &error);
    tether_waiter_close(waiter);
    /* The waiter has no task left to report. */
    if (code == TETHER_ENOTASK)
        code = tether_completions_lease(registry, NULL, &list, &error);
    if (code != TETHER_OK)
        return fail("cannot learn what ended", &error);
    /* A close discards events that were not delivered yet. This program wants to show them all. It
     * has leased all completions, so this call just waits for 20 ms. */
    while (atomic_load(&completions) < list->count)
        tether_completions_wait(registry, NULL, 20, NULL);
    for (size_t i = 0; code == TETHER_OK && i < list->count; i++)
        code = report(registry, list->items[i], &error);
    tether_snapshot_list_free(list);
    if (code != TETHER_OK)
        return fail("cannot report a task", &error);
    if (tether_close(registry, TETHER_DETACH, &error) != TETHER_OK)
        return fail("cannot close the session", &error);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[2], "start") == 0)
        return start(argv[1], argv[3]);
    if (argc == 3 && strcmp(argv[2], "resume") == 0)
        return resume(argv[1]);
    fprintf(stderr, "usage: agent STORE start COMMAND | agent STORE resume\n");
    return 2;
}
