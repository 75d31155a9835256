/* The command that a monitor on Windows runs when its task has ended: once, told of the end, in
 * cmd, and outside of the task's job. posix/test_on_end.c has what is decided for all systems. */
#include "monitor/controlled.h"
#include "monitor/told.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

enum { TEXT_SIZE = 4096 };

/* Begins a text for the command at the end that works in the test's folder. */
static const char *in_work(fixture *f, const char *rest)
{
    static char text[TEXT_SIZE];
    snprintf(text, sizeof text, "cd /d \"%s\" && %s", test_work_path(f, "."), rest);
    return text;
}

/* One that goes on until the file `go` is there. */
static const char *until_go(fixture *f)
{
    return in_work(f, "echo x>>began && " CHILD_TEXT " await go");
}

static void let_go(fixture *f)
{
    test_write_file(test_work_path(f, "go"), "", 0);
}

static void start_exit(fixture *f, const char *code, const char *on_end, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.on_end = on_end};
    controlled_start(f->registry, &spec, id, "exit", code, NULL);
}

static void expect_output_has(fixture *f, const char *id, const char *text)
{
    char *output = test_read_file(test_bundle_path(f, id, "on-end"), NULL);
    assert_non_null(output);
    if (strstr(output, text) == NULL)
        fail_msg("not in the output: %s: %s", text, output);
    free(output);
}

/* --- What it is told --- */

static void it_reads_what_a_host_reads_later(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.name = "a \"name\"", .on_end = in_work(f, CHILD_TEXT " cat >json")};
    controlled_start(f->registry, &spec, id, "out", "hello", "exit", "3221225477", NULL);
    told_expect(f->registry, id, 0, NULL);
    json_t *told = json_load_file(test_work_path(f, "json"), 0, NULL);
    assert_non_null(told);
    assert_string_equal(json_string_value(json_object_get(told, "status")), "failed");
    assert_int_equal(json_integer_value(json_object_get(told, "exit_code")), 3221225477);
    assert_string_equal(json_string_value(json_object_get(told, "name")), spec.name);
    assert_string_equal(json_string_value(json_object_get(told, "task_id")), id);
    json_decref(told);
}

/* More than a pipe takes at once. */
static void a_long_input_comes_whole(void **state)
{
    fixture *f = *state;
    enum { LONG_SIZE = 20000 };
    char id[TETHER_ID_SIZE];
    static char word[LONG_SIZE + 1];
    memset(word, 'w', LONG_SIZE);
    const tether_spec spec = {.on_end = in_work(f, CHILD_TEXT " cat >json")};
    controlled_start(f->registry, &spec, id, "argv", word, NULL);
    told_expect(f->registry, id, 0, NULL);
    json_t *told = json_load_file(test_work_path(f, "json"), 0, NULL);
    assert_non_null(told);
    const char *command = json_string_value(json_object_get(told, "command"));
    assert_non_null(command);
    assert_non_null(strstr(command, word));
    json_decref(told);
}

static void it_has_variables(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], cookie[TETHER_ID_SIZE + 64];
    static const char *const set[] = {"TETHER_NAME=stale", "OWN=1", NULL};
    const tether_spec spec = {
        .env_set = set,
        .on_end = "echo [%TETHER_STATUS%] [%TETHER_EXIT_CODE%] [%OWN%] [%TETHER_TASK_ID%]&set"};
    controlled_start(f->registry, &spec, id, "exit", "7", NULL);
    told_expect(f->registry, id, 0, NULL);
    snprintf(cookie, sizeof cookie, "[failed] [7] [1] [%s.on-end]", id);
    expect_output_has(f, id, cookie);
    expect_output_has(f, id, "TETHER_STDOUT=");
    char *output = test_read_file(test_bundle_path(f, id, "on-end"), NULL);
    assert_null(strstr(output, "TETHER_NAME="));
    assert_null(strstr(output, "TETHER_SIGNAL="));
    free(output);
}

static void it_works_where_the_task_did(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *folder = test_work_path(f, "here");
    test_make_directory(folder);
    const tether_spec spec = {.workdir = folder, .on_end = CHILD_TEXT " workdir"};
    controlled_start(f->registry, &spec, id, "out", "x", NULL);
    told_expect(f->registry, id, 0, NULL);
    expect_output_has(f, id, "here");
}

static void it_works_elsewhere_if_that_place_is_gone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[TEXT_SIZE];
    const char *folder = test_work_path(f, "gone");
    test_make_directory(folder);
    snprintf(command, sizeof command, "cd /d \"%s\"&rd gone", test_work_path(f, "."));
    const tether_spec spec = {.command = command,
                              .shell = "cmd",
                              .workdir = folder,
                              .supervisor = TETHER_SUPERVISOR_MONITOR,
                              .on_end = "echo moved"};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    assert_false(test_exists(folder));
    expect_output_has(f, id, "moved");
}

/* --- How it goes --- */

static void its_failure_is_told_and_changes_nothing(void **state)
{
    static const struct {
        const char *on_end;
        int64_t code;
        const char *error;
    } cases[] = {{"exit 3", 3, "exit code 3"},
                 {CHILD_TEXT " exit 4294967295", 4294967295, "exit code 4294967295"},
                 {CHILD_TEXT " close-input exit 0", 0, NULL}};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[TETHER_ID_SIZE];
        start_exit(f, "0", cases[i].on_end, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        told_expect(f->registry, id, cases[i].code, cases[i].error);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    }
}

/* The end comes while it hangs, and it goes when its time is over. */
static void one_that_hangs_delays_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], deaf[TETHER_ID_SIZE];
    const tether_spec spec = {.on_end = CHILD_TEXT " forever", .on_end_timeout_ms = 1};
    const tether_spec ignores = {.on_end = CHILD_TEXT " ignore-term forever",
                                 .on_end_timeout_ms = CONTROLLED_SHORT_MS};
    controlled_start(f->registry, &ignores, deaf, "exit", "4", NULL);
    controlled_start(f->registry, &spec, id, "exit", "4", NULL);
    test_expect(f->registry, deaf, TETHER_STATUS_FAILED, 4, NULL);
    test_take_completion(f->registry, deaf);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    told_expect(f->registry, id, TETHER_EXIT_UNKNOWN, "its time was over");
    told_expect(f->registry, deaf, TETHER_EXIT_UNKNOWN, "its time was over");
}

static void a_flood_of_output_is_cut(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t size;
    start_exit(f, "0", CHILD_TEXT " flood 1000000", id);
    told_expect(f->registry, id, 0, NULL);
    char *output = test_read_file(test_bundle_path(f, id, "on-end"), &size);
    assert_int_equal(size, 64 * 1024);
    free(output);
}

static void what_it_leaves_behind_keeps_nobody(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_exit(f, "0", in_work(f, CHILD_TEXT " leave await go append went"), id);
    told_expect(f->registry, id, 0, NULL);
    assert_false(test_exists(test_work_path(f, "went")));
    let_go(f);
    WAIT_UNTIL(told_has_line(test_work_path(f, "went")));
}

/* --- However the task ends --- */

static void it_is_told_of_a_timeout(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.timeout_ms = CONTROLLED_SHORT_MS,
                              .on_end = "echo [%TETHER_STATUS%] [%TETHER_EXIT_CODE%]"};
    controlled_start(f->registry, &spec, id, "forever", NULL);
    told_expect(f->registry, id, 0, NULL);
    expect_output_has(f, id, "[timed_out] [124]");
}

static void it_runs_after_a_kill_and_no_kill_ends_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.on_end = until_go(f)};
    controlled_start(f->registry, &spec, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    const tether_kill_options options = {.grace_ms = 10};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    WAIT_UNTIL(told_has_line(test_work_path(f, "began")));
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_false(told_is_known(f->registry, id));
    let_go(f);
    told_expect(f->registry, id, 0, NULL);
}

/* --- Deaths --- */

/* The monitor stays for what the command has left behind, and its death changes nothing. */
static void the_death_of_the_monitor_is_not_its_own(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.on_end = until_go(f)};
    controlled_start(f->registry, &spec, id, "leave", "forever", NULL);
    WAIT_UNTIL(told_has_line(test_work_path(f, "began")));
    controlled_kill(controlled_monitor(f->registry, id));
    assert_false(told_is_known(f->registry, id));
    let_go(f);
    told_expect(f->registry, id, 0, NULL);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

static void it_does_not_run_for_a_task_that_is_lost(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.on_end = until_go(f)};
    controlled_start(f->registry, &spec, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    controlled_kill(controlled_monitor(f->registry, id));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    told_expect(f->registry, id, TETHER_EXIT_UNKNOWN,
                "it did not run: its supervisor died before the end of the task");
    assert_false(test_exists(test_work_path(f, "began")));
}

static void what_cmd_cannot_run_is_refused(void **state)
{
    fixture *f = *state;
    static char large[8002];
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, NULL};
    memset(large, 'x', sizeof large - 1);
    tether_spec spec = {.argv = argv, .on_end = large};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    assert_non_null(strstr(f->error.message, "longer than a line of cmd"));
    spec.on_end = "echo one\necho two";
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    assert_non_null(strstr(f->error.message, "more than one line"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(it_reads_what_a_host_reads_later),
        WITH_REGISTRY(a_long_input_comes_whole),
        WITH_REGISTRY(it_has_variables),
        WITH_REGISTRY(it_works_where_the_task_did),
        WITH_REGISTRY(it_works_elsewhere_if_that_place_is_gone),
        WITH_REGISTRY(its_failure_is_told_and_changes_nothing),
        WITH_REGISTRY(one_that_hangs_delays_nothing),
        WITH_REGISTRY(a_flood_of_output_is_cut),
        WITH_REGISTRY(what_it_leaves_behind_keeps_nobody),
        WITH_REGISTRY(it_is_told_of_a_timeout),
        WITH_REGISTRY(it_runs_after_a_kill_and_no_kill_ends_it),
        WITH_REGISTRY(the_death_of_the_monitor_is_not_its_own),
        WITH_REGISTRY(it_does_not_run_for_a_task_that_is_lost),
        WITH_REGISTRY(what_cmd_cannot_run_is_refused),
    };
    return cmocka_run_group_tests_name("on_end_win32", tests, NULL, NULL);
}
