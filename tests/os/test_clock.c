/* Clocks advance and agree with each other, and the boot has an id. */
#include "support/support.h"

#include <string.h>
#include <time.h>

#include "os/clock.h"

static void returns_the_wall_clock_in_milliseconds(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL) * 1000;
    int64_t now = tether__os_wall_ms();
    int64_t after = ((int64_t)time(NULL) + 1) * 1000;
    /* The coarse clock behind time() may lag by one tick. */
    assert_true(now >= before && now <= after + 100);
}

static void never_goes_back(void **state)
{
    (void)state;
    int64_t monotonic = tether__os_monotonic_ms(), uptime = tether__os_uptime_ms();
    for (int i = 0; i < 10000; i++) {
        int64_t next_monotonic = tether__os_monotonic_ms(), next_uptime = tether__os_uptime_ms();
        assert_true(next_monotonic >= monotonic);
        assert_true(next_uptime >= uptime);
        monotonic = next_monotonic;
        uptime = next_uptime;
    }
}

static void advances_in_milliseconds(void **state)
{
    (void)state;
    int64_t step = test_in_wine() ? 20 : 1;
    int64_t reference = test_now_ms();
    int64_t monotonic = tether__os_monotonic_ms(), uptime = tether__os_uptime_ms();
    WAIT_UNTIL(test_now_ms() >= reference + 40);
    assert_true(tether__os_monotonic_ms() >= monotonic + 40 - step);
    assert_true(tether__os_uptime_ms() >= uptime + 40 - step);
    /* Readings of another clock around it bound it from above, even on a busy machine. */
    monotonic = tether__os_monotonic_ms() - monotonic;
    assert_true(monotonic <= test_now_ms() - reference + step);
}

static void counts_sleep_in_uptime_only(void **state)
{
    (void)state;
    int64_t monotonic = tether__os_monotonic_ms();
    assert_true(monotonic > 0);
    assert_true(tether__os_uptime_ms() >= monotonic);
}

static void identifies_the_boot(void **state)
{
    (void)state;
    char id[TETHER__BOOT_ID_SIZE], again[TETHER__BOOT_ID_SIZE];
    memset(id, 'x', sizeof id);
    tether__os_boot_id(id);
    tether__os_boot_id(again);
    assert_non_null(memchr(id, '\0', sizeof id));
    assert_string_equal(id, again);
    /* A marker line contains it as one word. */
    assert_null(strpbrk(id, " \n\r\"'$`\\"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_the_wall_clock_in_milliseconds),
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(advances_in_milliseconds),
        cmocka_unit_test(counts_sleep_in_uptime_only),
        cmocka_unit_test(identifies_the_boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
