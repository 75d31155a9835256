/* Matches that are reported before the end of their line. */
#include "search/matcher_support.h"

#include <string.h>

typedef struct early {
    size_t count;
    size_t stop_after; /* 0: never */
    uint64_t offset[16];
    char text[16][32];
} early;

static bool on_early(const tether__found *found, void *userdata)
{
    early *e = userdata;
    size_t size = found->text_size < 31 ? found->text_size : 31;
    assert_true(e->count < 16);
    e->offset[e->count] = found->offset;
    memcpy(e->text[e->count], found->text, size);
    e->text[e->count][size] = '\0';
    e->count++;
    return e->count != e->stop_after;
}

/* Feeds pieces with a settle after each, NULL-terminated. */
static early settle(const char *pattern_text, const char *const *pieces, size_t stop_after)
{
    tether__pattern *pattern;
    tether__matcher *matcher;
    tether_error error = {0};
    early e = {.stop_after = stop_after};
    ASSERT_OK(tether__pattern_compile(pattern_text, strlen(pattern_text), false, &pattern, &error),
              error);
    ASSERT_OK(tether__matcher_new(pattern, false, 0, &matcher, &error), error);
    for (; *pieces != NULL; pieces++) {
        ASSERT_OK(
            tether__matcher_feed(matcher, *pieces, strlen(*pieces), false, on_early, &e, &error),
            error);
        tether__matcher_settle(matcher, on_early, &e);
    }
    ASSERT_OK(tether__matcher_feed(matcher, "", 0, true, on_early, &e, &error), error);
    tether__matcher_free(matcher);
    tether__pattern_free(pattern);
    return e;
}

static void settling_reports_undecided_matches(void **state)
{
    static const struct {
        const char *pattern;
        const char *pieces[5];
        const char *texts[5];
    } cases[] = {
        {"pass.*:", {"x password: ", NULL}, {"password:"}},
        {"[a-z]+$", {"one two", NULL}, {"two"}},
        /* What does not match yet is not given up. */
        {"password:", {"pa", "ss", "word", ": ", NULL}, {"password:"}},
        {"ab*c", {"a", "bb", "b", "c", NULL}, {"abbbc"}},
        /* What was reported is not reported again; the rest may match by itself. */
        {"[0-9]+", {"12", "34\n", NULL}, {"12", "34"}},
        {"go+", {"go", "o", "o\n", NULL}, {"go"}},
        {"[0-9]+", {"1 22 3", "4 5", NULL}, {"1", "22", "3", "4", "5"}},
        {"^[a-z]+", {"ab", "cd\nef", NULL}, {"ab", "ef"}},
        {"\xe2\x82\xac?x*y",
         {"\xe2\x82",
          "\xac"
          "x",
          "y", NULL},
         {"\xe2\x82\xacxy"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t expected = 0;
        early e = settle(cases[i].pattern, cases[i].pieces, 0);
        while (expected < 5 && cases[i].texts[expected] != NULL) {
            assert_true(expected < e.count);
            assert_string_equal(e.text[expected], cases[i].texts[expected]);
            expected++;
        }
        assert_int_equal(e.count, expected);
    }
}

static void settling_can_be_stopped(void **state)
{
    static const char *const pieces[] = {"1 2", " 3", NULL};
    (void)state;
    early e = settle("[0-9]+", pieces, 2);
    assert_int_equal(e.count, 2);
    assert_int_equal(e.offset[1], 2);
}

/* A line that grows by small pieces, and a pattern that takes many steps, cost little each time. */
static void settling_has_bounds(void **state)
{
    tether__pattern *pattern;
    tether__matcher *matcher;
    tether_error error = {0};
    early e = {0};
    static const char costly[] = "(a+)+x|end.*";
    (void)state;
    ASSERT_OK(tether__pattern_compile(costly, strlen(costly), false, &pattern, &error), error);
    ASSERT_OK(tether__matcher_new(pattern, false, 0, &matcher, &error), error);
    for (int i = 0; i < 4000; i++) {
        ASSERT_OK(tether__matcher_feed(matcher, "a", 1, false, on_early, &e, &error), error);
        tether__matcher_settle(matcher, on_early, &e);
    }
    assert_int_equal(e.count, 0);
    ASSERT_OK(tether__matcher_feed(matcher, "x\nend x\n", 8, false, on_early, &e, &error), error);
    assert_int_equal(e.count, 2);
    assert_int_equal(e.offset[0], 0);
    assert_string_equal(e.text[1], "end x");
    tether__matcher_free(matcher);
    tether__pattern_free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settling_reports_undecided_matches),
        cmocka_unit_test(settling_can_be_stopped),
        cmocka_unit_test(settling_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
