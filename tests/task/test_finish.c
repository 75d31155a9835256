/* tether_finish_kills: what no host was there to end is ended before a short-lived host leaves. */
#include "support/elsewhere.h"

#include <stdlib.h>

enum { TASKS = 6, TIMEOUT_MS = 200 };

static void ends_tasks_whose_deadline_has_passed(void **state)
{
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    for (int i = 0; i < TASKS; i++)
        START_ELSEWHERE(f, ids[i], "--timeout", "200ms", "--", CHILD, "ignore-term", "forever");
    int64_t begin = test_now_ms();
    WAIT_UNTIL(test_now_ms() > begin + TIMEOUT_MS);
    f->registry = test_open(f);
    ASSERT_OK(tether_finish_kills(f->registry, PATIENCE_MS, &f->error), f->error);
    for (int i = 0; i < TASKS; i++) {
        char *status = test_record_text(f, ids[i], "status");
        assert_string_equal(status, "timed_out");
        free(status);
        test_expect(f->registry, ids[i], TETHER_STATUS_TIMED_OUT, 124, NULL);
    }
}

static void returns_at_once_without_kills(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    ASSERT_OK(tether_finish_kills(f->registry, 0, &f->error), f->error);
    test_start_child(f->registry, id, "forever", NULL);
    ASSERT_OK(tether_finish_kills(f->registry, -1, &f->error), f->error);
    assert_false(tether_status_ended(test_status(f->registry, id)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

/* A monitor needs no host for its deadline. */
int main(void)
{
    test_use_scripts();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_tasks_whose_deadline_has_passed, test_setup,
                                        test_teardown),
        TEST(returns_at_once_without_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
