/* Lines of a journal: what they mean, how they are laid over a record, and that no line takes
 * another one with it. */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "format/journal.h"

static json_t *json(const char *text)
{
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    return value;
}

static void expect_json(json_t *value, const char *text)
{
    json_t *wanted = json(text);
    if (!json_equal(value, wanted))
        fail_msg("%s instead of %s", json_dumps(value, JSON_SORT_KEYS), text);
    json_decref(wanted);
}

static tether__journal_line parse(const char *text)
{
    tether__journal_line line;
    assert_int_equal(tether__journal_parse(text, strlen(text), &line), TETHER_OK);
    return line;
}

static void each_kind_of_line_is_recognised(void **state)
{
    static const struct {
        const char *text;
        tether__journal_kind kind;
        const char *task_id;
        bool newer;
    } cases[] = {
        {"{\"schema_version\":2,\"session_id\":\"s\",\"journal\":7,\"started\":0}",
         TETHER__JOURNAL_HEAD, "", false},
        {"{\"schema_version\":3,\"journal\":7,\"started\":0}", TETHER__JOURNAL_HEAD, "", true},
        {"{\"task_id\":\"t1\",\"status\":\"killing\"}", TETHER__JOURNAL_CHANGE, "t1", false},
        {"{\"task_id\":\"t1\",\"schema_version\":3}", TETHER__JOURNAL_CHANGE, "t1", true},
        {"{\"task_id\":\"t1\",\"removed\":true}", TETHER__JOURNAL_REMOVED, "t1", false},
        {"{\"task_id\":\"t1\",\"removed\":false}", TETHER__JOURNAL_CHANGE, "t1", false},
        {"{\"shape\":\"new\"}", TETHER__JOURNAL_OTHER, "", false},
        {"{}", TETHER__JOURNAL_OTHER, "", false},
        {"{\"journal\":0,\"started\":0}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"journal\":1,\"started\":-1}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"journal\":\"1\",\"started\":1}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"journal\":100000000000000000,\"started\":0}", TETHER__JOURNAL_HEAD, "", false},
        {"{\"journal\":100000000000000001,\"started\":0}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"journal\":9223372036854775807,\"started\":0}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"journal\":1}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"task_id\":\"../t1\"}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"task_id\":1}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"task_id\":\"t1\",\"task_id\":\"t2\"}", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"task_id\":\"t1\"", TETHER__JOURNAL_DAMAGED, "", false},
        {"{\"task_id\":\"t1\"}x", TETHER__JOURNAL_DAMAGED, "", false},
        {"[1]", TETHER__JOURNAL_DAMAGED, "", false},
        {"7", TETHER__JOURNAL_DAMAGED, "", false},
        {"", TETHER__JOURNAL_DAMAGED, "", false},
        {"\xff\xfe", TETHER__JOURNAL_DAMAGED, "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__journal_line line = parse(cases[i].text);
        if (line.kind != cases[i].kind)
            fail_msg("%s is of kind %d", cases[i].text, line.kind);
        assert_string_equal(line.task_id, cases[i].task_id);
        assert_int_equal(line.newer, cases[i].newer);
        assert_int_equal(line.object == NULL, line.kind == TETHER__JOURNAL_DAMAGED);
        tether__journal_dispose(&line);
    }
}

/* What a power failure may leave: zeros in the place of a line. */
static bool mentions(const char *text, const char *task_id)
{
    return tether__journal_mentions(text, strlen(text), task_id);
}

/* A line that a host writes begins with its id; any other may have it anywhere. */
static void a_line_tells_whether_it_may_be_a_tasks(void **state)
{
    (void)state;
    static const char written[] = "{\"schema_version\":1,\"task_id\":\"t1\",\"name\":\"t2\"}";
    assert_true(mentions(written, "t1"));
    assert_false(mentions(written, "t2"));
    assert_false(mentions(written, "t"));
    assert_false(mentions(written, "t11"));
    static const char other[] = "{ \"name\": \"t2\", \"task_id\": \"t1\" }";
    assert_true(mentions(other, "t1"));
    assert_true(mentions(other, "t2"));
    assert_false(mentions(other, "t3"));
    assert_false(mentions("", "t1"));
    for (size_t size = 0; size < sizeof written - 1; size++) {
        char *exact = malloc(size + 1);
        assert_non_null(exact);
        memcpy(exact, written, size);
        bool has = size >= strlen("{\"schema_version\":1,\"task_id\":\"t1\"");
        assert_int_equal(tether__journal_mentions(exact, size, "t1"), has);
        free(exact);
    }
}

static void a_line_of_zeros_is_damaged(void **state)
{
    (void)state;
    static const char zeros[4096];
    tether__journal_line line;
    assert_int_equal(tether__journal_parse(zeros, sizeof zeros, &line), TETHER_OK);
    assert_int_equal(line.kind, TETHER__JOURNAL_DAMAGED);
    assert_null(line.object);
}

static void a_head_has_its_numbers(void **state)
{
    (void)state;
    json_t *object = tether__journal_head("a session", 4, INT64_C(5000000000));
    size_t size;
    char *text = tether__journal_render(object, false, &size);
    json_decref(object);
    assert_int_equal(strlen(text), size);
    assert_int_equal(text[size - 1], '\n');
    assert_null(memchr(text, '\n', size - 1));
    tether__journal_line line = parse(text);
    assert_int_equal(line.kind, TETHER__JOURNAL_HEAD);
    assert_int_equal(line.number, 4);
    assert_int_equal(line.started, INT64_C(5000000000));
    assert_string_equal(json_string_value(json_object_get(line.object, "session_id")), "a session");
    tether__journal_dispose(&line);
    free(text);
}

static void a_removal_names_its_task(void **state)
{
    (void)state;
    json_t *object = tether__journal_removal("t-1", false);
    size_t size;
    char *text = tether__journal_render(object, false, &size);
    assert_string_equal(text, "{\"task_id\":\"t-1\",\"removed\":true}\n");
    json_decref(object);
    free(text);
}

/* --- Changes --- */

static const char before[] = "{\"task_id\":\"t1\",\"status\":\"running\",\"signal\":null,"
                             "\"identity\":{\"pid\":4,\"future\":1},\"future\":[1,2]}";
static const char after[] = "{\"task_id\":\"t1\",\"status\":\"killing\",\"signal\":null,"
                            "\"identity\":{\"pid\":5,\"future\":1},\"kill_intent\":\"kill\"}";

static void a_difference_has_only_what_differs(void **state)
{
    (void)state;
    json_t *from = json(before), *to = json(after);
    json_t *object = tether__journal_difference(from, to);
    expect_json(object, "{\"task_id\":\"t1\",\"status\":\"killing\",\"future\":null,"
                        "\"identity\":{\"pid\":5,\"future\":1},\"kill_intent\":\"kill\"}");
    json_t *nothing = tether__journal_difference(from, from);
    expect_json(nothing, "{\"task_id\":\"t1\"}");
    json_decref(nothing);
    json_decref(object);
    json_decref(from);
    json_decref(to);
}

static void a_field_that_is_missing_is_null(void **state)
{
    (void)state;
    json_t *without = json_pack("{s:s}", "task_id", "t1");
    json_t *null = json_pack("{s:s, s:n}", "task_id", "t1", "reason");
    json_t *with = json_pack("{s:s, s:s}", "task_id", "t1", "reason", "why");
    json_t *none = tether__journal_difference(without, null);
    json_t *gone = tether__journal_difference(with, null);
    assert_int_equal(json_object_size(none), 1);
    assert_true(json_is_null(json_object_get(gone, "reason")));
    json_decref(none);
    json_decref(gone);
    json_decref(without);
    json_decref(null);
    json_decref(with);
}

/* Laid over the first record, the difference gives the second one; unknown fields stay. */
static void a_difference_turns_one_record_into_the_other(void **state)
{
    (void)state;
    json_t *record = json(before), *to = json(after);
    json_object_set_new(to, "future", json_null());
    json_t *object = tether__journal_difference(record, to);
    tether__journal_line line = {.kind = TETHER__JOURNAL_CHANGE, .object = object};
    assert_true(tether__journal_apply(record, &line));
    assert_true(json_equal(record, to));
    tether__journal_line unknown = parse("{\"task_id\":\"t1\",\"later\":{\"a\":1}}");
    assert_true(tether__journal_apply(record, &unknown));
    assert_true(json_is_object(json_object_get(record, "later")));
    tether__journal_dispose(&unknown);
    json_decref(object);
    json_decref(record);
    json_decref(to);
}

/* --- A journal as a whole --- */

typedef struct fold {
    json_t *tasks; /* records by id */
    int damaged, heads, others;
} fold;

static void lay(void *context, const tether__line *text)
{
    fold *f = context;
    tether__journal_line line = {.kind = TETHER__JOURNAL_DAMAGED};
    if (text->text != NULL)
        assert_int_equal(tether__journal_parse(text->text, text->size, &line), TETHER_OK);
    f->damaged += line.kind == TETHER__JOURNAL_DAMAGED;
    f->heads += line.kind == TETHER__JOURNAL_HEAD;
    f->others += line.kind == TETHER__JOURNAL_OTHER;
    if (line.kind == TETHER__JOURNAL_REMOVED)
        json_object_del(f->tasks, line.task_id);
    if (line.kind == TETHER__JOURNAL_CHANGE) {
        if (json_object_get(f->tasks, line.task_id) == NULL)
            json_object_set_new(f->tasks, line.task_id, json_object());
        assert_true(tether__journal_apply(json_object_get(f->tasks, line.task_id), &line));
    }
    tether__journal_dispose(&line);
}

static fold fold_journal(const char *text, size_t size)
{
    tether__lines lines = {.limit = TETHER__JOURNAL_LINE_LIMIT};
    fold f = {.tasks = json_object()};
    assert_true(tether__lines_feed(&lines, text, size, lay, &f));
    tether__lines_dispose(&lines);
    return f;
}

#define HEAD "{\"schema_version\":2,\"session_id\":\"s\",\"journal\":1,\"started\":0}\n"
#define T1 "{\"task_id\":\"t1\",\"exit_code\":1}\n"
#define T2 "{\"task_id\":\"t2\",\"exit_code\":2}\n"
#define T1_ACKED "{\"task_id\":\"t1\",\"completion_delivered\":true}\n"

static void damage_loses_no_other_task(void **state)
{
    static const struct {
        const char *journal;
        size_t size;
        int damaged;
        const char *tasks;
    } cases[] = {
#define CASE(text, damaged, tasks) {text, sizeof text - 1, damaged, tasks}
#define BOTH_TASKS "{\"t1\":" T1 ",\"t2\":" T2 "}"
        CASE(HEAD T1 T2, 0, BOTH_TASKS),
        /* garbage, a hole of zeros, an empty line */
        CASE(HEAD T1 "%$&/ garbage\n" T2, 1, BOTH_TASKS),
        CASE(HEAD T1 "\0\0\0\0\0\0\0\n" T2, 1, BOTH_TASKS),
        CASE(HEAD T1 "\n" T2, 1, BOTH_TASKS),
        /* a hole that takes the newline of a line: both lines are gone, and no other one */
        CASE(HEAD T1 "{\"task_id\":\"t3\",\0\0\0\0\0" T1_ACKED T2, 1, BOTH_TASKS),
        /* a tail without its newline is not there yet */
        CASE(HEAD T1 T2 "{\"task_id\":\"t1\",\"exit_code\":9}", 0, BOTH_TASKS),
        /* a torn line, after which a host began with a newline */
        CASE(HEAD T1 "{\"task_id\":\"t1\",\"exi\n" T2, 1, BOTH_TASKS),
        /* a copy of itself says the same */
        CASE(HEAD T1 T2 HEAD T1 T2, 0, BOTH_TASKS),
        CASE(HEAD T1 T2 T1_ACKED "{\"task_id\":\"t2\",\"removed\":true}\n", 0,
             "{\"t1\":{\"task_id\":\"t1\",\"exit_code\":1,\"completion_delivered\":true}}"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fold f = fold_journal(cases[i].journal, cases[i].size);
        expect_json(f.tasks, cases[i].tasks);
        assert_int_equal(f.damaged, cases[i].damaged);
        assert_true(f.heads >= 1);
        json_decref(f.tasks);
    }
}

static void after_a_torn_line_the_next_one_begins_with_a_newline(void **state)
{
    (void)state;
    json_t *object = json("{\"task_id\":\"t2\",\"exit_code\":2}");
    size_t size;
    char *text = tether__journal_render(object, true, &size);
    assert_string_equal(text, "\n" T2);
    assert_int_equal(size, strlen("\n" T2));
    json_decref(object);
    free(text);
}

/* Texts with line ends, quotes and every control character stay on one line. */
static void a_line_never_contains_a_newline(void **state)
{
    (void)state;
    char command[64];
    for (int i = 0; i < 63; i++)
        command[i] = (char)(i + 1);
    command[63] = '\0';
    json_t *object = json_pack("{s:s,s:s}", "task_id", "t1", "command", command);
    size_t size;
    char *text = tether__journal_render(object, false, &size);
    assert_ptr_equal(memchr(text, '\n', size), text + size - 1);
    tether__journal_line line = parse(text);
    assert_true(json_equal(line.object, object));
    tether__journal_dispose(&line);
    json_decref(object);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_line_is_recognised),
        cmocka_unit_test(a_line_tells_whether_it_may_be_a_tasks),
        cmocka_unit_test(a_line_of_zeros_is_damaged),
        cmocka_unit_test(a_head_has_its_numbers),
        cmocka_unit_test(a_removal_names_its_task),
        cmocka_unit_test(a_difference_has_only_what_differs),
        cmocka_unit_test(a_field_that_is_missing_is_null),
        cmocka_unit_test(a_difference_turns_one_record_into_the_other),
        cmocka_unit_test(damage_loses_no_other_task),
        cmocka_unit_test(after_a_torn_line_the_next_one_begins_with_a_newline),
        cmocka_unit_test(a_line_never_contains_a_newline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
