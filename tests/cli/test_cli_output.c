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
        {{"--tail", "4"}, "8abc"},
        {{"--tail", "100"}, "4\n678abc"},
        {{"--lines", "1"}, "678abc"},
        {{"--lines", "9"}, "4\n678abc"},
        {{"--follow"}, "4\n678abc"},
        {{"-f", "--lines", "1"}, "678abc"},
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
    EXPECT_ERROR(f, 125, "TETHER_EDROPPED", "the first 4 bytes", "output", id, "--stream", "stdout",
                 "--offset", "3");
    EXPECT_ERROR(f, 125, einval, "give --stream", "output", id, "--offset", "1");
    EXPECT_ERROR(f, 125, einval, "64K", "output", id, "--stream", "stderr", "--offset", "-1");
    EXPECT_ERROR(f, 125, einval, "leave one of them out", "output", id, "--stream", "stderr",
                 "--offset", "1", "--lines", "1");
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
    EXPECT(f, 0, "run", "--output-limit", "3", "--", CHILD, "out", "first", "await", gate, "flood",
           "100000");
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
        EXPECT(f, 0, "output", id, "--tail", number);
        assert_string_equal(cli_out(), texts[bytes - 1]);
    }
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
        TEST(a_limit_keeps_the_end),      TEST(an_offset_counts_in_one_stream),
        TEST(a_limit_is_a_size),          TEST(following_shows_what_is_dropped),
        TEST(tails_begin_at_a_character), TEST(pipestatus_needs_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
