/* Every field of src/format/fields.h is in record.json, snapshots, their JSON, the public struct
 * and the documented table. With the argument `table`, this program prints that table for
 * ci/fields. */
#include "support/unit.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/fields.h"
#include "format/record.h"
#include "format/record_read.h"
#include "format/record_write.h"
#include "format/snapshot.h"

typedef enum scope { IN_BOTH, IN_RECORD, IN_SNAPSHOT, ELSEWHERE } scope;

typedef struct row {
    scope where;
    const char *kind;
    const char *name;
    const char *type;
    const char *text;
} row;

#define BOTH_ROW(kind, name, absent, type, text) {IN_BOTH, #kind, #name, type, text},
#define STORED_ROW(kind, name, absent, type, text) {IN_RECORD, #kind, #name, type, text},
#define SHOWN_ROW(kind, name, absent, type, text) {IN_SNAPSHOT, #kind, #name, type, text},
#define OTHER_ROW(name, type, text) {ELSEWHERE, "", #name, type, text},

static const row rows[] = {TETHER__FIELDS(BOTH_ROW, STORED_ROW, SHOWN_ROW, OTHER_ROW)};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static bool is_stored(const row *r)
{
    return r->where == IN_BOTH || r->where == IN_RECORD;
}

static bool is_shown(const row *r)
{
    return r->where == IN_BOTH || r->where == IN_SNAPSHOT;
}

/* --- Values: each field gets one that differs from those of the others and from null --- */

static json_t *value_of(const row *r, size_t place)
{
    char text[32];
    snprintf(text, sizeof text, "v%zu", place);
    const char *kind = r->kind;
    if (strcmp(kind, "STATUS") == 0)
        return json_string("timed_out");
    if (strcmp(kind, "INTENT") == 0)
        return json_string("timeout");
    if (strcmp(kind, "CODES") == 0)
        return json_pack("[i, i]", (int)place, 0);
    if (strcmp(kind, "PROCESSES") == 0)
        return json_pack("[{s:i,s:s}]", "pid", (int)place, "name", "sh");
    if (strcmp(kind, "IDENTITY") == 0)
        return json_pack("{s:i, s:i, s:s, s:s}", "pid", 77, "start_time", 78, "boot_id", "b",
                         "pid_ns", "n");
    if (strcmp(kind, "OBJECT") == 0)
        return json_pack("{s:s, s:i, s:s}", "command", text, "exit_code", (int)place, "error", "e");
    if (strcmp(kind, "FLAG") == 0)
        return json_boolean(strcmp(r->name, "notify_on_completion") != 0);
    if (strcmp(kind, "NUMBER") == 0 || strcmp(kind, "SIGNAL") == 0 || strcmp(kind, "TIME") == 0)
        return json_integer(1000 + (json_int_t)place);
    return json_string(text);
}

/* Returns a record in which every stored field has a value. */
static json_t *full_record(void)
{
    json_t *record = json_pack("{s:i}", "schema_version", TETHER__RECORD_SCHEMA);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (is_stored(&rows[i]))
            assert_int_equal(json_object_set_new(record, rows[i].name, value_of(&rows[i], i)), 0);
    }
    return record;
}

static void parse(json_t *document, tether__record *record)
{
    tether_error error = {0};
    char *text = json_dumps(document, 0);
    assert_non_null(text);
    tether__record_init(record);
    const char *id = json_string_value(json_object_get(document, "task_id"));
    ASSERT_OK(tether__record_parse(text, strlen(text), id, record, &error), error);
    free(text);
}

static void assert_same(json_t *object, json_t *expected, const char *name)
{
    if (!json_equal(json_object_get(object, name), json_object_get(expected, name)))
        fail_msg("%s does not keep its value", name);
}

/* Removes the document, which would preserve fields that the struct lacks. */
static void a_record_keeps_every_stored_field(void **state)
{
    (void)state;
    json_t *expected = full_record();
    tether__record record;
    parse(expected, &record);
    json_decref(record.document);
    record.document = NULL;
    char *text = tether__record_render(&record);
    json_t *again = json_loads(text, 0, NULL);
    assert_non_null(again);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (is_stored(&rows[i]))
            assert_same(again, expected, rows[i].name);
    }
    json_decref(again);
    free(text);
    tether__record_dispose(&record);
    json_decref(expected);
}

static json_t *snapshot_of(json_t *document)
{
    tether__record record;
    tether_snapshot snapshot;
    parse(document, &record);
    assert_true(tether__snapshot_copy(&record, &snapshot));
    char *text = tether_snapshot_json(&snapshot);
    json_t *shown = json_loads(text, 0, NULL);
    assert_non_null(shown);
    free(text);
    tether__snapshot_dispose(&snapshot);
    tether__record_dispose(&record);
    return shown;
}

static void a_snapshot_shows_every_field_that_it_shares_with_a_record(void **state)
{
    (void)state;
    json_t *expected = full_record();
    json_t *shown = snapshot_of(expected);
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].where == IN_BOTH)
            assert_same(shown, expected, rows[i].name);
        if (is_shown(&rows[i])) {
            /* A number and its text, or an array and how many there were. */
            count += strcmp(rows[i].kind, "TIME") == 0 || strcmp(rows[i].kind, "SURVIVORS") == 0;
            count++;
            assert_non_null(json_object_get(shown, rows[i].name));
        }
    }
    assert_same(shown, expected, "survivors");
    assert_same(shown, expected, "survivor_count");
    assert_int_equal(json_object_size(shown), count);
    json_decref(shown);
    json_decref(expected);
}

/* --- Texts: the public header and the documentation --- */

static char *read_source(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", TETHER_TEST_SOURCES, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot read %s", path);
    static char text[256 * 1024];
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_in_range(size, 1, sizeof text - 2);
    text[size] = '\0';
    return text;
}

/* Replaces C comments by blanks. */
static void strip_comments(char *text)
{
    for (char *begin = text; (begin = strstr(begin, "/*")) != NULL;) {
        char *end = strstr(begin, "*/");
        assert_non_null(end);
        memset(begin, ' ', (size_t)(end + 2 - begin));
    }
}

static bool is_in_struct(const char *body, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = body; (at = strstr(at, name)) != NULL; at++) {
        bool begins = !isalnum((unsigned char)at[-1]) && at[-1] != '_';
        if (begins && (at[size] == ';' || at[size] == '['))
            return true;
    }
    return false;
}

static void the_public_struct_has_exactly_the_shown_fields(void **state)
{
    (void)state;
    /* The struct's own size, and counts and flags that belong to the fields with arrays. */
    static const char *const companions[] = {"size",           "survivor_count", "survivors_known",
                                             "survivor_names", "survivor_total", "pipeline_count"};
    char *text = read_source("include/tether/task.h");
    char *body = strstr(text, "typedef struct tether_snapshot {");
    assert_non_null(body);
    *strstr(body, "} tether_snapshot;") = '\0';
    strip_comments(body);
    size_t expected = sizeof companions / sizeof companions[0];
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (is_shown(&rows[i]) && !is_in_struct(body, rows[i].name))
            fail_msg("tether_snapshot has no member %s", rows[i].name);
        expected += is_shown(&rows[i]);
    }
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
        assert_true(is_in_struct(body, companions[i]));
    size_t members = 0;
    for (const char *at = body; (at = strchr(at, ';')) != NULL; at++)
        members++;
    assert_int_equal(members, expected);
}

static void print_table(FILE *out)
{
    fprintf(out, "| field | type | meaning |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].where != IN_SNAPSHOT)
            fprintf(out, "| `%s` | %s | %s |\n", rows[i].name, rows[i].type, rows[i].text);
    }
}

static void the_documented_table_is_up_to_date(void **state)
{
    (void)state;
    static char table[64 * 1024];
    FILE *file = tmpfile();
    assert_non_null(file);
    print_table(file);
    rewind(file);
    size_t size = fread(table, 1, sizeof table - 1, file);
    fclose(file);
    table[size] = '\0';
    if (strstr(read_source("docs/format.md"), table) == NULL)
        fail_msg("the table in docs/format.md is out of date; run ci/fields");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "table") == 0) {
        print_table(stdout);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_keeps_every_stored_field),
        cmocka_unit_test(a_snapshot_shows_every_field_that_it_shares_with_a_record),
        cmocka_unit_test(the_public_struct_has_exactly_the_shown_fields),
        cmocka_unit_test(the_documented_table_is_up_to_date),
    };
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
