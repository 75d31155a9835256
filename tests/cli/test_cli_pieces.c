/* Outputs that a monitor writes: their order and times, and what an output limit leaves. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Standard error first, standard output once it has been read. */
static void run_in_turns(fixture *f, char id[TETHER_ID_SIZE])
{
    CLI_START(f, id, "err", "one", "await", test_work_path(f, "gate"), "out", "two");
    do
        EXPECT(f, 0, "output", id);
    while (strcmp(cli_out(), "one\n") != 0);
    test_write_file(test_work_path(f, "gate"), "", 0);
    EXPECT(f, 0, "wait", id);
}

static void shows_the_order_of_the_streams(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_in_turns(f, id);
    static const struct {
        const char *options[2], *text;
    } cases[] = {
        {{NULL}, "one\ntwo\n"},
        {{"--follow"}, "one\ntwo\n"},
        {{"--tail", "1"}, "two\n"},
        {{"--bytes", "6"}, "e\ntwo\n"},
        {{"--since", "1d"}, "one\ntwo\n"},
        {{"--since", "0"}, ""},
        {{"--stream", "stderr"}, "one\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT(f, 0, "output", id, cases[i].options[0], cases[i].options[1]);
        assert_string_equal(cli_out(), cases[i].text);
    }
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1h30m", "output", id, "--since", "soon");
}

/* "2026-11-27T18:41:04.242Z " */
static const char *skip_time(const char *line)
{
    int year, month, day, hour, minute, second, ms, length = 0;
    assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &length),
                     7);
    assert_int_equal(length, 25);
    return line + length;
}

static void shows_when_lines_were_written(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_in_turns(f, id);
    static const char *const more[] = {NULL, "--follow"};
    for (size_t i = 0; i < 2; i++) {
        EXPECT(f, 0, "output", id, "--timestamps", more[i]);
        const char *line = skip_time(cli_out());
        assert_memory_equal(line, "one\n", 4);
        line = skip_time(line + 4);
        assert_string_equal(line, "two\n");
    }
    EXPECT(f, 0, "--json", "output", id, "-t", "--tail", "1");
    json_t *object = cli_object();
    assert_string_equal(cli_text(object, "kind"), "output");
    assert_string_equal(cli_text(object, "data"), "two\n");
    assert_true(cli_number(object, "time") > 0);
    assert_int_equal(strlen(cli_text(object, "time_rfc3339")), 24);
    json_decref(object);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "leave one of them out", "output", id, "-t", "--frames",
                 "last");
}

static void tells_of_the_gap(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--output-limit", "20000", "--wait", "--", CHILD, "out", "first", "blanks",
           "588878", "out", "end");
    EXPECT(f, 0, "list", "--all", "--last", "1");
    EXPECT(f, 0, "--json", "status", "@last");
    json_t *task = cli_object();
    snprintf(id, sizeof id, "%s", cli_text(task, "task_id"));
    assert_string_equal(cli_text(task, "output_kind"), "pipe");
    json_decref(task);
    EXPECT(f, 0, "output", id);
    assert_int_equal(strlen(cli_out()), 20000);
    assert_memory_equal(cli_out(), "first\n", 6);
    assert_string_equal(cli_out() + 20000 - 10, "      end\n");
    assert_non_null(strstr(cli_err(), "has dropped 568888 bytes of its standard output here"));
    EXPECT(f, 0, "--json", "output", id);
    json_t *output = cli_object();
    assert_int_equal(strlen(cli_text(output, "stdout")), 20000);
    assert_int_equal(cli_number(output, "stdout_size"), 588888);
    assert_int_equal(cli_number(output, "stdout_dropped"), 568888);
    assert_int_equal(cli_number(output, "stderr_dropped"), 0);
    json_decref(output);
    EXPECT(f, 0, "output", id, "--stream", "stdout", "--offset", "588884");
    assert_string_equal(cli_out(), "end\n");
    EXPECT_ERROR(f, 125, "TETHER_EDROPPED", "has the offset 572984", "output", id, "--stream",
                 "stdout", "--offset", "4096");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_the_order_of_the_streams),
        TEST(shows_when_lines_were_written),
        TEST(tells_of_the_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
