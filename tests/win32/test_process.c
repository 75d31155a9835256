/* The seam os/process.h on Windows: another process by pid and creation time. */
#include "os/place.h"

#include <stdio.h>
#include <string.h>

#include "os/clock.h"
#include "os/process.h"
#include "support/win32/in_job.h"

static void identify(HANDLE process, tether__identity *identity)
{
    *identity = (tether__identity){.pid = (int64_t)GetProcessId(process)};
    identity->start_time = tether__os_process_start_time(identity->pid);
    tether__os_boot_id(identity->boot_id);
    assert_true(identity->start_time > 0);
}

static void follows_a_process_to_its_end(void **state)
{
    (void)state;
    tether__identity child;
    HANDLE process = process_start_forever();
    identify(process, &child);
    assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    assert_false(tether__os_process_reap(&child));
    process_kill(process);
    /* Our handle keeps the ended process in the system. */
    assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
    assert_true(tether__os_process_reap(&child));
    CloseHandle(process);
    assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
}

static void mistakes_no_other_process_for_it(void **state)
{
    (void)state;
    tether__identity child, other;
    HANDLE process = process_start_forever();
    identify(process, &child);
    other = child;
    other.start_time++;
    assert_int_equal(tether__os_process_alive(&other), TETHER__GONE);
    other.start_time = 0;
    assert_int_equal(tether__os_process_alive(&other), TETHER__UNKNOWN);
    other = child;
    snprintf(other.boot_id, sizeof other.boot_id, "another");
    assert_int_equal(tether__os_process_alive(&other), TETHER__GONE);
    other.boot_id[0] = '\0';
    assert_int_equal(tether__os_process_alive(&other), TETHER__ALIVE);
    process_crash(process);
}

static void starts_later_than_what_started_before(void **state)
{
    (void)state;
    tether__identity first, second;
    HANDLE one = process_start_forever();
    identify(one, &first);
    HANDLE two = process_start_forever();
    identify(two, &second);
    assert_int_not_equal(first.pid, second.pid);
    assert_true(first.start_time <= second.start_time);
    assert_true(tether__os_process_start_time(tether__os_process_self()) < first.start_time);
    process_crash(one);
    process_crash(two);
}

static void reports_a_boot_id(void **state)
{
    (void)state;
    char id[TETHER__BOOT_ID_SIZE];
    tether__os_boot_id(id);
    assert_true(strlen(id) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(follows_a_process_to_its_end),
        TEST(mistakes_no_other_process_for_it),
        TEST(starts_later_than_what_started_before),
        TEST(reports_a_boot_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
