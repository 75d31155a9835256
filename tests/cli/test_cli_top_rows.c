/* The rows of "tether top": which tasks are shown, in what order, and which is selected. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top_rows.h"

/* Three tasks: "old" has ended, "new" and "mid" run. */
static tether_snapshot tasks[] = {
    {.task_id = "tc",
     .name = "old",
     .command = "ls",
     .status = TETHER_STATUS_FAILED,
     .exit_code = 2,
     .started_at = 100,
     .duration_ms = 7,
     .notify_on_completion = true},
    {.task_id = "ta",
     .name = "new",
     .command = "make",
     .status = TETHER_STATUS_RUNNING,
     .started_at = 300,
     .duration_ms = 10},
    {.task_id = "tb",
     .command = "Sleep 5",
     .status = TETHER_STATUS_PAUSED,
     .started_at = 200,
     .duration_ms = 20},
};
static tether_snapshot *items[] = {&tasks[0], &tasks[1], &tasks[2]};
static const tether_snapshot_list all = {.items = items, .count = 3};

static top_rows filled(void)
{
    top_rows rows = {0};
    assert_true(top_rows_take_all(&rows, &all, 1000));
    assert_true(top_rows_arrange(&rows));
    return rows;
}

static void check_shown(const top_rows *rows, const char *expected)
{
    char text[64] = "";
    for (size_t i = 0; i < rows->shown_count; i++)
        strcat(strcat(text, i == 0 ? "" : " "), rows->shown[i]->id);
    assert_string_equal(text, expected);
}

static void sorts(void **state)
{
    top_rows rows = filled();
    (void)state;
    check_shown(&rows, "ta tb tc");
    rows.reverse = true;
    assert_true(top_rows_arrange(&rows));
    check_shown(&rows, "tc tb ta");
    rows.reverse = false;
    rows.sort = TOP_SORT_NAME;
    assert_true(top_rows_arrange(&rows));
    check_shown(&rows, "tb ta tc");
    top_rows_find(&rows, "tb")->memory = 5;
    rows.sort = TOP_SORT_MEMORY;
    assert_true(top_rows_arrange(&rows));
    check_shown(&rows, "tb ta tc");
    top_rows_dispose(&rows);
}

static void filters_by_name_command_id_and_status(void **state)
{
    static const struct {
        const char *filter, *shown;
    } cases[] = {{"NEW", "ta"},  {"sleep", "tb"},  {"tc", "tc"},
                 {"paus", "tb"}, {"", "ta tb tc"}, {"nothing", ""}};
    top_rows rows = filled();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(rows.filter, sizeof rows.filter, "%s", cases[i].filter);
        assert_true(top_rows_arrange(&rows));
        check_shown(&rows, cases[i].shown);
    }
    assert_null(top_rows_selected(&rows));
    rows.filter[0] = '\0';
    rows.running_only = true;
    assert_true(top_rows_arrange(&rows));
    check_shown(&rows, "ta tb");
    top_rows_dispose(&rows);
}

static void keeps_the_selected_task(void **state)
{
    top_rows rows = filled();
    (void)state;
    assert_string_equal(rows.selected, "ta");
    top_rows_move(&rows, 1);
    assert_string_equal(rows.selected, "tb");
    rows.reverse = true;
    rows.sort = TOP_SORT_NAME;
    assert_true(top_rows_arrange(&rows));
    assert_string_equal(top_rows_selected(&rows)->id, "tb");
    assert_int_equal(rows.cursor, 2);
    top_rows_move(&rows, 100);
    assert_int_equal(rows.cursor, 2);
    top_rows_drop(&rows, "tb");
    assert_true(top_rows_arrange(&rows));
    assert_int_equal(rows.cursor, 1);
    assert_string_equal(rows.selected, "ta");
    top_rows_move(&rows, -100);
    assert_int_equal(rows.cursor, 0);
    top_rows_dispose(&rows);
}

static void scrolls_to_the_selected_row(void **state)
{
    top_rows rows = filled();
    (void)state;
    top_rows_move(&rows, 2);
    top_rows_scroll(&rows, 2);
    assert_int_equal(rows.first, 1);
    top_rows_scroll(&rows, 10);
    assert_int_equal(rows.first, 0);
    top_rows_scroll(&rows, 1);
    assert_int_equal(rows.first, 2);
    top_rows_move(&rows, -2);
    top_rows_scroll(&rows, 1);
    assert_int_equal(rows.first, 0);
    top_rows_scroll(&rows, 0);
    top_rows_dispose(&rows);
}

static void ages_only_what_runs(void **state)
{
    top_rows rows = filled();
    (void)state;
    assert_int_equal(top_rows_age(&rows, top_rows_find(&rows, "ta"), 3000), 2010);
    assert_int_equal(top_rows_age(&rows, top_rows_find(&rows, "tc"), 3000), 7);
    assert_int_equal(top_rows_running(&rows), 2);
    top_rows_dispose(&rows);
}

static void takes_newer_states(void **state)
{
    top_rows rows = filled();
    tether_snapshot ended = tasks[1], fresh = {.task_id = "td", .command = "x", .started_at = 400};
    tether_snapshot *newer[] = {&ended, &fresh};
    const tether_snapshot_list some = {.items = newer, .count = 2};
    (void)state;
    ended.status = TETHER_STATUS_COMPLETED;
    ended.duration_ms = 500;
    assert_true(top_rows_take_some(&rows, &some, 2000));
    assert_true(top_rows_arrange(&rows));
    check_shown(&rows, "td tb ta tc");
    assert_int_equal(top_rows_age(&rows, top_rows_find(&rows, "ta"), 9000), 500);
    assert_int_equal(top_rows_age(&rows, top_rows_find(&rows, "tb"), 2000), 1020);
    assert_true(top_rows_find(&rows, "tc")->pending);
    assert_false(top_rows_find(&rows, "ta")->pending);
    top_rows_dispose(&rows);
}

static void take(top_rows *rows, const char *id, int64_t at, int64_t cpu_ms, int64_t output)
{
    top_sample sample = {.at = at, .cpu_ms = cpu_ms, .memory = 77, .output = output};
    snprintf(sample.id, sizeof sample.id, "%s", id);
    sample.last_line = calloc(1, 1);
    assert_non_null(sample.last_line);
    top_rows_take_sample(rows, &sample);
}

static void computes_rates_from_two_samples(void **state)
{
    top_rows rows = filled();
    const top_row *row = top_rows_find(&rows, "ta");
    (void)state;
    take(&rows, "ta", 1000, 100, 50);
    assert_int_equal(row->cpu_permille, -1);
    assert_int_equal(row->rate, -1);
    assert_int_equal(row->memory, 77);
    take(&rows, "ta", 3000, 1100, 250);
    assert_int_equal(row->cpu_permille, 500);
    assert_int_equal(row->rate, 100);
    take(&rows, "ta", 4000, -1, -1);
    assert_int_equal(row->cpu_permille, -1);
    assert_int_equal(row->rate, -1);
    take(&rows, "nobody", 1000, 1, 1);
    take(&rows, "tc", 1000, 1, 1);
    assert_int_equal(top_rows_find(&rows, "tc")->memory, -1);
    top_rows_dispose(&rows);
}

static void keeps_what_was_measured(void **state)
{
    top_rows rows = filled();
    (void)state;
    take(&rows, "ta", 1000, 100, 50);
    assert_true(top_rows_take_all(&rows, &all, 2000));
    assert_true(top_rows_arrange(&rows));
    take(&rows, "ta", 2000, 200, 150);
    assert_int_equal(top_rows_find(&rows, "ta")->cpu_permille, 100);
    assert_int_equal(top_rows_find(&rows, "ta")->rate, 100);
    top_rows_dispose(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts),
        cmocka_unit_test(filters_by_name_command_id_and_status),
        cmocka_unit_test(keeps_the_selected_task),
        cmocka_unit_test(scrolls_to_the_selected_row),
        cmocka_unit_test(ages_only_what_runs),
        cmocka_unit_test(takes_newer_states),
        cmocka_unit_test(computes_rates_from_two_samples),
        cmocka_unit_test(keeps_what_was_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
