/* Every shell that is there, with commands that shells end in their own ways: a task's code and
 * output are those that the same shell gives alone on the same file. */
#include "../support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What belongs to one shell family only. */
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

/* The reference: the shell itself, on the same file, in the same directory, stdin from the null
 * device. */
static int run_alone(fixture *f, const char *program, const char *file, char **out, char **err)
{
    const char *const argv[] = {program, file, NULL};
    return test_command_in(f->work, argv, out, err);
}

/* Messages name processes by their pids, which differ from run to run. */
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
    int code = run_alone(f, snapshot->shell, file, &out, &err);
    if (snapshot->exit_code != code ||
        snapshot->status != (code == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED))
        fail_msg("%s: \"%s\": %s %d, and alone %d", shell, command,
                 tether_status_text(snapshot->status), (int)snapshot->exit_code, code);
    char *task_out = test_output(f->registry, id, TETHER_STDOUT, &size);
    if (strcmp(task_out, out) != 0)
        fail_msg("%s: \"%s\": wrote \"%s\", and alone \"%s\"", shell, command, task_out, out);
    char *task_err = test_output(f->registry, id, TETHER_STDERR, &size);
    hide_numbers(task_err);
    hide_numbers(err);
    if (strcmp(task_err, err) != 0)
        fail_msg("%s: \"%s\": told \"%s\", and alone \"%s\"", shell, command, task_err, err);
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

/* busybox is one program that goes by its name: sh. */
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
        WITH_REGISTRY(with_sh),   WITH_REGISTRY(with_dash),    WITH_REGISTRY(with_bash),
        WITH_REGISTRY(with_zsh),  WITH_REGISTRY(with_mksh),    WITH_REGISTRY(with_ksh93),
        WITH_REGISTRY(with_fish), WITH_REGISTRY(with_busybox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
