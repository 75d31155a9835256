/* Which shell runs a command on Windows, and how: stand-ins for shells that are not installed
 * record how they were called. No PowerShell is installed: ci/wine hides the one that does
 * nothing. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <windows.h>

enum { CODE = 23 };

static char *system_path;

/* By default none of the shells but cmd is found. */
static int setup(void **state)
{
    char folder[MAX_PATH + 1], path[MAX_PATH + 64];
    int result = test_setup_registry(state);
    const fixture *f = *state;
    assert_in_range(GetSystemDirectoryA(folder, MAX_PATH), 1, MAX_PATH);
    snprintf(path, sizeof path, "%s", folder);
    system_path = strdup(path);
    assert_non_null(system_path);
    assert_int_equal(uv_os_setenv("PATH", path), 0);
    assert_int_equal(uv_os_unsetenv("SHELL"), 0);
    assert_int_equal(uv_os_setenv("STAND_IN_FILE", test_work_path(f, "called")), 0);
    assert_int_equal(uv_os_setenv("STAND_IN_CODE", "23"), 0);
    return result;
}

static int teardown(void **state)
{
    assert_int_equal(uv_os_unsetenv("STAND_IN_FILE"), 0);
    assert_int_equal(uv_os_unsetenv("STAND_IN_CODE"), 0);
    assert_int_equal(uv_os_unsetenv("SHELL"), 0);
    assert_int_equal(uv_os_setenv("PATH", system_path), 0);
    free(system_path);
    return test_teardown(state);
}

static const char *make_folder(const fixture *f, const char *name)
{
    const char *path = test_work_path(f, "%s", name);
    if (!CreateDirectoryA(path, NULL))
        assert_int_equal(GetLastError(), ERROR_ALREADY_EXISTS);
    return path;
}

/* Puts a stand-in of this name into a folder of f->work. */
static void put_stand_in(const fixture *f, const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", make_folder(f, folder), name);
    assert_true(CopyFileA(TETHER_TEST_STAND_IN, path, TRUE));
}

/* PATH: these folders of f->work, then the system's. */
static void set_path(const fixture *f, const char *first, const char *second)
{
    char path[4096];
    snprintf(path, sizeof path, "%s;%s;%s", test_work_path(f, "%s", first),
             test_work_path(f, "%s", second), system_path);
    assert_int_equal(uv_os_setenv("PATH", path), 0);
}

static void assert_same_file(const char *one, const char *other)
{
    char full[2][1024];
    assert_true(GetFullPathNameA(one, sizeof full[0], full[0], NULL) > 0);
    assert_true(GetFullPathNameA(other, sizeof full[1], full[1], NULL) > 0);
    if (_stricmp(full[0], full[1]) != 0)
        fail_msg("%s is not %s", full[0], full[1]);
}

static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

/* Checks that the stand-in was called like this, in f->work, with the command's file as the last
 * argument. */
static void assert_called(const fixture *f, const char *id, const char *program,
                          const char *const *options, const char *file)
{
    char *text = test_read_file(test_work_path(f, "called"), NULL);
    assert_non_null(text);
    char *at = text;
    assert_same_file(next_line(&at), test_work_path(f, "%s", program));
    assert_same_file(next_line(&at), f->work);
    for (; *options != NULL; options++)
        assert_string_equal(next_line(&at), *options);
    assert_same_file(next_line(&at), test_bundle_path(f, id, file));
    assert_string_equal(at, "");
    free(text);
    char *shell = test_record_text(f, id, "shell");
    assert_same_file(shell, test_work_path(f, "%s", program));
    free(shell);
}

static void run(const fixture *f, const char *shell, const char *text, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = text, .shell = shell, .workdir = f->work};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, CODE, NULL);
}

/* How a kind of shell is called, and a text for it. */
typedef struct call {
    const char *text;
    const char *file; /* the command's file */
    const char *options[8];
} call;

static const call as_powershell = {
    "'text'",
    "command.ps1",
    {"-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", NULL}};
static const call as_posix_shell = {"text", "command.sh", {NULL}};

/* Runs a text for this kind of shell and checks that this program of f->work was called for it.
 * shell: the choice; NULL: none. */
static void expect_called(const fixture *f, const char *shell, const call *as, const char *program)
{
    char id[TETHER_ID_SIZE];
    run(f, shell, as->text, id);
    assert_called(f, id, program, as->options, as->file);
}

static void falls_back_to_cmd(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run(f, NULL, "exit 23", id);
    char *shell = test_record_text(f, id, "shell");
    const char *name = strrchr(shell, '\\');
    assert_non_null(name);
    assert_int_equal(_stricmp(name, "\\cmd.exe"), 0);
    free(shell);
}

static void takes_pwsh_before_powershell(void **state)
{
    fixture *f = *state;
    put_stand_in(f, "a", "powershell.exe");
    put_stand_in(f, "b", "pwsh.exe");
    set_path(f, "a", "b");
    expect_called(f, NULL, &as_powershell, "b/pwsh.exe");
}

static void takes_powershell_where_there_is_no_pwsh(void **state)
{
    fixture *f = *state;
    put_stand_in(f, "a", "powershell.exe");
    set_path(f, "a", "b");
    expect_called(f, NULL, &as_powershell, "a/powershell.exe");
}

static void takes_the_first_in_path(void **state)
{
    fixture *f = *state;
    put_stand_in(f, "a", "pwsh.exe");
    put_stand_in(f, "b", "pwsh.exe");
    set_path(f, "b", "a");
    expect_called(f, NULL, &as_powershell, "b/pwsh.exe");
}

static void takes_a_posix_shell_of_the_variable(void **state)
{
    fixture *f = *state;
    put_stand_in(f, "a", "pwsh.exe");
    put_stand_in(f, "c", "zsh.exe");
    set_path(f, "a", "b");
    assert_int_equal(uv_os_setenv("SHELL", test_work_path(f, "c/zsh.exe")), 0);
    expect_called(f, NULL, &as_posix_shell, "c/zsh.exe");
    /* A program that is no shell, or a shell that does not exist, does not count. */
    assert_int_equal(uv_os_setenv("SHELL", "C:\\no\\such\\bash.exe"), 0);
    expect_called(f, NULL, &as_powershell, "a/pwsh.exe");
    assert_int_equal(uv_os_setenv("SHELL", "C:\\windows\\notepad.exe"), 0);
    expect_called(f, NULL, &as_powershell, "a/pwsh.exe");
}

static void takes_the_bash_beside_git(void **state)
{
    static const char *const folders[] = {"git/cmd", "git/mingw64/bin"};
    fixture *f = *state;
    make_folder(f, "git");
    make_folder(f, "git/mingw64");
    put_stand_in(f, "git/bin", "bash.exe");
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        put_stand_in(f, folders[i], "git.exe");
        set_path(f, folders[i], "none");
        expect_called(f, NULL, &as_posix_shell, "git/bin/bash.exe");
    }
}

/* A bash in PATH may be the one that runs programs of another system. */
static void ignores_a_bash_that_is_not_gits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    put_stand_in(f, "a", "bash.exe");
    set_path(f, "a", "b");
    run(f, NULL, "exit 23", id);
    assert_false(test_exists(test_work_path(f, "called")));
}

static void a_choice_is_final(void **state)
{
    static const char *const names[] = {"powershell", "powershell.exe"};
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    put_stand_in(f, "a", "pwsh.exe");
    put_stand_in(f, "a", "powershell.exe");
    put_stand_in(f, "a", "bash.exe");
    set_path(f, "a", "b");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_called(f, names[i], &as_powershell, "a/powershell.exe");
    expect_called(f, "bash", &as_posix_shell, "a/bash.exe");
    run(f, "cmd", "exit 23", id);
    const tether_spec spec = {.command = "text", .shell = "zsh"};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOSHELL);
    assert_non_null(strstr(f->error.message, "the chosen shell zsh was not found"));
    assert_string_equal(id, "");
}

/* A candidate that exists and cannot be started is an error; only a missing one is passed over. */
static void fails_where_a_candidate_is_no_program(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    put_stand_in(f, "a", "powershell.exe");
    make_folder(f, "b");
    test_write_file(test_work_path(f, "b/pwsh.exe"), "just text\n", 10);
    set_path(f, "a", "b");
    const tether_spec spec = {.command = "'text'"};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOEXEC);
    assert_non_null(strstr(f->error.message, "pwsh.exe"));
    assert_string_equal(id, "");
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
    assert_false(test_exists(test_work_path(f, "called")));
}

/* A directory of that name is no candidate. */
static void passes_over_a_directory(void **state)
{
    fixture *f = *state;
    put_stand_in(f, "a", "powershell.exe");
    make_folder(f, "b");
    make_folder(f, "b/pwsh.exe");
    set_path(f, "b", "a");
    expect_called(f, NULL, &as_powershell, "a/powershell.exe");
}

/* The file contains the text exactly as it was given. */
static void keeps_the_text(void **state)
{
    static const char text[] = "Write-Output \"\xc3\xa4 %PATH% `\"\n$x | foo `\n# end";
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    put_stand_in(f, "a", "pwsh.exe");
    set_path(f, "a", "b");
    run(f, NULL, text, id);
    char *file = test_read_file(test_bundle_path(f, id, "command.ps1"), NULL);
    assert_non_null(file);
    assert_non_null(strstr(file, text));
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(falls_back_to_cmd),
        TEST(takes_pwsh_before_powershell),
        TEST(takes_powershell_where_there_is_no_pwsh),
        TEST(takes_the_first_in_path),
        TEST(takes_a_posix_shell_of_the_variable),
        TEST(takes_the_bash_beside_git),
        TEST(ignores_a_bash_that_is_not_gits),
        TEST(a_choice_is_final),
        TEST(fails_where_a_candidate_is_no_program),
        TEST(passes_over_a_directory),
        TEST(keeps_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
