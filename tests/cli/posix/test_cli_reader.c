/* Verbs that wait for output end when nobody reads their own output any more, as tail -f does, and
 * not only when they write the next time. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a pipeline as a task of the session "outer" and returns its output. In the text, $T is the
 * command with the fixture's store, $ID a task, and $CODE a file for the exit code of the verb. */
static const char *run_pipeline(const fixture *f, const char *id, const char *text)
{
    char command[4096];
    test_write_file(test_work_path(f, "code"), "", 0);
    snprintf(command, sizeof command, "T='%s --store %s'; ID=%s; CODE='%s'\n%s", COMMAND, f->store,
             id, test_work_path(f, "code"), text);
    EXPECT(f, 0, "--session", "outer", "run", "--wait=50s", "--shell", "sh", "-c", command);
    return cli_out();
}

static void expect_code(const fixture *f, const char *expected)
{
    char *code = test_read_file(test_work_path(f, "code"), NULL);
    assert_string_equal(code, expected);
    free(code);
}

/* The pipeline ends although the task writes nothing more; the code is that of SIGPIPE. */
static void verbs_end_with_their_reader(void **state)
{
    static const char *const verbs[] = {
        "output --follow $ID",         "--json output --follow $ID", "watch $ID line",
        "--json watch $ID line",       "completions --follow",       "completions --follow --drain",
        "--json completions --follow",
    };
    fixture *f = *state;
    char id[TETHER_ID_SIZE], ended[TETHER_ID_SIZE], text[256];
    CLI_START(f, id, "out", "a line", "forever");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        cli_start_ended(f, ended, "x", 0);
        snprintf(text, sizeof text, "{ $T %s; echo $? >$CODE; } | head -1", verbs[i]);
        assert_int_equal(cli_count_lines(run_pipeline(f, id, text)), 1);
        assert_string_equal(cli_err(), "");
        expect_code(f, "141\n");
    }
    EXPECT(f, 0, "kill", id);
}

/* Also if there was no reader from the start, and nothing was ever written. */
static void verbs_end_without_a_reader(void **state)
{
    static const char *const verbs[] = {"output --follow $ID", "watch $ID line",
                                        "completions --follow"};
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[256];
    CLI_START(f, id, "forever");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        snprintf(text, sizeof text, "{ $T %s; echo $? >$CODE; } | true", verbs[i]);
        assert_string_equal(run_pipeline(f, id, text), "");
        expect_code(f, "141\n");
    }
    EXPECT(f, 0, "kill", id);
}

/* Where SIGPIPE is ignored, as below many services, the end is as quiet and as fast. */
static void ignored_signals_change_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "a line", "forever");
    run_pipeline(f, id, "trap '' PIPE; { $T output -f $ID; echo $? >$CODE; } | head -1");
    assert_string_equal(cli_out(), "a line\n");
    assert_string_equal(cli_err(), "");
    expect_code(f, "141\n");
    EXPECT(f, 0, "kill", id);
}

/* The reader of a run is gone: its task goes on, and its completion stays pending. */
static void a_task_goes_on_without_its_reader(void **state)
{
    static const char *const forms[] = {"", "--json "};
    fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        const char *go = test_work_path(f, "go");
        snprintf(text, sizeof text,
                 "{ $T %srun --wait -- '%s' out 'a line' await '%s' out end; echo $? >$CODE; } | "
                 "%s",
                 forms[i], CHILD, go, i == 0 ? "head -1" : "true");
        run_pipeline(f, "-", text);
        assert_string_equal(cli_out(), i == 0 ? "a line\n" : "");
        expect_code(f, "141\n");
        EXPECT(f, 0, "--json", "list");
        json_t *task = cli_object();
        assert_string_equal(cli_text(task, "status"), "running");
        test_write_file(go, "", 0);
        EXPECT(f, 0, "wait", cli_text(task, "task_id"));
        EXPECT(f, 0, "output", cli_text(task, "task_id"));
        assert_string_equal(cli_out(), "a line\nend\n");
        EXPECT(f, 0, "--json", "completions");
        cli_assert_ids(cli_objects(1), (const char *const[]){cli_text(task, "task_id")});
        EXPECT(f, 0, "completions", "--drain");
        json_decref(task);
        test_remove_file(go);
    }
}

/* A file, the null device and a closed descriptor have no reader that could be gone. */
static void nothing_ends_without_a_pipe(void **state)
{
    static const char *const places[] = {"/dev/null", "$CODE.out"};
    fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof text, "$T run --wait -c 'echo x; exit 3' >%s; echo $? >$CODE",
                 places[i]);
        run_pipeline(f, "-", text);
        expect_code(f, "3\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(verbs_end_with_their_reader),    TEST(verbs_end_without_a_reader),
        TEST(ignored_signals_change_nothing), TEST(a_task_goes_on_without_its_reader),
        TEST(nothing_ends_without_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
