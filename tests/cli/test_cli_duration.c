/* Durations as people write them. */
#include "support/unit.h"

#include "cli/duration.h"

static void reads_numbers_with_units(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0", 0},
        {"0s", 0},
        {"0.0", 0},
        {"500ms", 500},
        {"30s", 30000},
        {"30", 30000},
        {"0.5", 500},
        {"0.25s", 250},
        {"1.5h", 5400000},
        {"5m", 300000},
        {"1h30m", 5400000},
        {"1h30m15s250ms", 5415250},
        {"1d2h", 93600000},
        {"2h1s", 7201000},
        {"7d", 604800000},
        {"90m", 5400000},
        /* Rounded up: a time that is not 0 does not become 0. */
        {"0.0001", 1},
        {"0.0000000000001s", 1},
        {"1.0001ms", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        if (!duration_parse(cases[i].text, &ms))
            fail_msg("%s is refused", cases[i].text);
        if (ms != cases[i].ms)
            fail_msg("%s is %lld ms", cases[i].text, (long long)ms);
    }
}

static void a_grace_of_zero_is_none(void **state)
{
    int64_t ms;
    (void)state;
    assert_true(grace_parse("0", &ms));
    assert_int_equal(ms, -1);
    assert_true(grace_parse("1ms", &ms));
    assert_int_equal(ms, 1);
    assert_false(grace_parse("", &ms));
    assert_int_equal(ms, 0);
}

static void refuses_everything_else(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "-1",
        "+1",
        "s",
        "ms",
        ".5",
        "1.",
        "1.s",
        "1..5",
        "0x10",
        "1 s",
        " 1",
        "1s ",
        "1S",
        "2D",
        "1x",
        "30m1h",
        "1h1h",
        "1h30",
        "1h30m15",
        "1ms1s",
        "1hm",
        "1e3",
        "1,5",
        "1h 30m",
        "soon",
        "1dd",
        "1msm",
        "inf",
        "nan",
        "0.5.5",
        "366001d",
        "99999999999999h",
        "99999999999999999999999999s",
        "31622400001",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t ms = -1;
        if (duration_parse(texts[i], &ms))
            fail_msg("%s is accepted as %lld ms", texts[i], (long long)ms);
        assert_int_equal(ms, 0);
    }
}

static void reads_the_longest_duration(void **state)
{
    int64_t ms;
    (void)state;
    assert_true(duration_parse("366000d", &ms));
    assert_true(ms == DURATION_MAX_MS);
    assert_true(duration_parse("31622400000.000", &ms));
    assert_true(ms == DURATION_MAX_MS);
    assert_false(duration_parse("366000d1ms", &ms));
    assert_false(duration_parse("31622400000.0001", &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers_with_units),
        cmocka_unit_test(a_grace_of_zero_is_none),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(reads_the_longest_duration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
