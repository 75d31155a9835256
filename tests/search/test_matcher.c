/* The search of a stream in pieces: the matches do not depend on the pieces. */
#include "support/unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "search/matcher.h"
#include "support/random.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { FOUND_LIMIT = 4096 };

/* The matches that a search reported. */
typedef struct results {
    const char *stream;
    size_t stream_size;
    size_t stop_after; /* stop after this many; 0: never */
    size_t count;
    bool too_costly; /* the search ended with TETHER_EPATTERN */
    uint64_t offsets[FOUND_LIMIT];
    uint64_t sizes[FOUND_LIMIT];
} results;

static results first_results;
static results second_results;

static bool collect(const tether__found *found, void *userdata)
{
    results *to = userdata;
    const char *stream = to->stream;
    assert_true(found->size > 0 && found->offset + found->size <= to->stream_size);
    assert_true(found->text_size <= TETHER__MATCH_TEXT && found->text_size <= found->size);
    assert_memory_equal(found->text, stream + found->offset, found->text_size);
    assert_true(found->context_offset <= found->offset);
    assert_true(found->offset - found->context_offset <= TETHER__MATCH_CONTEXT);
    uint64_t context_end = found->context_offset + found->context_size;
    assert_true(context_end >= found->offset + found->size);
    assert_true(context_end - found->offset - found->size <= TETHER__MATCH_CONTEXT);
    assert_memory_equal(found->context, stream + found->context_offset, found->context_size);
    assert_null(memchr(found->context, '\n', found->context_size));
    if (to->count > 0)
        assert_true(found->offset >= to->offsets[to->count - 1] + to->sizes[to->count - 1]);
    if (to->count < FOUND_LIMIT) {
        to->offsets[to->count] = found->offset;
        to->sizes[to->count] = found->size;
    }
    to->count++;
    return to->count != to->stop_after;
}

/* The pattern of the round, for the messages of failures. */
static const char *shown = "";

static void print(const char *name, const results *of)
{
    print_error("%s:", name);
    for (size_t i = 0; i < of->count && i < FOUND_LIMIT; i++)
        print_error(" %llu+%llu", (unsigned long long)of->offsets[i],
                    (unsigned long long)of->sizes[i]);
    print_error("\n");
}

static void print_stream(const results *of)
{
    print_error("%s in ", shown);
    for (size_t i = 0; i < of->stream_size; i++)
        print_error(of->stream[i] > ' ' && of->stream[i] < 127 ? "%c" : "\\x%02x",
                    (unsigned char)of->stream[i]);
    print_error("\n");
}

static tether__pattern *compile(const char *bytes, size_t size, bool fixed)
{
    tether__pattern *pattern;
    tether_error error = {0};
    if (tether__pattern_compile(bytes, size, fixed, &pattern, &error) != TETHER_OK)
        fail_msg("%.*s: %s", (int)size, bytes, error.message);
    return pattern;
}

/* Searches a stream from `position` on, in random pieces of up to `most` bytes (0: in one piece).
 * Returns the final position. */
static uint64_t search(const tether__pattern *pattern, bool whole_lines, const char *stream,
                       size_t size, size_t most, uint64_t position, uint64_t *random, results *to)
{
    tether__matcher *matcher;
    to->stream = stream;
    to->stream_size = size;
    to->count = 0;
    to->too_costly = false;
    assert_int_equal(tether__matcher_new(pattern, whole_lines, position, &matcher, NULL),
                     TETHER_OK);
    for (size_t fed = (size_t)tether__matcher_lookback(position);;) {
        size_t piece = most == 0 ? size : 1 + random_next(random) % most;
        if (piece > size - fed)
            piece = size - fed;
        /* A copy in a block of its own, so that a sanitizer detects reads beyond its end. */
        char *exact = malloc(piece + 1);
        assert_non_null(exact);
        memcpy(exact, stream + fed, piece);
        fed += piece;
        int result = tether__matcher_feed(matcher, exact, piece, fed == size, collect, to, NULL);
        if (result != TETHER_OK)
            assert_int_equal(result, TETHER_EPATTERN);
        to->too_costly = result != TETHER_OK;
        free(exact);
        if (fed == size || to->too_costly)
            break;
    }
    uint64_t at = tether__matcher_position(matcher);
    tether__matcher_free(matcher);
    return at;
}

static void assert_same(const results *one, const results *other, size_t skipped)
{
    bool same = one->count == other->count + skipped && !one->too_costly && !other->too_costly;
    for (size_t i = 0; same && i < other->count && i + skipped < FOUND_LIMIT; i++)
        same = one->offsets[i + skipped] == other->offsets[i] &&
               one->sizes[i + skipped] == other->sizes[i];
    if (same)
        return;
    print_stream(one);
    print("expected", one);
    print("found", other);
    fail_msg("after the first %zu", skipped);
}

/* --- Cases ----------------------------------------------------------------------------------- */

static void finds_in_lines(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool fixed;
        const char *stream;
        const char *found; /* matches with | between */
    } cases[] = {
        {"foo", false, "a foo\nfoo b foo", "foo|foo|foo"},
        {"^foo", false, "foo foo\nxfoo\nfoo", "foo|foo"},
        {"foo$", false, "foo foo\r\nfoo x\nfoo", "foo|foo"},
        {"x*", false, "axxb\n\nx", "xx|x"},
        {"[^a]+", false, "ab\ncd\n", "b|cd"},
        {"a.c", false, "a\nc\nabc", "abc"},
        {"a\\sc", false, "a\nc\na c", "a c"},
        {"(?<=a)b", false, "b ab\nb", "b"},
        {"(?<=a\\n)b", false, "a\nb", ""},
        {".*foo", false, "xfoo foo\nbar\nfoo", "xfoo foo|foo"},
        {".*?foo", false, "xfoo yfoo z", "xfoo| yfoo"},
        {"[0-9]+%", false, "10%\r20%\r100%\n", "10%|20%|100%"},
        {"^[0-9]+%$", false, "10%\r20%\rx\n30%", "10%|20%|30%"},
        {"foo\\Kbar", false, "bar foobar", "bar"},
        {"foo\\K", false, "foo", ""},
        {"\\bfoo\\b", false, "foo foox", "foo"},
        {"foo(?!bar)", false, "foobar foo", "foo"},
        {"\xc3\xa4.", false, "\xc3\xa4\xc3\xb6 \xc3\xa4\xff", "\xc3\xa4\xc3\xb6"},
        {"a.*b", false,
         "a\xff"
         "b ab",
         "ab"},
        {"\\x{fc}", false, "\xc3\xbc \xfc", "\xc3\xbc"},
        {"aa", true, "aaaaa", "aa|aa"},
        {"a.b", true, "axb a.b", "a.b"},
        {"\xff", true, "a\xff\xff", "\xff|\xff"},
        {"a\rb", true, "a\rb", "a\rb"},
    };
    uint64_t random = 1;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const char *stream = cases[i / 2].stream;
        tether__pattern *pattern =
            compile(cases[i / 2].pattern, strlen(cases[i / 2].pattern), cases[i / 2].fixed);
        char text[256] = "";
        search(pattern, false, stream, strlen(stream), i % 2, 0, &random, &first_results);
        for (size_t k = 0; k < first_results.count; k++) {
            strcat(text, k > 0 ? "|" : "");
            strncat(text, stream + first_results.offsets[k], first_results.sizes[k]);
        }
        assert_string_equal(text, cases[i / 2].found);
        tether__pattern_free(pattern);
    }
}

static void finds_nul_bytes(void **state)
{
    (void)state;
    uint64_t random = 1;
    static const char stream[] = "x\0y\na\0b";
    for (int fixed = 0; fixed < 2; fixed++) {
        tether__pattern *pattern = compile("a\0b", 3, fixed != 0);
        search(pattern, false, stream, sizeof stream - 1, 1, 0, &random, &first_results);
        assert_int_equal(first_results.count, 1);
        assert_int_equal(first_results.offsets[0], 4);
        tether__pattern_free(pattern);
    }
}

/* Returns how many bytes of the stream the matcher needs to report a match: 0 if it reports none,
 * size + 1 if only at the end of the stream. */
static size_t reported_after(const char *text, bool whole_lines, const char *stream)
{
    tether__pattern *pattern = compile(text, strlen(text), false);
    tether__matcher *matcher;
    size_t size = strlen(stream);
    results *to = &first_results;
    *to = (results){.stream = stream, .stream_size = size};
    assert_int_equal(tether__matcher_new(pattern, whole_lines, 0, &matcher, NULL), TETHER_OK);
    size_t after = 0;
    while (after < size && to->count == 0) {
        assert_int_equal(tether__matcher_feed(matcher, stream + after, 1, false, collect, to, NULL),
                         TETHER_OK);
        after++;
    }
    if (to->count == 0) {
        assert_int_equal(tether__matcher_feed(matcher, "", 0, true, collect, to, NULL), TETHER_OK);
        after = to->count > 0 ? size + 1 : 0;
    }
    tether__matcher_free(matcher);
    tether__pattern_free(pattern);
    return after;
}

static void reports_a_match_as_soon_as_it_is_certain(void **state)
{
    (void)state;
    assert_int_equal(reported_after("foo", false, "a foo b\n"), 5);
    assert_int_equal(reported_after("fo+", false, "a foo b\n"), 6);
    assert_int_equal(reported_after("foo$", false, "a foo\nb"), 6);
    assert_int_equal(reported_after("foo$", false, "a foo\rb"), 6);
    assert_int_equal(reported_after("foo$", false, "a foo"), 6);
    assert_int_equal(reported_after("foo.*", false, "a foo bar\nb"), 10);
    assert_int_equal(reported_after("foo(?=bar)", false, "foobar\n"), 6);
    assert_int_equal(reported_after("foo", true, "a foo b\nx"), 8);
    assert_int_equal(reported_after("foo", true, "a foo b"), 8);
    assert_int_equal(reported_after("foo", false, "bar"), 0);
}

static bool keep_context(const tether__found *found, void *userdata)
{
    char *to = userdata;
    memcpy(to, found->context, found->context_size);
    to[found->context_size] = '\0';
    return false;
}

static void reports_the_line_around_a_match(void **state)
{
    (void)state;
    static char context[4 * TETHER__MATCH_CONTEXT];
    tether__pattern *pattern = compile("foo", 3, false);
    tether__matcher *matcher;
    assert_int_equal(tether__matcher_new(pattern, true, 0, &matcher, NULL), TETHER_OK);
    assert_int_equal(
        tether__matcher_feed(matcher, "one\na foo", 9, false, keep_context, context, NULL),
        TETHER_OK);
    assert_string_equal(context, "");
    assert_int_equal(
        tether__matcher_feed(matcher, " b\nfoo\n", 7, false, keep_context, context, NULL),
        TETHER_OK);
    assert_string_equal(context, "a foo b");
    assert_int_equal(tether__matcher_position(matcher), 9);
    /* found() has stopped the search. */
    assert_int_equal(tether__matcher_feed(matcher, "foo\n", 4, true, keep_context, context, NULL),
                     TETHER_OK);
    assert_string_equal(context, "a foo b");
    tether__matcher_free(matcher);

    /* The context of a long line has a limit, and no partial character. */
    static char line[6001];
    for (size_t i = 0; i < sizeof line - 1; i += 2)
        memcpy(line + i, "\xc3\xa4", 2);
    memcpy(line + 3001, "foo", 3);
    context[0] = '\0';
    assert_int_equal(tether__matcher_new(pattern, true, 0, &matcher, NULL), TETHER_OK);
    assert_int_equal(
        tether__matcher_feed(matcher, line, sizeof line - 1, true, keep_context, context, NULL),
        TETHER_OK);
    /* The match has overwritten the second half of a character. */
    assert_int_equal(strlen(context), 1023 + 3 + 1024);
    assert_memory_equal(context, "\xc3\xa4", 2);
    tether__matcher_free(matcher);
    tether__pattern_free(pattern);
}

/* --- Properties ------------------------------------------------------------------------------ */

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
        search(pattern, false, stream, size, 0, 0, &random, &first_results);
        if (first_results.too_costly) {
            /* A few random patterns, such as .*\w+^, need too many steps. */
            too_costly++;
            tether__pattern_free(pattern);
            continue;
        }
        reported += first_results.count;
        search(pattern, false, stream, size, 1, 0, &random, &second_results);
        assert_same(&first_results, &second_results, 0);
        search(pattern, true, stream, size, 7, 0, &random, &second_results);
        assert_same(&first_results, &second_results, 0);
        /* Stops after some matches, and resumes with a new matcher. */
        if (first_results.count > 0) {
            second_results.stop_after = 1 + random_next(&random) % first_results.count;
            size_t skip = second_results.stop_after;
            uint64_t position = search(pattern, round % 2 == 0, stream, size,
                                       random_next(&random) % 20, 0, &random, &second_results);
            second_results.stop_after = 0;
            assert_int_equal(position,
                             first_results.offsets[skip - 1] + first_results.sizes[skip - 1]);
            search(pattern, false, stream, size, random_next(&random) % 9, position, &random,
                   &second_results);
            assert_same(&first_results, &second_results, skip);
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
        search(pattern, false, stream, size, 0, 0, &random, &first_results);
        tether__matcher *matcher;
        second_results.count = 0;
        second_results.stream = stream;
        second_results.stream_size = size;
        size_t fed = size > 0 ? random_next(&random) % size : 0;
        assert_int_equal(tether__matcher_new(pattern, false, 0, &matcher, NULL), TETHER_OK);
        assert_int_equal(
            tether__matcher_feed(matcher, stream, fed, false, collect, &second_results, NULL),
            TETHER_OK);
        uint64_t position = tether__matcher_position(matcher);
        size_t before = second_results.count;
        tether__matcher_free(matcher);
        search(pattern, false, stream, size, 0, position, &random, &second_results);
        assert_same(&first_results, &second_results, before);
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
        search(pattern, false, stream, size, 5, 0, &random, &first_results);
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
        assert_same(&second_results, &first_results, 0);
        pcre2_code_free(plain);
        tether__pattern_free(pattern);
    }
    assert_true(too_costly < rounds / 100);
    pcre2_match_data_free(data);
    pcre2_compile_context_free(context);
}

/* --- Long lines and costly patterns ----------------------------------------------------------- */

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
            compile(cases[i].pattern, strlen(cases[i].pattern), cases[i].fixed);
        for (size_t most = 0; most < 200000; most = most * 20 + 300) {
            search(pattern, most % 40 == 0, line, LONG, most, 0, &random, &first_results);
            assert_int_equal(first_results.count, expected);
            for (size_t k = 0; k < expected; k++) {
                assert_int_equal(first_results.offsets[k], 100 + 8191 * k);
                assert_int_equal(first_results.sizes[k], 8);
            }
        }
        tether__pattern_free(pattern);
    }
    /* No line begins at the start of a window or of a new search. */
    tether__pattern *pattern = compile("^-|-$", 5, false);
    search(pattern, false, line, LONG, 1000, 0, &random, &first_results);
    assert_int_equal(first_results.count, 2);
    assert_int_equal(first_results.offsets[0], 0);
    assert_int_equal(first_results.offsets[1], LONG - 1);
    search(pattern, false, line, LONG, 1000, 200000, &random, &first_results);
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
        tether__pattern *pattern = compile(cases[i].pattern, strlen(cases[i].pattern), false);
        static const size_t pieces[] = {0, 3, 700, 70000, 300000};
        for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
            search(pattern, k % 2 != 0, line, LONG, pieces[k], 0, &random, &first_results);
            assert_int_equal(first_results.count, cases[i].count);
            if (cases[i].count > 0)
                assert_int_equal(first_results.sizes[0], cases[i].size);
        }
        tether__pattern_free(pattern);
    }
    /* A line of exactly the limit matches as a whole; with one more byte it does not. */
    tether__pattern *pattern = compile("^.*$", 4, false);
    for (size_t more = 0; more < 2; more++) {
        memset(line, '-', LONG);
        line[TETHER__MATCH_LIMIT + more] = '\n';
        for (size_t most = 0; most < 2000; most = most * 3 + 500) {
            search(pattern, false, line, TETHER__MATCH_LIMIT + 1 + more, most, 0, &random,
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
    tether__pattern *pattern = compile(text, strlen(text), fixed);
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
        result =
            tether__matcher_feed(matcher, bytes + fed % length, piece, false, collect, to, NULL);
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

/* --- Matches before the end of a line --- */

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
        cmocka_unit_test(finds_in_lines),
        cmocka_unit_test(finds_nul_bytes),
        cmocka_unit_test(reports_a_match_as_soon_as_it_is_certain),
        cmocka_unit_test(reports_the_line_around_a_match),
        cmocka_unit_test(matches_do_not_depend_on_pieces),
        cmocka_unit_test(resumes_at_every_position),
        cmocka_unit_test(agrees_with_whole_lines),
        cmocka_unit_test(finds_across_the_windows_of_a_long_line),
        cmocka_unit_test(cuts_matches_that_are_too_long),
        cmocka_unit_test(long_lines_take_linear_time),
        cmocka_unit_test(costly_patterns_end_with_an_error),
        cmocka_unit_test(settling_reports_undecided_matches),
        cmocka_unit_test(settling_can_be_stopped),
        cmocka_unit_test(settling_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
