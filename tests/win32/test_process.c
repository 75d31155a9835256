/* The seam os_process.h on Windows: another process by pid and creation time. */
#include "os/place.h"

#include <stdio.h>
#include <string.h>

#include "os/clock.h"
#include "os/process.h"
#include "win32/running.h"

static const char *const forever[] = {CHILD, "forever", NULL};

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
    HANDLE process = running_start(forever);
    identify(process, &child);
    assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    assert_false(tether__os_process_reap(&child));
    running_kill(process);
    /* Our handle keeps what is left of it in the system. */
    assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
    assert_true(tether__os_process_reap(&child));
    CloseHandle(process);
    assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
}

static void takes_no_other_process_for_it(void **state)
{
    (void)state;
    tether__identity child, other;
    HANDLE process = running_start(forever);
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
    running_kill(process);
    CloseHandle(process);
}

static void starts_later_than_what_started_before(void **state)
{
    (void)state;
    tether__identity first, second;
    HANDLE one = running_start(forever);
    identify(one, &first);
    HANDLE two = running_start(forever);
    identify(two, &second);
    assert_int_not_equal(first.pid, second.pid);
    assert_true(first.start_time <= second.start_time);
    assert_true(tether__os_process_start_time(tether__os_process_self()) < first.start_time);
    running_kill(one);
    running_kill(two);
    CloseHandle(one);
    CloseHandle(two);
}

static void knows_one_boot_by_one_name_everywhere(void **state)
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
        TEST(takes_no_other_process_for_it),
        TEST(starts_later_than_what_started_before),
        TEST(knows_one_boot_by_one_name_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
