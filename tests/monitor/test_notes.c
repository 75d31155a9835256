/* The monitor's notes of when outputs came: which it writes, and that their file stays small. The
 * clocks are the test's. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/times.h"
#include "monitor/notes.h"
#include "os/clock.h"

enum { MOST = 1024 * 1024 };

static int64_t now_ms;

int64_t tether__os_monotonic_ms(void)
{
    return now_ms;
}

int64_t tether__os_wall_ms(void)
{
    return 1795804864000 + now_ms;
}

/* In the folder in which the test runs. */
static const char path[] = "tether-test-notes", new_path[] = "tether-test-notes.new";

typedef struct place {
    uint64_t size[2];
} place;

static bool is_there(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file != NULL)
        fclose(file);
    return file != NULL;
}

static int setup(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    remove(path);
    now_ms = 5000;
    tether__notes_open(path);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    place *p = *state;
    tether__notes_open(NULL);
    remove(path);
    assert_false(is_there(new_path));
    free(p);
    return 0;
}

static void note(place *p, int stream, uint64_t bytes, int64_t after_ms)
{
    now_ms += after_ms;
    p->size[stream] += bytes;
    tether__notes_add(p->size);
}

/* -1: there is none. */
static int64_t file_size(void)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    int64_t size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    fclose(file);
    return size;
}

static char *read_notes(size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(2 * MOST);
    assert_non_null(text);
    *size = fread(text, 1, 2 * MOST, file);
    fclose(file);
    return text;
}

static void expect(const char *expected)
{
    size_t size;
    tether__notes_flush();
    char *text = read_notes(&size);
    text[size] = '\0';
    assert_string_equal(text, expected);
    free(text);
}

/* Standard error behind standard output is the order that readers assume. */
static void what_comes_at_once_has_no_file(void **state)
{
    place *p = *state;
    note(p, 0, 5, 0);
    note(p, 0, 5, 50);
    note(p, 1, 5, 40);
    note(p, 1, 5, 5);
    tether__notes_flush();
    assert_int_equal(file_size(), -1);
}

static void a_change_of_streams_is_noted(void **state)
{
    place *p = *state;
    note(p, 0, 5, 0);
    note(p, 1, 5, 1);
    note(p, 0, 5, 1);
    note(p, 1, 5, 1);
    expect("1795804869001 5 5\n1795804869003 10 10\n");
}

static void time_is_noted(void **state)
{
    place *p = *state;
    note(p, 0, 5, 0);
    note(p, 0, 5, 99);
    note(p, 0, 5, 1);
    note(p, 0, 5, 1000);
    expect("1795804869099 10 0\n1795804869100 15 0\n1795804870100 20 0\n");
}

/* Many changes: the file keeps below its size, and the notes from the first to the last are
 * whole. */
static void the_file_stays_small(void **state)
{
    place *p = *state;
    for (int i = 0; i < 100000; i++) {
        note(p, 1, 100, 1);
        note(p, 0, 100, 1);
        if (i % 50 == 0)
            assert_true(file_size() <= MOST + TETHER__TIMES_LINE_SIZE);
    }
    tether__notes_flush();
    size_t size, count = 0;
    char *text = read_notes(&size);
    const char *at = text;
    tether__point point = {0, {0, 0}}, before = point, first = point;
    for (; tether__times_next(&at, text + size, &point); count++, before = point) {
        assert_true(point.time_ms > before.time_ms);
        first = count == 0 ? point : first;
    }
    assert_true(at == text + size);
    assert_true(count > 5000);
    assert_true(first.size[0] <= 10000);
    assert_int_equal(point.size[0], 10000000);
    assert_int_equal(point.size[1], 10000000);
    free(text);
}

/* The output goes on without notes. */
static void without_a_folder_nothing_is_noted(void **state)
{
    place *p = *state;
    tether__notes_open("/nonexistent/times");
    note(p, 1, 5, 0);
    note(p, 0, 5, 1000);
    note(p, 1, 5, 1000);
    tether__notes_flush();
    assert_int_equal(file_size(), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_at_once_has_no_file),
        TEST(a_change_of_streams_is_noted),
        TEST(time_is_noted),
        TEST(the_file_stays_small),
        TEST(without_a_folder_nothing_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
