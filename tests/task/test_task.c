/* Tasks from start to end: codes, output, environment, snapshots, waits. */
#include "support/support.h"
#include "support/waiters.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void reports_the_exit_code(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        const char *command;
        int64_t code;
        tether_status status;
    } cases[] = {
        {"exit 0", 0, TETHER_STATUS_COMPLETED},
        {"exit 7", 7, TETHER_STATUS_FAILED},
        {"exit 255", 255, TETHER_STATUS_FAILED},
        {CHILD_TEXT " exit 8", 8, TETHER_STATUS_FAILED},
        {CHILD_TEXT " exit 8\nexit 9", 9, TETHER_STATUS_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_run(f, cases[i].command, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->exit_code, cases[i].code);
        assert_int_equal(snapshot->status, cases[i].status);
        assert_null(snapshot->reason);
        assert_true(snapshot->finished_at >= snapshot->started_at);
        tether_snapshot_free(snapshot);
    }
}

/* Leaves all completions pending when the registry is closed. */
static void a_hundred_tasks_keep_their_exit_codes(void **state)
{
    enum { TASKS = 100 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    for (int i = 0; i < TASKS; i++) {
        char code[16];
        snprintf(code, sizeof code, "%d", i);
        test_start_child(f->registry, ids[i], "exit", code, NULL);
    }
    for (int i = 0; i < TASKS; i++)
        test_expect(f->registry, ids[i], i == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED, i,
                    NULL);
    assert_int_equal(test_pending(f->registry, NULL), TASKS);
}

static void keeps_both_streams_apart(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, CHILD_TEXT " out out\n" CHILD_TEXT " err err", id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(snapshot->output_preview, "out\nerr\n");
    assert_false(snapshot->output_truncated);
    assert_non_null(snapshot->stderr_path);
    tether_snapshot_free(snapshot);
    test_expect_output(f->registry, id, TETHER_STDOUT, "out\n");
    test_expect_output(f->registry, id, TETHER_STDERR, "err\n");
}

static void can_merge_both_streams(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command =
                            CHILD_TEXT " out a\n" CHILD_TEXT " err b\n" CHILD_TEXT " out c err d\n",
                        .merge_output = true};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_null(snapshot->stderr_path);
    tether_snapshot_free(snapshot);
    test_expect_output(f->registry, id, TETHER_STDOUT, "a\nb\nc\nd\n");
    test_expect_output(f->registry, id, TETHER_STDERR, "");
}

/* Without line ends, which cmd cannot pass on, and percent signs, which Wine's cmd expands as
 * variables. The tests of each platform have those. */
static void passes_arguments_exactly(void **state)
{
    fixture *f = *state;
    char all[128], id[TETHER_ID_SIZE];
    size_t size = 0;
    for (char c = 1; c < 127; c++) {
        if (c != '\n' && c != '\r' && c != '%')
            all[size++] = c;
    }
    all[size] = '\0';
    const char *const argv[] = {
        CHILD, "argv",  "",  all, "",   "'",  "''", "\"", "$HOME", "`id`",
        "\\",  "a b  ", "*", "~", "-n", "--", "!",  "^",  "&&",    "\xc3\xa9\xe2\x82\xac",
        NULL};
    tether_spec spec = {.argv = argv};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_arguments(f->registry, id, argv + 2);
}

static void run_with_environment(fixture *f, const char *const *env, const char *const *env_set,
                                 const char *name, const char *expected)
{
    char id[TETHER_ID_SIZE], line[256];
    const char *const argv[] = {CHILD, "env", name, NULL};
    tether_spec spec = {.argv = argv, .env = env, .env_set = env_set};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    snprintf(line, sizeof line, "%s\n", expected != NULL ? expected : id);
    test_expect_output(f->registry, id, TETHER_STDOUT, line);
}

static void passes_the_environment(void **state)
{
    fixture *f = *state;
    const char *const own[] = {"ONLY=this", "TETHER_TASK_ID=forged", NULL};
    const char *const set[] = {"ADDED=a b'\"$`\\",        "ONLY=changed",     "dotted.name-x=y z",
                               "odd^name&=%PATH% ^&|<>!", "LINES=two\nlines", NULL};
    assert_int_equal(uv_os_setenv("TETHER_TEST_INHERITED", "from here"), 0);
    run_with_environment(f, NULL, NULL, "TETHER_TEST_INHERITED", "from here");
    run_with_environment(f, own, NULL, "TETHER_TEST_INHERITED", "");
    run_with_environment(f, own, NULL, "ONLY", "this");
    run_with_environment(f, own, set, "ONLY", "changed");
    run_with_environment(f, NULL, set, "ADDED", "a b'\"$`\\");
    run_with_environment(f, NULL, set, "dotted.name-x", "y z");
    run_with_environment(f, NULL, set, "odd^name&", "%PATH% ^&|<>!");
    run_with_environment(f, NULL, set, "LINES", "two\nlines");
    run_with_environment(f, NULL, NULL, "TETHER_TASK_ID", NULL);
    run_with_environment(f, own, set, "TETHER_TASK_ID", NULL);
    assert_int_equal(uv_os_unsetenv("TETHER_TEST_INHERITED"), 0);
    /* The environment of this process is unchanged. */
    char value[8];
    size_t size = sizeof value;
    assert_int_equal(uv_os_getenv("ADDED", value, &size), UV_ENOENT);
}

static void leaves_out_variables(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const unset[] = {"TETHER_TEST_INHERITED", "TETHER_TEST_REPLACED", "TETHER_TASK_ID",
                                 NULL};
    const char *const set[] = {"TETHER_TEST_REPLACED=new", NULL};
    const char *const argv[] = {CHILD,
                                "env",
                                "TETHER_TEST_INHERITED",
                                "env",
                                "TETHER_TEST_REPLACED",
                                "env",
                                "TETHER_TASK_ID",
                                NULL};
    tether_spec spec = {.argv = argv, .env_set = set, .env_unset = unset};
    char lines[256];
    assert_int_equal(uv_os_setenv("TETHER_TEST_INHERITED", "from here"), 0);
    assert_int_equal(uv_os_setenv("TETHER_TEST_REPLACED", "old"), 0);
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    /* The task's own variable cannot be left out. */
    snprintf(lines, sizeof lines, "\nnew\n%s\n", id);
    test_expect_output(f->registry, id, TETHER_STDOUT, lines);
    assert_int_equal(uv_os_unsetenv("TETHER_TEST_INHERITED"), 0);
    assert_int_equal(uv_os_unsetenv("TETHER_TEST_REPLACED"), 0);
}

static void runs_in_the_working_directory(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], line[1100];
    tether_spec spec = {.command = CHILD_TEXT " workdir", .workdir = f->work};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    snprintf(line, sizeof line, "%s\n", snapshot->workdir);
    tether_snapshot_free(snapshot);
    test_expect_output(f->registry, id, TETHER_STDOUT, line);
}

static void reads_from_the_null_device_or_a_file(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "cat", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "");
    const char *path = test_work_path(f, "input");
    test_write_file(path, "line\nlast", 9);
    tether_spec spec = {.command = CHILD_TEXT " cat", .stdin_path = path};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "line\nlast");
}

/* Made of lines that begin with a colon: the null command of sh, a label in cmd. */
static void takes_a_command_of_a_megabyte(void **state)
{
    enum { LINES = 1024, LINE_BYTES = 1024, SIZE = LINES * LINE_BYTES };
    static const char end[] = "exit 21\n";
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char *command = malloc(SIZE + sizeof end);
    assert_non_null(command);
    memset(command, 'x', SIZE);
    for (int i = 0; i < LINES; i++) {
        memcpy(command + i * LINE_BYTES, ": ", 2);
        command[(i + 1) * LINE_BYTES - 1] = '\n';
    }
    memcpy(command + SIZE, end, sizeof end);
    test_run(f, command, id);
    free(command);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 21, NULL);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(strlen(snapshot->command), 64 * 1024);
    tether_snapshot_free(snapshot);
}

static void a_snapshot_has_every_field(void **state)
{
    static const char *const names[] = {"task_id",
                                        "session_id",
                                        "status",
                                        "reason",
                                        "exit_code",
                                        "signal",
                                        "command",
                                        "workdir",
                                        "started_at",
                                        "finished_at",
                                        "duration_ms",
                                        "child_pid",
                                        "output_path",
                                        "output_preview",
                                        "output_truncated",
                                        "stderr_path",
                                        "completion_delivered"};
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command = "exit 4",
                        .name = "a name \xe2\x82\xac",
                        .project_root = f->work,
                        .timeout_ms = 60000,
                        .no_notify = true};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(snapshot->task_id, id);
    assert_string_equal(snapshot->session_id, "default");
    assert_string_equal(snapshot->name, "a name \xe2\x82\xac");
    assert_non_null(snapshot->project_root);
    assert_string_equal(snapshot->command, "exit 4");
    assert_non_null(snapshot->shell);
    assert_string_equal(snapshot->supervisor, test_supervisor());
    assert_int_equal(snapshot->timeout_ms, 60000);
    assert_int_equal(snapshot->deadline_at, snapshot->started_at + 60000);
    assert_true(snapshot->child_pid > 0);
    assert_false(snapshot->notify_on_completion);
    assert_false(snapshot->read_only);
    char *text = tether_snapshot_json(snapshot);
    assert_null(strchr(text, '\n'));
    json_t *json = json_loads(text, 0, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(json_object_get(json, names[i]));
    assert_true(json_is_null(json_object_get(json, "reason")));
    assert_int_equal(json_integer_value(json_object_get(json, "exit_code")), 4);
    json_decref(json);
    tether_free(text);
    tether_snapshot_free(snapshot);
    /* No completion, because of no_notify. */
    assert_int_equal(test_pending(f->registry, NULL), 0);
}

static void the_default_timeout_can_be_turned_off(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command = "exit 0"};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->timeout_ms, 30 * 60 * 1000);
    tether_snapshot_free(snapshot);
    spec.timeout_ms = TETHER_NO_TIMEOUT;
    test_start(f->registry, &spec, id);
    snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->timeout_ms, 0);
    assert_int_equal(snapshot->deadline_at, 0);
    tether_snapshot_free(snapshot);
}

static size_t count_tasks(tether_registry *registry, tether_list_scope scope)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(registry, scope, &list, &error), error);
    size_t count = list->count;
    for (size_t i = 1; i < count; i++)
        assert_true(list->items[i - 1]->started_at >= list->items[i]->started_at);
    tether_snapshot_list_free(list);
    return count;
}

static void lists_newest_first(void **state)
{
    fixture *f = *state;
    char ids[4][TETHER_ID_SIZE];
    for (int i = 0; i < 3; i++) {
        test_start_child(f->registry, ids[i], "exit", "0", NULL);
        test_expect(f->registry, ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
    }
    test_start_child(f->registry, ids[3], "forever", NULL);
    assert_int_equal(count_tasks(f->registry, TETHER_LIST_ALL), 4);
    assert_int_equal(count_tasks(f->registry, TETHER_LIST_RUNNING), 1);
    /* Another session has none of these tasks. */
    tether_registry *other = test_open_session(f, "another session \xc3\xa9");
    tether_snapshot *snapshot;
    assert_int_equal(count_tasks(other, TETHER_LIST_ALL), 0);
    assert_int_equal(tether_status_get(other, ids[0], &snapshot, &f->error), TETHER_ENOTASK);
    test_detach(other);
}

static bool has_said_hello(const fixture *f, const char *id)
{
    char *text = test_read_file(test_bundle_path(f, id, "stdout"), NULL);
    bool said = text != NULL && strcmp(text, "hello") == 0;
    free(text);
    return said;
}

static tether_snapshot_list *list_all(fixture *f, bool without_output)
{
    tether_snapshot_list *list;
    const tether_list_options options = {.scope = TETHER_LIST_ALL,
                                         .without_output = without_output};
    ASSERT_OK(tether_list_in(f->registry, &options, &list, &f->error), f->error);
    assert_int_equal(list->count, 2);
    return list;
}

static void a_list_can_leave_out_the_outputs(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "put", "hello", "exit", "0", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_start_child(f->registry, id, "put", "hello", "forever", NULL);
    WAIT_UNTIL(has_said_hello(f, id));
    tether_snapshot_list *whole = list_all(f, false), *brief = list_all(f, true);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(whole->items[i]->output_preview, "hello");
        assert_null(brief->items[i]->output_preview);
        assert_string_equal(brief->items[i]->task_id, whole->items[i]->task_id);
        assert_string_equal(brief->items[i]->output_path, whole->items[i]->output_path);
        assert_string_equal(brief->items[i]->stderr_path, whole->items[i]->stderr_path);
        assert_int_equal(brief->items[i]->status, whole->items[i]->status);
    }
    tether_snapshot_list_free(whole);
    tether_snapshot_list_free(brief);
}

typedef struct waiter {
    tether_registry *registry;
    const char *const *ids;
    size_t count;
    tether_wait_mode mode;
    int64_t timeout_ms;
    size_t index;
    int code;
    uv_thread_t thread;
} waiter;

static void run_waiter(void *userdata)
{
    waiter *w = userdata;
    w->code = tether_wait(w->registry, w->ids, w->count, w->mode, w->timeout_ms, &w->index, NULL);
}

static void many_threads_can_wait(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    const char *gate_a = test_work_path(f, "a"), *gate_b = test_work_path(f, "b");
    test_start_child(f->registry, a, "await", gate_a, "exit", "1", NULL);
    test_start_child(f->registry, b, "await", gate_b, "exit", "2", NULL);
    tether_registry *other = test_open(f);
    const char *const ids[] = {a, b};
    waiter waiters[] = {
        {.registry = f->registry,
         .ids = ids,
         .count = 2,
         .mode = TETHER_WAIT_ANY,
         .timeout_ms = -1},
        {.registry = other, .ids = ids, .count = 2, .mode = TETHER_WAIT_ANY, .timeout_ms = -1},
        {.registry = f->registry, .ids = ids, .count = 2, .timeout_ms = PATIENCE_MS},
        {.registry = other, .ids = ids, .count = 2, .timeout_ms = -1},
        {.registry = other, .ids = ids, .count = 1, .timeout_ms = 50},
        {.registry = f->registry, .ids = ids, .count = 1, .timeout_ms = 0},
    };
    enum { WAITERS = sizeof waiters / sizeof waiters[0] };
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(uv_thread_create(&waiters[i].thread, run_waiter, &waiters[i]), 0);
    for (int i = WAITERS - 2; i < WAITERS; i++) {
        assert_int_equal(uv_thread_join(&waiters[i].thread), 0);
        assert_int_equal(waiters[i].code, TETHER_ETIMEDOUT);
    }
    test_write_file(gate_b, "", 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(uv_thread_join(&waiters[i].thread), 0);
        assert_int_equal(waiters[i].code, TETHER_OK);
        assert_int_equal(waiters[i].index, 1);
    }
    test_write_file(gate_a, "", 0);
    for (int i = 2; i < 4; i++) {
        assert_int_equal(uv_thread_join(&waiters[i].thread), 0);
        assert_int_equal(waiters[i].code, TETHER_OK);
    }
    test_expect(other, a, TETHER_STATUS_FAILED, 1, NULL);
    test_expect(other, b, TETHER_STATUS_FAILED, 2, NULL);
    const char *const unknown[] = {a, "tunknown"};
    assert_int_equal(tether_wait(other, unknown, 2, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_ENOTASK);
    assert_int_equal(tether_wait(other, unknown, 0, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_EINVAL);
    test_detach(other);
}

static void a_wait_that_times_out_sets_its_error(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "forever", NULL);
    const char *const ids[] = {id};
    tether_error error = {0};
    assert_int_equal(tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 20, NULL, &error),
                     TETHER_ETIMEDOUT);
    assert_int_equal(error.code, TETHER_ETIMEDOUT);
}

typedef struct endless_waiter {
    tether_registry *registry;
    const char *id;
    bool for_output; /* else for the end of the task */
    int code;
} endless_waiter;

static void wait_for_ever(void *userdata)
{
    endless_waiter *w = userdata;
    w->code = w->for_output ? tether_output_wait(w->registry, w->id, 0, 0, -1, NULL)
                            : tether_wait(w->registry, &w->id, 1, TETHER_WAIT_ALL, -1, NULL, NULL);
}

/* Starts three calls that wait, ends them, and expects TETHER_ECLOSED of each. */
static void end_waits(fixture *f, tether_registry *other, const char *id,
                      void (*end)(fixture *f, tether_registry *other))
{
    endless_waiter waiters[] = {{other, id, false, 1}, {other, id, true, 1}, {other, id, false, 1}};
    enum { WAITERS = sizeof waiters / sizeof waiters[0] };
    uv_thread_t threads[WAITERS];
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(uv_thread_create(&threads[i], wait_for_ever, &waiters[i]), 0);
    WAIT_UNTIL(test_waiters(other) == WAITERS);
    end(f, other);
    for (int i = 0; i < WAITERS; i++) {
        uv_thread_join(&threads[i]);
        assert_int_equal(waiters[i].code, TETHER_ECLOSED);
    }
}

static void close_registry(fixture *f, tether_registry *other)
{
    ASSERT_OK(tether_close(other, TETHER_DETACH, &f->error), f->error);
}

static void closing_ends_all_waits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    test_start_child(f->registry, id, "forever", NULL);
    end_waits(f, other, id, close_registry);
}

static void interrupt(fixture *f, tether_registry *other)
{
    (void)f;
    tether_interrupt(other);
}

/* Later waits end too; what does not wait still works. */
static void an_interrupt_ends_all_waits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], byte;
    size_t got;
    tether_stream stream;
    tether_follower *follower;
    tether_registry *other = test_open(f);
    test_start_child(f->registry, id, "forever", NULL);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    ASSERT_OK(tether_follow_open(other, id, TETHER_VIEW_BOTH, NULL, &follower, &f->error),
              f->error);
    end_waits(f, other, id, interrupt);
    assert_int_equal(tether_follow_read(follower, &byte, 1, -1, &stream, &got, &f->error),
                     TETHER_ECLOSED);
    tether_follow_close(follower);
    assert_int_equal(tether_output_wait(other, id, 0, 0, -1, &f->error), TETHER_ECLOSED);
    assert_int_equal(test_status(other, id), test_status(f->registry, id));
    ASSERT_OK(tether_kill(other, id, NULL, &f->error), f->error);
    close_registry(f, other);
}

static void reads_output_by_offset(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], bytes[16] = "";
    size_t got;
    uint64_t size;
    test_start_child(f->registry, id, "flood", "100000", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &size, &f->error), f->error);
    assert_int_equal(size, 100000);
    ASSERT_OK(
        tether_output_read(f->registry, id, TETHER_STDOUT, 26 * 100 + 2, bytes, 5, &got, &f->error),
        f->error);
    assert_int_equal(got, 5);
    assert_memory_equal(bytes, "cdefg", 5);
    ASSERT_OK(tether_output_read(f->registry, id, TETHER_STDOUT, 99998, bytes, sizeof bytes, &got,
                                 &f->error),
              f->error);
    assert_int_equal(got, 2);
    ASSERT_OK(tether_output_read(f->registry, id, TETHER_STDOUT, 100000, bytes, sizeof bytes, &got,
                                 &f->error),
              f->error);
    assert_int_equal(got, 0);
    ASSERT_OK(tether_output_read(f->registry, id, TETHER_STDOUT, UINT64_C(1) << 40, bytes,
                                 sizeof bytes, &got, &f->error),
              f->error);
    assert_int_equal(got, 0);
    assert_int_equal(tether_output_size(f->registry, "tunknown", TETHER_STDOUT, &size, &f->error),
                     TETHER_ENOTASK);
}

static void an_output_wait_ends_on_growth_and_on_the_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *one = test_work_path(f, "one"), *two = test_work_path(f, "two"),
               *three = test_work_path(f, "three");
    test_start_child(f->registry, id, "await", one, "out", "abc", "await", two, "err", "xy",
                     "await", three, "exit", "0", NULL);
    assert_int_equal(tether_output_wait(f->registry, id, 0, 0, 30, &f->error), TETHER_ETIMEDOUT);
    test_write_file(one, "", 0);
    ASSERT_OK(tether_output_wait(f->registry, id, 0, 0, PATIENCE_MS, &f->error), f->error);
    test_wait_output(f->registry, id, TETHER_STDOUT, 4);
    assert_int_equal(tether_output_wait(f->registry, id, 4, 0, 30, &f->error), TETHER_ETIMEDOUT);
    test_write_file(two, "", 0);
    ASSERT_OK(tether_output_wait(f->registry, id, 4, 0, PATIENCE_MS, &f->error), f->error);
    test_wait_output(f->registry, id, TETHER_STDERR, 3);
    assert_int_equal(tether_output_wait(f->registry, id, 4, 3, 30, &f->error), TETHER_ETIMEDOUT);
    test_write_file(three, "", 0);
    ASSERT_OK(tether_output_wait(f->registry, id, 4, 3, PATIENCE_MS, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_output_wait(f->registry, id, 4, 3, PATIENCE_MS, &f->error), f->error);
}

/* A background process may keep the output open for ever; the task ends when its command does. */
static void a_background_process_delays_no_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, CHILD_TEXT " leave out late forever\nexit 8", id);
    int64_t begin = test_now_ms();
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 8, NULL);
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS / 2);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(reports_the_exit_code),
        WITH_REGISTRY(a_hundred_tasks_keep_their_exit_codes),
        WITH_REGISTRY(keeps_both_streams_apart),
        WITH_REGISTRY(can_merge_both_streams),
        WITH_REGISTRY(passes_arguments_exactly),
        WITH_REGISTRY(passes_the_environment),
        WITH_REGISTRY(leaves_out_variables),
        WITH_REGISTRY(runs_in_the_working_directory),
        WITH_REGISTRY(reads_from_the_null_device_or_a_file),
        WITH_REGISTRY(takes_a_command_of_a_megabyte),
        WITH_REGISTRY(a_snapshot_has_every_field),
        WITH_REGISTRY(the_default_timeout_can_be_turned_off),
        WITH_REGISTRY(lists_newest_first),
        WITH_REGISTRY(a_list_can_leave_out_the_outputs),
        WITH_REGISTRY(many_threads_can_wait),
        WITH_REGISTRY(a_wait_that_times_out_sets_its_error),
        WITH_REGISTRY(closing_ends_all_waits),
        WITH_REGISTRY(an_interrupt_ends_all_waits),
        WITH_REGISTRY(reads_output_by_offset),
        WITH_REGISTRY(an_output_wait_ends_on_growth_and_on_the_end),
        WITH_REGISTRY(a_background_process_delays_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
