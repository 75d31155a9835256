/* The notes of when the outputs had which sizes. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "format/times.h"

static void reads_what_it_writes(void **state)
{
    (void)state;
    static const tether__point points[] = {
        {1795804864242, {6, 0}}, {1795804864000, {6, 7}}, {INT64_MAX, {INT64_MAX, INT64_MAX}}};
    char text[4 * TETHER__TIMES_LINE_SIZE];
    size_t size = 0;
    for (size_t i = 0; i < 3; i++)
        size += tether__times_render(&points[i], text + size);
    const char *at = text;
    tether__point point = {0, {0, 0}};
    for (size_t i = 0; i < 3; i++) {
        assert_true(tether__times_next(&at, text + size, &point));
        assert_memory_equal(&point, &points[i], sizeof point);
    }
    assert_false(tether__times_next(&at, text + size, &point));
}

/* A reader goes on behind what no monitor has written. */
static void skips_what_is_damaged(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "x",
                                        "1 2",
                                        "1 2 3 ",
                                        "1 2 x",
                                        "1  2 3",
                                        " 1 2 3",
                                        "1 2 3 4",
                                        "-1 2 3",
                                        "1 -2 3",
                                        "1 2 3\r",
                                        "1 2 3\f4",
                                        "0x1 2 3",
                                        "1 4 1",
                                        "1 1 9",
                                        "1\t2\t30",
                                        "+1 20 30",
                                        "1 20 3e1",
                                        "1 99999999999999999999 7",
                                        "9223372036854775808 20 30"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[200];
        tether__point point = {0, {0, 0}};
        int size = snprintf(text, sizeof text, "5 5 2\n%s\n6 5 7\n", lines[i]);
        const char *at = text;
        assert_true(tether__times_next(&at, text + size, &point));
        assert_int_equal(point.size[0], 5);
        assert_true(tether__times_next(&at, text + size, &point));
        assert_int_equal(point.time_ms, 6);
        assert_false(tether__times_next(&at, text + size, &point));
    }
}

/* The last line counts once its newline is there. */
static void a_torn_line_does_not_count(void **state)
{
    (void)state;
    static const char text[] = "5 5 2\n6 7 30\n";
    for (size_t size = 0; size < sizeof text - 1; size++) {
        tether__point point = {0, {0, 0}};
        const char *at = text;
        assert_int_equal(tether__times_next(&at, text + size, &point), size >= 6);
        assert_false(tether__times_next(&at, text + size, &point));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(skips_what_is_damaged),
        cmocka_unit_test(a_torn_line_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
