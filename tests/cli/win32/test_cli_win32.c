/* The command, as far as its behaviour is specific to Windows: exit codes of cmd and of 32 bits,
 * the default store, a kill without a console that could receive a break. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void exits_with_all_bits_of_a_code(void **state)
{
    fixture *f = *state;
    EXPECT(f, (int)0xC0000005u, "run", "--wait", "--", CHILD, "exit", "3221225477");
    EXPECT(f, 256, "run", "--wait", "--", CHILD, "exit", "256");
    EXPECT(f, 70000, "run", "--wait", "--shell", "cmd", "-c", "exit 70000");
    assert_string_equal(cli_err(), "");
}

static void exits_as_cmd_would(void **state)
{
    fixture *f = *state;
    EXPECT(f, 9009, "run", "--wait", "--shell", "cmd", "-c", "no-such-command-here 2>NUL");
    EXPECT(f, 3, "run", "--wait", "--shell", "cmd", "-c", "if 1==1 (exit /b 3)\nexit 4");
    EXPECT(f, 0, "run", "--wait", "--shell", "cmd", "-c", "rem nothing");
}

static void shows_both_streams_of_cmd(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "--merge", "--shell", "cmd", "-c",
           "@echo off\necho a\n>&2 echo b\necho c");
    assert_string_equal(cli_out(), "a\r\nb\r\nc\r\n");
}

static void finds_its_store_by_itself(void **state)
{
    fixture *f = *state;
    char old[1024];
    size_t size = sizeof old;
    assert_int_equal(uv_os_getenv("LOCALAPPDATA", old, &size), 0);
    assert_int_equal(uv_os_setenv("LOCALAPPDATA", f->work), 0);
    EXPECT(NULL, 3, "run", "--wait", "-c", "exit 3");
    assert_true(test_exists(test_work_path(f, "tether/FORMAT")));
    EXPECT(NULL, 0, "--json", "list", "--all");
    json_decref(cli_object());
    assert_int_equal(uv_os_setenv("LOCALAPPDATA", old), 0);
}

static void refuses_a_store_below_a_file(void **state)
{
    fixture *f = *state;
    test_write_file(test_work_path(f, "file"), "x", 1);
    EXPECT_ERROR(NULL, 125, "TETHER_ESTORE", "choose another store", "--store",
                 test_work_path(f, "file/store"), "run", "-c", "exit 0");
    assert_int_equal(test_count_names(f->work), 1);
}

/* Both ways to write a path lead to one store. */
static void accepts_paths_with_both_slashes(void **state)
{
    fixture *f = *state;
    char forward[1024], backward[1024], id[TETHER_ID_SIZE];
    snprintf(forward, sizeof forward, "%s", test_work_path(f, "a/b"));
    snprintf(backward, sizeof backward, "%s", forward);
    for (char *c = forward; *c != '\0'; c++)
        *c = *c == '\\' ? '/' : *c;
    for (char *c = backward; *c != '\0'; c++)
        *c = *c == '/' ? '\\' : *c;
    EXPECT(NULL, 0, "--store", test_work_path(f, "a"), "list");
    EXPECT(NULL, 0, "--store", forward, "run", "-c", "exit 6");
    cli_take_id(id);
    EXPECT(NULL, 6, "--store", backward, "wait", id);
}

/* A console break cannot be sent in Wine, so a kill does not wait for the grace. On Windows the
 * break ends the task. */
static void kills_without_waiting_for_the_grace(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "forks", "2", "out", "ready", "forever");
    WAIT_UNTIL(CLI(f, "output", id) == 0 && strcmp(cli_out(), "ready\n") == 0);
    int64_t before = test_now_ms();
    EXPECT(f, 0, "--json", "kill", "--grace", "60s", id);
    assert_in_range(test_now_ms() - before, 0, 15000);
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), "killed");
    assert_int_equal(cli_number(task, "signal"), test_kill_signal());
    json_decref(task);
}

static void refuses_a_signal_that_windows_does_not_have(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "forever");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "a name such as TERM", "kill", "--signal", "USR1", id);
    /* A single signal is not recorded as a kill. The supervisor reports what it has done. */
    EXPECT(f, 0, "kill", "--signal", "KILL", id);
    EXPECT(f, 137, "wait", id);
    cli_assert_text(f, id, "status", "failed");
}

/* What `start` leaves behind is a member of the job. */
static void kills_what_cmd_has_started_with_start(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[2048], ready[1024];
    snprintf(ready, sizeof ready, "%s", test_work_path(f, "ready"));
    snprintf(text, sizeof text, "start \"\" /b %s append \"%s\" forever\nexit 5", CHILD_TEXT,
             ready);
    EXPECT(f, 0, "run", "--shell", "cmd", "-c", text);
    cli_take_id(id);
    EXPECT(f, 5, "wait", id);
    WAIT_UNTIL(test_exists(ready));
    json_t *task = cli_status(f, id);
    assert_true(json_array_size(json_object_get(task, "survivors")) >= 1);
    json_decref(task);
    EXPECT(f, 0, "kill", id);
    task = cli_status(f, id);
    assert_int_equal(json_array_size(json_object_get(task, "survivors")), 0);
    assert_int_equal(cli_number(task, "exit_code"), 5);
    json_decref(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(exits_with_all_bits_of_a_code),
        TEST(exits_as_cmd_would),
        TEST(shows_both_streams_of_cmd),
        TEST(finds_its_store_by_itself),
        TEST(refuses_a_store_below_a_file),
        TEST(accepts_paths_with_both_slashes),
        TEST(kills_without_waiting_for_the_grace),
        TEST(refuses_a_signal_that_windows_does_not_have),
        TEST(kills_what_cmd_has_started_with_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
