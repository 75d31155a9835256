/* The table of states and transitions, for every pair of states. */
#include "support/unit.h"

#include <string.h>

#include "format/status.h"

enum { COUNT = TETHER_STATUS_LOST + 1 };

/* One row per status, one column per possible successor, in the order of the enum. */
static const char *const allowed[COUNT] = {
    /*                srpk cfktl */
    /* starting */ "-x-xxxxxx",
    /* running */ "--xxxxxxx",
    /* paused */ "-x-xxxxxx",
    /* killing */ "----xxxxx",
    /* completed */ "---------",
    /* failed */ "---------",
    /* killed */ "---------",
    /* timed_out */ "---------",
    /* lost */ "---------",
};

static void allows_exactly_these_transitions(void **state)
{
    (void)state;
    for (int from = 0; from < COUNT; from++) {
        assert_int_equal(strlen(allowed[from]), COUNT);
        for (int to = 0; to < COUNT; to++) {
            bool allows = tether__status_allows((tether_status)from, (tether_status)to);
            if (allows != (allowed[from][to] == 'x'))
                fail_msg("%s -> %s", tether_status_text((tether_status)from),
                         tether_status_text((tether_status)to));
        }
    }
}

static void never_leaves_a_final_status(void **state)
{
    (void)state;
    for (int from = 0; from < COUNT; from++) {
        bool leaves = false;
        for (int to = 0; to < COUNT; to++)
            leaves = leaves || tether__status_allows((tether_status)from, (tether_status)to);
        assert_int_equal(leaves, !tether_status_ended((tether_status)from));
        assert_int_equal(tether_status_ended((tether_status)from), from >= TETHER_STATUS_COMPLETED);
    }
}

static void reads_its_own_texts_only(void **state)
{
    (void)state;
    static const char *const texts[COUNT] = {"starting", "running",   "paused",
                                             "killing",  "completed", "failed",
                                             "killed",   "timed_out", "lost"};
    for (int i = 0; i < COUNT; i++) {
        tether_status parsed = TETHER_STATUS_LOST;
        assert_string_equal(tether_status_text((tether_status)i), texts[i]);
        assert_true(tether__status_parse(texts[i], &parsed));
        assert_int_equal(parsed, i);
    }
    static const char *const others[] = {"", "Running", "running ", "run", "unknown", "lost\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        tether_status parsed = TETHER_STATUS_PAUSED;
        assert_false(tether__status_parse(others[i], &parsed));
        assert_int_equal(parsed, TETHER_STATUS_PAUSED);
    }
}

static void handles_values_that_are_not_a_status(void **state)
{
    (void)state;
    static const int others[] = {-1, COUNT, 31, 32, 1000};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        tether_status other = (tether_status)others[i];
        assert_string_equal(tether_status_text(other), "unknown");
        assert_false(tether_status_ended(other));
        assert_false(tether__status_allows(other, TETHER_STATUS_LOST));
        assert_false(tether__status_allows(TETHER_STATUS_RUNNING, other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allows_exactly_these_transitions),
        cmocka_unit_test(never_leaves_a_final_status),
        cmocka_unit_test(reads_its_own_texts_only),
        cmocka_unit_test(handles_values_that_are_not_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
