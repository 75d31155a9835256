/* Owns what each operation does, and the answers that it must get where it succeeds.
 * Must not: look at the store by itself.
 * Thread: the host's. */
#include "posix/matrix/operations.h"

#include <stdio.h>
#include <string.h>

#define WRONG(s, ...) snprintf((s)->wrong, sizeof(s)->wrong, __VA_ARGS__)

/* Notes a status that differs from the expected one. */
static int compare_status(story *s, tether_registry *registry, const char *id, tether_status status,
                          int64_t code, tether_error *error)
{
    tether_snapshot *snapshot = NULL;
    int result = tether_status_get(registry, id, &snapshot, error);
    if (result != TETHER_OK)
        return result;
    if (snapshot->status != status || snapshot->exit_code != code)
        WRONG(s, "the status of %s is %s with code %d (%s)", id,
              tether_status_text(snapshot->status), (int)snapshot->exit_code,
              snapshot->reason != NULL ? snapshot->reason : "no reason");
    tether_snapshot_free(snapshot);
    return TETHER_OK;
}

static int run_open(story *s, tether_registry *registry, tether_error *error)
{
    (void)s;
    (void)registry;
    (void)error;
    return TETHER_OK;
}

static int run_run(story *s, tether_registry *registry, tether_error *error)
{
    const char *const argv[] = {CHILD, "append", story_trace(s), "exit", "9", NULL};
    tether_spec spec = {.argv = argv};
    return tether_spawn(registry, &spec, s->started, error);
}

static int run_list(story *s, tether_registry *registry, tether_error *error)
{
    tether_snapshot_list *list = NULL;
    int code = tether_list(registry, TETHER_LIST_ALL, &list, error);
    if (code != TETHER_OK)
        return code;
    if (list->count != 3)
        WRONG(s, "the list has %d of 3 tasks", (int)list->count);
    for (size_t i = 0; i < list->count; i++) {
        const tether_snapshot *item = list->items[i];
        tether_status expected = strcmp(item->task_id, s->running) == 0  ? TETHER_STATUS_RUNNING
                                 : strcmp(item->task_id, s->unseen) == 0 ? TETHER_STATUS_FAILED
                                                                         : TETHER_STATUS_COMPLETED;
        if (item->status != expected)
            WRONG(s, "%s is listed as %s", item->task_id, tether_status_text(item->status));
    }
    tether_snapshot_list_free(list);
    return TETHER_OK;
}

static int run_status(story *s, tether_registry *registry, tether_error *error)
{
    int code = compare_status(s, registry, s->unseen, TETHER_STATUS_FAILED, UNSEEN_CODE, error);
    return code != TETHER_OK ? code
                             : compare_status(s, registry, s->running, TETHER_STATUS_RUNNING,
                                              TETHER_EXIT_UNKNOWN, error);
}

static int run_wait(story *s, tether_registry *registry, tether_error *error)
{
    const char *id = s->running;
    /* Not a part of the operation. */
    atomic_store(&s->watched, false);
    story_open_gate(s);
    atomic_store(&s->watched, true);
    int code = tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, error);
    return code != TETHER_OK
               ? code
               : compare_status(s, registry, id, TETHER_STATUS_FAILED, RUNNING_CODE, error);
}

static int run_kill(story *s, tether_registry *registry, tether_error *error)
{
    return tether_kill(registry, s->running, NULL, error);
}

static int run_pause(story *s, tether_registry *registry, tether_error *error)
{
    int code = tether_pause(registry, s->running, error);
    return code != TETHER_OK ? code
                             : compare_status(s, registry, s->running, TETHER_STATUS_PAUSED,
                                              TETHER_EXIT_UNKNOWN, error);
}

static void prepare_resume(story *s, tether_registry *registry)
{
    tether_error error = {0};
    HOST_OK(tether_pause(registry, s->running, &error), error);
}

static int run_resume(story *s, tether_registry *registry, tether_error *error)
{
    int code = tether_resume(registry, s->running, error);
    return code != TETHER_OK ? code
                             : compare_status(s, registry, s->running, TETHER_STATUS_RUNNING,
                                              TETHER_EXIT_UNKNOWN, error);
}

static int run_completions(story *s, tether_registry *registry, tether_error *error)
{
    tether_snapshot_list *list = NULL;
    bool fresh = false;
    int code = tether_completions_lease(registry, NULL, &list, error);
    if (code != TETHER_OK)
        return code;
    if (list->count != 1 || strcmp(list->items[0]->task_id, s->unseen) != 0)
        WRONG(s, "%d completions were leased", (int)list->count);
    tether_snapshot_list_free(list);
    code = tether_completion_ack(registry, s->unseen, &fresh, error);
    if (code == TETHER_OK && !fresh)
        WRONG(s, "the completion was acknowledged before");
    return code;
}

static int run_gc(story *s, tether_registry *registry, tether_error *error)
{
    const tether_gc_options any_age = {.older_than_ms = -1};
    tether_gc_result result = {0};
    int code = tether_gc(registry, &any_age, &result, error);
    if (code == TETHER_OK && (result.removed != 1 || result.kept != 2))
        WRONG(s, "%d tasks were removed, %d kept", (int)result.removed, (int)result.kept);
    return code;
}

const operation operations[] = {
    {"open", NULL, run_open},
    {"run", NULL, run_run},
    {"list", NULL, run_list},
    {"status", NULL, run_status},
    {"wait", NULL, run_wait},
    {"kill", NULL, run_kill},
    {"pause", NULL, run_pause},
    {"resume", prepare_resume, run_resume},
    {"completions", NULL, run_completions},
    {"gc", NULL, run_gc},
    {NULL, NULL, NULL},
};
