/* Options about output: limits, offsets, tails of whole characters, pipeline statuses. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs CHILD with these actions to its end, with an output limit. */
#define RUN_LIMITED(f, id, limit, ...)                                                             \
    do {                                                                                           \
        EXPECT((f), 0, "run", "--output-limit", (limit), "--", CHILD, __VA_ARGS__);                \
        cli_take_id(id);                                                                           \
        EXPECT((f), 0, "wait", (id));                                                              \
    } while (0)

/* Writes "0\n234\n678" to standard output and "abc" to standard error. */
#define OUTPUTS "bytes", "300a3233340a363738", "err-bytes", "616263"

static void a_limit_keeps_the_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_LIMITED(f, id, "5", OUTPUTS);
    static const struct {
        const char *options[4];
        const char *text;
    } cases[] = {
        {{NULL}, "4\n678abc"},
        {{"--stream", "stdout"}, "4\n678"},
        {{"--stream", "stderr"}, "abc"},
        {{"--bytes", "4"}, "8abc"},
        {{"--bytes", "100"}, "4\n678abc"},
        {{"--tail", "1"}, "678abc"},
        {{"--tail", "9"}, "4\n678abc"},
        {{"--follow"}, "4\n678abc"},
        {{"-f", "--tail", "1"}, "678abc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const *o = cases[i].options;
        EXPECT(f, 0, "output", id, o[0], o[0] != NULL ? o[1] : NULL,
               o[0] != NULL && o[1] != NULL ? o[2] : NULL);
        assert_string_equal(cli_out(), cases[i].text);
    }
    EXPECT(f, 0, "--json", "output", id);
    json_t *output = cli_object();
    assert_string_equal(cli_text(output, "stdout"), "4\n678");
    assert_string_equal(cli_text(output, "stderr"), "abc");
    assert_int_equal(cli_number(output, "stdout_size"), 9);
    assert_int_equal(cli_number(output, "stderr_size"), 3);
    json_decref(output);
    json_t *task = cli_status(f, id);
    assert_int_equal(cli_number(task, "output_limit"), 5);
    assert_int_equal(cli_number(task, "output_dropped"), 4);
    assert_int_equal(cli_number(task, "stderr_dropped"), 0);
    json_decref(task);
    EXPECT(f, 0, "status", id);
    assert_non_null(strstr(cli_out(), "\noutput_limit: 5\noutput_dropped: 4\n"));
    assert_null(strstr(cli_out(), "stderr_dropped"));
}

static void an_offset_counts_in_one_stream(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char einval[] = "TETHER_EINVAL";
    RUN_LIMITED(f, id, "5", OUTPUTS);
    static const struct {
        const char *stream, *offset, *text;
    } cases[] = {
        {"stdout", "4", "4\n678"}, {"stdout", "7", "78"},  {"stdout", "9", ""},
        {"stdout", "1K", ""},      {"stderr", "0", "abc"}, {"stderr", "2", "c"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT(f, 0, "output", id, "--stream", cases[i].stream, "--offset", cases[i].offset);
        assert_string_equal(cli_out(), cases[i].text);
        EXPECT(f, 0, "output", "-f", id, "--stream", cases[i].stream, "--offset", cases[i].offset);
        assert_string_equal(cli_out(), cases[i].text);
        EXPECT(f, 0, "--json", "output", id, "--stream", cases[i].stream, "--offset",
               cases[i].offset);
        json_t *output = cli_object();
        assert_string_equal(cli_text(output, cases[i].stream), cases[i].text);
        assert_int_equal(cli_number(output, "stdout_size"), 9);
        json_decref(output);
    }
    EXPECT_ERROR(f, 125, "TETHER_EDROPPED", "has the offset 4", "output", id, "--stream", "stdout",
                 "--offset", "3");
    EXPECT_ERROR(f, 125, einval, "give --stream", "output", id, "--offset", "1");
    EXPECT_ERROR(f, 125, einval, "64K", "output", id, "--stream", "stderr", "--offset", "-1");
    EXPECT_ERROR(f, 125, einval, "leave one of them out", "output", id, "--stream", "stderr",
                 "--offset", "1", "--tail", "1");
}

static void a_limit_is_a_size(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_LIMITED(f, id, "1K", "flood", "3000");
    json_t *task = cli_status(f, id);
    assert_int_equal(cli_number(task, "output_limit"), 1024);
    assert_int_equal(cli_number(task, "output_dropped"), 3000 - 1024);
    json_decref(task);
    RUN_LIMITED(f, id, "0", "out", "all");
    task = cli_status(f, id);
    cli_assert_null(task, "output_limit");
    assert_int_equal(cli_number(task, "output_dropped"), 0);
    json_decref(task);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "64K", "run", "--output-limit", "much", "-c", "true");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "64K", "run", "--output-limit", "-1", "-c", "true");
}

/* A follower that starts before the end also gets what the limit drops at the end. */
static void following_shows_what_is_dropped(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], follower[TETHER_ID_SIZE], gate[1100];
    snprintf(gate, sizeof gate, "%s", test_work_path(f, "gate"));
    EXPECT(f, 0, "run", "--output", "direct", "--output-limit", "3", "--", CHILD, "out", "first",
           "await", gate, "flood", "100000");
    cli_take_id(id);
    CLI_BACKGROUND(f, follower, "output", "--follow", id);
    char *path = cli_background_path(f, follower, TETHER_STDOUT);
    WAIT_UNTIL(cli_file_begins(path, "first\n"));
    test_write_file(gate, "", 0);
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "--session", "outer", "wait", follower);
    size_t size;
    free(test_read_file(path, &size));
    assert_int_equal(size, 100006);
    free(path);
    EXPECT(f, 0, "output", id);
    assert_int_equal(strlen(cli_out()), 3);
}

static void tails_begin_at_a_character(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_LIMITED(f, id, "0", "bytes", "61e282ace282ac");
    static const char *const texts[] = {"",
                                        "",
                                        "\xe2\x82\xac",
                                        "\xe2\x82\xac",
                                        "\xe2\x82\xac",
                                        "\xe2\x82\xac\xe2\x82\xac",
                                        "a\xe2\x82\xac\xe2\x82\xac"};
    for (int bytes = 1; bytes <= 7; bytes++) {
        char number[8];
        snprintf(number, sizeof number, "%d", bytes);
        EXPECT(f, 0, "output", id, "--bytes", number);
        assert_string_equal(cli_out(), texts[bytes - 1]);
    }
}

/* --- Frames --- */

/* "10%\r50%\r100%\nend\r\n\r1\r2" and, on standard error, "e1\re2\n". */
#define REDRAWN "bytes", "3130250d3530250d313030250a656e640d0a0d310d32", "err-bytes", "65310d65320a"

static void shows_the_last_frames(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    RUN_LIMITED(f, id, "0", REDRAWN);
    static const struct {
        const char *options[4];
        const char *text;
    } cases[] = {
        {{"--frames", "last"}, "100%\nend\r\n2\ne2\n"},
        {{"--frames", "last", "--follow"}, "100%\nend\r\ne2\n2"},
        {{"--frames=last", "--stream", "stdout"}, "100%\nend\r\n2"},
        {{"--frames=last", "--stream=stderr"}, "e2\n"},
        {{"--frames=last", "--stream=stdout", "--tail", "2"}, "end\r\n2"},
        {{"--frames", "all", "--stream", "stderr"}, "e1\re2\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const *o = cases[i].options;
        EXPECT(f, 0, "output", id, o[0], o[1], o[1] != NULL ? o[2] : NULL,
               o[1] != NULL && o[2] != NULL ? o[3] : NULL);
        assert_string_equal(cli_out(), cases[i].text);
    }
    EXPECT(f, 0, "--json", "output", id, "--frames", "last");
    json_t *output = cli_object();
    assert_string_equal(cli_text(output, "stdout"), "100%\nend\r\n2");
    assert_string_equal(cli_text(output, "stderr"), "e2\n");
    json_decref(output);
    EXPECT(f, 0, "--json", "output", "-f", id, "--frames", "last", "--stream", "stdout");
    json_t *lines = cli_objects(4);
    static const char *const expected[] = {"100%\n", "end\r\n", "2"};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(cli_text(json_array_get(lines, i), "data"), expected[i]);
        cli_assert_null(json_array_get(lines, i), "offset");
    }
    json_decref(lines);
}

/* --- A stream of objects --- */

static void expect_piece(const json_t *piece, const char *id, const char *stream, int offset,
                         int size, const char *data)
{
    assert_string_equal(cli_text(piece, "kind"), "output");
    assert_string_equal(cli_text(piece, "task_id"), id);
    assert_string_equal(cli_text(piece, "stream"), stream);
    assert_int_equal(cli_number(piece, "offset"), offset);
    assert_int_equal(cli_number(piece, "size"), size);
    assert_string_equal(cli_text(piece, "data"), data);
}

static void follows_as_json(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "bytes", "61e282acff0a", "err", "e", "exit", "3");
    EXPECT(f, 3, "wait", id);
    EXPECT(f, 0, "--json", "output", "--follow", id);
    json_t *pieces = cli_objects(3);
    expect_piece(json_array_get(pieces, 0), id, "stdout", 0, 6, "a\xe2\x82\xac\xef\xbf\xbd\n");
    expect_piece(json_array_get(pieces, 1), id, "stderr", 0, 2, "e\n");
    const json_t *end = json_array_get(pieces, 2);
    assert_string_equal(cli_text(end, "kind"), "end");
    assert_string_equal(cli_text(end, "task_id"), id);
    assert_string_equal(cli_text(end, "status"), "failed");
    assert_int_equal(cli_number(end, "exit_code"), 3);
    json_decref(pieces);
    EXPECT(f, 0, "--json", "output", "--follow", id, "--stream", "stdout", "--offset", "4");
    pieces = cli_objects(2);
    expect_piece(json_array_get(pieces, 0), id, "stdout", 4, 2, "\xef\xbf\xbd\n");
    json_decref(pieces);
}

static json_t *parse_line(const char *text, int number)
{
    for (; number > 0; number--)
        text = strchr(text, '\n') + 1;
    json_t *object = json_loadb(text, (size_t)(strchr(text, '\n') - text), 0, NULL);
    assert_non_null(object);
    return object;
}

/* Returns the lines that a follower started by CLI_BACKGROUND has printed, as text. */
static char *wait_for_lines(const char *path, int count)
{
    WAIT_UNTIL(test_count_lines(path) >= count);
    return test_read_file(path, NULL);
}

/* A character whose bytes come one by one is in one object, and so is each offset right. */
static void an_object_has_whole_characters(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], follower[TETHER_ID_SIZE];
    CLI_START(f, id, "bytes", "61e2", "await", test_work_path(f, "1"), "bytes", "82", "await",
              test_work_path(f, "2"), "bytes", "ac", "await", test_work_path(f, "3"), "bytes",
              "62e2");
    CLI_BACKGROUND(f, follower, "--json", "output", "--follow", id);
    char *path = cli_background_path(f, follower, TETHER_STDOUT);
    free(wait_for_lines(path, 1));
    test_write_file(test_work_path(f, "1"), "", 0);
    WAIT_UNTIL(CLI(f, "output", id) == 0 && strlen(cli_out()) == 3);
    test_write_file(test_work_path(f, "2"), "", 0);
    free(wait_for_lines(path, 2));
    test_write_file(test_work_path(f, "3"), "", 0);
    char *text = wait_for_lines(path, 5);
    static const struct {
        int offset, size;
        const char *data;
    } expected[] = {{0, 1, "a"}, {1, 3, "\xe2\x82\xac"}, {4, 1, "b"}, {5, 1, "\xef\xbf\xbd"}};
    for (int i = 0; i < 4; i++) {
        json_t *piece = parse_line(text, i);
        expect_piece(piece, id, "stdout", expected[i].offset, expected[i].size, expected[i].data);
        json_decref(piece);
    }
    free(text);
    free(path);
    EXPECT(f, 0, "--session", "outer", "wait", follower);
}

/* --- Truncated files --- */

/* Starts a task with a line, follows it, truncates its file as `>/dev/stdout` would, and writes
 * others. Returns what the follower has printed; the caller frees it. */
static char *follow_truncated(const fixture *f, const char *const options[2], tether_stream stream,
                              int lines)
{
    char id[TETHER_ID_SIZE], follower[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    CLI_START(f, id, "out", "first line", "await", go);
    CLI_BACKGROUND(f, follower, options[0], options[1], "--follow", id);
    char *path = cli_background_path(f, follower, TETHER_STDOUT);
    free(wait_for_lines(path, 1));
    test_write_file(test_bundle_path(f, id, "stdout"), "b\nend\n", 6);
    cli_write_go(f);
    EXPECT(f, 0, "--session", "outer", "wait", follower);
    test_remove_file(go);
    assert_true(test_count_lines(path) >= lines);
    free(path);
    path = cli_background_path(f, follower, stream);
    char *text = test_read_file(path, NULL);
    free(path);
    return text;
}

static void a_follower_tells_a_truncation(void **state)
{
    fixture *f = *state;
    static const char *const plain[] = {"output", "--stream=both"};
    static const char *const json[] = {"--json", "output"};
    char *text = follow_truncated(f, plain, TETHER_STDOUT, 3);
    assert_string_equal(text, "first line\nb\nend\n");
    free(text);
    text = follow_truncated(f, plain, TETHER_STDERR, 3);
    assert_int_equal(strncmp(text, "tether: task ", 13), 0);
    cli_assert_holds(text, "has truncated its standard output");
    assert_int_equal(cli_count_lines(text), 1);
    free(text);
    /* The new lines may come in one piece or in two. */
    text = follow_truncated(f, json, TETHER_STDOUT, 4);
    json_t *told = parse_line(text, 1);
    assert_string_equal(cli_text(told, "kind"), "truncated");
    assert_string_equal(cli_text(told, "stream"), "stdout");
    json_decref(told);
    json_t *piece = parse_line(text, 2);
    assert_int_equal(cli_number(piece, "offset"), 0);
    assert_int_equal(strncmp(cli_text(piece, "data"), "b\n", 2), 0);
    json_decref(piece);
    free(text);
}

/* Nobody reads the follower's output, and it has nothing to write. */
static void a_follower_ends_without_a_reader(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "forever");
    CLI_INTO(f, "broken", "output", "--follow", id);
    assert_string_equal(cli_out(), "141\n");
    assert_string_equal(cli_err(), "");
    EXPECT(f, 0, "kill", id);
}

static void pipestatus_needs_a_shell(void **state)
{
    fixture *f = *state;
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "-c and -f", "run", "--pipestatus", "--", CHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(a_limit_keeps_the_end),
        TEST(an_offset_counts_in_one_stream),
        TEST(a_limit_is_a_size),
        TEST(following_shows_what_is_dropped),
        TEST(tails_begin_at_a_character),
        TEST(shows_the_last_frames),
        TEST(follows_as_json),
        TEST(an_object_has_whole_characters),
        TEST(a_follower_tells_a_truncation),
        TEST(a_follower_ends_without_a_reader),
        TEST(pipestatus_needs_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
