/* Tasks, as far as the behaviour is specific to POSIX: signals of shells, bytes that are not UTF-8,
 * exported shell functions. */
#include "support/support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static void reports_a_signal_of_the_shell(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, "kill -9 $$", id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 137, NULL);
}

static void keeps_both_streams_of_a_shell_apart(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, "echo out; echo err >&2", id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(snapshot->output_preview, "out\nerr\n");
    tether_snapshot_free(snapshot);
    tether_spec spec = {.command = "echo a; echo b >&2; echo c; echo d >&2", .merge_output = true};
    test_start(f->registry, &spec, id);
    tether_snapshot_free(test_wait(f->registry, id));
    test_expect_output(f->registry, id, TETHER_STDOUT, "a\nb\nc\nd\n");
    test_expect_output(f->registry, id, TETHER_STDERR, "");
}

/* Every byte but zero, including line ends. */
static void passes_arguments_exactly(void **state)
{
    fixture *f = *state;
    char all[256], id[TETHER_ID_SIZE];
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    const char *const argv[] = {CHILD,   "argv", "",     all,        "",  "\n",
                                "a\n\n", "'",    "\r\n", "\xff\xfe", NULL};
    tether_spec spec = {.argv = argv};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_arguments(f->registry, id, argv + 2);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    json_t *command = json_string(snapshot->command); /* NULL if it is not UTF-8 */
    assert_non_null(command);
    json_decref(command);
    tether_snapshot_free(snapshot);
}

static void passes_on_functions_of_bash(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const set[] = {"BASH_FUNC_f%%=() {  echo from f\n}", NULL};
    const char *const argv[] = {CHILD, "env", "BASH_FUNC_f%%", NULL};
    tether_spec spec = {.argv = argv, .env_set = set};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "() {  echo from f\n}\n");
}

static void exported_functions_work(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const set[] = {"BASH_FUNC_greet%%=() {  echo \"hello $1\"\n}", NULL};
    tether_spec spec = {.command = "greet you", .shell = "bash", .env_set = set};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "hello you\n");
}

/* One quoted word; test_task.c has a command of a megabyte of short lines. */
static void takes_a_word_of_a_megabyte(void **state)
{
    enum { SIZE = 1024 * 1024 };
    static const char end[] = "'\nexit 21\n";
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char *command = malloc(SIZE + 1);
    assert_non_null(command);
    memset(command, 'x', SIZE);
    memcpy(command, ": '", 3);
    strcpy(command + SIZE - strlen(end), end);
    test_run(f, command, id);
    free(command);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 21, NULL);
}

static void keeps_the_bytes_of_a_command(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, "printf '%s' '\xff\xfe\x80 \xc3\xa9'", id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "\xff\xfe\x80 \xc3\xa9");
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(snapshot->command,
                        "printf '%s' '\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xa9'");
    assert_string_equal(snapshot->output_preview, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xa9");
    char *text = tether_snapshot_json(snapshot);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "command")), snapshot->command);
    json_decref(json);
    tether_free(text);
    tether_snapshot_free(snapshot);
}

static void background_jobs_delay_no_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, CHILD_TEXT " out late forever & exit 8", id);
    int64_t begin = test_now_ms();
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 8, NULL);
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS / 2);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

static void a_command_runs_in_a_program_with_arguments(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const arguments[] = {"sh", "-e", NULL};
    tether_spec spec = {.command = "echo before\nfalse\necho after",
                        .shell = "/usr/bin/env",
                        .shell_arguments = arguments};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 1, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "before\n");
}

/* A login shell reads the profile in the user's home. */
static void a_login_shell_reads_the_profile(void **state)
{
    static const char profile[] = "FROM_PROFILE=read\n";
    fixture *f = *state;
    char id[TETHER_ID_SIZE], home[1100];
    const char *const set[] = {home, "FROM_PROFILE=unread", NULL};
    snprintf(home, sizeof home, "HOME=%s", f->work);
    test_write_file(test_work_path(f, ".profile"), profile, sizeof profile - 1);
    for (int login = 0; login < 2; login++) {
        tether_spec spec = {
            .command = "echo $FROM_PROFILE", .shell = "sh", .env_set = set, .login = login == 1};
        test_start(f->registry, &spec, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_expect_output(f->registry, id, TETHER_STDOUT, login ? "read\n" : "unread\n");
    }
}

/* What comes through the pipe after the host has ended reaches the task too. */
static void start_with_own_input(fixture *f, void *userdata)
{
    const int *ends = userdata;
    tether_error error = {0};
    tether_registry *registry;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "cat", NULL};
    tether_spec spec = {.argv = argv, .inherit_stdin = true};
    tether_open_options options = {.store = f->store};
    HOST_ASSERT(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void a_task_reads_what_its_host_would_read(void **state)
{
    fixture *f = *state;
    int ends[2];
    assert_int_equal(uv_pipe(ends, 0, 0), 0);
    assert_int_equal(write(ends[1], "first\n", 6), 6);
    assert_int_equal(test_join_host(test_fork_host(start_with_own_input, f, ends)), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "second\n", 7), 7);
    close(ends[1]);
    f->registry = test_open(f);
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    test_expect(f->registry, list->items[0]->task_id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, list->items[0]->task_id, TETHER_STDOUT, "first\nsecond\n");
    tether_snapshot_list_free(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reports_a_signal_of_the_shell),
        TEST(keeps_both_streams_of_a_shell_apart),
        TEST(passes_arguments_exactly),
        TEST(passes_on_functions_of_bash),
        TEST(exported_functions_work),
        TEST(takes_a_word_of_a_megabyte),
        TEST(keeps_the_bytes_of_a_command),
        TEST(background_jobs_delay_no_end),
        TEST(a_command_runs_in_a_program_with_arguments),
        TEST(a_login_shell_reads_the_profile),
        cmocka_unit_test_setup_teardown(a_task_reads_what_its_host_would_read, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests_name("task_posix", tests, NULL, NULL);
}
