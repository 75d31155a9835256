/* Failures of the command: exit status, message with the remedy, JSON object, no leftovers. */
#include "cli/cli_support.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

static void exits_127_for_what_is_not_found(void **state)
{
    fixture *f = *state;
    EXPECT_ERROR(f, 127, "TETHER_ENOPROGRAM", "check the name and PATH", "run", "--",
                 "no-such-program");
    EXPECT_ERROR(f, 127, "TETHER_ENOPROGRAM", "check the name", "run", "--wait", "--",
                 test_work_path(f, "nothing"));
    /* The value of --wait is attached to it. */
    EXPECT_ERROR(f, 127, "TETHER_ENOPROGRAM", "write --wait=30s", "run", "--wait", "30s", "ls");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "takes no arguments", "run", "-c", "exit $1", "3");
    EXPECT_ERROR(f, 127, "TETHER_ENOSHELL", "install it or choose another", "run", "--shell",
                 "no-such-shell", "-c", "exit 0");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "status", "no-such-task");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "output", "no-such-task");
    EXPECT(f, 127, "output", "--follow", "no-such-task");
    cli_assert_holds(cli_err(), "tether list --all shows");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "wait", "no-such-task");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "wait", "-n", "no-such-task");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "kill", "no-such-task");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "completions", "--ack",
                 "no-such-task");
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void exits_126_for_what_cannot_be_run(void **state)
{
    fixture *f = *state;
    const char *file = test_work_path(f, "plain");
    test_write_file(file, "text\n", 5);
    EXPECT_ERROR(f, 126, "TETHER_ENOEXEC", test_no_program_remedy(), "run", "--", file);
    EXPECT_ERROR(f, 126, "TETHER_ENOEXEC", test_no_program_remedy(), "run", "--wait", "--", file);
    EXPECT_ERROR(f, 126, "TETHER_ENOEXEC", test_no_program_remedy(), "run", "--shell", file, "-c",
                 "exit 0");
    EXPECT_ERROR(f, 126, "TETHER_ENOEXEC", "permissions", "run", "--", f->work);
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void a_run_needs_one_command(void **state)
{
    fixture *f = *state;
    static const char einval[] = "TETHER_EINVAL";
    EXPECT_ERROR(f, 125, einval, "PROG ARG..., -c STRING, -f FILE", "run");
    EXPECT_ERROR(f, 125, einval, "PROG ARG..., -c STRING, -f FILE", "run", "--wait");
    EXPECT_ERROR(f, 125, einval, "see tether help run", "run", "--");
    EXPECT_ERROR(f, 125, einval, "see tether help run", "run", "--", "");
    EXPECT_ERROR(f, 125, einval, "choose one of", "run", "-c", "exit 0", "-f", "-");
    EXPECT_ERROR(f, 125, einval, "choose one of", "run", "-c", "exit 0", "--", CHILD);
    EXPECT_ERROR(f, 125, einval, "choose one of", "run", "-c", "exit 0", CHILD);
    EXPECT_ERROR(f, 125, einval, "see tether help run", "run", "", "x");
    EXPECT_ERROR(f, 125, einval, "runs without a shell", "run", "--shell", "sh", "--", CHILD);
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void refuses_options_of_run(void **state)
{
    fixture *f = *state;
    static const char einval[] = "TETHER_EINVAL";
    EXPECT_ERROR(f, 125, "TETHER_EWORKDIR", "create it or choose another", "run", "--cwd",
                 test_work_path(f, "nothing"), "-c", "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EWORKDIR", "create it or choose another", "run", "--project",
                 test_work_path(f, "nothing"), "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "check the path", "run", "--stdin", test_work_path(f, "nothing"),
                 "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give NAME=VALUE", "run", "--env", "=x", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give NAME=VALUE", "run", "--env", "NAME", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "no name of a variable", "run", "--unset", "A=1", "-c", "exit 0");
    test_write_file(test_work_path(f, "vars"), "# comment\nA=1\nno entry\n", 23);
    EXPECT_ERROR(f, 125, einval, "line 3 of", "run", "--env-file", test_work_path(f, "vars"), "-c",
                 "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EIO", "check its name", "run", "--env-file",
                 test_work_path(f, "nothing"), "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "for -c and -f", "run", "--login", CHILD, "exit", "0");
    EXPECT_ERROR(f, 125, einval, "the name is empty", "run", "--name", "", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "the key is empty", "run", "--key", "", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "control character", "run", "--key", "a\nb", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "choose one", "run", "--stdin", "-", "-f", "-");
    EXPECT_ERROR(f, 125, einval, "choose one", "run", "--env-file", "-", "-f", "-");
    EXPECT_ERROR(f, 125, einval, "choose one", "run", "--env-file", "-", "--stdin", "-", "ls");
    EXPECT_ERROR(f, 125, einval, "needs --wait", "run", "--kill-on-signal", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give both", "run", "--wait", "--grace", "0", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "run", "--on-end", "true", "--on-end-timeout", "x",
                 "--", "true");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "run", "--on-end", "true", "--on-end-timeout", "0",
                 "--", "true");
    EXPECT_ERROR(f, 125, einval, "give on_end", "run", "--on-end-timeout", "1s", "--", "true");
    EXPECT_ERROR(f, 125, einval, "give a text", "run", "--on-end", "", "--", "true");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "run", "--wait", "--kill-on-signal", "--grace", "x",
                 "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "run", "--timeout", "-1", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "run", "--timeout=99999999999999h", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "run", "--wait=", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "give auto, script or monitor", "run", "--supervisor", "x", "-c",
                 "exit 0");
    test_use_scripts();
    EXPECT_ERROR(f, 125, "TETHER_ENOTSUP", "choose the script", "run", "--supervisor", "monitor",
                 "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "takes no value", "run", "--merge=yes", "-c", "exit 0");
    EXPECT_ERROR(f, 125, einval, "needs a value", "run", "-c");
    assert_int_equal(cli_count_leftovers(f), 0);
}

static const char *const all_verbs[] = {
    "run",   "list",    "status",      "output", "wait", "kill", "pause", "resume", "extend",
    "input", "promote", "completions", "watch",  "top",  "rm",   "gc",    "doctor", "help"};

static void refuses_unknown_verbs_and_options(void **state)
{
    fixture *f = *state;
    static const char einval[] = "TETHER_EINVAL";
    EXPECT_ERROR(NULL, 125, einval, "tether help lists the verbs", "frobnicate");
    EXPECT_ERROR(NULL, 125, einval, "did you mean list?", "lits");
    EXPECT_ERROR(NULL, 125, einval, "did you mean completions?", "comp");
    EXPECT_ERROR(NULL, 125, einval, "tether help lists the verbs", "");
    EXPECT_ERROR(NULL, 125, einval, "tether help lists the verbs", "help", "frobnicate");
    EXPECT_ERROR(NULL, 125, einval, "one verb at a time", "help", "run", "list");
    EXPECT_ERROR(NULL, 125, einval, "see tether help help", "help", "run", "--all");
    EXPECT_ERROR(NULL, 125, einval, "see tether help", "--frobnicate", "list");
    EXPECT_ERROR(f, 125, einval, "tether help lists the verbs", "--");
    for (size_t i = 0; i < sizeof all_verbs / sizeof all_verbs[0]; i++) {
        EXPECT_ERROR(f, 125, einval, all_verbs[i], all_verbs[i], "--frobnicate");
        EXPECT_ERROR(f, 125, einval, all_verbs[i], all_verbs[i], "-x");
    }
}

static void assert_narrow(const char *text)
{
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (end - line > 79)
            fail_msg("%.*s: %d columns", (int)(end - line), line, (int)(end - line));
    }
}

static void help_fits_a_terminal_of_80_columns(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "help");
    assert_narrow(cli_out());
    for (size_t i = 0; i < sizeof all_verbs / sizeof all_verbs[0]; i++) {
        EXPECT(f, 0, "help", all_verbs[i]);
        cli_assert_holds(cli_out(), all_verbs[i]);
        assert_narrow(cli_out());
    }
}

static void refuses_wrong_operands_and_values(void **state)
{
    fixture *f = *state;
    static const char einval[] = "TETHER_EINVAL";
    EXPECT_ERROR(f, 125, einval, "tether status shows one task", "list", "x");
    EXPECT_ERROR(f, 125, einval, "give a text", "list", "--name", "");
    EXPECT_ERROR(f, 125, einval, "tether list shows them", "status");
    EXPECT_ERROR(f, 125, einval, "tether list --all shows", "status", "a", "b");
    EXPECT_ERROR(f, 125, einval, "tether list --all shows", "output");
    EXPECT_ERROR(f, 125, einval, "takes one task id", "output", "a", "b");
    EXPECT_ERROR(f, 125, einval, "give stdout, stderr or both", "output", "a", "--stream", "x");
    EXPECT_ERROR(f, 125, einval, "with K, M or G", "output", "a", "--bytes", "1X");
    EXPECT_ERROR(f, 125, einval, "not a number of lines", "output", "a", "--tail", "1X");
    EXPECT_ERROR(f, 125, einval, "--bytes takes a size", "output", "a", "--tail", "1K");
    EXPECT_ERROR(f, 125, einval, "give last or all", "output", "a", "--frames", "first");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "wait", "--timeout", "x");
    EXPECT_ERROR(f, 125, einval, "tether list shows them", "kill");
    EXPECT_ERROR(f, 125, einval, "leave one of them out", "kill", "--all", "a");
    EXPECT_ERROR(f, 125, einval, "tether list --all shows", "rm");
    EXPECT_ERROR(f, 125, einval, "leave one of them out", "gc", "--all", "--older-than", "1h");
    EXPECT_ERROR(f, 125, einval, "a name such as TERM", "kill", "a", "--signal", "FROB");
    EXPECT_ERROR(f, 125, einval, "a name such as TERM", "kill", "a", "--signal", "0");
    EXPECT_ERROR(f, 125, einval, "leave one of them out", "kill", "a", "--signal", "TERM",
                 "--grace", "1s");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "kill", "a", "--grace", "soon");
    EXPECT_ERROR(f, 125, einval, "after --ack only", "completions", "a");
    EXPECT_ERROR(f, 125, einval, "tether completions shows them", "completions", "--ack");
    EXPECT_ERROR(f, 125, einval, "--drain acknowledges all", "completions", "--ack", "a",
                 "--drain");
    EXPECT_ERROR(f, 125, einval, "see tether help gc", "gc", "x");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "gc", "--older-than", "old");
    EXPECT_ERROR(f, 125, einval, "see tether help doctor", "doctor", "x");
    EXPECT(f, 127, "--json", "output", "--follow", "a");
    json_decref(cli_error_object());
}

static void refuses_invalid_task_and_session_ids(void **state)
{
    fixture *f = *state;
    char text[201];
    memset(text, 'a', 200);
    text[200] = '\0';
    static const char *const verbs[] = {"status", "output", "kill", "wait"};
    /* What cannot be an id may be a name, so it is not found rather than refused. */
    const char *const ids[] = {"../..", "a/b", "A", ".", "a b", "\xc3\xa4", text};
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1 to 64 of a-z", verbs[v], "");
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
            EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", verbs[v], ids[i]);
    }
    const char *const sessions[] = {"", "a/b", "a\nb", "dot.", text};
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1 to 128 bytes of UTF-8", "--session", sessions[i],
                     "run", "-c", "exit 0");
    }
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void refuses_unusable_stores(void **state)
{
    fixture *f = *state;
    const char *file = test_work_path(f, "file");
    test_write_file(file, "x", 1);
    EXPECT_ERROR(NULL, 125, "TETHER_EINVAL", "path is empty", "--store", "", "list");
    EXPECT_ERROR(NULL, 125, "TETHER_EINVAL", "needs a value", "--store");
    EXPECT_ERROR(NULL, 125, "TETHER_ESTORE", "name the directory itself", "--store", file, "list");
    /* An existing private directory with other files is refused and not changed. */
    EXPECT_ERROR(NULL, 125, "TETHER_EFORMAT", "name an empty or new directory", "--store", f->work,
                 "list");
    assert_int_equal(test_count_names(f->work), 1);
}

static void a_store_of_another_version_is_refused_with_the_cure(void **state)
{
    fixture *f = *state;
    char store[1024], format[1100];
    snprintf(store, sizeof store, "%s", test_work_path(f, "old"));
    snprintf(format, sizeof format, "%s/FORMAT", store);
    EXPECT(NULL, 0, "--store", store, "list");
    test_write_file(format, "tether-store 1\n", 15);
    EXPECT_ERROR(NULL, 125, "TETHER_EFORMAT",
                 "has the format \"tether-store 1\", and this version of tether reads "
                 "\"tether-store 2\"; finish its tasks with the version that created it, name "
                 "another store with --store or TETHER_STORE, or remove it",
                 "--store", store, "list");
}

static void an_error_is_json_wherever_json_is_given(void **state)
{
    fixture *f = *state;
    const char *const calls[][7] = {
        {"list", "--frobnicate", "--json"},
        {"list", "x", "--json"},
        {"frobnicate", "--json"},
        {"kill", "a", "--signal", "FROB", "--json"},
        {"output", "a", "--tail", "x", "--json"},
        {"run", "--timeout", "x", "--json", "-c", "exit 0"},
        {"wait", "--timeout", "x", "a", "--json"},
        {"doctor", "x", "--json"},
        {"gc", "--older-than", "x", "--json"},
        {"status", "a", "b", "--json"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        assert_int_equal(cli_call(f, calls[i]), 125);
        json_decref(cli_error_object());
        assert_string_equal(cli_out(), "");
    }
    /* A --json after the program, or after --, belongs to the program. */
    EXPECT(f, 127, "run", "--", "no-such-program", "--json");
    assert_int_equal(strncmp(cli_err(), "tether: ", 8), 0);
    EXPECT(f, 127, "run", "no-such-program", "--json");
    assert_int_equal(strncmp(cli_err(), "tether: ", 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(exits_127_for_what_is_not_found),
        TEST(exits_126_for_what_cannot_be_run),
        TEST(a_run_needs_one_command),
        TEST(refuses_options_of_run),
        TEST(refuses_unknown_verbs_and_options),
        TEST(help_fits_a_terminal_of_80_columns),
        TEST(refuses_wrong_operands_and_values),
        TEST(refuses_invalid_task_and_session_ids),
        TEST(refuses_unusable_stores),
        TEST(a_store_of_another_version_is_refused_with_the_cure),
        TEST(an_error_is_json_wherever_json_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
