/* Kept watches in a record: they are read as they were stored, and unknown content is kept. */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/kept_watch.h"

static int setup(void **state)
{
    tether__record *record = calloc(1, sizeof *record);
    assert_non_null(record);
    tether__record_init(record);
    if (record->document == NULL)
        record->document = json_object();
    *state = record;
    return 0;
}

static int teardown(void **state)
{
    tether__record_dispose(*state);
    free(*state);
    return 0;
}

static tether__kept_watch make(int number, const char *pattern, size_t size)
{
    return (tether__kept_watch){.number = number,
                                .pattern = (char *)pattern,
                                .pattern_size = size,
                                .view = TETHER_VIEW_BOTH,
                                .holder = "holder1"};
}

static void put(tether__record *record, int number, const char *pattern)
{
    tether__kept_watch watch = make(number, pattern, strlen(pattern));
    assert_true(tether__kept_watch_put(record, &watch));
}

static void expect_same(const tether__record *record, size_t index, const tether__kept_watch *watch)
{
    tether__kept_watch found;
    assert_true(tether__kept_watch_get(record, index, &found));
    assert_int_equal(found.number, watch->number);
    assert_int_equal(found.pattern_size, watch->pattern_size);
    assert_memory_equal(found.pattern, watch->pattern, watch->pattern_size);
    assert_int_equal(found.pattern[found.pattern_size], '\0');
    assert_int_equal(found.fixed, watch->fixed);
    assert_int_equal(found.once, watch->once);
    assert_int_equal(found.whole_lines, watch->whole_lines);
    assert_int_equal(found.view, watch->view);
    assert_int_equal(found.position[0], watch->position[0]);
    assert_int_equal(found.position[1], watch->position[1]);
    assert_string_equal(found.holder, watch->holder);
    tether__kept_watch_dispose(&found);
    assert_null(found.pattern);
}

static void reads_watches_as_they_were_stored(void **state)
{
    tether__record *record = *state;
    static const char bytes[] = "a\0\xff\x80 z";
    int largest;
    assert_int_equal(tether__kept_watches_count(record, &largest), 0);
    assert_int_equal(largest, 0);
    for (int i = 0; i < 48; i++) {
        tether__kept_watch watch = i % 2 == 0 ? make(i + 1, "gr\xc3\xbc\xc3\x9f \"x\"\n", 11)
                                              : make(i + 1, bytes, sizeof bytes - 1);
        watch.fixed = (i & 1) != 0;
        watch.once = (i & 2) != 0;
        watch.whole_lines = (i & 4) != 0;
        watch.view = (tether_view)(i % 3);
        watch.position[0] = (uint64_t)i << 40;
        watch.position[1] = INT64_MAX;
        assert_true(tether__kept_watch_put(record, &watch));
        assert_true(record->watched);
        expect_same(record, (size_t)i, &watch);
    }
    assert_int_equal(tether__kept_watches_count(record, &largest), 48);
    assert_int_equal(largest, 48);
}

static void stores_one_watch_per_number(void **state)
{
    tether__record *record = *state;
    int largest;
    put(record, 3, "a");
    put(record, 7, "b");
    tether__kept_watch watch = make(3, "c", 1);
    watch.position[0] = 9;
    assert_true(tether__kept_watch_put(record, &watch));
    assert_int_equal(tether__kept_watches_count(record, &largest), 2);
    assert_int_equal(largest, 7);
    expect_same(record, 0, &watch);
    assert_true(tether__kept_watch_has(record, 3));
    assert_true(tether__kept_watch_drop(record, 3));
    assert_false(tether__kept_watch_has(record, 3));
    assert_false(tether__kept_watch_drop(record, 3));
    assert_true(record->watched);
    assert_true(tether__kept_watch_drop(record, 7));
    assert_false(record->watched);
    assert_false(tether__kept_watch_drop(record, 7));
    assert_int_equal(tether__kept_watches_count(record, &largest), 0);
}

/* A newer version may have written such entries, or a person has edited them. */
static void keeps_entries_that_it_does_not_understand(void **state)
{
    static const char *const items[] = {
        "{}",
        "{\"watch\": 0, \"pattern\": \"a\", \"view\": \"both\"}",
        "{\"watch\": -4, \"pattern\": \"a\", \"view\": \"both\"}",
        "{\"watch\": 99999999999, \"pattern\": \"a\", \"view\": \"both\"}",
        "{\"watch\": \"1\", \"pattern\": \"a\", \"view\": \"both\"}",
        "{\"watch\": 1, \"pattern\": \"a\", \"view\": \"stdin\"}",
        "{\"watch\": 1, \"pattern\": \"a\", \"view\": 1}",
        "{\"watch\": 1, \"pattern\": \"\", \"view\": \"both\"}",
        "{\"watch\": 1, \"pattern\": 5, \"view\": \"both\"}",
        "{\"watch\": 1, \"view\": \"both\"}",
        "{\"watch\": 1, \"pattern_hex\": \"6\", \"view\": \"both\"}",
        "{\"watch\": 1, \"pattern_hex\": \"6g\", \"view\": \"both\"}",
        "{\"watch\": 1, \"pattern_hex\": \"6A\", \"view\": \"both\"}",
        "{\"watch\": 1, \"pattern_hex\": \"\", \"view\": \"both\"}",
        "[]",
        "\"text\"",
        "null",
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        tether__record *record = *state;
        tether__kept_watch watch;
        int largest;
        json_t *list = json_array();
        json_array_append_new(list, json_loads(items[i], JSON_DECODE_ANY, NULL));
        json_object_set_new(record->document, "watches", list);
        if (tether__kept_watch_get(record, 0, &watch))
            fail_msg("%s", items[i]);
        assert_null(watch.pattern);
        assert_int_equal(tether__kept_watches_count(record, &largest), 1);
        assert_false(tether__kept_watch_drop(record, 0));
        assert_false(tether__kept_watch_drop(record, -4));
        put(record, 12, "b");
        assert_int_equal(tether__kept_watches_count(record, &largest), 2);
        assert_int_equal(largest, 12);
        assert_true(tether__kept_watch_drop(record, 12));
        json_t *before = json_loads(items[i], JSON_DECODE_ANY, NULL);
        assert_true(json_equal(json_array_get(list, 0), before));
        json_decref(before);
    }
}

static void refuses_an_index_behind_the_last_entry(void **state)
{
    tether__kept_watch watch;
    put(*state, 1, "a");
    assert_false(tether__kept_watch_get(*state, 1, &watch));
    assert_null(watch.pattern);
}

/* Such an id names no holder, so that any host may take over the watch. */
static void ignores_a_holder_id_that_is_too_long(void **state)
{
    tether__record *record = *state;
    tether__kept_watch watch;
    char name[TETHER_ID_SIZE + 1];
    memset(name, 'a', sizeof name);
    name[TETHER_ID_SIZE] = '\0';
    put(record, 1, "a");
    json_object_set_new(json_array_get(json_object_get(record->document, "watches"), 0), "holder",
                        json_string(name));
    assert_true(tether__kept_watch_get(record, 0, &watch));
    assert_string_equal(watch.holder, "");
    tether__kept_watch_dispose(&watch);
}

/* A newer version may store more fields; an update of the position keeps them. */
static void keeps_unknown_fields_of_a_watch(void **state)
{
    tether__record *record = *state;
    put(record, 1, "a");
    json_t *list = json_object_get(record->document, "watches");
    json_object_set_new(json_array_get(list, 0), "colour", json_string("red"));
    tether__kept_watch watch = make(1, "\xff", 1);
    assert_true(tether__kept_watch_put(record, &watch));
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "colour")),
                        "red");
    expect_same(record, 0, &watch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_watches_as_they_were_stored),
        TEST(stores_one_watch_per_number),
        TEST(keeps_entries_that_it_does_not_understand),
        TEST(refuses_an_index_behind_the_last_entry),
        TEST(ignores_a_holder_id_that_is_too_long),
        TEST(keeps_unknown_fields_of_a_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
