/* Reading a record without a document: what the fast way takes is what the other one takes, and
 * what is rare is left to that. */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/record.h"
#include "format/record_read.h"
#include "format/record_scan.h"
#include "format/record_write.h"

#define BEGIN "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"failed\""

/* Scans a copy of exactly this size, so that sanitizers detect a read beyond the end. */
static bool scans(const char *text, tether__record *record)
{
    char *exact = malloc(strlen(text));
    assert_non_null(exact);
    memcpy(exact, text, strlen(text));
    tether__record_init(record);
    bool scanned = tether__record_scan(exact, strlen(text), "t1", record);
    free(exact);
    return scanned;
}

static void takes_what_hosts_write(void **state)
{
    (void)state;
    static const char *const cases[] = {
        BEGIN "}",
        BEGIN
        ",\"name\":null,\"command\":\"echo \\\"a\\\\b\\\"\\n\\t\\/\\b\\f\\r\",\"workdir\":\"\"}",
        BEGIN ",\"pipeline_statuses\":[1,0,141],\"exit_code\":-7,\"signal\":15}",
        BEGIN ",\"kill_intent\":\"timeout\",\"no_compress\":true,\"notify_on_completion\":false}",
        BEGIN ",\"boot_id\":\"b\",\"identity\":{\"pid\":4,\"start_time\":5,\"boot_id\":\"b\","
              "\"pid_ns\":\"6\",\"pidfs_id\":7,\"time_offset_ns\":-8,\"newer\":{}}}",
        BEGIN ",\"identity\":{\"pid\":null,\"boot_id\":null,\"pid_ns\":\"\"},\"boot_id\":null}",
        BEGIN
        ",\"on_end\":{\"command\":\"c\",\"exit_code\":0,\"error\":null},\"on_end_open\":true}",
        BEGIN ",\"child_pid\":4,\"pgid\":4,\"argv\":[\"a\",\"b\"],\"newer\":[1],\"watches\":[]}",
        BEGIN ",\"pgid\":5,\"child_pid\":4,\"survivors\":null,\"again\":true}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__record scanned, parsed;
        tether_error error = {0};
        if (!scans(cases[i], &scanned))
            fail_msg("not taken: %s", cases[i]);
        tether__record_init(&parsed);
        ASSERT_OK(tether__record_parse(cases[i], strlen(cases[i]), "t1", &parsed, &error), error);
        tether__record_lighten(&parsed, NULL);
        json_t *fast = tether__record_birth(&scanned), *slow = tether__record_birth(&parsed);
        if (!json_equal(fast, slow))
            fail_msg("taken in another way: %s", cases[i]);
        json_decref(fast);
        json_decref(slow);
        tether__record_dispose(&scanned);
        tether__record_dispose(&parsed);
    }
}

static void leaves_to_others_what_is_rare_or_wrong(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{}",
        "{\"schema_version\":1,\"task_id\":\"t1\",\"status\":\"failed\"}",
        "{\"schema_version\":1,\"task_id\":\"t2\",\"session_id\":\"s\",\"status\":\"failed\"}",
        "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\"}",
        "{\"schema_version\":2,\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"failed\"}",
        "{\"schema_version\":null,\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"failed\"}",
        "{\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"failed\"}",
        "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"new\"}",
        BEGIN "} ",
        BEGIN ",\"command\":\"\\u0041\"}",
        BEGIN ",\"command\":1}",
        BEGIN ",\"exit_code\":\"1\"}",
        BEGIN ",\"no_compress\":1}",
        BEGIN ",\"kill_intent\":\"new\"}",
        BEGIN ",\"pipeline_statuses\":[]}",
        BEGIN ",\"pipeline_statuses\":[1,-1]}",
        BEGIN ",\"pipeline_statuses\":[1234567890]}",
        BEGIN ",\"pipeline_statuses\":{\"1\":2}}",
        BEGIN ",\"identity\":[]}",
        BEGIN ",\"identity\":{\"pid\":\"1\"}}",
        BEGIN ",\"boot_id\":\"0123456789012345678901234567890123456789\"}",
        BEGIN ",\"on_end\":[]}",
        BEGIN ",\"survivors\":[{\"pid\":1,\"name\":\"a\"}]}",
        BEGIN ",\"watches\":[{}]}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__record record;
        if (scans(cases[i], &record))
            fail_msg("taken: %s", cases[i]);
        tether__record_dispose(&record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_hosts_write),
        cmocka_unit_test(leaves_to_others_what_is_rare_or_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
