/* The gap that an output limit makes. */
#include "support/unit.h"

#include "format/gap.h"

static void nothing_is_dropped_within_the_limit(void **state)
{
    (void)state;
    static const uint64_t limits[] = {1, 4096, 20000, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        tether__gap gap = tether__gap_within(limits[i], limits[i]);
        assert_true(gap.begin == gap.end);
    }
    tether__gap none = tether__gap_within(0, 1000000);
    assert_true(none.begin == none.end);
}

/* Whatever the size, as much as the limit allows is left, and the first part stays. */
static void the_limit_is_left(void **state)
{
    (void)state;
    static const uint64_t limits[] = {1, 4, 16383, 16384, 20000, 10485760};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint64_t limit = limits[i], before = 0;
        for (uint64_t more = 1; more < 100000000; more = more * 7 + 1) {
            tether__gap gap = tether__gap_within(limit, limit + more);
            assert_int_equal(gap.end - gap.begin, more);
            assert_int_equal(gap.begin % 4096, 0);
            assert_true(gap.begin <= limit / 4 && gap.begin + 4096 > limit / 4);
            assert_true(gap.end > before);
            before = gap.end;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_dropped_within_the_limit),
        cmocka_unit_test(the_limit_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
