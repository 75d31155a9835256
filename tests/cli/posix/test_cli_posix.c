/* The command on POSIX systems: text for sh, signals, file modes, links, FIFOs. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { MEGABYTE = 1024 * 1024, FLOOD_BYTES = 5 * MEGABYTE };
#define FLOOD_TEXT "5242880"

static void set_mode(const char *path, int mode)
{
    uv_fs_t request;
    assert_int_equal(uv_fs_chmod(NULL, &request, path, mode, NULL), 0);
    uv_fs_req_cleanup(&request);
}

/* --- run -------------------------------------------------------------------------------------- */

static void exits_as_a_shell_would(void **state)
{
    fixture *f = *state;
    EXPECT(f, 137, "run", "--wait", "--", CHILD, "signal", "9");
    EXPECT(f, 143, "run", "--wait", "-c", "kill -TERM $$");
    EXPECT(f, 127, "run", "--wait", "-c", "no-such-command-here 2>&-");
    assert_string_equal(cli_err(), "");
}

/* Every byte but NUL. */
static void fill_all_bytes(char all[256])
{
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
}

static void passes_every_byte(void **state)
{
    fixture *f = *state;
    char all[256], expected[512 + 16], *hex = expected;
    fill_all_bytes(all);
    for (const char *c = all; *c != '\0'; c++, hex += 2)
        snprintf(hex, 3, "%02x", (unsigned)(unsigned char)*c);
    strcpy(hex, "\n610a0a\n");
    EXPECT(f, 0, "run", "--wait", "--", CHILD, "argv", all, "a\n\n");
    assert_string_equal(cli_out(), expected);
    assert_string_equal(cli_err(), "");
}

/* Makes a shell command that prints every byte but NUL and the single quote. */
static void make_bytes_command(char command[512], char expected[256])
{
    fill_all_bytes(expected);
    char *quote = strchr(expected, '\'');
    memmove(quote, quote + 1, strlen(quote));
    snprintf(command, 512, "printf %%s '%s'", expected);
}

static void gives_text_to_the_shell_exactly(void **state)
{
    fixture *f = *state;
    char command[512], expected[256];
    const char *file = test_work_path(f, "command");
    make_bytes_command(command, expected);
    EXPECT(f, 0, "run", "--wait", "-c", command);
    assert_string_equal(cli_out(), expected);
    test_write_file(file, command, strlen(command));
    EXPECT(f, 0, "run", "--wait", "-f", file);
    assert_string_equal(cli_out(), expected);
    /* The inner command inherits the standard input of the outer task. */
    EXPECT(f, 0, "--session", "outer", "run", "--wait", "--stdin", file, "--", COMMAND, "--store",
           f->store, "run", "--wait", "-f", "-");
    assert_string_equal(cli_out(), expected);
}

static void a_text_may_begin_like_an_option(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "-c", "--json 2>&-; echo still text");
    assert_string_equal(cli_out(), "still text\n");
    EXPECT(f, 0, "run", "--wait", "-c", "\n# nothing\n");
    assert_string_equal(cli_out(), "");
}

static void takes_long_texts(void **state)
{
    fixture *f = *state;
    const char *file = test_work_path(f, "long");
    static const char end[] = "'\necho ${#x}\nexit 21\n";
    char *text = malloc(MEGABYTE + sizeof end);
    assert_non_null(text);
    memset(text, 'a', MEGABYTE);
    memcpy(text, "x='", 3);
    memcpy(text + MEGABYTE, end, sizeof end);
    test_write_file(file, text, MEGABYTE + sizeof end - 1);
    EXPECT(f, 21, "run", "--wait", "-f", file);
    assert_string_equal(cli_out(), "1048573\n");
    /* About as long as one argument of the command can be. */
    strcpy(text + 130000, end);
    EXPECT(f, 21, "run", "--wait", "-c", text);
    assert_string_equal(cli_out(), "129997\n");
    free(text);
}

/* The value is nearly as long as an argument of the command can be, and must arrive whole. */
static void takes_a_long_variable(void **state)
{
    enum { SIZE = 128 * 1024 - 64 };
    fixture *f = *state;
    char *entry = malloc(SIZE + 1);
    assert_non_null(entry);
    memset(entry, 'v', SIZE);
    memcpy(entry, "BIG=", 4);
    entry[SIZE] = '\0';
    EXPECT(f, 0, "run", "--wait", "--env", entry, "-c", "echo ${#BIG}");
    assert_int_equal(atol(cli_out()), SIZE - 4);
    EXPECT(f, 0, "run", "--wait", "--env", entry, "--", CHILD, "env", "BIG");
    assert_int_equal(strlen(cli_out()), SIZE - 4 + 1);
    free(entry);
}

static void merges_both_streams_of_a_shell(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "--merge", "-c", "echo a; echo b >&2; echo c");
    assert_string_equal(cli_out(), "a\nb\nc\n");
    assert_string_equal(cli_err(), "");
}

/* Two processes, each of which writes to its own stream. */
static void streams_two_floods(void **state)
{
    fixture *f = *state;
    EXPECT(f, 6, "run", "--wait", "-c",
           CHILD_TEXT " flood " FLOOD_TEXT " & " CHILD_TEXT " flood " FLOOD_TEXT
                      " >&2; wait; exit 6");
    assert_int_equal(strlen(cli_out()), FLOOD_BYTES);
    assert_int_equal(strlen(cli_err()), FLOOD_BYTES);
}

/* --- kill ------------------------------------------------------------------------------------- */

static void sends_one_signal(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], number[16];
    snprintf(number, sizeof number, "%d", tether_signal_number("USR1"));
    const char *const names[] = {"USR1", "SIGUSR1", number};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CLI_START(f, id, "on-usr1", "7", "out", "ready", "forever");
        WAIT_UNTIL(CLI(f, "output", id) == 0 && strcmp(cli_out(), "ready\n") == 0);
        EXPECT(f, 0, "kill", "--signal", names[i], id);
        EXPECT(f, 7, "wait", id);
        cli_assert_text(f, id, "status", "failed");
    }
}

static void takes_a_signal_as_kill_1_spells_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        const char *words[2];
        int code;
    } cases[] = {{{"-9"}, 137}, {{"-KILL"}, 137}, {{"-SIGTERM"}, 143}, {{"-s", "INT"}, 130}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CLI_START(f, id, "out", "ready", "forever");
        WAIT_UNTIL(CLI(f, "output", id) == 0 && strcmp(cli_out(), "ready\n") == 0);
        EXPECT(f, 0, "kill", id, cases[i].words[0], cases[i].words[1]);
        EXPECT(f, cases[i].code, "wait", id);
        cli_assert_text(f, id, "status", "failed");
    }
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "nor a signal", "kill", "-FROB", id);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "leave one of them out", "kill", "-9", "--grace", "1",
                 id);
}

/* --- Stores ----------------------------------------------------------------------------------- */

static void doctor_reports_a_store_open_to_others(void **state)
{
    fixture *f = *state;
    set_mode(f->store, 0755);
    EXPECT(f, 125, "doctor", "--json");
    json_t *report = cli_object();
    assert_string_equal(cli_verdict(report, "store"), "bad");
    json_decref(report);
    EXPECT(f, 125, "doctor");
    cli_assert_holds(cli_out(), "bad   store: ");
    set_mode(f->store, 0700);
}

static void refuses_a_store_open_to_others(void **state)
{
    fixture *f = *state;
    const char *const verbs[] = {"list", "completions", "gc", "wait"};
    set_mode(f->store, 0755);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        EXPECT_ERROR(f, 125, "TETHER_ESTORE", "run: chmod 700 on it", verbs[i]);
    EXPECT_ERROR(f, 125, "TETHER_ESTORE", "run: chmod 700 on it", "run", "-c", "exit 0");
    set_mode(f->store, 0700);
    assert_int_equal(test_count_names(f->store), 0);
}

/* Runs the command with this HOME and the default store. */
static int run_at_home(const char *home, const char *verb, char **out, char **err)
{
    char variable[1100];
    snprintf(variable, sizeof variable, "HOME=%s", home);
    const char *const argv[] = {
        "env", "-u", "XDG_STATE_HOME", "-u", "TETHER_STORE", variable, COMMAND, verb, NULL};
    return test_command(argv, out, err);
}

/* Such as root after "su" without a dash. Root could otherwise be tricked by the owner of that
 * directory, and would leave directories in it that the owner cannot remove. */
static void refuses_the_default_store_in_the_home_of_another_user(void **state)
{
    fixture *f = *state;
    char *out, *err;
    const char *home = test_work_path(f, "home");
    const char *const chown[] = {"chown", "54321", home, NULL};
    test_make_directory(home);
    assert_int_equal(run_at_home(home, "list", &out, &err), 0);
    assert_true(test_exists(test_work_path(f, "home/.local/state/tether/FORMAT")));
    free(out);
    free(err);
    test_remove_store(test_work_path(f, "home/.local"));
    if (test_command(chown, NULL, NULL) != 0)
        test_skip("needs root");
    assert_int_equal(run_at_home(home, "list", &out, &err), 125);
    cli_assert_holds(err, "belongs to user 54321");
    cli_assert_holds(err, "--store, TETHER_STORE or XDG_STATE_HOME");
    free(out);
    free(err);
    assert_int_equal(test_count_names(home), 0);
    /* A store that others can replace is refused too, wherever it is named. */
    EXPECT_ERROR(NULL, 125, "TETHER_ESTORE", "who could replace the store", "--store",
                 test_work_path(f, "home/store"), "list");
    assert_int_equal(test_count_names(home), 0);
    EXPECT(f, 0, "list");
}

static void works_under_every_umask(void **state)
{
    fixture *f = *state;
    static const char *const masks[] = {"000", "0777", "0700", "0277"};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        char *out, *err, script[64];
        const char *store = test_work_path(f, masks[i]);
        snprintf(script, sizeof script, "umask %s; exec \"$0\" \"$@\"", masks[i]);
        const char *const run[] = {"sh",     "-c", script, COMMAND, "--store", store, "run",
                                   "--wait", "--", CHILD,  "out",   "text",    NULL};
        int code = test_command(run, &out, &err);
        if (code != 0)
            fail_msg("umask %s: %d: %s", masks[i], code, err);
        assert_string_equal(out, "text\n");
        free(out);
        free(err);
        const char *const modes[] = {"find",  store, "(",     "-type", "d", "!",
                                     "-perm", "700", ")",     "-o",    "(", "-type",
                                     "f",     "!",   "-perm", "600",   "!", "-perm",
                                     "400",   "!",   "-perm", "440",   ")", NULL};
        assert_int_equal(test_command(modes, &out, NULL), 0);
        assert_string_equal(out, "");
        free(out);
    }
}

static void refuses_a_store_behind_a_link(void **state)
{
    fixture *f = *state;
    const char *const link[] = {"ln", "-s", "missing", test_work_path(f, "dangling"), NULL};
    assert_int_equal(test_command(link, NULL, NULL), 0);
    EXPECT_ERROR(NULL, 125, "TETHER_ESTORE", "choose another store", "--store",
                 test_work_path(f, "dangling/store"), "list");
    assert_int_equal(test_count_names(f->work), 1);
}

static void refuses_a_store_below_a_file(void **state)
{
    fixture *f = *state;
    test_write_file(test_work_path(f, "file"), "x", 1);
    EXPECT_ERROR(NULL, 125, "TETHER_ECORRUPT", "stands where a directory should be", "--store",
                 test_work_path(f, "file/store"), "run", "-c", "exit 0");
    assert_int_equal(test_count_names(f->work), 1);
}

static void refuses_ids_that_are_not_utf8(void **state)
{
    fixture *f = *state;
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "status", "\xff");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1 to 128 bytes of UTF-8", "--session", "\xff", "run",
                 "-c", "exit 0");
    assert_int_equal(cli_count_leftovers(f), 0);
}

/* Sets a variable, or unsets it (NULL). Returns its old value, which the caller frees; NULL if it
 * was not set. */
static char *swap_env(const char *name, const char *value)
{
    char old[1024];
    size_t size = sizeof old;
    char *copy = uv_os_getenv(name, old, &size) == 0 ? strdup(old) : NULL;
    assert_int_equal(value != NULL ? uv_os_setenv(name, value) : uv_os_unsetenv(name), 0);
    return copy;
}

static void uses_the_default_store(void **state)
{
    fixture *f = *state;
    char *home = swap_env("HOME", f->work);
    char *xdg = swap_env("XDG_STATE_HOME", test_work_path(f, "xdg"));
    EXPECT(NULL, 3, "run", "--wait", "-c", "exit 3");
    assert_true(test_exists(test_work_path(f, "xdg/tether/FORMAT")));
    free(swap_env("XDG_STATE_HOME", NULL));
    EXPECT(NULL, 4, "run", "--wait", "-c", "exit 4");
    assert_true(test_exists(test_work_path(f, ".local/state/tether/FORMAT")));
    EXPECT(NULL, 0, "--json", "list", "--all");
    json_decref(cli_object());
    free(swap_env("HOME", NULL));
    EXPECT_ERROR(NULL, 125, "TETHER_EINVAL", "name a store", "list");
    free(swap_env("XDG_STATE_HOME", xdg));
    free(swap_env("HOME", home));
    free(xdg);
    free(home);
}

/* --- completions ------------------------------------------------------------------------------ */

/* Runs completions --drain in a shell, in the session "outer", with its standard output redirected.
 * The shell prints the exit status. */
static void drain_into(const fixture *f, const char *before, const char *redirection)
{
    char text[2048];
    snprintf(text, sizeof text, "cd '%s'; %s '%s' --store '%s' completions --drain %s; echo $?",
             f->work, before, COMMAND, f->store, redirection);
    EXPECT(f, 0, "--session", "outer", "run", "--wait", "--shell", "sh", "-c", text);
}

static void a_drain_into_a_broken_fifo_acknowledges_nothing(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    cli_start_ended(f, a, "a", 1);
    cli_start_ended(f, b, "b", 2);
    static const struct {
        const char *before, *redirection, *code;
    } cases[] = {
        {"", ">&-", "125\n"},
        {"mkfifo p && exec 3<>p 4>p 3>&-; trap '' PIPE;", ">&4", "125\n"},
        {"mkfifo q && exec 3<>q 4>q 3>&-;", ">&4", "141\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        drain_into(f, cases[i].before, cases[i].redirection);
        assert_string_equal(cli_out(), cases[i].code);
        if (strcmp(cases[i].code, "125\n") != 0)
            continue;
        cli_assert_holds(cli_err(), "completions that were not written stay pending");
        assert_int_equal(cli_count_lines(cli_err()), 1);
    }
    EXPECT(f, 0, "--json", "completions", "--drain");
    cli_assert_ids(cli_objects(2), (const char *const[]){a, b});
}

/* --- output ----------------------------------------------------------------------------------- */

static void shows_pipeline_statuses(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--shell", "bash", "--pipestatus", "-c", "(exit 3) | true");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    json_t *task = cli_status(f, id);
    json_t *codes = json_pack("[i,i]", 3, 0);
    assert_true(json_equal(json_object_get(task, "pipeline_statuses"), codes));
    json_decref(codes);
    json_decref(task);
    EXPECT(f, 0, "status", id);
    assert_non_null(strstr(cli_out(), "\npipeline_statuses: 3 0\n"));
    EXPECT(f, 0, "run", "--shell", "bash", "-c", "(exit 3) | true");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    task = cli_status(f, id);
    cli_assert_null(task, "pipeline_statuses");
    json_decref(task);
}

/* The command writes the supervisor's line in its place: the first end in the marker counts. */
static void says_why_a_command_did_not_run(void **state)
{
    fixture *f = *state;
    char command[512];
    snprintf(command, sizeof command, "echo 'exit 126 error=fork' >>\"%s\"/*/exits/$TETHER_TASK_ID",
             f->store);
    static const char reason[] = "no process could be started for the command";
    EXPECT(f, 126, "run", "--wait", "-c", command);
    assert_non_null(strstr(cli_err(), reason));
    EXPECT(f, 126, "--json", "run", "--wait", "-c", command);
    assert_string_equal(cli_err(), "");
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), "failed");
    assert_string_equal(cli_text(task, "reason"), reason);
    const char *id = cli_text(task, "task_id");
    EXPECT(f, 126, "wait", id);
    assert_non_null(strstr(cli_err(), reason));
    EXPECT(f, 0, "status", id);
    assert_non_null(strstr(cli_out(), reason));
    json_decref(task);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* An answer that lacks a task is none: at each limit, the command lists all tasks, or fails and
 * says what to do. */
static void lists_all_tasks_or_none(void **state)
{
    fixture *f = *state;
    enum { TASKS = 3, FIRST = 4, LAST = 24 };
    static const char *const verbs[] = {"list --all", "completions", "list --all --all-sessions"};
    char id[TETHER_ID_SIZE], text[512];
    bool failed = false, listed = false;
    for (int i = 0; i < TASKS; i++)
        cli_start_ended(f, id, "hello", 7);
    for (int limit = FIRST; limit <= LAST; limit++) {
        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
            char *out, *err;
            snprintf(text, sizeof text, "ulimit -n %d; exec \"$0\" --store \"$1\" --json %s", limit,
                     verbs[i]);
            const char *const argv[] = {"sh", "-c", text, COMMAND, f->store, NULL};
            int code = test_command(argv, &out, &err);
            if (code == 0) {
                assert_int_equal(cli_count_lines(out), TASKS);
                assert_string_equal(err, "");
            } else if (code != 127 || strstr(err, "shared lib") == NULL) { /* not the loader */
                assert_int_equal(code, 125);
                assert_string_equal(out, "");
                cli_assert_holds(err, "TETHER_ELIMIT");
                cli_assert_holds(err, "ulimit -n");
            }
            failed = failed || code == 125;
            listed = listed || code == 0;
            free(out);
            free(err);
        }
    }
    assert_true(failed);
    assert_true(listed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(exits_as_a_shell_would),
        TEST(passes_every_byte),
        TEST(gives_text_to_the_shell_exactly),
        TEST(a_text_may_begin_like_an_option),
        TEST(takes_long_texts),
        TEST(takes_a_long_variable),
        TEST(merges_both_streams_of_a_shell),
        TEST(streams_two_floods),
        TEST(sends_one_signal),
        TEST(takes_a_signal_as_kill_1_spells_it),
        TEST(doctor_reports_a_store_open_to_others),
        TEST(refuses_a_store_open_to_others),
        TEST(refuses_the_default_store_in_the_home_of_another_user),
        TEST(works_under_every_umask),
        TEST(refuses_a_store_behind_a_link),
        TEST(refuses_a_store_below_a_file),
        TEST(refuses_ids_that_are_not_utf8),
        TEST(uses_the_default_store),
        TEST(a_drain_into_a_broken_fifo_acknowledges_nothing),
        TEST(shows_pipeline_statuses),
        TEST(says_why_a_command_did_not_run),
        TEST(lists_all_tasks_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
