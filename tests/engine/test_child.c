/* What is kept of the supervisors that this process has started. */
#include "support/unit.h"

#include <string.h>

#include "engine/child.h"

static const tether__identity here = {.boot_id = "b1", .pid_ns = "4026531836"};

static void children_of_one_place_share_an_origin(void **state)
{
    (void)state;
    tether__origin *list = NULL;
    tether__identity elsewhere = here, later = here;
    strcpy(elsewhere.pid_ns, "4026532999");
    strcpy(later.boot_id, "b2");
    const tether__origin *first = tether__origin_find(&list, &here);
    const tether__origin *second = tether__origin_find(&list, &elsewhere);
    const tether__origin *third = tether__origin_find(&list, &later);
    assert_non_null(first);
    assert_true(first != second && first != third && second != third);
    assert_ptr_equal(tether__origin_find(&list, &here), first);
    assert_ptr_equal(tether__origin_find(&list, &elsewhere), second);
    assert_ptr_equal(tether__origin_find(&list, &later), third);
    assert_string_equal(second->boot_id, "b1");
    assert_string_equal(second->pid_ns, "4026532999");
    tether__origins_free(list);
}

static void the_identity_of_a_child_has_its_origin(void **state)
{
    (void)state;
    tether__origin *list = NULL;
    tether__child child = {4711, 812345, 99, tether__origin_find(&list, &here)};
    tether__identity identity = tether__child_identity(&child);
    assert_int_equal(identity.pid, 4711);
    assert_int_equal(identity.start_time, 812345);
    assert_int_equal(identity.pidfs_id, 99);
    assert_string_equal(identity.boot_id, here.boot_id);
    assert_string_equal(identity.pid_ns, here.pid_ns);
    assert_int_equal(identity.time_offset_ns, 0);
    tether__origins_free(list);
}

static void no_child_has_an_empty_identity(void **state)
{
    (void)state;
    static const tether__child none;
    static const tether__identity empty;
    tether__identity identity = tether__child_identity(&none);
    assert_memory_equal(&identity, &empty, sizeof empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_of_one_place_share_an_origin),
        cmocka_unit_test(the_identity_of_a_child_has_its_origin),
        cmocka_unit_test(no_child_has_an_empty_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
