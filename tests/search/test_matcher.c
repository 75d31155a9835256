/* The search of a stream in pieces: what is found in lines, when it is reported, and with what
 * around it. */
#include "search/matcher_support.h"

#include <string.h>

static results first_results;

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
            matcher_compile(cases[i / 2].pattern, strlen(cases[i / 2].pattern), cases[i / 2].fixed);
        char text[256] = "";
        matcher_search(pattern, false, stream, strlen(stream), i % 2, 0, &random, &first_results);
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
        tether__pattern *pattern = matcher_compile("a\0b", 3, fixed != 0);
        matcher_search(pattern, false, stream, sizeof stream - 1, 1, 0, &random, &first_results);
        assert_int_equal(first_results.count, 1);
        assert_int_equal(first_results.offsets[0], 4);
        tether__pattern_free(pattern);
    }
}

/* Returns how many bytes of the stream the matcher needs to report a match: 0 if it reports none,
 * size + 1 if only at the end of the stream. */
static size_t reported_after(const char *text, bool whole_lines, const char *stream)
{
    tether__pattern *pattern = matcher_compile(text, strlen(text), false);
    tether__matcher *matcher;
    size_t size = strlen(stream);
    results *to = &first_results;
    *to = (results){.stream = stream, .stream_size = size};
    assert_int_equal(tether__matcher_new(pattern, whole_lines, 0, &matcher, NULL), TETHER_OK);
    size_t after = 0;
    while (after < size && to->count == 0) {
        assert_int_equal(
            tether__matcher_feed(matcher, stream + after, 1, false, matcher_collect, to, NULL),
            TETHER_OK);
        after++;
    }
    if (to->count == 0) {
        assert_int_equal(tether__matcher_feed(matcher, "", 0, true, matcher_collect, to, NULL),
                         TETHER_OK);
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
    tether__pattern *pattern = matcher_compile("foo", 3, false);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_in_lines),
        cmocka_unit_test(finds_nul_bytes),
        cmocka_unit_test(reports_a_match_as_soon_as_it_is_certain),
        cmocka_unit_test(reports_the_line_around_a_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
