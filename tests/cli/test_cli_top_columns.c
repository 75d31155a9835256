/* The columns of "tether top". */
#include "support/unit.h"

#include <string.h>

#include "cli/top_columns.h"

static void never_leaves_the_screen(void **state)
{
    (void)state;
    for (size_t width = 0; width <= 300; width++) {
        top_place places[TOP_COLUMNS];
        size_t end = 0;
        top_columns_place(width, places);
        for (int i = 0; i < TOP_COLUMNS; i++) {
            if (places[i].width == 0)
                continue;
            if (places[i].at < end || places[i].at + places[i].width > width)
                fail_msg("column %d on a screen of %zu", i, width);
            end = places[i].at + places[i].width + 1;
        }
    }
}

static void shows_more_on_wider_screens(void **state)
{
    static const struct {
        size_t width;
        unsigned shown;
    } cases[] = {
        {20, 1u << TOP_STATE | 1u << TOP_TASK},
        {40, 1u << TOP_STATE | 1u << TOP_AGE | 1u << TOP_CPU | 1u << TOP_TASK},
        {80, (1u << TOP_COLUMNS) - 1 - (1u << TOP_ID)},
        {100, (1u << TOP_COLUMNS) - 1},
        {200, (1u << TOP_COLUMNS) - 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        top_place places[TOP_COLUMNS];
        unsigned shown = 0;
        top_columns_place(cases[i].width, places);
        for (int column = 0; column < TOP_COLUMNS; column++)
            shown |= places[column].width > 0 ? 1u << column : 0;
        if (shown != cases[i].shown)
            fail_msg("%zu columns: %x", cases[i].width, shown);
    }
}

static void writes_sizes_in_five_characters(void **state)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{-1, "-"},      {0, "0"},           {999, "999"},      {1000, "1.0K"},
                 {1536, "1.5K"}, {10 * 1024, "10K"}, {1023999, "1.0M"}, {INT64_MAX, "8.0E"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        top_columns_size(cases[i].bytes, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_true(strlen(text) <= 5);
    }
}

static void check_cell(const top_row *row, top_column column, size_t width, const char *expected)
{
    const top_rows rows = {.at = 1000};
    char text[TOP_CELL_SIZE];
    top_columns_cell(&rows, row, column, width, 3000, text);
    assert_string_equal(text, expected);
}

static void writes_cells(void **state)
{
    const top_row running = {.id = "t1",
                             .name = "build",
                             .command = "make\nall",
                             .status = TETHER_STATUS_RUNNING,
                             .exit_code = -1,
                             .duration_ms = 61000,
                             .cpu_permille = 1234,
                             .memory = -1,
                             .rate = 2048,
                             .last_line = "\033[2Jgone"};
    const top_row failed = {.status = TETHER_STATUS_FAILED, .exit_code = 3, .duration_ms = 5000};
    const top_row killed = {
        .status = TETHER_STATUS_KILLED, .signal_name = "SIGTERM", .exit_code = 143};
    (void)state;
    check_cell(&running, TOP_STATE, 10, "running");
    check_cell(&running, TOP_AGE, 6, " 1m03s");
    check_cell(&running, TOP_CPU, 6, " 123.4");
    check_cell(&running, TOP_MEMORY, 5, "    -");
    check_cell(&running, TOP_RATE, 5, " 2.0K");
    check_cell(&running, TOP_TASK, 40, "[build] make all");
    check_cell(&running, TOP_TASK, 9, "[build] ~");
    check_cell(&running, TOP_LINE, 40, "\xEF\xBF\xBD[2Jgone");
    check_cell(&failed, TOP_STATE, 10, "failed 3");
    check_cell(&failed, TOP_AGE, 6, "    5s");
    check_cell(&failed, TOP_TASK, 6, "");
    check_cell(&killed, TOP_STATE, 11, "killed TERM");
    check_cell(&killed, TOP_STATE, 7, "killed~");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_leaves_the_screen),
        cmocka_unit_test(shows_more_on_wider_screens),
        cmocka_unit_test(writes_sizes_in_five_characters),
        cmocka_unit_test(writes_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
