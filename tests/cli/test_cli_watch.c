/* The verb watch: which lines it prints, when, and its exit status. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs CHILD with these actions to its end. */
#define RUN_ENDED(f, id, ...)                                                                      \
    do {                                                                                           \
        CLI_START((f), (id), __VA_ARGS__);                                                         \
        EXPECT((f), 0, "wait", (id));                                                              \
    } while (0)

static void prints_each_matching_line_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_ENDED(f, id, "out", "one", "out", "two one one", "out", "three", "out", "", "out", "",
              "bytes", "6e6f6e65206f6e65");
    static const struct {
        const char *pattern;
        int code;
        const char *expected;
    } cases[] = {
        {"one", 0, "one\ntwo one one\nnone one\n"},
        {"^one$", 0, "one\n"},
        {"t.*e", 0, "two one one\nthree\n"},
        {"e$", 0, "one\ntwo one one\nthree\nnone one\n"},
        {"^$", 1, ""},
        {"o", 0, "one\ntwo one one\nnone one\n"},
        {"(?i)THREE", 0, "three\n"},
        {"four", 1, ""},
        {"one\ntwo", 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT(f, cases[i].code, "watch", id, cases[i].pattern);
        assert_string_equal(cli_out(), cases[i].expected);
        assert_string_equal(cli_err(), "");
    }
}

static void takes_plain_text(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_ENDED(f, id, "out", "axb", "out", "a.b[*", "out", "-- --fixed");
    EXPECT(f, 0, "watch", id, "a.b");
    assert_string_equal(cli_out(), "axb\na.b[*\n");
    EXPECT(f, 0, "watch", "--fixed", id, "a.b");
    assert_string_equal(cli_out(), "a.b[*\n");
    EXPECT(f, 0, "watch", id, "[*", "--fixed");
    assert_string_equal(cli_out(), "a.b[*\n");
    EXPECT(f, 0, "watch", "--", id, "--fixed");
    assert_string_equal(cli_out(), "-- --fixed\n");
}

static void watches_one_stream_or_both(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_ENDED(f, id, "out", "line of stdout", "err", "line of stderr");
    EXPECT(f, 0, "watch", id, "line");
    assert_string_equal(cli_out(), "line of stdout\nline of stderr\n");
    EXPECT(f, 0, "watch", id, "line", "--stream", "both");
    assert_int_equal(cli_count_lines(cli_out()), 2);
    EXPECT(f, 0, "watch", id, "line", "--stream", "stdout");
    assert_string_equal(cli_out(), "line of stdout\n");
    EXPECT(f, 0, "watch", id, "line", "--stream=stderr");
    assert_string_equal(cli_out(), "line of stderr\n");
    EXPECT(f, 1, "watch", id, "stdout", "--stream=stderr");
}

static void ends_after_the_first_match(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "starting", "out", "ready 1", "out", "ready 2", "forever");
    EXPECT(f, 0, "watch", "--once", id, "ready");
    assert_string_equal(cli_out(), "ready 1\n");
    EXPECT(f, 0, "--json", "watch", "--once", id, "ready (.)");
    json_decref(cli_object());
    EXPECT(f, 0, "kill", id);
    EXPECT(f, 1, "watch", "--once", id, "nothing");
}

static void prints_lines_as_they_come(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], watch[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "hit 1", "await", test_work_path(f, "half"), "err", "hit 2", "out",
              "other", "await", test_work_path(f, "go"), "out", "hit 3", "exit", "7");
    CLI_BACKGROUND(f, watch, "watch", id, "hit");
    char *path = cli_background_path(f, watch, TETHER_STDOUT);
    WAIT_UNTIL(test_count_lines(path) == 1);
    test_write_file(test_work_path(f, "half"), "", 0);
    WAIT_UNTIL(test_count_lines(path) == 2);
    cli_write_go(f);
    /* The exit code of the task is not that of the watch. */
    EXPECT(f, 0, "--session", "outer", "wait", watch);
    char *text = test_read_file(path, NULL);
    assert_string_equal(text, "hit 1\nhit 2\nhit 3\n");
    EXPECT(f, 7, "wait", id);
    free(text);
    free(path);
}

/* A prompt ends without a newline, and no output follows. */
static void prints_a_line_before_it_ends(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "first", "put", "Password for x: ", "forever");
    static const struct {
        const char *pattern, *expected;
    } cases[] = {
        {"Password", "Password for x: \n"},
        {"assword.*:", "Password for x: \n"},
        {"[a-z ]+: *$", "Password for x: \n"},
        {"^first$", "first\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT(f, 0, "watch", "--partial", "--once", id, cases[i].pattern);
        assert_string_equal(cli_out(), cases[i].expected);
    }
    EXPECT(f, 0, "--json", "watch", "--partial", "--once", id, "assword.*:");
    json_t *match = cli_object();
    assert_string_equal(cli_text(match, "match"), "assword for x:");
    json_decref(match);
    EXPECT(f, 124, "watch", "--once", id, "assword", "--timeout", "20ms");
    EXPECT(f, 124, "watch", "--partial", id, "assword:", "--timeout", "20ms");
    EXPECT(f, 0, "kill", id);
}

/* Each line is printed once, also if it grows after it has matched. */
static void a_growing_line_is_printed_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], watch[TETHER_ID_SIZE];
    CLI_START(f, id, "put", "hit", "await", test_work_path(f, "go"), "out", "ting hit", "out",
              "hit 2");
    CLI_BACKGROUND(f, watch, "watch", "--partial", id, "[hit]+");
    char *path = cli_background_path(f, watch, TETHER_STDOUT);
    WAIT_UNTIL(test_count_lines(path) == 1);
    cli_write_go(f);
    EXPECT(f, 0, "--session", "outer", "wait", watch);
    char *text = test_read_file(path, NULL);
    assert_string_equal(text, "hit\nhit 2\n");
    free(text);
    free(path);
}

static void tells_a_truncation(void **state)
{
    fixture *f = *state;
    for (int json = 0; json < 2; json++) {
        char id[TETHER_ID_SIZE], watch[TETHER_ID_SIZE];
        const char *go = test_work_path(f, "go");
        CLI_START(f, id, "out", "hit 1 and more", "await", go);
        CLI_BACKGROUND(f, watch, json ? "--json" : "watch", json ? "watch" : "--stream=stdout", id,
                       "hit .");
        char *path = cli_background_path(f, watch, TETHER_STDOUT);
        char *told = cli_background_path(f, watch, TETHER_STDERR);
        WAIT_UNTIL(test_count_lines(path) == 1);
        test_write_file(test_bundle_path(f, id, "stdout"), "hit 2\nhit 3\n", 12);
        test_write_file(go, "", 0);
        EXPECT(f, 0, "--session", "outer", "wait", watch);
        char *text = test_read_file(path, NULL), *message = test_read_file(told, NULL);
        if (json) {
            cli_assert_holds(text, "{\"kind\":\"truncated\",\"task_id\":");
            cli_assert_holds(text, "\"offset\":0,\"match\":\"hit 2\"");
            assert_int_equal(cli_count_lines(text), 4);
            assert_string_equal(message, "");
        } else {
            assert_string_equal(text, "hit 1 and more\nhit 2\nhit 3\n");
            cli_assert_holds(message, "has truncated its standard output");
            assert_int_equal(cli_count_lines(message), 1);
        }
        free(text);
        free(message);
        free(path);
        free(told);
        test_remove_file(go);
    }
}

static void a_timeout_is_124(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "hit", "forever");
    EXPECT(f, 124, "watch", id, "hit", "--timeout", "2s");
    assert_string_equal(cli_out(), "hit\n");
    cli_assert_holds(cli_err(), "a longer --timeout");
    EXPECT_ERROR(f, 124, "TETHER_ETIMEDOUT", "a longer --timeout", "watch", id, "nothing",
                 "--timeout", "20ms");
    EXPECT(f, 0, "watch", id, "hit", "--timeout", "1d", "--once");
    EXPECT(f, 0, "kill", id);
    EXPECT(f, 1, "watch", id, "nothing", "--timeout", "1d");
}

static void prints_matches_as_json(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_ENDED(f, id, "out", "first", "bytes",
              "61ff1b6220226322"
              "61620a",
              "err", "xb");
    EXPECT(f, 0, "--json", "watch", id, "a?b");
    json_t *matches = cli_objects(3);
    static const struct {
        const char *stream, *match, *context;
        int offset, context_offset;
    } expected[] = {
        {"stdout", "b",
         "a\xef\xbf\xbd\x1b"
         "b \"c\"ab",
         9, 6},
        {"stdout", "ab",
         "a\xef\xbf\xbd\x1b"
         "b \"c\"ab",
         14, 6},
        {"stderr", "b", "xb", 1, 0},
    };
    for (size_t i = 0; i < 3; i++) {
        json_t *match = json_array_get(matches, i);
        assert_string_equal(cli_text(match, "kind"), "match");
        assert_string_equal(cli_text(match, "task_id"), id);
        assert_string_equal(cli_text(match, "stream"), expected[i].stream);
        assert_string_equal(cli_text(match, "match"), expected[i].match);
        assert_string_equal(cli_text(match, "context"), expected[i].context);
        assert_int_equal(cli_number(match, "offset"), expected[i].offset);
        assert_int_equal(cli_number(match, "match_size"), strlen(expected[i].match));
        assert_int_equal(cli_number(match, "context_offset"), expected[i].context_offset);
    }
    json_decref(matches);
    EXPECT(f, 1, "--json", "watch", id, "nothing");
    assert_string_equal(cli_out(), "");
    assert_string_equal(cli_err(), "");
}

/* Without a terminal, bytes are printed unchanged. */
static void prints_bytes_exactly(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_ENDED(f, id, "bytes", "686974201b5b324aff0d0a", "out", "hit");
    EXPECT(f, 0, "watch", id, "hit");
    assert_string_equal(cli_out(), "hit \033[2J\377\r\nhit\n");
}

/* If a line is longer than the context of a match, or than one chunk of the search, only its first
 * match is printed, with its context. */
static void a_very_long_line_is_one_line(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char hit[] = "686974", blank_hit_blank[] = "2068697420", blank_hit[] = "20686974";
    RUN_ENDED(f, id, "bytes", hit, "blanks", "5000", "bytes", blank_hit_blank, "blanks", "5000",
              "out", " hit", "out", "next hit", "bytes", hit, "blanks", "200000", "bytes",
              blank_hit, "out", "", "out", "hit", "bytes", hit, "blanks", "5000", "out", "", "out",
              "hit");
    EXPECT(f, 0, "watch", id, "hit");
    assert_int_equal(cli_count_lines(cli_out()), 6);
    cli_assert_holds(cli_out(), "\nnext hit\n");
    assert_int_equal(strncmp(cli_out(), "hit  ", 5), 0);
    assert_true(strlen(cli_out()) < 20000);
    EXPECT(f, 0, "--json", "watch", id, "hit");
    json_decref(cli_objects(9));
}

static void reports_what_is_wrong(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char einval[] = "TETHER_EINVAL";
    RUN_ENDED(f, id, "out", "x");
    EXPECT_ERROR(f, 125, "TETHER_EPATTERN", "3", "watch", id, "a(b");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "watch", "no-such-task", "a");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "watch", "../..", "a");
    EXPECT_ERROR(f, 125, einval, "tether list --all shows", "watch");
    EXPECT_ERROR(f, 125, einval, "tether list --all shows", "watch", id);
    EXPECT_ERROR(f, 125, einval, "quote a pattern", "watch", id, "a", "b");
    EXPECT_ERROR(f, 125, einval, "give stdout, stderr or both", "watch", id, "a", "--stream", "x");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "watch", id, "a", "--timeout", "x");
    EXPECT_ERROR(f, 125, einval, "see tether help watch", "watch", id, "a", "--frobnicate");
}

static void reports_that_it_cannot_write(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "hit", "forever");
    CLI_INTO(f, "closed", "watch", id, "hit");
    assert_string_equal(cli_out(), "125\n");
    cli_assert_holds(cli_err(), "standard output could not be written");
    EXPECT(f, 0, "kill", id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(prints_each_matching_line_once), TEST(takes_plain_text),
        TEST(watches_one_stream_or_both),     TEST(ends_after_the_first_match),
        TEST(prints_lines_as_they_come),      TEST(a_timeout_is_124),
        TEST(prints_matches_as_json),         TEST(prints_bytes_exactly),
        TEST(a_very_long_line_is_one_line),   TEST(reports_what_is_wrong),
        TEST(reports_that_it_cannot_write),   TEST(prints_a_line_before_it_ends),
        TEST(a_growing_line_is_printed_once), TEST(tells_a_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
