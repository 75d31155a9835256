/* Owns what each operation does, and the answers that it must get where it succeeds.
 * Must not: look at the store by itself.
 * Thread: the host's. */
#include "posix/matrix/operations.h"

#include <stdio.h>
#include <stdlib.h>
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

/* The same with a key. */
static int run_keyed(story *s, tether_registry *registry, tether_error *error)
{
    const char *const argv[] = {CHILD, "append", story_trace(s), "exit", "9", NULL};
    bool found = false;
    tether_spec spec = {.argv = argv, .key = "matrix", .found = &found};
    int code = tether_spawn(registry, &spec, s->started, error);
    if (found)
        WRONG(s, "the first start with the key has found a task");
    return code;
}

/* A second start finds the task, or starts it if it never began: the command has run once then. */
static void check_keyed(const story *s, tether_registry *registry)
{
    char id[TETHER_ID_SIZE];
    const char *waited = id;
    bool found = false;
    tether_error error = {0};
    const char *const argv[] = {CHILD, "append", story_trace(s), "exit", "9", NULL};
    const tether_spec spec = {.argv = argv, .key = "matrix", .found = &found};
    bool ran = test_exists(story_trace(s));
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    CHECK(found == ran, "it %s, and the second start %s a task", ran ? "ran" : "never began",
          found ? "has found" : "has started");
    CHECK(!story_succeeded(s) || strcmp(id, s->started) == 0, "started is '%s', found is '%s'",
          s->started, id);
    HOST_OK(tether_wait(registry, &waited, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    CHECK(test_count_lines(story_trace(s)) == 1, "it ran %d times",
          test_count_lines(story_trace(s)));
    HOST_OK(tether_completion_ack(registry, id, NULL, &error), error);
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

/* --- What a monitor is asked for --- */

enum { HOUR_MS = 3600 * 1000 };

static int run_extend(story *s, tether_registry *registry, tether_error *error)
{
    return tether_extend(registry, s->running, 2 * HOUR_MS, error);
}

/* The record has the old deadline or the new one; the monitor knows none that the record has not,
 * and all that a host was told of. The next move brings both together. */
static void check_extend(const story *s, tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot *snapshot = NULL;
    int64_t written = story_written_moves(s), told = story_told_moves(s, registry);
    HOST_OK(tether_status_get(registry, s->running, &snapshot, &error), error);
    int64_t after_ms = snapshot->deadline_at - snapshot->started_at;
    tether_snapshot_free(snapshot);
    CHECK(told <= written && written <= 1, "%d moves are written, the monitor knows %d",
          (int)written, (int)told);
    CHECK(!story_succeeded(s) || told == 1, "a move succeeded that the monitor does not know");
    CHECK((after_ms >= 2 * HOUR_MS) == (written == 1), "the deadline is after %lld ms, %d moves",
          (long long)after_ms, (int)written);
    HOST_OK(tether_extend(registry, s->running, 3 * HOUR_MS, &error), error);
    int64_t last = story_written_moves(s);
    told = story_told_moves(s, registry);
    CHECK(last == written + 1 && told == last, "%d moves are written, the monitor knows %d",
          (int)last, (int)told);
}

static const char first_part[] = "hello ", second_part[] = "world\n";

static int write_at(const story *s, tether_registry *registry, uint64_t offset, const char *text,
                    bool close, tether_error *error)
{
    const tether_input_options options = {.size = sizeof options,
                                          .at_offset = true,
                                          .offset = offset,
                                          .close = close,
                                          .timeout_ms = PATIENCE_MS};
    return tether_input(registry, s->running, text, strlen(text), &options, NULL, NULL, error);
}

static int write_both(const story *s, tether_registry *registry, bool close, tether_error *error)
{
    int code = write_at(s, registry, 0, first_part, false, error);
    return code != TETHER_OK
               ? code
               : write_at(s, registry, sizeof first_part - 1, second_part, close, error);
}

static int run_input(story *s, tether_registry *registry, tether_error *error)
{
    return write_both(s, registry, false, error);
}

static void expect_copy(const story *s, const char *expected)
{
    char *text = NULL;
    int64_t end = test_now_ms() + PATIENCE_MS;
    do {
        free(text);
        text = test_read_file(story_copy(s), NULL);
    } while ((text == NULL || strcmp(text, expected) != 0) && test_now_ms() < end);
    CHECK(text != NULL && strcmp(text, expected) == 0, "the task has read '%s'",
          text != NULL ? text : "nothing");
    free(text);
}

/* Whatever was taken, the same bytes at the same places complete it. */
static void check_input(const story *s, tether_registry *registry)
{
    tether_error error = {0};
    HOST_OK(write_both(s, registry, true, &error), error);
    expect_copy(s, "hello world\n");
}

static void prepare_close(story *s, tether_registry *registry)
{
    tether_error error = {0};
    HOST_OK(write_at(s, registry, 0, first_part, false, &error), error);
}

static int run_close(story *s, tether_registry *registry, tether_error *error)
{
    const tether_input_options options = {.size = sizeof options, .close = true};
    return tether_input(registry, s->running, NULL, 0, &options, NULL, NULL, error);
}

/* A close can be repeated. */
static void check_close(const story *s, tether_registry *registry)
{
    const tether_input_options options = {.size = sizeof options, .close = true};
    tether_error error = {0};
    uint64_t taken = 0;
    HOST_OK(tether_input(registry, s->running, NULL, 0, &options, NULL, &taken, &error), error);
    CHECK(taken == sizeof first_part - 1, "%d bytes were taken", (int)taken);
    expect_copy(s, first_part);
}

static int run_measure(story *s, tether_registry *registry, tether_error *error)
{
    tether_snapshot *snapshot = NULL;
    int code = tether_status_get(registry, s->running, &snapshot, error);
    if (code == TETHER_OK)
        code = tether_snapshot_measure(registry, snapshot, error);
    if (code == TETHER_OK && (snapshot->processes_now != 1 || snapshot->memory_now <= 0))
        WRONG(s, "%d processes, %lld bytes", (int)snapshot->processes_now,
              (long long)snapshot->memory_now);
    tether_snapshot_free(snapshot);
    return code;
}

const operation operations[] = {
    {"open", NULL, run_open, NULL, false},
    {"run", NULL, run_run, NULL, false},
    {"keyed", NULL, run_keyed, check_keyed, false},
    {"list", NULL, run_list, NULL, false},
    {"status", NULL, run_status, NULL, false},
    {"wait", NULL, run_wait, NULL, false},
    {"kill", NULL, run_kill, NULL, false},
    {"pause", NULL, run_pause, NULL, false},
    {"resume", prepare_resume, run_resume, NULL, false},
    {"completions", NULL, run_completions, NULL, false},
    {"gc", NULL, run_gc, NULL, false},
    {"extend", NULL, run_extend, check_extend, false},
    {"input", NULL, run_input, check_input, true},
    {"close", prepare_close, run_close, check_close, true},
    {"measure", NULL, run_measure, NULL, false},
    {NULL, NULL, NULL, NULL, false},
};
