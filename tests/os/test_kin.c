/* The memory of which processes are a task's. */
#include "support/unit.h"

#include "os/kin.h"

static void knows_what_was_added(void **state)
{
    (void)state;
    tether__kin kin = {0};
    static const int64_t pids[] = {40, 10, 30, 20, 10};
    assert_false(tether__kin_has(&kin, 10, 1));
    for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++)
        assert_true(tether__kin_add(&kin, pids[i], 1));
    assert_int_equal(kin.count, 4);
    for (size_t i = 1; i < kin.count; i++)
        assert_true(kin.members[i - 1].pid < kin.members[i].pid);
    for (int64_t pid = 10; pid <= 40; pid += 10)
        assert_true(tether__kin_has(&kin, pid, 1));
    assert_false(tether__kin_has(&kin, 25, 1));
    tether__kin_dispose(&kin);
    assert_false(tether__kin_has(&kin, 10, 1));
}

static void distinguishes_processes_with_the_same_pid(void **state)
{
    (void)state;
    tether__kin kin = {0};
    assert_true(tether__kin_add(&kin, 10, 7));
    assert_false(tether__kin_has(&kin, 10, 6));
    assert_true(tether__kin_add(&kin, 10, 6));
    assert_int_equal(kin.count, 2);
    tether__kin_remove(&kin, 1);
    assert_true(tether__kin_has(&kin, 10, 6));
    assert_false(tether__kin_has(&kin, 10, 7));
    tether__kin_remove(&kin, 0);
    assert_null(kin.members);
    assert_int_equal(kin.count, 0);
}

static void merges_what_another_one_knows(void **state)
{
    (void)state;
    tether__kin kin = {0}, other = {0};
    assert_true(tether__kin_add(&kin, 10, 1));
    assert_true(tether__kin_add(&other, 10, 1));
    assert_true(tether__kin_add(&other, 20, 2));
    tether__kin_see(&other, 500);
    tether__kin_see(&other, 400);
    assert_true(tether__kin_merge(&kin, &other));
    assert_int_equal(kin.count, 2);
    assert_true(tether__kin_has(&kin, 20, 2));
    assert_int_equal(kin.supervisor_seen_ms, 500);
    tether__kin_see(&kin, 600);
    assert_true(tether__kin_merge(&kin, &other));
    assert_int_equal(kin.supervisor_seen_ms, 600);
    tether__kin_dispose(&kin);
    tether__kin_dispose(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_was_added),
        cmocka_unit_test(distinguishes_processes_with_the_same_pid),
        cmocka_unit_test(merges_what_another_one_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
