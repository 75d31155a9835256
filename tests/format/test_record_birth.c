/* The text of a task's first line: it is what jansson writes, whatever the fields have. */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/record_birth.h"
#include "format/record_read.h"
#include "format/record_write.h"

static const char prefix[] = "before";

static void expect_same(const tether__record *record)
{
    json_t *document = tether__record_birth(record);
    assert_non_null(document);
    char *expected = json_dumps(document, JSON_COMPACT);
    assert_non_null(expected);
    tether__text line = {0};
    tether__text_add_string(&line, prefix);
    assert_true(tether__record_birth_line(record, &line));
    assert_memory_equal(line.bytes, prefix, strlen(prefix));
    assert_string_equal(line.bytes + strlen(prefix), expected);
    tether__text_dispose(&line);
    free(expected);
    json_decref(document);
}

static void read_into(tether__record *record, const char *fields)
{
    tether_error error = {0};
    tether__text text = {0};
    tether__text_add_string(&text, "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\","
                                   "\"status\":\"running\"");
    tether__text_add_string(&text, fields);
    tether__text_add_string(&text, "}");
    tether__record_init(record);
    ASSERT_OK(tether__record_parse(text.bytes, text.size, "t1", record, &error), error);
    tether__text_dispose(&text);
}

static void it_is_what_jansson_writes(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        ",\"name\":\"\",\"command\":\"echo \\\"a\\\\b\\\" 'c' /d\",\"exit_code\":-1,\"pid\":7",
        ",\"started_at\":1700000000000,\"deadline_at\":null,\"timeout_ms\":0,\"kill_takeover_ms\":"
        "9",
        ",\"name\":\"gr\xc3\xbc\xc3\x9f "
        "\xf0\x9f\x98\x80\x7f\",\"workdir\":\"/\",\"boot_id\":\"b-1\"",
        ",\"kill_intent\":\"timeout\",\"notify_on_completion\":false,\"no_compress\":true",
        ",\"key\":\"k\",\"shell\":null,\"output_limit\":10,\"argv\":[\"a\",\"\\n\xc3\xbc\"]",
        ",\"newer\":{\"x\":[1,2.5,null,\"\\u0001\"]},\"argv\":[],\"gone\":null,\"a\\\"b\":true",
        ",\"watches\":[{\"pattern\":\"x\"}]",
        /* Those that only jansson writes. */
        ",\"pipeline_statuses\":[1,0]",
        ",\"survivors\":[{\"pid\":4,\"name\":\"a\"}]",
        ",\"on_end\":{\"command\":\"c\",\"exit_code\":null,\"error\":null},\"on_end_open\":true",
        ",\"identity\":{\"pid\":5,\"start_time\":6,\"boot_id\":\"b\",\"pid_ns\":\"4\"}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__record record;
        read_into(&record, cases[i]);
        expect_same(&record);
        tether__record_dispose(&record);
    }
}

static void every_character_of_a_text_is_escaped_as_by_jansson(void **state)
{
    (void)state;
    char text[128];
    tether__record record;
    read_into(&record, "");
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)(i + 1);
    text[sizeof text - 1] = '\0';
    assert_true(tether__record_set(&record, &record.command, text));
    expect_same(&record);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        assert_true(tether__record_set(&record, &record.name, text + i));
        expect_same(&record);
    }
    tether__record_dispose(&record);
}

static void arguments_are_those_of_the_record(void **state)
{
    (void)state;
    static const char *const argv[] = {"/bin/sh", "-c", "echo \"\t\xff\"", "", NULL};
    tether__record record;
    read_into(&record, "");
    assert_true(tether__record_set_argv(&record, argv));
    expect_same(&record);
    tether__record_dispose(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_jansson_writes),
        cmocka_unit_test(every_character_of_a_text_is_escaped_as_by_jansson),
        cmocka_unit_test(arguments_are_those_of_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
