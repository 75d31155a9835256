/* Identity of the one process that exists on every platform: the test itself. */
#include "support/support.h"

#include <string.h>

#include "os/clock.h"
#include "os/process.h"

static void identifies_itself(void **state)
{
    (void)state;
    tether__identity self = {.pid = tether__os_process_self()};
    assert_true(self.pid > 0);
    self.start_time = tether__os_process_start_time(self.pid);
    tether__os_boot_id(self.boot_id);
    tether__os_pid_ns(self.pid_ns);
    assert_null(strpbrk(self.pid_ns, " \n\"'$`\\"));
    tether__liveness alive = tether__os_process_alive(&self);
    assert_true(alive == TETHER__ALIVE || (self.start_time == 0 && alive == TETHER__UNKNOWN));
    assert_int_equal(tether__os_process_start_time(self.pid), self.start_time);
}

static void returns_unknown_for_an_unknown_process(void **state)
{
    (void)state;
    tether__identity unknown = {0};
    assert_int_equal(tether__os_process_alive(&unknown), TETHER__UNKNOWN);
    unknown.pid = -1;
    assert_int_equal(tether__os_process_alive(&unknown), TETHER__UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifies_itself),
        cmocka_unit_test(returns_unknown_for_an_unknown_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
