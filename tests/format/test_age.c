/* Ages, and whether the wall clock is believed, with simulated clocks: no test waits. */
#include "support/unit.h"

#include <string.h>

#include "format/age.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

/* A plausible wall clock: about the year 2020. */
#define START (50 * YEAR)

static tether__moment moment(int64_t wall_ms, int64_t uptime_ms, const char *boot_id)
{
    tether__moment m = {.wall_ms = wall_ms, .uptime_ms = uptime_ms};
    strcpy(m.boot_id, boot_id);
    return m;
}

static bool judge(tether__clock_history *history, int64_t wall_ms, int64_t uptime_ms,
                  const char *boot_id)
{
    tether__moment now = moment(wall_ms, uptime_ms, boot_id);
    return tether__clock_judge(history, &now);
}

static tether__clock_history believed(int64_t wall_ms, int64_t uptime_ms, const char *boot_id)
{
    return (tether__clock_history){.believed = moment(wall_ms, uptime_ms, boot_id)};
}

static void clock_that_nobody_sets_is_believed(void **state)
{
    (void)state;
    tether__clock_history history = believed(START, HOUR, "a");
    assert_true(judge(&history, START + DAY, HOUR + DAY, "a"));
    assert_int_equal(history.believed.wall_ms, START + DAY);
    /* Time daemons correct it by small amounts. */
    assert_true(judge(&history, START + 2 * DAY - MINUTE, HOUR + 2 * DAY, "a"));
    assert_true(judge(&history, START + 3 * DAY, HOUR + 3 * DAY, "a"));
    /* The uptime includes the time for which the machine sleeps. */
    assert_true(judge(&history, START + YEAR, HOUR + YEAR, "a"));
}

static void clock_that_is_set_while_the_machine_runs_is_doubted(void **state)
{
    (void)state;
    static const int64_t jumps[] = {-DAY, 10 * YEAR, -2 * MINUTE, 2 * MINUTE};
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        tether__clock_history history = believed(START, HOUR, "a");
        assert_false(judge(&history, START + DAY + jumps[i], HOUR + DAY, "a"));
        /* A second reading does not make it believed; setting it back does. */
        assert_false(judge(&history, START + 2 * DAY + jumps[i], HOUR + 2 * DAY, "a"));
        assert_true(judge(&history, START + 3 * DAY, HOUR + 3 * DAY, "a"));
        assert_int_equal(history.doubted.wall_ms, 0);
    }
}

static void clock_is_believed_again_when_nobody_sets_it_for_a_week(void **state)
{
    (void)state;
    tether__clock_history history = believed(START, HOUR, "a");
    int64_t wall = START + 10 * YEAR;
    for (int64_t passed = DAY; passed < 8 * DAY; passed += HOUR)
        assert_int_equal(judge(&history, wall + passed, HOUR + passed, "a"), passed >= 8 * DAY);
    assert_true(judge(&history, wall + 8 * DAY, HOUR + 8 * DAY, "a"));
    assert_true(judge(&history, wall + 9 * DAY, HOUR + 9 * DAY, "a"));

    /* If it is set once more, a new week begins. */
    history = believed(START, HOUR, "a");
    assert_false(judge(&history, wall, 2 * HOUR, "a"));
    assert_false(judge(&history, wall + 6 * DAY, 2 * HOUR + 6 * DAY, "a"));
    assert_false(judge(&history, wall + 16 * DAY, 2 * HOUR + 7 * DAY, "a"));
    assert_false(judge(&history, wall + 22 * DAY, 2 * HOUR + 13 * DAY, "a"));
    assert_true(judge(&history, wall + 23 * DAY, 2 * HOUR + 14 * DAY, "a"));
}

static void clock_across_a_reboot(void **state)
{
    (void)state;
    tether__clock_history history = believed(START, YEAR, "a");
    assert_true(judge(&history, START + DAY, MINUTE, "b"));
    assert_true(judge(&history, START + 20 * DAY, MINUTE, "c"));

    /* The clock goes back behind the last believed moment, and is then set right. */
    assert_false(judge(&history, START + 19 * DAY, 2 * MINUTE, "d"));
    assert_false(judge(&history, HOUR, MINUTE, "e"));
    assert_true(judge(&history, START + 21 * DAY, MINUTE, "f"));

    /* Ten years later: either the machine was off that long, or the clock is wrong. */
    int64_t later = START + 10 * YEAR;
    assert_false(judge(&history, later, MINUTE, "g"));
    assert_false(judge(&history, later + 4 * DAY, MINUTE, "h"));
    assert_true(judge(&history, later + 8 * DAY, MINUTE, "i"));
}

static void clock_without_history_is_doubted_for_a_week(void **state)
{
    (void)state;
    tether__clock_history history = {0};
    assert_false(judge(&history, START, HOUR, "a"));
    assert_false(judge(&history, START + DAY, HOUR + DAY, "a"));
    assert_true(judge(&history, START + 7 * DAY, HOUR + 7 * DAY, "a"));
}

/* Without boot ids every reading may be from another boot. */
static void clock_of_a_platform_without_boot_ids(void **state)
{
    (void)state;
    tether__clock_history history = believed(START, HOUR, "");
    assert_true(judge(&history, START + DAY, 2 * HOUR, ""));
    assert_false(judge(&history, START - DAY, 2 * HOUR, ""));
    assert_false(judge(&history, START + 10 * YEAR, 2 * HOUR, ""));
}

static void age_of_this_boot_is_by_uptime(void **state)
{
    (void)state;
    tether__moment then = moment(START, HOUR, "a");
    static const int64_t jumps[] = {0, -DAY, 10 * YEAR};
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        tether__moment now = moment(START + 5 * HOUR + jumps[i], 6 * HOUR, "a");
        assert_int_equal(tether__age(&then, &now, false), 5 * HOUR);
        assert_int_equal(tether__age(&then, &now, true), 5 * HOUR);
    }
    tether__moment before = moment(START, MINUTE, "a");
    assert_int_equal(tether__age(&then, &before, true), 0);
}

static void age_of_another_boot_is_by_a_believed_clock(void **state)
{
    (void)state;
    tether__moment then = moment(START, YEAR, "a");
    tether__moment now = moment(START + 2 * DAY, HOUR, "b");
    assert_int_equal(tether__age(&then, &now, true), 2 * DAY);
    assert_int_equal(tether__age(&then, &now, false), TETHER__AGE_UNKNOWN);
    tether__moment behind = moment(START - DAY, HOUR, "b");
    assert_int_equal(tether__age(&then, &behind, true), 0);

    tether__moment without_uptime = moment(START, 0, "b");
    assert_int_equal(tether__age(&without_uptime, &now, true), 2 * DAY);
    assert_int_equal(tether__age(&without_uptime, &now, false), TETHER__AGE_UNKNOWN);
    tether__moment without_boot = moment(START, HOUR, "");
    tether__moment now_without_boot = moment(START + DAY, 2 * HOUR, "");
    assert_int_equal(tether__age(&without_boot, &now_without_boot, true), DAY);
    assert_int_equal(tether__age(&without_boot, &now_without_boot, false), TETHER__AGE_UNKNOWN);
    tether__moment empty = {0};
    assert_int_equal(tether__age(&empty, &now, true), TETHER__AGE_UNKNOWN);
}

static void end_of_a_task(void **state)
{
    (void)state;
    tether__record record;
    tether__moment end;
    tether__record_init(&record);
    assert_true(tether__record_set(&record, &record.boot_id, "a"));
    record.finished_at = START;
    tether__end_moment(&record, &end);
    assert_int_equal(end.wall_ms, START);
    assert_int_equal(end.uptime_ms, 0);
    assert_string_equal(end.boot_id, "a");

    record.started_uptime_ms = HOUR;
    record.duration_ms = 5;
    tether__end_moment(&record, &end);
    assert_int_equal(end.uptime_ms, HOUR + 5);
    record.finished_uptime_ms = HOUR + 7;
    tether__end_moment(&record, &end);
    assert_int_equal(end.uptime_ms, HOUR + 7);
    tether__record_dispose(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_that_nobody_sets_is_believed),
        cmocka_unit_test(clock_that_is_set_while_the_machine_runs_is_doubted),
        cmocka_unit_test(clock_is_believed_again_when_nobody_sets_it_for_a_week),
        cmocka_unit_test(clock_across_a_reboot),
        cmocka_unit_test(clock_without_history_is_doubted_for_a_week),
        cmocka_unit_test(clock_of_a_platform_without_boot_ids),
        cmocka_unit_test(age_of_this_boot_is_by_uptime),
        cmocka_unit_test(age_of_another_boot_is_by_a_believed_clock),
        cmocka_unit_test(end_of_a_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
