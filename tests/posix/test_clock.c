/* Clocks in several processes: one process can use the readings of another. */
#include "support/support.h"

#include <stdio.h>

#include "os/clock.h"
#include "posix/forked.h"

typedef struct readings {
    int64_t monotonic, uptime;
} readings;

static int read_clocks(void *userdata)
{
    readings *r = userdata;
    r->monotonic = tether__os_monotonic_ms();
    r->uptime = tether__os_uptime_ms();
    return 0;
}

static void is_the_same_in_every_process(void **state)
{
    (void)state;
    readings *child = test_shared(sizeof *child);
    readings before, after;
    read_clocks(&before);
    assert_int_equal(forked_join(forked_start(read_clocks, child)), 0);
    read_clocks(&after);
    assert_in_range(child->monotonic, before.monotonic, after.monotonic);
    assert_in_range(child->uptime, before.uptime, after.uptime);
    test_unshare(child, sizeof *child);
}

#ifdef __linux__
/* Supervisors read /proc/uptime, which has hundredths of a second. */
static void is_the_clock_that_supervisors_read(void **state)
{
    (void)state;
    long long seconds;
    int hundredths;
    FILE *file = fopen("/proc/uptime", "r");
    assert_non_null(file);
    int64_t before = tether__os_uptime_ms();
    assert_int_equal(fscanf(file, "%lld.%2d", &seconds, &hundredths), 2);
    int64_t after = tether__os_uptime_ms();
    fclose(file);
    assert_in_range(seconds * 1000 + hundredths * 10, before - 20, after + 20);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_same_in_every_process),
#ifdef __linux__
        cmocka_unit_test(is_the_clock_that_supervisors_read),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
