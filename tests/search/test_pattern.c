/* Accepted and refused patterns, and single attempts. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "search/pattern.h"

static void refuses_invalid_and_unsupported_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool fixed;
        const char *says;
    } cases[] = {
        {"", false, "empty"},
        {"", true, "empty"},
        {"ab(c", false, "byte 4"},
        {"a[", false, "byte 2"},
        {"*", false, "byte 0"},
        {"\xff", false, "UTF-8"},
        {"a\nb", true, "byte 1"},
        {"a\\C", false, "\\C"},
        {"x\\Gfoo", false, "\\G (at byte 1)"},
        {"foo\\Z", false, "\\Z (at byte 3)"},
        {"foo(*SKIP)", false, "verb"},
        {"(*CRLF)foo", false, "verb"},
        {"(?i-m)foo", false, "multiline"},
        {"(?-sm:foo)", false, "multiline"},
        {"(?^)foo", false, "multiline"},
        {"(?<=a{1001})b", false, "looks back"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__pattern *pattern = (tether__pattern *)1;
        tether_error error = {0};
        const char *text = cases[i].pattern;
        assert_int_equal(
            tether__pattern_compile(text, strlen(text), cases[i].fixed, &pattern, &error),
            TETHER_EPATTERN);
        assert_null(pattern);
        assert_int_equal(error.code, TETHER_EPATTERN);
        if (strstr(error.message, cases[i].says) == NULL)
            fail_msg("%s: %s", text, error.message);
    }
}

static void accepts_patterns_that_only_look_unsupported(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "\\\\G",    "\\(*A",  "(?m)a",     "(?s-x:a)",      "(?<name>m)", "(?:-m)",
        "(a)(?-1)", "(?!a)b", "a(*pla:b)", "(?<=a{1000})b", "\\(?^a",     "a\\z",
    };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        tether__pattern *pattern;
        tether_error error = {0};
        if (tether__pattern_compile(patterns[i], strlen(patterns[i]), false, &pattern, &error) !=
            TETHER_OK)
            fail_msg("%s: %s", patterns[i], error.message);
        assert_false(tether__pattern_fixed(pattern));
        tether__pattern_free(pattern);
    }
}

static void limits_the_size(void **state)
{
    (void)state;
    char bytes[TETHER__PATTERN_LIMIT + 1];
    memset(bytes, 'a', sizeof bytes);
    for (int fixed = 0; fixed < 2; fixed++) {
        tether__pattern *pattern;
        assert_int_equal(tether__pattern_compile(bytes, sizeof bytes, fixed != 0, &pattern, NULL),
                         TETHER_EPATTERN);
        assert_null(pattern);
        assert_int_equal(
            tether__pattern_compile(bytes, sizeof bytes - 1, fixed != 0, &pattern, NULL),
            TETHER_OK);
        tether__pattern_free(pattern);
    }
}

static void finds_fixed_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *bytes;
        bool found;
        size_t start;
    } cases[] = {
        {"a", "", false, 0},         {"abab", "xabaabab", true, 4},
        {"abab", "xaba", false, 1},  {"aab", "aaaaab", true, 3},
        {"aab", "aaaa", false, 2},   {"abcabd", "abcabcabd", true, 3},
        {"a.b", "axb a.b", true, 4}, {"ab", "xyz", false, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__pattern *pattern;
        size_t start = 99;
        assert_int_equal(tether__pattern_compile(cases[i].pattern, strlen(cases[i].pattern), true,
                                                 &pattern, NULL),
                         TETHER_OK);
        assert_true(tether__pattern_fixed(pattern));
        assert_int_equal(tether__pattern_size(pattern), strlen(cases[i].pattern));
        assert_int_equal(
            tether__pattern_find_fixed(pattern, cases[i].bytes, strlen(cases[i].bytes), &start),
            cases[i].found);
        assert_int_equal(start, cases[i].start);
        tether__pattern_free(pattern);
    }
}

static void knows_where_attempts_can_succeed(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        tether__starts starts;
    } cases[] = {
        {"foo", TETHER__STARTS_ANYWHERE},   {"^foo", TETHER__STARTS_LINES},
        {".*foo", TETHER__STARTS_LINES},    {"^a|.*b", TETHER__STARTS_LINES},
        {"^a|b", TETHER__STARTS_ANYWHERE},  {"\\Afoo", TETHER__STARTS_ONCE},
        {"(?s).*foo", TETHER__STARTS_ONCE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__pattern *pattern;
        assert_int_equal(tether__pattern_compile(cases[i].pattern, strlen(cases[i].pattern), false,
                                                 &pattern, NULL),
                         TETHER_OK);
        assert_int_equal(tether__pattern_starts(pattern), cases[i].starts);
        tether__pattern_free(pattern);
    }
}

static tether__attempt_result attempt(const char *text, const char *bytes, bool unfinished,
                                      bool only_there)
{
    tether__pattern *pattern;
    assert_int_equal(tether__pattern_compile(text, strlen(text), false, &pattern, NULL), TETHER_OK);
    tether__pattern_scratch *scratch = tether__pattern_scratch_new(pattern);
    assert_non_null(scratch);
    tether__attempt one = {.bytes = bytes,
                           .size = strlen(bytes),
                           .unfinished = unfinished,
                           .only_there = only_there,
                           .steps = 1000};
    tether__attempt_result result = tether__pattern_try(pattern, scratch, &one);
    tether__pattern_scratch_free(scratch);
    tether__pattern_free(pattern);
    return result;
}

static void attempts_have_every_result(void **state)
{
    (void)state;
    assert_int_equal(attempt("b", "abc", false, false), TETHER__ATTEMPT_MATCH);
    assert_int_equal(attempt("b", "abc", false, true), TETHER__ATTEMPT_NONE);
    assert_int_equal(attempt("x*", "abc", false, false), TETHER__ATTEMPT_NONE);
    assert_int_equal(attempt("c$", "abc", true, false), TETHER__ATTEMPT_UNSURE);
    assert_int_equal(attempt("c$", "abc", true, true), TETHER__ATTEMPT_NONE);
    assert_int_equal(attempt("c$", "abc", false, false), TETHER__ATTEMPT_MATCH);
    assert_int_equal(attempt("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaab", false, false),
                     TETHER__ATTEMPT_STEPS);
    /* PCRE2 restarts behind bytes that are not UTF-8. */
    assert_int_equal(attempt("b",
                             "a\xff"
                             "b",
                             false, true),
                     TETHER__ATTEMPT_NONE);
    assert_int_equal(attempt("bc",
                             "a\xff"
                             "b",
                             true, true),
                     TETHER__ATTEMPT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_invalid_and_unsupported_patterns),
        cmocka_unit_test(accepts_patterns_that_only_look_unsupported),
        cmocka_unit_test(limits_the_size),
        cmocka_unit_test(finds_fixed_bytes),
        cmocka_unit_test(knows_where_attempts_can_succeed),
        cmocka_unit_test(attempts_have_every_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
