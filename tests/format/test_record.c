/* Records: parsing and rendering are inverse, unknown fields are kept, errors name the wrong field.
 */
#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/record.h"
#include "format/record_read.h"
#include "format/record_write.h"

static const char task[] = "t1";

/* A record with a value in every field. */
static const char full[] =
    "{\"schema_version\": 1, \"task_id\": \"t1\", \"session_id\": \"s\", \"name\": \"n\","
    " \"project_root\": \"/p\", \"command\": \"make\", \"argv\": [\"a\", \"b\"],"
    " \"workdir\": \"/w\", \"shell\": \"/bin/bash\", \"supervisor\": \"script\", \"survival\": "
    "\"detached\","
    " \"reason\": \"r\", \"output_path\": \"stdout\", \"stderr_path\": \"stderr\","
    " \"status\": \"killing\", \"kill_intent\": \"timeout\", \"exit_code\": 7, \"signal\": 15,"
    " \"started_at\": 1700000000000, \"finished_at\": 1700000001000, \"duration_ms\": 1000,"
    " \"user_ms\": 94, \"system_ms\": 93, \"peak_memory\": 92, \"process_count\": 91, "
    "\"output_lost\": 90, \"output_kind\": \"pipe\","
    " \"while_task\": \"t0\", \"while_pid\": 88,"
    " \"memory_limit\": 88, \"scope\": \"/c/tether-t1\","
    " \"survivors\": [{\"pid\": 5, \"name\": \"a b\"}, {\"pid\": 6, \"name\": null}],"
    " \"survivor_count\": 89,"
    " \"timeout_ms\": 5000, \"deadline_at\": 1700000005000, \"deadline_monotonic_ms\": 99,"
    " \"deadline_moves\": 3,"
    " \"started_uptime_ms\": 98, \"kill_takeover_ms\": 97, \"child_pid\": 4711, \"pgid\": 4711,"
    " \"boot_id\": \"b1\", \"notify_on_completion\": false, \"completion_delivered\": true,"
    " \"finished_uptime_ms\": 96, \"alive_uptime_ms\": 95,"
    " \"lease_holder\": \"h\", \"pipeline_statuses\": [1, 0], \"output_limit\": 10,"
    " \"stdout_total\": 11, \"stderr_total\": 12, \"no_compress\": true,"
    " \"identity\": {\"pid\": 4711, \"start_time\": 812345, \"boot_id\": \"b1\","
    " \"pid_ns\": \"4026531836\"}}";

static const char *const text_fields[] = {
    "task_id",      "session_id",  "name",       "project_root", "command",
    "workdir",      "shell",       "supervisor", "survival",     "reason",
    "output_path",  "stderr_path", "boot_id",    "status",       "kill_intent",
    "lease_holder", "output_kind", "while_task", "scope"};
static const char *const integer_fields[] = {"schema_version",
                                             "exit_code",
                                             "signal",
                                             "started_at",
                                             "finished_at",
                                             "duration_ms",
                                             "user_ms",
                                             "system_ms",
                                             "peak_memory",
                                             "process_count",
                                             "output_lost",
                                             "memory_limit",
                                             "survivor_count",
                                             "while_pid",
                                             "timeout_ms",
                                             "deadline_at",
                                             "child_pid",
                                             "pgid",
                                             "deadline_monotonic_ms",
                                             "deadline_moves",
                                             "started_uptime_ms",
                                             "kill_takeover_ms",
                                             "finished_uptime_ms",
                                             "alive_uptime_ms",
                                             "output_limit",
                                             "stdout_total",
                                             "stderr_total"};
static const char *const boolean_fields[] = {"notify_on_completion", "completion_delivered",
                                             "no_compress"};

static int parse_sized(const char *text, size_t size, tether__record *record, tether_error *error)
{
    /* A copy of exactly this size, so that sanitizers detect a read beyond the end. */
    char *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    if (size > 0)
        memcpy(exact, text, size);
    tether__record_init(record);
    int code = tether__record_parse(exact, size, task, record, error);
    free(exact);
    return code;
}

static int parse(const char *text, tether__record *record, tether_error *error)
{
    return parse_sized(text, strlen(text), record, error);
}

/* Asserts that parsing fails with TETHER_ECORRUPT and a message that contains `words`. */
static void assert_refused(const char *text, const char *words)
{
    tether__record record;
    tether_error error = {0};
    int code = parse(text, &record, &error);
    if (code != TETHER_ECORRUPT)
        fail_msg("%s: %s", tether_error_name(code), text);
    assert_int_equal(error.code, TETHER_ECORRUPT);
    if (strstr(error.message, words) == NULL)
        fail_msg("%s: not in: %s", words, error.message);
    tether__record_dispose(&record);
}

/* Returns the full record as text, with one field replaced or, for a NULL value, removed. Takes
 * ownership of value; free the result with free(). */
static char *full_with(const char *name, json_t *value)
{
    json_t *document = json_loads(full, 0, NULL);
    assert_non_null(document);
    assert_int_equal(value != NULL ? json_object_set_new(document, name, value)
                                   : json_object_del(document, name),
                     0);
    char *text = json_dumps(document, 0);
    json_decref(document);
    assert_non_null(text);
    return text;
}

static void assert_full(const tether__record *record)
{
    assert_string_equal(record->task_id, "t1");
    assert_string_equal(record->session_id, "s");
    assert_string_equal(record->name, "n");
    assert_string_equal(record->project_root, "/p");
    assert_string_equal(record->command, "make");
    assert_string_equal(record->workdir, "/w");
    assert_string_equal(record->shell, "/bin/bash");
    assert_string_equal(record->supervisor, "script");
    assert_string_equal(record->survival, TETHER__SURVIVAL_DETACHED);
    assert_string_equal(record->reason, "r");
    assert_string_equal(record->output_path, "stdout");
    assert_string_equal(record->stderr_path, "stderr");
    assert_string_equal(record->output_kind, TETHER__OUTPUT_PIPE);
    assert_int_equal(record->status, TETHER_STATUS_KILLING);
    assert_int_equal(record->kill_intent, TETHER__INTENT_TIMEOUT);
    assert_int_equal(record->exit_code, 7);
    assert_int_equal(record->signal, 15);
    assert_int_equal(record->started_at, 1700000000000);
    assert_int_equal(record->finished_at, 1700000001000);
    assert_int_equal(record->duration_ms, 1000);
    assert_int_equal(record->user_ms, 94);
    assert_int_equal(record->system_ms, 93);
    assert_int_equal(record->peak_memory, 92);
    assert_int_equal(record->process_count, 91);
    assert_int_equal(record->output_lost, 90);
    assert_int_equal(record->memory_limit, 88);
    assert_string_equal(record->scope, "/c/tether-t1");
    assert_int_equal(record->survivor_count, 89);
    assert_string_equal(record->while_task, "t0");
    assert_int_equal(record->while_pid, 88);
    assert_string_equal(record->survivors, "5:a%20b,6:");
    assert_int_equal(record->timeout_ms, 5000);
    assert_int_equal(record->deadline_at, 1700000005000);
    assert_int_equal(record->deadline_monotonic_ms, 99);
    assert_int_equal(record->started_uptime_ms, 98);
    assert_int_equal(record->kill_takeover_ms, 97);
    assert_int_equal(record->child_pid, 4711);
    assert_string_equal(record->boot_id, "b1");
    assert_false(record->notify_on_completion);
    assert_true(record->completion_delivered);
    assert_int_equal(record->finished_uptime_ms, 96);
    assert_int_equal(record->alive_uptime_ms, 95);
    assert_string_equal(record->lease_holder, "h");
    assert_string_equal(record->pipeline_statuses, "1,0");
    assert_int_equal(record->output_limit, 10);
    assert_int_equal(record->stdout_total, 11);
    assert_int_equal(record->stderr_total, 12);
    assert_true(record->no_compress);
    assert_int_equal(record->identity.pid, 4711);
    assert_int_equal(record->identity.start_time, 812345);
    assert_string_equal(record->identity.boot_id, "b1");
    assert_string_equal(record->identity.pid_ns, "4026531836");
    assert_false(record->read_only);
}

static void reads_and_writes_every_field(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    ASSERT_OK(parse(full, &record, &error), error);
    assert_full(&record);

    char *text = tether__record_render(&record);
    json_t *before = json_loads(full, 0, NULL), *after = json_loads(text, 0, NULL);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    tether__record_dispose(&record);
    ASSERT_OK(parse(text, &record, &error), error);
    assert_full(&record);
    free(text);
    tether__record_dispose(&record);
}

static void reads_and_writes_the_codes_of_a_pipeline(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    char *text = full_with("pipeline_statuses", json_pack("[i,i,i]", 1, 0, 2147483647));
    ASSERT_OK(parse(text, &record, &error), error);
    free(text);
    assert_string_equal(record.pipeline_statuses, "1,0,2147483647");
    int *codes;
    size_t count;
    assert_true(tether__record_pipeline(record.pipeline_statuses, &codes, &count));
    assert_int_equal(count, 3);
    assert_int_equal(codes[0], 1);
    assert_int_equal(codes[1], 0);
    assert_int_equal(codes[2], 2147483647);
    free(codes);
    text = tether__record_render(&record);
    json_t *document = json_loads(text, 0, NULL);
    json_t *expected = json_pack("[i,i,i]", 1, 0, 2147483647);
    assert_true(json_equal(json_object_get(document, "pipeline_statuses"), expected));
    json_decref(expected);
    json_decref(document);
    free(text);
    tether__record_dispose(&record);

    json_t *const wrong[] = {json_integer(1),
                             json_string("1,0"),
                             json_array(),
                             json_pack("[s]", "1"),
                             json_pack("[i]", -1),
                             json_pack("[f]", 1.0),
                             json_pack("[I]", (json_int_t)2147483648)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        text = full_with("pipeline_statuses", wrong[i]);
        assert_refused(text, "pipeline_statuses");
        free(text);
    }
}

static void writes_absent_values_as_null(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    tether__record_init(&record);
    assert_int_equal(record.exit_code, TETHER_EXIT_UNKNOWN);
    assert_int_equal(record.duration_ms, -1);
    assert_true(record.notify_on_completion);
    assert_true(tether__record_set(&record, &record.task_id, task));
    assert_true(tether__record_set(&record, &record.session_id, "s"));
    char *text = tether__record_render(&record);
    json_t *document = json_loads(text, 0, NULL);
    static const char *const nulls[] = {"name",        "reason",      "exit_code", "signal",
                                        "finished_at", "duration_ms", "child_pid", "kill_intent",
                                        "stderr_path", "boot_id"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        assert_true(json_is_null(json_object_get(document, nulls[i])));
    json_decref(document);

    tether__record again;
    ASSERT_OK(parse(text, &again, &error), error);
    assert_null(again.name);
    assert_int_equal(again.exit_code, TETHER_EXIT_UNKNOWN);
    assert_int_equal(again.duration_ms, -1);
    assert_int_equal(again.kill_intent, TETHER__INTENT_NONE);
    free(text);
    tether__record_dispose(&again);
    tether__record_dispose(&record);
}

static void distinguishes_exit_code_0_from_null(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    char *text = full_with("exit_code", json_integer(0));
    ASSERT_OK(parse(text, &record, &error), error);
    assert_int_equal(record.exit_code, 0);
    free(text);
    text = tether__record_render(&record);
    assert_non_null(strstr(text, "\"exit_code\": 0"));
    free(text);
    tether__record_dispose(&record);
}

static void requires_only_four_fields(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    ASSERT_OK(parse("{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\","
                    "\"status\":\"running\"}",
                    &record, &error),
              error);
    assert_int_equal(record.status, TETHER_STATUS_RUNNING);
    assert_int_equal(record.exit_code, TETHER_EXIT_UNKNOWN);
    assert_int_equal(record.identity.pid, 0);
    tether__record_dispose(&record);

    static const char *const required[] = {"schema_version", "task_id", "session_id", "status"};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        char *text = full_with(required[i], NULL);
        assert_refused(text, required[i]);
        free(text);
    }
}

static void names_the_field_that_has_a_wrong_type(void **state)
{
    (void)state;
    char *text;
    for (size_t i = 0; i < sizeof text_fields / sizeof text_fields[0]; i++) {
        text = full_with(text_fields[i], json_integer(5));
        assert_refused(text, text_fields[i]);
        free(text);
        text = full_with(text_fields[i], json_array());
        assert_refused(text, text_fields[i]);
        free(text);
    }
    for (size_t i = 0; i < sizeof integer_fields / sizeof integer_fields[0]; i++) {
        text = full_with(integer_fields[i], json_string("5"));
        assert_refused(text, integer_fields[i]);
        free(text);
        text = full_with(integer_fields[i], json_real(5.5));
        assert_refused(text, integer_fields[i]);
        free(text);
    }
    for (size_t i = 0; i < sizeof boolean_fields / sizeof boolean_fields[0]; i++) {
        text = full_with(boolean_fields[i], json_integer(1));
        assert_refused(text, boolean_fields[i]);
        free(text);
    }
    text = full_with("identity", json_integer(5));
    assert_refused(text, "identity");
    free(text);
    text = full_with("identity", json_pack("{s:s}", "start_time", "x"));
    assert_refused(text, "start_time");
    free(text);
}

static void refuses_invalid_values(void **state)
{
    (void)state;
    char *text = full_with("status", json_string("sleeping"));
    assert_refused(text, "status");
    free(text);
    text = full_with("kill_intent", json_string("murder"));
    assert_refused(text, "kill_intent");
    free(text);
    text = full_with("task_id", json_string("t2"));
    assert_refused(text, "task_id");
    free(text);
    text = full_with("schema_version", json_integer(0));
    assert_refused(text, "schema_version");
    free(text);
    char longer[TETHER__BOOT_ID_SIZE + 1];
    memset(longer, 'b', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    text = full_with("boot_id", json_string(longer));
    assert_refused(text, "boot_id");
    free(text);
}

static void refuses_texts_that_are_not_records(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "5",
        "[]",
        "\"text\"",
        "{",
        "{}",
        "not JSON",
        "{\"schema_version\":1,}",
        "{\"schema_version\":1} x",
        "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\\u0000\",\"status\":\"lost\"}",
        "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"\xff\",\"status\":\"lost\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i], "the record of task t1");
}

static void refuses_duplicate_fields(void **state)
{
    (void)state;
    assert_refused("{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\","
                   "\"status\":\"running\",\"status\":\"lost\"}",
                   "not JSON");
}

static void refuses_integers_beyond_64_bits(void **state)
{
    (void)state;
    static const char frame[] = "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\","
                                "\"status\":\"running\",\"started_at\":%s}";
    static const char *const huge[] = {"9223372036854775808", "-9223372036854775809", "1e400",
                                       "99999999999999999999999999999999999999"};
    char text[256];
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        snprintf(text, sizeof text, frame, huge[i]);
        assert_refused(text, "t1");
    }
    tether__record record;
    tether_error error = {0};
    snprintf(text, sizeof text, frame, "9223372036854775807");
    ASSERT_OK(parse(text, &record, &error), error);
    assert_true(record.started_at == INT64_MAX);
    tether__record_dispose(&record);
}

static void refuses_every_truncated_record(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof full - 1; size++) {
        tether__record record;
        tether_error error = {0};
        assert_int_equal(parse_sized(full, size, &record, &error), TETHER_ECORRUPT);
        tether__record_dispose(&record);
    }
}

static void survives_every_changed_byte(void **state)
{
    (void)state;
    static const char changes[] = {'\0', '"', '}', '[', '\\', '9', '-', (char)0xff};
    char text[sizeof full];
    for (size_t at = 0; at < sizeof full - 1; at++) {
        for (size_t i = 0; i < sizeof changes; i++) {
            memcpy(text, full, sizeof full);
            text[at] = changes[i];
            tether__record record;
            int code = parse_sized(text, sizeof full - 1, &record, NULL);
            assert_true(code == TETHER_OK || code == TETHER_ECORRUPT);
            /* A record that was accepted can be rendered. */
            if (code == TETHER_OK) {
                char *again = tether__record_render(&record);
                assert_non_null(again);
                free(again);
            }
            tether__record_dispose(&record);
        }
    }
}

static void keeps_unknown_fields(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    char *text = full_with("future", json_pack("{s:[i,{s:n}],s:f}", "deep", 1, "x", "real", 1.5));
    json_t *document = json_loads(text, 0, NULL);
    free(text);
    json_object_set_new(json_object_get(document, "identity"), "cgroup", json_string("/a"));
    json_object_set_new(document, "resource_usage", json_null());
    text = json_dumps(document, 0);
    ASSERT_OK(parse(text, &record, &error), error);
    free(text);

    record.status = TETHER_STATUS_KILLED;
    record.exit_code = 143;
    text = tether__record_render(&record);
    json_t *after = json_loads(text, 0, NULL);
    json_object_set_new(document, "status", json_string("killed"));
    json_object_set_new(document, "exit_code", json_integer(143));
    assert_true(json_equal(document, after));
    json_decref(document);
    json_decref(after);
    free(text);
    tether__record_dispose(&record);
}

/* Parses the birth line of a record into another one, and expects no null in it. */
static void bear(tether__record *record, tether__record *born)
{
    const char *key;
    json_t *value, *line = tether__record_birth(record);
    tether_error error = {0};
    json_object_foreach(line, key, value)
    {
        if (json_is_null(value))
            fail_msg("%s is null", key);
    }
    tether__record_init(born);
    ASSERT_OK(tether__record_read(line, record->task_id, born, &error), error);
}

static void a_birth_line_has_all_but_what_is_null(void **state)
{
    (void)state;
    tether__record record, born;
    tether_error error = {0};
    ASSERT_OK(parse(full, &record, &error), error);
    bear(&record, &born);
    assert_full(&born);
    tether__record_dispose(&born);

    record.identity.pid = 0;
    record.exit_code = TETHER_EXIT_UNKNOWN;
    assert_true(tether__record_set(&record, &record.shell, NULL));
    bear(&record, &born);
    assert_int_equal(born.identity.pid, 0);
    assert_int_equal(born.exit_code, TETHER_EXIT_UNKNOWN);
    assert_null(born.shell);
    assert_string_equal(born.command, record.command);
    assert_int_equal(born.started_at, record.started_at);
    tether__record_dispose(&born);
    tether__record_dispose(&record);
}

/* What only the document has is in the base. */
static void a_light_record_is_written_over_the_one_it_was_read_from(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    char *text = full_with("watches", json_pack("[{s:i}]", "watch", 3));
    json_t *base = json_loads(text, 0, NULL);
    free(text);
    json_object_set_new(json_object_get(base, "identity"), "cgroup", json_string("/a"));
    json_object_set_new(base, "future", json_integer(1));
    text = json_dumps(base, 0);
    ASSERT_OK(parse(text, &record, &error), error);
    free(text);
    tether__record_lighten(&record, NULL);
    assert_int_equal(json_object_size(record.document), 1);
    assert_int_equal(json_array_size(json_object_get(record.document, "watches")), 1);
    assert_full(&record);

    json_t *expected = json_deep_copy(base), *kept = json_deep_copy(base);
    json_array_clear(json_object_get(record.document, "watches"));
    json_array_clear(json_object_get(expected, "watches"));
    record.exit_code = 143;
    json_object_set_new(expected, "exit_code", json_integer(143));
    json_t *after = tether__record_document_over(&record, base);
    assert_true(json_equal(after, expected));
    assert_true(json_equal(base, kept));
    json_decref(after);
    record.watched = false;
    tether__record_lighten(&record, NULL);
    assert_null(record.document);
    after = tether__record_document_over(&record, expected);
    assert_true(json_equal(after, expected));
    json_decref(after);
    json_decref(base);
    json_decref(kept);
    json_decref(expected);
    tether__record_dispose(&record);
}

/* Sanitizers and valgrind find a text that is freed twice or not at all. */
static void the_texts_of_a_light_record_can_be_changed(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    ASSERT_OK(parse(full, &record, &error), error);
    tether__record_lighten(&record, NULL);
    assert_ptr_equal(record.task_id, record.packed);
    assert_full(&record);
    assert_true(tether__record_set(&record, &record.survival, TETHER__SURVIVAL_BOUND));
    assert_true(tether__record_set(&record, &record.stderr_path, NULL));
    assert_true(tether__record_set(&record, &record.reason, "first"));
    assert_true(tether__record_set(&record, &record.reason, "another, and longer"));
    assert_true(tether__record_set(&record, &record.lease_holder, NULL));
    assert_true(tether__record_set(&record, &record.name, record.command));
    for (int i = 0; i < 2; i++) {
        assert_string_equal(record.reason, "another, and longer");
        assert_string_equal(record.name, "make");
        assert_string_equal(record.command, "make");
        assert_string_equal(record.pipeline_statuses, "1,0");
        assert_string_equal(record.supervisor, "script");
        assert_string_equal(record.survival, TETHER__SURVIVAL_BOUND);
        assert_string_equal(record.output_path, "stdout");
        assert_null(record.stderr_path);
        assert_null(record.lease_holder);
        assert_ptr_equal(record.task_id, record.packed);
        tether__record_lighten(&record, NULL);
    }
    assert_true(tether__record_set(&record, &record.lease_holder, "h"));
    tether__record_trim(&record);
    assert_null(record.packed);
    assert_null(record.task_id);
    assert_null(record.reason);
    assert_null(record.lease_holder);
    assert_string_equal(record.pipeline_statuses, "1,0");
    tether__record_dispose(&record);
}

static void texts_that_most_records_have_take_no_memory(void **state)
{
    (void)state;
    tether__record record, other;
    tether__record_init(&record);
    tether__record_init(&other);
    tether__record_lighten(&record, NULL);
    assert_true(tether__record_set(&record, &record.output_path, "stdout"));
    assert_true(tether__record_set(&other, &other.output_path, "stdout"));
    tether__record_lighten(&record, NULL);
    tether__record_lighten(&other, NULL);
    assert_ptr_equal(record.output_path, other.output_path);
    assert_null(record.packed);
    tether__record_dispose(&other);
    assert_string_equal(record.output_path, "stdout");
    assert_true(tether__record_set(&record, &record.name, ""));
    tether__record_lighten(&record, NULL);
    assert_string_equal(record.name, "");
    tether__record_dispose(&record);
}

static void reads_the_known_fields_of_a_newer_schema(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    char *text = full_with("schema_version", json_integer(2));
    ASSERT_OK(parse(text, &record, &error), error);
    free(text);
    assert_true(record.read_only);
    assert_string_equal(record.command, "make");
    assert_int_equal(record.status, TETHER_STATUS_KILLING);
    tether__record_dispose(&record);

    text = full_with("schema_version", json_integer(99));
    json_t *document = json_loads(text, 0, NULL);
    free(text);
    json_object_set_new(document, "status", json_string("hibernating"));
    json_object_set_new(document, "exit_code", json_string("seven"));
    json_object_set_new(document, "kill_intent", json_integer(3));
    json_object_set_new(document, "identity", json_string("elsewhere"));
    text = json_dumps(document, 0);
    json_decref(document);
    ASSERT_OK(parse(text, &record, &error), error);
    free(text);
    assert_true(record.read_only);
    /* An unknown status or exit code must not be read as success. */
    assert_int_equal(record.status, TETHER_STATUS_LOST);
    assert_string_equal(record.reason, "status of a newer version");
    assert_int_equal(record.exit_code, TETHER_EXIT_UNKNOWN);
    assert_int_equal(record.identity.pid, 0);
    tether__record_dispose(&record);
}

static void refuses_another_tasks_record_even_of_a_newer_schema(void **state)
{
    (void)state;
    assert_refused("{\"schema_version\":2,\"task_id\":\"t2\",\"session_id\":\"s\","
                   "\"status\":\"running\"}",
                   "task_id");
}

static void repairs_invalid_utf8(void **state)
{
    (void)state;
    tether__record record;
    tether__record_init(&record);
    assert_true(tether__record_set(&record, &record.workdir, "/a\xff"));
    assert_string_equal(record.workdir, "/a\xef\xbf\xbd");
    assert_true(tether__record_set(&record, &record.workdir, NULL));
    assert_null(record.workdir);

    static const char *const argv[] = {"prog", "", "\xff", "\xc3\xa4", NULL};
    assert_true(tether__record_set_argv(&record, argv));
    assert_true(tether__record_set(&record, &record.task_id, task));
    assert_true(tether__record_set(&record, &record.session_id, "s"));
    char *text = tether__record_render(&record);
    json_t *document = json_loads(text, 0, NULL);
    json_t *expected = json_pack("[s,s,s,s]", "prog", "", "\xef\xbf\xbd", "\xc3\xa4");
    assert_true(json_equal(json_object_get(document, "argv"), expected));
    json_decref(expected);
    json_decref(document);
    free(text);
    tether__record_dispose(&record);
}

static void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

static void renders_nothing_when_memory_is_short(void **state)
{
    (void)state;
    tether__record record;
    tether_error error = {0};
    ASSERT_OK(parse(full, &record, &error), error);
    json_set_alloc_funcs(no_memory, free);
    char *text = tether__record_render(&record);
    json_set_alloc_funcs(malloc, free);
    assert_null(text);
    tether__record_dispose(&record);
}

static void keeps_the_offset_of_a_time_namespace(void **state)
{
    (void)state;
    tether__record record, again;
    tether_error error = {0};
    ASSERT_OK(parse(full, &record, &error), error);
    assert_int_equal(record.identity.time_offset_ns, 0);
    record.identity.time_offset_ns = -3;
    char *text = tether__record_render(&record);
    ASSERT_OK(parse(text, &again, &error), error);
    assert_int_equal(again.identity.time_offset_ns, -3);
    free(text);
    again.identity.time_offset_ns = 0;
    text = tether__record_render(&again);
    assert_null(strstr(text, "time_offset_ns"));
    free(text);
    tether__record_dispose(&again);
    tether__record_dispose(&record);
}

static void keeps_the_number_of_a_process(void **state)
{
    (void)state;
    tether__record record, again;
    tether_error error = {0};
    ASSERT_OK(parse(full, &record, &error), error);
    assert_int_equal(record.identity.pidfs_id, 0);
    record.identity.pidfs_id = 90412;
    char *text = tether__record_render(&record);
    ASSERT_OK(parse(text, &again, &error), error);
    assert_int_equal(again.identity.pidfs_id, 90412);
    free(text);
    again.identity.pidfs_id = 0;
    text = tether__record_render(&again);
    assert_null(strstr(text, "pidfs_id"));
    free(text);
    tether__record_dispose(&again);
    tether__record_dispose(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_every_field),
        cmocka_unit_test(reads_and_writes_the_codes_of_a_pipeline),
        cmocka_unit_test(writes_absent_values_as_null),
        cmocka_unit_test(distinguishes_exit_code_0_from_null),
        cmocka_unit_test(requires_only_four_fields),
        cmocka_unit_test(names_the_field_that_has_a_wrong_type),
        cmocka_unit_test(refuses_invalid_values),
        cmocka_unit_test(refuses_texts_that_are_not_records),
        cmocka_unit_test(refuses_duplicate_fields),
        cmocka_unit_test(refuses_integers_beyond_64_bits),
        cmocka_unit_test(refuses_every_truncated_record),
        cmocka_unit_test(survives_every_changed_byte),
        cmocka_unit_test(keeps_unknown_fields),
        cmocka_unit_test(a_light_record_is_written_over_the_one_it_was_read_from),
        cmocka_unit_test(the_texts_of_a_light_record_can_be_changed),
        cmocka_unit_test(texts_that_most_records_have_take_no_memory),
        cmocka_unit_test(reads_the_known_fields_of_a_newer_schema),
        cmocka_unit_test(refuses_another_tasks_record_even_of_a_newer_schema),
        cmocka_unit_test(repairs_invalid_utf8),
        cmocka_unit_test(renders_nothing_when_memory_is_short),
        cmocka_unit_test(keeps_the_offset_of_a_time_namespace),
        cmocka_unit_test(keeps_the_number_of_a_process),
        cmocka_unit_test(a_birth_line_has_all_but_what_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
