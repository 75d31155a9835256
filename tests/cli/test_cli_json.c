/* What the objects of --json have in common: kinds, times, signals, null, errors. */
#include "cli/cli_support.h"

#include <stdlib.h>
#include <string.h>

/* Checks that each line of the last call is an object of this kind. */
static void assert_kinds(size_t count, const char *kind)
{
    json_t *objects = cli_objects(count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(cli_text(json_array_get(objects, i), "kind"), kind);
    json_decref(objects);
}

static void every_object_of_a_stream_has_a_kind(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    CLI_START(f, a, "out", "x", "forever");
    cli_start_ended(f, b, "x x", 0);
    static const char *const verbs[] = {"status", "promote", "pause", "resume", "kill", "wait"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        CLI(f, "--json", verbs[i], a);
        assert_string_equal(cli_err(), "");
        assert_kinds(1, "task");
    }
    EXPECT(f, 0, "--json", "run", "--wait", "-c", "exit 0");
    assert_kinds(1, "task");
    EXPECT(f, 0, "--json", "run", "--wait", "--no-notify", "-c", "exit 0");
    assert_kinds(1, "task");
    EXPECT(f, 0, "--json", "list", "--all");
    assert_kinds(4, "task");
    EXPECT(f, 0, "--json", "watch", b, "x");
    assert_kinds(2, "match");
    EXPECT(f, 0, "--json", "completions");
    assert_kinds(2, "completion");
    EXPECT(f, 0, "--json", "completions", "--ack", a);
    assert_kinds(1, "task");
    EXPECT(f, 0, "--json", "completions", "--drain");
    assert_kinds(1, "completion");
}

static void times_and_signals_have_texts_too(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char *const times[] = {"started_at", "finished_at", "deadline_at"};
    static const char *const texts[] = {"started_at_rfc3339", "finished_at_rfc3339",
                                        "deadline_at_rfc3339"};
    EXPECT(f, 0, "run", "--timeout", "1h", CHILD, "forever");
    cli_take_id(id);
    json_t *task = cli_status_running(f, id);
    cli_assert_null(task, "signal");
    cli_assert_null(task, "signal_name");
    cli_assert_null(task, texts[1]);
    json_decref(task);
    EXPECT(f, 0, "kill", id);
    task = cli_status(f, id);
    assert_int_equal(cli_number(task, "signal"), test_kill_signal());
    assert_string_equal(cli_text(task, "signal_name"),
                        test_kill_signal() == 9 ? "SIGKILL" : "SIGTERM");
    for (size_t i = 0; i < 3; i++) {
        char expected[TETHER_TIME_SIZE];
        assert_true(tether_time_text(cli_number(task, times[i]), expected));
        assert_string_equal(cli_text(task, texts[i]), expected);
    }
    json_decref(task);
    EXPECT(f, 0, "status", id);
    cli_assert_holds(cli_out(), test_kill_signal() == 9 ? " (SIGKILL)\n" : " (SIGTERM)\n");
}

/* Single objects: one line each, with these members. */
static void other_verbs_print_one_object(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    cli_start_ended(f, id, "x", 0);
    EXPECT(f, 0, "--json", "output", "--stream", "stdout", id);
    json_t *object = cli_object();
    assert_string_equal(cli_text(object, "stdout"), "x\n");
    cli_assert_null(object, "stderr");
    json_decref(object);
    EXPECT(f, 0, "--json", "gc");
    object = cli_object();
    assert_int_equal(cli_number(object, "removed"), 0);
    json_decref(object);
    CLI(f, "--json", "doctor");
    object = cli_object();
    assert_true(json_is_array(json_object_get(object, "findings")));
    json_decref(object);
}

/* In errors too, what is absent is null: here no call of the system failed. */
static void an_error_without_a_failed_call_has_no_number(void **state)
{
    fixture *f = *state;
    EXPECT(f, 127, "--json", "status", "no-such-task");
    json_t *error = cli_error_object();
    cli_assert_null(error, "os_error");
    json_decref(error);
    EXPECT(f, 125, "--json", "run", "--cwd", test_work_path(f, "nothing"), "-c", "exit 0");
    error = cli_error_object();
    assert_int_not_equal(cli_number(error, "os_error"), 0);
    json_decref(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(every_object_of_a_stream_has_a_kind),
        TEST(times_and_signals_have_texts_too),
        TEST(other_verbs_print_one_object),
        TEST(an_error_without_a_failed_call_has_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
