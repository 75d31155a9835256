/* Random patterns and streams: the matches do not depend on the pieces, and are those of PCRE2. */
#include "search/matcher_support.h"

#include <stdlib.h>
#include <string.h>

#include "support/random.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static results first_results;
static results second_results;

/* The pattern of the round, for the messages of failures. */
static const char *shown = "";

static const char *const parts[] = {
    "a",   "b",     "c",     "ab",     "a*",    "b+",    ".",      ".*",      ".*?",     "^",
    "$",   "\\b",   "\\B",   "\\s",    "[^a]",  "[^a]*", "(?=b)",  "(?!a)",   "(?<=a)",  "(?<!b)",
    "a?",  "a{2}",  "\\r",   "\\R",    "\\X",   "(a|b)", "(a|ab)", "(?:b|)",  "\\w+",    "\xc3\xa4",
    "\\W", "|",     "\\K",   "(?>a*)", "a++",   "\\z",   "(b)\\1", "\\A",     "(?s).*",  "(?i)A",
    "x?y", "[ab]+", "\\S*a", "(?<=^)", "\\x00", "b$",    "^\\s*a", "(?<=ab)", "(?=.*b)", "\\h",
};

static size_t make_pattern(uint64_t *random, char *text)
{
    text[0] = '\0';
    for (uint32_t i = 1 + random_next(random) % 5; i > 0; i--)
        strcat(text, parts[random_next(random) % (sizeof parts / sizeof parts[0])]);
    return strlen(text);
}

static size_t make_stream(uint64_t *random, char *bytes, size_t most)
{
    static const char *const units[] = {"a",
                                        "a",
                                        "b",
                                        "b",
                                        "c",
                                        "ab",
                                        "\n",
                                        "\r",
                                        "\r\n",
                                        " ",
                                        "\xc3",
                                        "\xa4",
                                        "\xff",
                                        "\xc3\xa4",
                                        "\xe2\x82\xac",
                                        "y",
                                        "\xf0\x9f\x98\x80",
                                        "\xe2\x82"};
    /* One more unit is NUL. Without some of the units, lines are longer. */
    const uint32_t count = sizeof units / sizeof units[0];
    uint32_t dense = random_next(random) % 3 == 0 ? 7 : count + 1;
    size_t size = 0;
    size_t want = random_next(random) % most;
    while (size < want) {
        uint32_t unit = random_next(random) % dense;
        const char *add = unit < count ? units[unit] : "";
        size_t length = unit < count ? strlen(add) : 1;
        memcpy(bytes + size, add, length);
        size += length;
    }
    return size;
}

static void matches_do_not_depend_on_pieces(void **state)
{
    (void)state;
    static char stream[2048];
    uint64_t random = 20240611;
    size_t reported = 0;
    int too_costly = 0;
    const int rounds = TETHER_TEST_SANITIZED ? 2000 : 15000;
    for (int round = 0; round < rounds; round++) {
        char text[256];
        bool fixed = round % 8 == 0;
        size_t length = fixed ? 0 : make_pattern(&random, text);
        while (length == 0 || (fixed && memchr(text, '\n', length) != NULL))
            length = make_stream(&random, text, 6);
        tether__pattern *pattern;
        shown = fixed ? "plain bytes" : text;
        if (tether__pattern_compile(text, length, fixed, &pattern, NULL) != TETHER_OK)
            continue;
        size_t size = make_stream(&random, stream, round % 16 == 1 ? 500 : 60);
        matcher_search(pattern, false, stream, size, 0, 0, &random, &first_results);
        if (first_results.too_costly) {
            /* A few random patterns, such as .*\w+^, need too many steps. */
            too_costly++;
            tether__pattern_free(pattern);
            continue;
        }
        reported += first_results.count;
        matcher_search(pattern, false, stream, size, 1, 0, &random, &second_results);
        matcher_assert_same(shown, &first_results, &second_results, 0);
        matcher_search(pattern, true, stream, size, 7, 0, &random, &second_results);
        matcher_assert_same(shown, &first_results, &second_results, 0);
        /* Stops after some matches, and resumes with a new matcher. */
        if (first_results.count > 0) {
            second_results.stop_after = 1 + random_next(&random) % first_results.count;
            size_t skip = second_results.stop_after;
            uint64_t position =
                matcher_search(pattern, round % 2 == 0, stream, size, random_next(&random) % 20, 0,
                               &random, &second_results);
            second_results.stop_after = 0;
            assert_int_equal(position,
                             first_results.offsets[skip - 1] + first_results.sizes[skip - 1]);
            matcher_search(pattern, false, stream, size, random_next(&random) % 9, position,
                           &random, &second_results);
            matcher_assert_same(shown, &first_results, &second_results, skip);
        }
        tether__pattern_free(pattern);
    }
    assert_true(reported > (size_t)rounds);
    assert_true(too_costly < rounds / 200);
}

/* Also where the first search stops at any byte, not only at a match. */
static void resumes_at_every_position(void **state)
{
    (void)state;
    static char stream[512];
    uint64_t random = 77;
    const int rounds = TETHER_TEST_SANITIZED ? 500 : 5000;
    for (int round = 0; round < rounds; round++) {
        char text[256];
        tether__pattern *pattern;
        size_t length = make_pattern(&random, text);
        shown = text;
        if (tether__pattern_compile(text, length, false, &pattern, NULL) != TETHER_OK)
            continue;
        size_t size = make_stream(&random, stream, 100);
        matcher_search(pattern, false, stream, size, 0, 0, &random, &first_results);
        tether__matcher *matcher;
        second_results.count = 0;
        second_results.stream = stream;
        second_results.stream_size = size;
        size_t fed = size > 0 ? random_next(&random) % size : 0;
        assert_int_equal(tether__matcher_new(pattern, false, 0, &matcher, NULL), TETHER_OK);
        assert_int_equal(tether__matcher_feed(matcher, stream, fed, false, matcher_collect,
                                              &second_results, NULL),
                         TETHER_OK);
        uint64_t position = tether__matcher_position(matcher);
        size_t before = second_results.count;
        tether__matcher_free(matcher);
        matcher_search(pattern, false, stream, size, 0, position, &random, &second_results);
        matcher_assert_same(shown, &first_results, &second_results, before);
        tether__pattern_free(pattern);
    }
}

static void search_line(const pcre2_code *code, pcre2_match_data *data, const char *stream,
                        size_t line, size_t end, results *to)
{
    size_t at = line;
    while (at < end) {
        if (((unsigned char)stream[at] & 0xc0) == 0x80) {
            at++;
            continue;
        }
        if (pcre2_match(code, (PCRE2_SPTR)stream + line, end - line, at - line, PCRE2_NOTEMPTY,
                        data, NULL) < 0)
            return;
        const PCRE2_SIZE *found = pcre2_get_ovector_pointer(data);
        assert_true(to->count < FOUND_LIMIT);
        to->offsets[to->count] = line + found[0];
        to->sizes[to->count++] = found[1] - found[0];
        at = line + found[1];
    }
}

/* Compares the matches with those of PCRE2 on whole lines. */
static void agrees_with_whole_lines(void **state)
{
    (void)state;
    static char stream[2048];
    uint64_t random = 4711;
    int too_costly = 0;
    const int rounds = TETHER_TEST_SANITIZED ? 500 : 5000;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    for (int round = 0; round < rounds; round++) {
        char text[256];
        int code;
        PCRE2_SIZE offset;
        tether__pattern *pattern;
        size_t length = make_pattern(&random, text);
        shown = text;
        if (tether__pattern_compile(text, length, false, &pattern, NULL) != TETHER_OK)
            continue;
        size_t size = make_stream(&random, stream, 400);
        matcher_search(pattern, false, stream, size, 5, 0, &random, &first_results);
        if (first_results.too_costly) {
            too_costly++;
            tether__pattern_free(pattern);
            continue;
        }
        pcre2_code *plain = pcre2_compile((PCRE2_SPTR)text, length,
                                          PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_MULTILINE |
                                              PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_DOTSTAR_ANCHOR,
                                          &code, &offset, context);
        assert_non_null(plain);
        second_results.count = 0;
        for (size_t line = 0; line < size;) {
            const char *newline = memchr(stream + line, '\n', size - line);
            size_t end = newline != NULL ? (size_t)(newline - stream) : size;
            search_line(plain, data, stream, line, end, &second_results);
            line = end + 1;
        }
        second_results.stream = stream;
        second_results.stream_size = size;
        matcher_assert_same(shown, &second_results, &first_results, 0);
        pcre2_code_free(plain);
        tether__pattern_free(pattern);
    }
    assert_true(too_costly < rounds / 100);
    pcre2_match_data_free(data);
    pcre2_compile_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_do_not_depend_on_pieces),
        cmocka_unit_test(resumes_at_every_position),
        cmocka_unit_test(agrees_with_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
