/* Snapshots as JSON. */
#include "support/unit.h"

#include <jansson.h>
#include <string.h>

#include "tether/registry.h"
#include "tether/task.h"

static json_t *to_json(const tether_snapshot *snapshot)
{
    char *text = tether_snapshot_json(snapshot);
    assert_non_null(text);
    assert_null(strchr(text, '\n'));
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    tether_free(text);
    return object;
}

static void writes_absent_values_as_null(void **state)
{
    (void)state;
    tether_snapshot snapshot = {.task_id = "t1",
                                .exit_code = TETHER_EXIT_UNKNOWN,
                                .duration_ms = -1,
                                .user_ms = -1,
                                .system_ms = -1,
                                .peak_memory = -1,
                                .process_count = -1,
                                .memory_now = -1,
                                .processes_now = -1,
                                .survivor_total = -1};
    json_t *object = to_json(&snapshot);
    static const char *const nulls[] = {"session_id",
                                        "name",
                                        "project_root",
                                        "reason",
                                        "exit_code",
                                        "signal",
                                        "command",
                                        "workdir",
                                        "shell",
                                        "supervisor",
                                        "survival",
                                        "started_at",
                                        "finished_at",
                                        "duration_ms",
                                        "user_ms",
                                        "system_ms",
                                        "peak_memory",
                                        "process_count",
                                        "memory_now",
                                        "processes_now",
                                        "output_lost",
                                        "memory_limit",
                                        "scope",
                                        "output_kind",
                                        "timeout_ms",
                                        "deadline_at",
                                        "child_pid",
                                        "output_path",
                                        "stderr_path",
                                        "output_preview",
                                        "output_limit",
                                        "pipeline_statuses",
                                        "survivor_count",
                                        "signal_name",
                                        "started_at_rfc3339",
                                        "finished_at_rfc3339",
                                        "deadline_at_rfc3339"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (!json_is_null(json_object_get(object, nulls[i])))
            fail_msg("not null: %s", nulls[i]);
    }
    static const char *const flags[] = {"output_truncated", "notify_on_completion",
                                        "completion_delivered", "read_only"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        assert_true(json_is_false(json_object_get(object, flags[i])));
    assert_string_equal(json_string_value(json_object_get(object, "task_id")), "t1");
    assert_string_equal(json_string_value(json_object_get(object, "status")), "starting");
    assert_true(json_is_null(json_object_get(object, "survivors")));
    json_decref(object);
    snapshot.survivors_known = true;
    object = to_json(&snapshot);
    assert_true(json_is_array(json_object_get(object, "survivors")));
    assert_int_equal(json_array_size(json_object_get(object, "survivors")), 0);
    json_decref(object);
}

static void writes_every_value(void **state)
{
    (void)state;
    int64_t survivors[] = {4712, 4713};
    char first[] = "a \"b\"", *names[] = {first, NULL};
    int pipeline[] = {1, 0};
    tether_snapshot snapshot = {
        .task_id = "t1",
        .session_id = "s",
        .name = "n",
        .project_root = "/p",
        .command = "echo \"\xc3\xa4\"\n",
        .workdir = "/w",
        .shell = "/bin/sh",
        .supervisor = "script",
        .survival = "detached",
        .status = TETHER_STATUS_TIMED_OUT,
        .reason = "r",
        .exit_code = 124,
        .signal = 9,
        .signal_name = "SIGKILL",
        .started_at = 1700000000000,
        .finished_at = 1700000001000,
        .duration_ms = 1000,
        .user_ms = 11,
        .system_ms = 12,
        .peak_memory = 13,
        .process_count = 14,
        .output_lost = 15,
        .memory_limit = 16,
        .scope = "/c",
        .timeout_ms = 900,
        .deadline_at = 1700000000900,
        .child_pid = 4711,
        .output_path = "/o",
        .stderr_path = "/e",
        .output_preview = "last\n",
        .output_truncated = true,
        .notify_on_completion = true,
        .completion_delivered = true,
        .read_only = true,
        .survivors = survivors,
        .survivor_count = 2,
        .survivor_names = names,
        .survivor_total = 3,
        .while_task = "t0",
        .while_pid = 16,
        .survivors_known = true,
        .pipeline_statuses = pipeline,
        .pipeline_count = 2,
        .output_limit = 5,
        .output_dropped = 6,
        .stderr_dropped = 7,
    };
    json_t *object = to_json(&snapshot);
    json_t *expected = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,"
        "s:s,s:s,s:s,s:b,s:b,s:b,s:b,s:[{s:I,s:s},{s:I,s:n}],s:i,s:[i,i],s:i,s:i,s:i,s:s,s:s,s:s,s:"
        "s,s:i,s:i,s:i,s:i,s:"
        "i,s:i,s:s}",
        "task_id", "t1", "session_id", "s", "name", "n", "project_root", "/p", "command",
        "echo \"\xc3\xa4\"\n", "workdir", "/w", "shell", "/bin/sh", "supervisor", "script",
        "survival", "detached", "status", "timed_out", "reason", "r", "exit_code", (json_int_t)124,
        "signal", (json_int_t)9, "started_at", (json_int_t)1700000000000, "finished_at",
        (json_int_t)1700000001000, "duration_ms", (json_int_t)1000, "timeout_ms", (json_int_t)900,
        "deadline_at", (json_int_t)1700000000900, "child_pid", (json_int_t)4711, "output_path",
        "/o", "stderr_path", "/e", "output_preview", "last\n", "output_truncated", 1,
        "notify_on_completion", 1, "completion_delivered", 1, "read_only", 1, "survivors", "pid",
        (json_int_t)4712, "name", "a \"b\"", "pid", (json_int_t)4713, "name", "survivor_count", 3,
        "pipeline_statuses", 1, 0, "output_limit", 5, "output_dropped", 6, "stderr_dropped", 7,
        "signal_name", "SIGKILL", "started_at_rfc3339", "2023-11-14T22:13:20.000Z",
        "finished_at_rfc3339", "2023-11-14T22:13:21.000Z", "deadline_at_rfc3339",
        "2023-11-14T22:13:20.900Z", "user_ms", 11, "system_ms", 12, "peak_memory", 13,
        "process_count", 14, "output_lost", 15, "memory_limit", 16, "scope", "/c");
    assert_non_null(expected);
    /* Fields may be added, but these keep their names and types. */
    const char *name;
    json_t *value;
    json_object_foreach(expected, name, value)
    {
        if (!json_equal(json_object_get(object, name), value))
            fail_msg("wrong or missing: %s", name);
    }
    json_decref(expected);
    json_decref(object);
}

static void distinguishes_exit_code_0_from_none(void **state)
{
    (void)state;
    tether_snapshot snapshot = {.task_id = "t1", .status = TETHER_STATUS_COMPLETED};
    json_t *object = to_json(&snapshot);
    assert_true(json_is_integer(json_object_get(object, "exit_code")));
    assert_int_equal(json_integer_value(json_object_get(object, "exit_code")), 0);
    assert_int_equal(json_integer_value(json_object_get(object, "duration_ms")), 0);
    json_decref(object);
}

/* The path of a store may be any bytes, but JSON must be UTF-8. */
static void repairs_a_path_that_is_not_utf8(void **state)
{
    (void)state;
    tether_snapshot snapshot = {.task_id = "t1", .output_path = "/store-\xff/stdout"};
    json_t *object = to_json(&snapshot);
    assert_string_equal(json_string_value(json_object_get(object, "output_path")),
                        "/store-\xef\xbf\xbd/stdout");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_absent_values_as_null),
        cmocka_unit_test(writes_every_value),
        cmocka_unit_test(distinguishes_exit_code_0_from_none),
        cmocka_unit_test(repairs_a_path_that_is_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
