/* Scanning JSON objects: what a scan accepts, jansson accepts with the same values, and what hosts
 * write is accepted. */
#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/scan.h"

typedef struct collected {
    json_t *object; /* what the scan has told, as far as it tells */
    size_t count;
} collected;

/* Compares a scanned value with the one that jansson has read. */
static void assert_same_value(const tether__scanned *scanned, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        assert_int_equal(scanned->type, TETHER__SCANNED_NULL);
        break;
    case JSON_TRUE:
        assert_int_equal(scanned->type, TETHER__SCANNED_TRUE);
        break;
    case JSON_FALSE:
        assert_int_equal(scanned->type, TETHER__SCANNED_FALSE);
        break;
    case JSON_INTEGER:
        assert_int_equal(scanned->type, TETHER__SCANNED_INTEGER);
        assert_int_equal(scanned->integer, json_integer_value(value));
        break;
    case JSON_STRING:
        assert_int_equal(scanned->type, TETHER__SCANNED_TEXT);
        if (scanned->text != NULL) {
            assert_int_equal(scanned->size, json_string_length(value));
            assert_memory_equal(scanned->text, json_string_value(value), scanned->size);
        }
        break;
    case JSON_ARRAY:
        assert_int_equal(scanned->type, TETHER__SCANNED_ARRAY);
        assert_int_equal(scanned->empty, json_array_size(value) == 0);
        break;
    case JSON_OBJECT:
        assert_int_equal(scanned->type, TETHER__SCANNED_OBJECT);
        assert_int_equal(scanned->empty, json_object_size(value) == 0);
        break;
    case JSON_REAL:
        fail_msg("a real number was accepted");
    }
}

static bool collect(void *context, const char *name, size_t size, const tether__scanned *value)
{
    collected *c = context;
    char key[64];
    assert_true(size < sizeof key);
    memcpy(key, name, size);
    key[size] = '\0';
    c->count++;
    if (c->object != NULL) {
        json_t *wanted = json_object_get(c->object, key);
        assert_non_null(wanted);
        assert_same_value(value, wanted);
    }
    return true;
}

/* Scans a copy of exactly this size, so that sanitizers detect a read beyond the end, and compares
 * with jansson. Returns whether the scan accepts the text. */
static bool accepts(const char *text, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1);
    collected c = {json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL), 0};
    assert_non_null(exact);
    if (size > 0)
        memcpy(exact, text, size);
    collected unread = {NULL, 0};
    /* A scan that fails may have told anything before. */
    bool accepted = tether__scan_object(exact, size, collect, &unread);
    if (accepted && !json_is_object(c.object))
        fail_msg("accepted: %.*s", (int)size, text);
    if (accepted) {
        assert_true(tether__scan_object(exact, size, collect, &c));
        assert_int_equal(c.count, json_object_size(c.object));
    }
    free(exact);
    json_decref(c.object);
    return accepted;
}

static const char full[] =
    "{\"schema_version\":1,\"task_id\":\"t1\",\"name\":null,\"command\":\"echo \\\"a\\\\b\\\" "
    "\\n\\t\","
    "\"workdir\":\"/gr\xc3\xbc\xc3\x9f\",\"exit_code\":-7,\"started_at\":1700000000000,\"zero\":0,"
    "\"list\":[1,\"a\",[],{}],\"identity\":{\"pid\":1,\"deep\":{\"er\":[true,false,null]}},"
    "\"watches\":[],\"notify\":true,\"delivered\":false}";

static void accepts_what_hosts_write(void **state)
{
    (void)state;
    assert_true(accepts(full, strlen(full)));
    assert_true(accepts("{}", 2));
    assert_true(accepts("{\"a\":-0}", 8));
}

static void leaves_to_others_what_is_rare_or_wrong(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "[]",
        "1",
        "{",
        "{}x",
        "{}{}",
        " {}",
        "{} ",
        "{ }",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\" :1}",
        "{\"a\": 1}",
        "{\"a\":1 }",
        "{\"a\":1,\"a\":2}",
        "{\"ab\":1,\"c\":2,\"\":3,\"ab\":4}",
        "{\"\":1,\"\":2}",
        "{\"x\":{\"a\":1,\"a\":2}}",
        "{\"x\":[{\"a\":1,\"a\":2}]}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":1.5}",
        "{\"a\":1e3}",
        "{\"a\":.5}",
        "{\"a\":9223372036854775808}",
        "{\"a\":1234567890123456789}",
        "{\"a\":tru}",
        "{\"a\":truex}",
        "{\"a\":nul}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\\n\":1}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":[[[[[[[[[1]]]]]]]]]}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (accepts(cases[i], strlen(cases[i])))
            fail_msg("accepted: %s", cases[i]);
    }
    assert_false(accepts("{\"a\":\"\0\"}", 9));
}

static void accepts_no_part_of_an_object(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(full); size++)
        assert_false(accepts(full, size));
}

/* accepts() compares with jansson. */
static void is_as_strict_as_the_library_after_any_change_of_a_byte(void **state)
{
    (void)state;
    char text[sizeof full];
    size_t accepted = 0;
    for (size_t at = 0; at < sizeof full - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, full, sizeof full);
            text[at] = (char)byte;
            accepted += accepts(text, sizeof full - 1);
        }
    }
    assert_true(accepted > sizeof full);
}

/* Strings are passed over in blocks: wherever a byte stands in one, it is looked at. */
static void looks_at_each_byte_of_a_string(void **state)
{
    (void)state;
    enum { LONGEST = 20 };
    char text[LONGEST + sizeof "{\"a\":\"\"}"];
    for (int size = 1; size <= LONGEST; size++) {
        for (int at = 0; at < size; at++) {
            for (int byte = 0; byte < 256; byte++) {
                int length =
                    snprintf(text, sizeof text, "{\"a\":\"%.*s\"}", size, "pppppppppppppppppppp");
                text[6 + at] = (char)byte;
                bool plain = byte >= ' ' && byte < 128 && byte != '"' && byte != '\\';
                if (accepts(text, (size_t)length) != plain)
                    fail_msg("byte %d at %d of %d", byte, at, size);
            }
        }
    }
}

/* A line of more members than are compared is left to the library. */
static void counts_members(void **state)
{
    (void)state;
    for (int count = 1; count < 100; count++) {
        json_t *object = json_object();
        char name[16];
        for (int i = 0; i < count; i++) {
            snprintf(name, sizeof name, "m%d", i);
            json_object_set_new(object, name, json_integer(i));
        }
        char *text = json_dumps(object, JSON_COMPACT);
        assert_int_equal(accepts(text, strlen(text)), count <= 64);
        free(text);
        json_decref(object);
    }
}

static bool stop(void *context, const char *key, size_t size, const tether__scanned *value)
{
    (void)key;
    (void)size;
    (void)value;
    ++*(int *)context;
    return false;
}

static void a_visitor_can_end_a_scan(void **state)
{
    (void)state;
    int visits = 0;
    assert_false(tether__scan_object(full, strlen(full), stop, &visits));
    assert_int_equal(visits, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_hosts_write),
        cmocka_unit_test(leaves_to_others_what_is_rare_or_wrong),
        cmocka_unit_test(accepts_no_part_of_an_object),
        cmocka_unit_test(is_as_strict_as_the_library_after_any_change_of_a_byte),
        cmocka_unit_test(looks_at_each_byte_of_a_string),
        cmocka_unit_test(counts_members),
        cmocka_unit_test(a_visitor_can_end_a_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
