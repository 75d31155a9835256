/* Long lines and costly patterns: bounded windows, linear time, and an error beyond the limits. */
#include "search/matcher_support.h"

#include <stdlib.h>
#include <string.h>

static results first_results;

enum { LONG = 400000 };

static char *long_line(void)
{
    char *line = malloc(LONG);
    assert_non_null(line);
    memset(line, '-', LONG);
    return line;
}

static void finds_across_the_windows_of_a_long_line(void **state)
{
    (void)state;
    char *line = long_line();
    uint64_t random = 5;
    size_t expected = 0;
    for (size_t at = 100; at + 10 < LONG; at += 8191) {
        memcpy(line + at, "foo--bar", 8);
        expected++;
    }
    static const struct {
        const char *pattern;
        bool fixed;
    } cases[] = {{"foo-+bar", false}, {"foo--bar", true}, {"(?<=-)foo.*?bar(?=-)", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__pattern *pattern =
            matcher_compile(cases[i].pattern, strlen(cases[i].pattern), cases[i].fixed);
        for (size_t most = 0; most < 200000; most = most * 20 + 300) {
            matcher_search(pattern, most % 40 == 0, line, LONG, most, 0, &random, &first_results);
            assert_int_equal(first_results.count, expected);
            for (size_t k = 0; k < expected; k++) {
                assert_int_equal(first_results.offsets[k], 100 + 8191 * k);
                assert_int_equal(first_results.sizes[k], 8);
            }
        }
        tether__pattern_free(pattern);
    }
    /* No line begins at the start of a window or of a new search. */
    tether__pattern *pattern = matcher_compile("^-|-$", 5, false);
    matcher_search(pattern, false, line, LONG, 1000, 0, &random, &first_results);
    assert_int_equal(first_results.count, 2);
    assert_int_equal(first_results.offsets[0], 0);
    assert_int_equal(first_results.offsets[1], LONG - 1);
    matcher_search(pattern, false, line, LONG, 1000, 200000, &random, &first_results);
    assert_int_equal(first_results.count, 1);
    assert_int_equal(first_results.offsets[0], LONG - 1);
    tether__pattern_free(pattern);
    free(line);
}

/* Cuts at the same bytes for all pieces. A match of exactly the limit is not cut. */
static void cuts_matches_that_are_too_long(void **state)
{
    (void)state;
    char *line = long_line();
    uint64_t random = 6;
    memcpy(line + 1000, "foo", 3);
    static const struct {
        const char *pattern;
        size_t count;
        uint64_t size;
    } cases[] = {
        {"foo.*", 1, TETHER__MATCH_LIMIT}, {"foo.*bar", 0, 0}, {".*foo", 1, 1003},
        {"foo-{200}(?!x)", 1, 203},        {"foo.*$", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__pattern *pattern =
            matcher_compile(cases[i].pattern, strlen(cases[i].pattern), false);
        static const size_t pieces[] = {0, 3, 700, 70000, 300000};
        for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
            matcher_search(pattern, k % 2 != 0, line, LONG, pieces[k], 0, &random, &first_results);
            assert_int_equal(first_results.count, cases[i].count);
            if (cases[i].count > 0)
                assert_int_equal(first_results.sizes[0], cases[i].size);
        }
        tether__pattern_free(pattern);
    }
    /* A line of exactly the limit matches as a whole; with one more byte it does not. */
    tether__pattern *pattern = matcher_compile("^.*$", 4, false);
    for (size_t more = 0; more < 2; more++) {
        memset(line, '-', LONG);
        line[TETHER__MATCH_LIMIT + more] = '\n';
        for (size_t most = 0; most < 2000; most = most * 3 + 500) {
            matcher_search(pattern, false, line, TETHER__MATCH_LIMIT + 1 + more, most, 0, &random,
                           &first_results);
            assert_int_equal(first_results.count, more == 0 ? 1 : 0);
        }
    }
    tether__pattern_free(pattern);
    free(line);
}

static void feed_all(const char *text, bool fixed, size_t total, size_t piece, const char *fill,
                     int expected)
{
    tether__pattern *pattern = matcher_compile(text, strlen(text), fixed);
    tether__matcher *matcher;
    size_t length = strlen(fill);
    char *bytes = malloc(piece + length);
    assert_non_null(bytes);
    for (size_t i = 0; i < piece + length; i++)
        bytes[i] = fill[i % length];
    results *to = &first_results;
    *to = (results){0};
    assert_int_equal(tether__matcher_new(pattern, false, 0, &matcher, NULL), TETHER_OK);
    int result = TETHER_OK;
    for (size_t fed = 0; fed < total && result == TETHER_OK; fed += piece)
        result = tether__matcher_feed(matcher, bytes + fed % length, piece, false, matcher_collect,
                                      to, NULL);
    if (result != expected)
        fail_msg("%s in %s: %d", text, fill, result);
    tether__matcher_free(matcher);
    tether__pattern_free(pattern);
    free(bytes);
}

/* Quadratic time would exceed the time limit of the test by far. */
static void long_lines_take_linear_time(void **state)
{
    (void)state;
    const size_t total = 1 << 21;
    feed_all("foo.*bar", false, total, 4096, "-", TETHER_OK);
    feed_all("foo", false, total, 100, "-", TETHER_OK);
    feed_all("^foo", false, total, 4096, "f", TETHER_OK);
    feed_all(".*foo", false, total, 4096, "f", TETHER_OK);
    feed_all(".*foo", false, total, 4096, "some words and no more\n", TETHER_OK);
    feed_all("x*", false, total, 4096, "-", TETHER_OK);
    feed_all("aaaaaaaab", true, total, 4096, "a", TETHER_OK);
    feed_all("foo.*", false, 60000, 1, "foo-", TETHER_OK);
    feed_all("foo-*(b|c)", false, 60000, 1, "foo-----------------------", TETHER_OK);
}

static void costly_patterns_end_with_an_error(void **state)
{
    (void)state;
    const size_t total = 1 << 20;
    feed_all("(a+)+$", false, total, 4096, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n", TETHER_EPATTERN);
    /* Within the limit from each start, but not from all of them together. */
    feed_all("(a+)+$", false, total, 4096, "aaaaaaaaaaaaaaaaab", TETHER_EPATTERN);
    feed_all("(a|b)*c", false, total, 4096, "ab", TETHER_EPATTERN);
    feed_all("a.*[bc]", false, total, 4096, "a", TETHER_EPATTERN);
    feed_all("(?:(?=(a+))\\1)+b", false, total, 1, "a", TETHER_EPATTERN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_across_the_windows_of_a_long_line),
        cmocka_unit_test(cuts_matches_that_are_too_long),
        cmocka_unit_test(long_lines_take_linear_time),
        cmocka_unit_test(costly_patterns_end_with_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
