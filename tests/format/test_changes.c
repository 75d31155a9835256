/* The changes of a record: what is found by comparing members is what a comparison of the documents
 * finds. */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/journal.h"
#include "format/record.h"
#include "format/record_read.h"
#include "format/record_write.h"

#define START                                                                                      \
    "{\"schema_version\": 1, \"task_id\": \"t1\", \"session_id\": \"s\", \"status\": "             \
    "\"starting\","                                                                                \
    " \"command\": \"make\", \"child_pid\": 7, "
#define NO_IDENTITY "\"identity\": {\"pid\": null}"
#define IDENTITY                                                                                   \
    "\"identity\": {\"pid\": 7, \"start_time\": 8, \"boot_id\": \"b\", \"pid_ns\": \"9\"}"

/* Each is compared with the first. */
static const char *const states[] = {
    START NO_IDENTITY "}",
    START IDENTITY "}",
    START "\"status\": \"running\", " IDENTITY "}",
    START "\"status\": \"failed\", \"exit_code\": 3, \"signal\": 15, \"reason\": \"r\", " IDENTITY
          "}",
    START "\"pipeline_statuses\": [1, 0], \"survivors\": [{\"pid\": 5, \"name\": \"a\"}],"
          " \"survivor_count\": 1, " NO_IDENTITY "}",
    START "\"kill_intent\": \"kill\", \"kill_takeover_ms\": 5, \"completion_delivered\": true,"
          " \"notify_on_completion\": false, \"boot_id\": \"b\", " NO_IDENTITY "}",
    START "\"command\": \"other\", \"name\": \"n\", " NO_IDENTITY "}",
    START "\"child_pid\": null, \"pgid\": null, \"finished_at\": 1700000000000,"
          " \"duration_ms\": 0, " IDENTITY "}",
};

enum { STATES = sizeof states / sizeof states[0] };

/* Later members of an object win. */
static void read_state(const char *text, tether__record *record)
{
    json_t *document = json_loads(text, 0, NULL);
    assert_non_null(document);
    tether__record_init(record);
    assert_int_equal(tether__record_read(document, "t1", record, NULL), TETHER_OK);
}

static json_t *difference(const tether__record *before, const tether__record *after)
{
    json_t *empty = json_object();
    json_t *old = tether__record_document_over(before, empty);
    json_t *new = tether__record_document_over(after, empty);
    json_t *line = tether__journal_difference(old, new);
    assert_non_null(line);
    json_decref(old);
    json_decref(new);
    json_decref(empty);
    return line;
}

static void expect_same_line(const char *from, const char *to)
{
    tether__record before, after, kept;
    read_state(from, &before);
    read_state(to, &after);
    assert_true(tether__record_keep(&before, &kept));
    json_t *line = tether__record_changes(&kept, &after);
    json_t *expected = difference(&before, &after);
    if (!json_equal(line, expected)) {
        char *found = json_dumps(line, 0), *wanted = json_dumps(expected, 0);
        assert_string_equal(found, wanted);
    }
    json_decref(line);
    json_decref(expected);
    tether__record_release(&kept);
    tether__record_dispose(&before);
    tether__record_dispose(&after);
}

static void members_tell_what_documents_tell(void **state)
{
    (void)state;
    for (int i = 0; i < STATES; i++) {
        for (int k = 0; k < STATES; k++)
            expect_same_line(states[i], states[k]);
    }
}

static void what_is_kept_stays_when_the_record_changes(void **state)
{
    (void)state;
    tether__record record, kept;
    read_state(states[3], &record);
    tether__record_lighten(&record, NULL);
    assert_true(tether__record_set(&record, &record.reason, "before"));
    assert_true(tether__record_keep(&record, &kept));
    assert_true(tether__record_set(&record, &record.reason, "after"));
    record.exit_code = 4;
    json_t *line = tether__record_changes(&kept, &record);
    assert_int_equal(json_object_size(line), 3);
    assert_string_equal(json_string_value(json_object_get(line, "task_id")), "t1");
    assert_string_equal(json_string_value(json_object_get(line, "reason")), "after");
    assert_int_equal(json_integer_value(json_object_get(line, "exit_code")), 4);
    assert_string_equal(kept.reason, "before");
    json_decref(line);
    tether__record_release(&kept);
    tether__record_dispose(&record);
}

/* Only the document has the fields of a newer version: the line would take them away. */
static void an_identity_of_a_newer_version_is_not_replaced(void **state)
{
    (void)state;
    tether__record record, kept;
    read_state(START "\"identity\": {\"pid\": null, \"cgroup\": \"/a\"}}", &record);
    assert_true(tether__record_keep(&record, &kept));
    json_t *line = tether__record_changes(&kept, &record);
    assert_int_equal(json_object_size(line), 1);
    json_decref(line);
    record.identity.pid = 7;
    assert_null(tether__record_changes(&kept, &record));
    tether__record_release(&kept);
    tether__record_dispose(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_tell_what_documents_tell),
        cmocka_unit_test(what_is_kept_stays_when_the_record_changes),
        cmocka_unit_test(an_identity_of_a_newer_version_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
