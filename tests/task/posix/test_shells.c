/* Runs commands that shells end in different ways in every installed shell. The exit code and
 * output of the task must be those of the same shell when it runs the same file directly. */
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The shell family that a command is for. */
enum { ANY = 0, SH = 1, FISH = 2 };

static const struct {
    const char *command;
    int family;
} commands[] = {
    {"", ANY},
    {"\n\n", ANY},
    {"exit 7", ANY},
    {"exit 7\n", ANY},
    {"true", ANY},
    {"false", ANY},
    {"false; echo after", ANY},
    {"echo out; echo err >&2; exit 3", ANY},
    {"exec sh -c 'exit 5'", ANY},
    {"exec tether-no-such-program", SH},
    {"tether-no-such-program", SH},
    {"echo a comment # without newline", ANY},
    {"# only a comment", ANY},
    {"exit 4 # comment", ANY},
    {"sh -c 'kill -TERM $$'", ANY},
    {"sh -c 'kill -KILL $$'", ANY},
    {"printf 'no newline'", ANY},
    {"cat", ANY},
    {"echo \xc3\xa9\xff\xfe", ANY},
    {"kill $$", SH},
    {"kill -9 $$", SH},
    {"kill -HUP $$", SH},
    {"trap '' TERM; kill $$; echo alive; exit 9", SH},
    {"trap 'echo bye' EXIT; exit 6", SH},
    {"trap 'exit 11' TERM; kill $$; exit 12", SH},
    {"set -e; false; echo not reached", SH},
    {"set -u; echo \"$tether_no_such_variable\"; echo not reached", SH},
    {"if", SH},
    {"echo \"unfinished", SH},
    {"echo )", SH},
    {"cat <<E\nline $((1 + 1))\nE\n", SH},
    {"cat <<E\nwithout its end\n", SH},
    {"cat <<E\nE", SH},
    {"exit 8 \\", SH},
    {"echo trailing \\", SH},
    {"echo a\r\nexit 3\r\n", SH},
    {"true\r\n", SH},
    {"(exit 13)", SH},
    {"false | true", SH},
    {"exit 256", SH},
    {"exit -1", SH},
    {"return 5", SH},
    {"echo $0 >/dev/null; exit 2", SH},
    {"f() { exit 14; }; f", SH},
    {"kill -TERM %self", FISH},
    {"if", FISH},
    {"function f; exit 15; end; f", FISH},
    {"kill $fish_pid", FISH},
};

static bool is_command_of(int family, const char *shell)
{
    bool fish = strcmp(shell, "fish") == 0;
    return family == ANY || (family == FISH) == fish;
}

/* The reference: runs the shell directly, on the same file, in the same directory, with stdin from
 * the null device. */
static int run_directly(fixture *f, const char *program, const char *file, char **out, char **err)
{
    const char *const argv[] = {program, file, NULL};
    return test_command_in(f->work, argv, out, err);
}

/* Replaces each number by "#": messages contain pids, which differ from run to run. */
static void hide_numbers(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        bool digit = *from >= '0' && *from <= '9';
        if (!digit || to == text || to[-1] != '#')
            *to++ = digit ? '#' : *from;
    }
    *to = '\0';
}

static void check_command(fixture *f, const char *shell, const char *command)
{
    char id[TETHER_ID_SIZE], *out, *err;
    size_t size;
    tether_spec spec = {.command = command, .command_size = 0, .shell = shell, .workdir = f->work};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    const char *file =
        test_bundle_path(f, id, strcmp(shell, "fish") == 0 ? "command.fish" : "command.sh");
    int code = run_directly(f, snapshot->shell, file, &out, &err);
    if (snapshot->exit_code != code ||
        snapshot->status != (code == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED))
        fail_msg("%s: \"%s\": %s %d, and directly %d", shell, command,
                 tether_status_text(snapshot->status), (int)snapshot->exit_code, code);
    char *task_out = test_output(f->registry, id, TETHER_STDOUT, &size);
    if (strcmp(task_out, out) != 0)
        fail_msg("%s: \"%s\": stdout \"%s\", and directly \"%s\"", shell, command, task_out, out);
    char *task_err = test_output(f->registry, id, TETHER_STDERR, &size);
    hide_numbers(task_err);
    hide_numbers(err);
    if (strcmp(task_err, err) != 0)
        fail_msg("%s: \"%s\": stderr \"%s\", and directly \"%s\"", shell, command, task_err, err);
    char *marker = test_read_file(test_exit_path(f, id), NULL);
    assert_non_null(strstr(marker, "\nexit ") != NULL ? marker : strstr(marker, "\nsignal "));
    free(marker);
    free(task_out);
    free(task_err);
    free(out);
    free(err);
    tether_snapshot_free(snapshot);
}

static void check_shell(fixture *f, const char *name)
{
    const char *const probe[] = {"sh", "-c", "command -v \"$0\"", name, NULL};
    if (test_command(probe, NULL, NULL) != 0)
        test_skip("the shell is not installed");
    int checked = 0;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (is_command_of(commands[i].family, name)) {
            check_command(f, name, commands[i].command);
            checked++;
        }
    }
    print_message("%s: %d commands\n", name, checked);
}

/* busybox acts as the program by whose name it is called: a link "sh" makes it a shell. */
static void with_busybox(void **state)
{
    fixture *f = *state;
    const char *const probe[] = {"sh", "-c", "ln -s \"$(command -v busybox)\" \"$0/sh\"", f->work,
                                 NULL};
    const char *const have[] = {"busybox", "true", NULL};
    if (test_command(have, NULL, NULL) != 0)
        test_skip("the shell is not installed");
    assert_int_equal(test_command(probe, NULL, NULL), 0);
    char shell[1100];
    snprintf(shell, sizeof shell, "%s", test_work_path(f, "sh"));
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (is_command_of(commands[i].family, "sh"))
            check_command(f, shell, commands[i].command);
    }
}

/* Removes the path of the command file, which differs between the two runs, and hides numbers. */
static void hide_path_and_numbers(char *text, const char *path)
{
    size_t size = strlen(path);
    for (char *at; (at = strstr(text, path)) != NULL;)
        memmove(at, at + size, strlen(at + size) + 1);
    hide_numbers(text);
}

/* The exit codes of a pipeline as text: "1,0", or "none" if the snapshot has none. */
static void show_codes(const tether_snapshot *snapshot, char *text, size_t room)
{
    snprintf(text, room, "%s", snapshot->pipeline_statuses == NULL ? "none" : "");
    for (size_t i = 0; i < snapshot->pipeline_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, room - used, "%s%d", i > 0 ? "," : "",
                 snapshot->pipeline_statuses[i]);
    }
}

/* Runs a command with pipestatus and asserts that its exit code and output are those of the shell
 * alone, and that the codes of its last pipeline are `codes` (NULL: any). same_errors: compares
 * standard error too. */
static void check_pipeline(fixture *f, const char *shell, const char *command, const char *codes,
                           bool same_errors)
{
    char id[TETHER_ID_SIZE], *out, *err, found[600];
    size_t size;
    tether_spec spec = {.command = command, .shell = shell, .workdir = f->work, .pipestatus = true};
    test_write_file(test_work_path(f, "raw.sh"), command, strlen(command));
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    int code = run_directly(f, snapshot->shell, test_work_path(f, "raw.sh"), &out, &err);
    if (snapshot->exit_code != code)
        fail_msg("%s: \"%s\": %d, and directly %d", shell, command, (int)snapshot->exit_code, code);
    show_codes(snapshot, found, sizeof found);
    if (codes != NULL && strcmp(found, codes) != 0)
        fail_msg("%s: \"%s\": codes %s instead of %s", shell, command, found, codes);
    char *task_out = test_output(f->registry, id, TETHER_STDOUT, &size);
    char *task_err = test_output(f->registry, id, TETHER_STDERR, &size);
    if (strcmp(task_out, out) != 0)
        fail_msg("%s: \"%s\": stdout \"%s\", and directly \"%s\"", shell, command, task_out, out);
    hide_path_and_numbers(
        task_err,
        test_bundle_path(f, id, strcmp(shell, "fish") == 0 ? "command.fish" : "command.sh"));
    hide_path_and_numbers(err, test_work_path(f, "raw.sh"));
    if (same_errors && strcmp(task_err, err) != 0)
        fail_msg("%s: \"%s\": stderr \"%s\", and directly \"%s\"", shell, command, task_err, err);
    free(task_out);
    free(task_err);
    free(out);
    free(err);
    tether_snapshot_free(snapshot);
}

/* Commands, and the codes of their last pipeline in bash and in zsh. */
static const struct {
    const char *command;
    const char *bash;
    const char *zsh; /* NULL: as in bash */
} pipelines[] = {
    {"false | true", "1,0", NULL},
    {"false | true\n", "1,0", NULL},
    {"\n\nfalse | true\n\n", "1,0", NULL},
    {"true", "0", NULL},
    {"", "0", NULL},
    {"exit 7", "0", NULL},
    {"exit 3 | exit 4; exit 9", "3,4", "0"}, /* zsh runs the last command itself */
    {"set -o pipefail; false | true", "1,0", NULL},
    {"set -e; true | false | (exit 3); echo no", "0,1,3", NULL},
    {"set -eu -o pipefail; (exit 5) | true; echo no", "5,0", NULL},
    {"f() { (exit 3) | (exit 4); }; f", "4", NULL},
    {"(false | true); exit", "0", NULL},
    {"(exit 3 | exit 5)", "5", NULL},
    {"x=$(exit 3 | exit 4); true | (exit 2)", "0,2", NULL},
    {"(exit 2) | sh -c 'kill -9 $$'", "2,137", NULL},
    {"IFS=1; (exit 1) | (exit 11)", "1,11", NULL},
    {"set -C; false | true", "1,0", NULL},
    {"umask 777; cd /; false | true", "1,0", NULL},
    {"set -x; echo x; (exit 3)", "3", NULL},
    {"readonly tether_none; echo $LINENO; false | true", "1,0", NULL},
    {"echo $LINENO\necho $LINENO\nfalse | true", "1,0", NULL},
    {"exec sh -c 'exit 5'", "none", NULL},
    {"trap 'echo bye' EXIT; false | true", "none", NULL},
    {"trap - EXIT; false | true", "none", NULL},
    {"kill -9 $$", "none", NULL},
    {"ulimit -f 0; false | true", "none", NULL},
};

/* The EXIT trap that pipestatus needs neither keeps a killed shell alive nor changes its end. */
static void check_kill_with_pipestatus(fixture *f, const char *shell)
{
    char id[TETHER_ID_SIZE];
    tether_spec spec = {
        .command = "echo x; false | sleep 600; echo y", .shell = shell, .pipestatus = true};
    test_start(f->registry, &spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 2);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(tether_status_text(snapshot->status), "killed");
    assert_int_equal(snapshot->exit_code, 128 + SIGTERM);
    assert_string_equal(snapshot->output_preview, "x\n");
    tether_snapshot_free(snapshot);
}

static void check_pipelines(fixture *f, const char *name)
{
    const char *const probe[] = {"sh", "-c", "command -v \"$0\"", name, NULL};
    if (test_command(probe, NULL, NULL) != 0)
        test_skip("the shell is not installed");
    for (size_t i = 0; i < sizeof pipelines / sizeof pipelines[0]; i++) {
        bool zsh = strcmp(name, "zsh") == 0 && pipelines[i].zsh != NULL;
        check_pipeline(f, name, pipelines[i].command, zsh ? pipelines[i].zsh : pipelines[i].bash,
                       true);
    }
    /* pipestatus changes neither the exit code nor the output of any command. Standard error may
     * differ: a message about a syntax error in the first line shows that line with our prefix. */
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (is_command_of(commands[i].family, name))
            check_pipeline(f, name, commands[i].command, NULL, false);
    }
    /* The codes of up to 100 commands are reported. */
    char command[1000] = "true", codes[600] = "0";
    for (int i = 1; i < 100; i++) {
        strcat(command, "|true");
        strcat(codes, ",0");
    }
    check_pipeline(f, name, command, codes, true);
    strcat(command, "|true|true");
    check_pipeline(f, name, command, "none", true);
    check_kill_with_pipestatus(f, name);
}

static void bash_reports_the_codes_of_a_pipeline(void **state)
{
    check_pipelines(*state, "bash");
}

static void zsh_reports_the_codes_of_a_pipeline(void **state)
{
    check_pipelines(*state, "zsh");
}

static void other_shells_report_no_codes(void **state)
{
    static const char *const shells[] = {"sh", "dash", "fish", "mksh"};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        const char *const probe[] = {"sh", "-c", "command -v \"$0\"", shells[i], NULL};
        if (test_command(probe, NULL, NULL) == 0)
            check_pipeline(*state, shells[i], "false | true", "none", true);
    }
    /* A program that runs without a shell has no codes either. */
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "exit", "3", NULL};
    tether_spec spec = {.argv = argv, .pipestatus = true};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->exit_code, 3);
    assert_null(snapshot->pipeline_statuses);
    tether_snapshot_free(snapshot);
}

/* A task may write anything into the pipestatus file: the marker stays intact, and the exit code
 * right. */
static void invalid_codes_are_ignored(void **state)
{
    static const char *const texts[] = {
        "1 0 x", "1;0",   "-1",          "$(exit 1)", "1 0\\nexit 0", " ",        "1,0",
        "*",     "1\\t0", "99999999999", "\\n1 0",    "../x",         "exit=0 1",
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char id[TETHER_ID_SIZE], command[256];
        snprintf(command, sizeof command,
                 "trap - EXIT; printf '%s\n' >\"${0%%/*}/pipestatus\"; exit 7", texts[i]);
        tether_spec spec = {.command = command, .shell = "bash", .pipestatus = true};
        test_start(f->registry, &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, TETHER_STATUS_FAILED);
        assert_int_equal(snapshot->exit_code, 7);
        if (strcmp(texts[i], "1 0\\nexit 0") == 0)
            assert_int_equal(snapshot->pipeline_count, 2); /* its first line */
        else if (snapshot->pipeline_statuses != NULL)
            fail_msg("codes from: %s", texts[i]);
        tether_snapshot_free(snapshot);
    }
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command = "trap - EXIT; rm \"${0%/*}/pipestatus\"; "
                                   "mkfifo \"${0%/*}/pipestatus\"; exit 7",
                        .shell = "bash",
                        .pipestatus = true};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);
}

#define SHELL_TEST(name)                                                                           \
    static void with_##name(void **state)                                                          \
    {                                                                                              \
        check_shell(*state, #name);                                                                \
    }
SHELL_TEST(sh)
SHELL_TEST(dash)
SHELL_TEST(bash)
SHELL_TEST(zsh)
SHELL_TEST(mksh)
SHELL_TEST(ksh93)
SHELL_TEST(fish)

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(with_sh),
        WITH_REGISTRY(with_dash),
        WITH_REGISTRY(with_bash),
        WITH_REGISTRY(with_zsh),
        WITH_REGISTRY(with_mksh),
        WITH_REGISTRY(with_ksh93),
        WITH_REGISTRY(with_fish),
        WITH_REGISTRY(with_busybox),
        WITH_REGISTRY(bash_reports_the_codes_of_a_pipeline),
        WITH_REGISTRY(zsh_reports_the_codes_of_a_pipeline),
        WITH_REGISTRY(other_shells_report_no_codes),
        WITH_REGISTRY(invalid_codes_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
