/* The choice of the user's shell, with simulated look-ups. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shell/shell.h"

/* A simulated machine, and a log of the look-ups. */
typedef struct machine {
    const char *const *installed; /* name, path, name, path, ..., NULL */
    const char *broken;           /* exists, but cannot be executed */
    const char *vanished;         /* found, but missing when it is started */
    const char *refused;          /* found, but fails for another reason when it is started */
    const char *bash;             /* $BASH */
    const char *path;             /* $PATH */
    const char *shell;            /* $SHELL */
    char log[256];
} machine;

static int find(const char *name, char **found, void *userdata, tether_error *error)
{
    machine *m = userdata;
    *found = NULL;
    strcat(m->log, name);
    strcat(m->log, " ");
    if (m->broken != NULL && strcmp(name, m->broken) == 0)
        return tether__fail(error, TETHER_ENOEXEC, 13, "find program", "%s is broken", name);
    for (const char *const *at = m->installed; *at != NULL; at += 2) {
        if (strcmp(name, at[0]) == 0 || strcmp(name, at[1]) == 0) {
            *found = strdup(at[1]);
            return *found != NULL ? TETHER_OK : tether__fail_memory(error, "find program");
        }
    }
    return tether__fail(error, TETHER_ENOPROGRAM, 2, "find program", "%s not found", name);
}

static const char *const everything[] = {"bash", "/usr/bin/bash",  "zsh",  "/usr/bin/zsh",
                                         "sh",   "/bin/sh",        "fish", "/usr/bin/fish",
                                         "pwsh", "/opt/pwsh/pwsh", NULL};

static int try_start(const char *path, void *userdata, tether_error *error)
{
    machine *m = userdata;
    strcat(m->log, "try:");
    strcat(m->log, path);
    strcat(m->log, " ");
    if (m->vanished != NULL && strcmp(path, m->vanished) == 0)
        return tether__fail(error, TETHER_ENOPROGRAM, 2, "start", "%s went", path);
    if (m->refused != NULL && strcmp(path, m->refused) == 0)
        return tether__fail(error, TETHER_ELIMIT, 8, "start", "no memory for %s", path);
    return TETHER_OK;
}

static const char *variable(const char *name, void *userdata)
{
    machine *m = userdata;
    return strcmp(name, "BASH") == 0    ? m->bash
           : strcmp(name, "PATH") == 0  ? m->path
           : strcmp(name, "SHELL") == 0 ? m->shell
                                        : NULL;
}

/* Resolves by the rules of POSIX. With start_it, shells that are found are also started for a try.
 */
static int resolve_in(machine *m, const char *choice, bool start_it, tether__shell *shell,
                      tether_error *error)
{
    const tether__shell_lookups lookups = {find, start_it ? try_start : NULL, variable, m};
    return tether__shell_resolve(choice, tether__shell_candidates_posix, &lookups, shell, error);
}

static int resolve(machine *m, const char *choice, tether__shell *shell, tether_error *error)
{
    return resolve_in(m, choice, false, shell, error);
}

static void prefers_the_bash_that_runs_the_host(void **state)
{
    (void)state;
    static const char *const installed[] = {"/opt/bash5/bash", "/opt/bash5/bash", "bash",
                                            "/usr/bin/bash", NULL};
    machine m = {.installed = installed, .bash = "/opt/bash5/bash"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve(&m, NULL, &shell, &error), error);
    assert_string_equal(shell.path, "/opt/bash5/bash");
    assert_int_equal(shell.family, TETHER__SHELL_SH);
    assert_string_equal(m.log, "/opt/bash5/bash ");
    tether__shell_dispose(&shell);
    assert_null(shell.path);
}

static void ignores_a_bash_variable_without_an_existing_path(void **state)
{
    (void)state;
    static const char *const values[] = {"/gone/bash", "bash", "./bash", "", NULL};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        machine m = {.installed = everything, .bash = values[i]};
        tether__shell shell;
        tether_error error = {0};
        ASSERT_OK(resolve(&m, NULL, &shell, &error), error);
        assert_string_equal(shell.path, "/usr/bin/bash");
        /* Only an absolute path counts as set by bash. */
        assert_string_equal(m.log, i == 0 ? "/gone/bash bash " : "bash ");
        tether__shell_dispose(&shell);
    }
}

static void takes_the_first_candidate_that_can_be_executed(void **state)
{
    (void)state;
    static const char *const only_sh[] = {"sh", "/bin/sh", NULL};
    machine m = {.installed = only_sh, .broken = "zsh"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve(&m, NULL, &shell, &error), error);
    assert_string_equal(shell.path, "/bin/sh");
    assert_string_equal(m.log, "bash zsh sh ");
    tether__shell_dispose(&shell);
}

static void lists_the_candidates_that_it_tried(void **state)
{
    (void)state;
    static const char *const nothing[] = {NULL};
    machine m = {.installed = nothing, .bash = "/x/bash"};
    tether__shell shell;
    tether_error error = {0};
    assert_int_equal(resolve(&m, NULL, &shell, &error), TETHER_ENOSHELL);
    assert_int_equal(error.code, TETHER_ENOSHELL);
    assert_non_null(strstr(error.message, "bash, zsh, sh"));
    assert_null(shell.path);
    assert_int_equal(resolve(&m, NULL, &shell, NULL), TETHER_ENOSHELL);
}

static void tries_only_the_chosen_shell(void **state)
{
    (void)state;
    machine m = {.installed = everything, .bash = "/usr/bin/bash"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve(&m, "fish", &shell, &error), error);
    assert_string_equal(shell.path, "/usr/bin/fish");
    assert_int_equal(shell.family, TETHER__SHELL_FISH);
    assert_string_equal(m.log, "fish ");
    tether__shell_dispose(&shell);

    m.log[0] = '\0';
    assert_int_equal(resolve(&m, "nosh", &shell, &error), TETHER_ENOSHELL);
    assert_string_equal(m.log, "nosh ");
    assert_non_null(strstr(error.message, "nosh"));
    assert_int_equal(error.os_error, 2);
    assert_null(shell.path);

    /* A shell that exists but cannot be executed is a different error. */
    m.broken = "zsh";
    assert_int_equal(resolve(&m, "zsh", &shell, &error), TETHER_ENOEXEC);
    assert_string_equal(error.message, "zsh is broken");
    assert_null(shell.path);
    assert_int_equal(resolve(&m, "zsh", &shell, NULL), TETHER_ENOEXEC);
}

/* A shell that is found may have been removed since, or be an alias of a program that is not
 * installed. */
static void skips_candidates_that_are_missing_when_started(void **state)
{
    (void)state;
    machine m = {.installed = everything, .vanished = "/usr/bin/bash"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve_in(&m, NULL, true, &shell, &error), error);
    assert_string_equal(shell.path, "/usr/bin/zsh");
    assert_string_equal(m.log, "bash try:/usr/bin/bash zsh try:/usr/bin/zsh ");
    tether__shell_dispose(&shell);

    /* There is no other candidate for a chosen shell. */
    m.log[0] = '\0';
    assert_int_equal(resolve_in(&m, "bash", true, &shell, &error), TETHER_ENOSHELL);
    assert_non_null(strstr(error.message, "bash"));
    assert_string_equal(m.log, "bash try:/usr/bin/bash ");
    assert_null(shell.path);
}

static void stops_where_a_start_fails_for_another_reason(void **state)
{
    (void)state;
    machine m = {.installed = everything, .refused = "/usr/bin/bash"};
    tether__shell shell;
    tether_error error = {0};
    assert_int_equal(resolve_in(&m, NULL, true, &shell, &error), TETHER_ELIMIT);
    assert_string_equal(error.message, "no memory for /usr/bin/bash");
    assert_string_equal(m.log, "bash try:/usr/bin/bash ");
    assert_null(shell.path);
}

static void reports_the_last_reason(void **state)
{
    (void)state;
    static const char *const only_sh[] = {"sh", "/bin/sh", NULL};
    machine m = {.installed = only_sh, .vanished = "/bin/sh"};
    tether__shell shell;
    tether_error error = {0};
    assert_int_equal(resolve_in(&m, NULL, true, &shell, &error), TETHER_ENOSHELL);
    assert_non_null(strstr(error.message, "bash, zsh, sh"));
    assert_non_null(strstr(error.message, "/bin/sh went"));
    assert_null(shell.path);
}

/* The bash in System32 starts Linux. */
static void passes_over_the_launcher_of_wsl(void **state)
{
    (void)state;
    static const char launcher[] = "C:\\Windows\\System32\\bash.exe";
    static const char alias[] = "C:\\Users\\x\\AppData\\Local\\Microsoft\\WindowsApps\\bash.exe";
    static const struct {
        const char *const installed[7];
        const char *path;
        const char *choice;
        const char *found; /* NULL: none */
    } cases[] = {
        {{"bash", launcher, "git", "D:\\Git\\cmd\\git.exe", "D:\\Git\\bin\\bash.exe",
          "D:\\Git\\bin\\bash.exe", NULL},
         "C:\\Windows\\system32",
         "bash",
         "D:\\Git\\bin\\bash.exe"},
        {{"bash", alias, "C:\\msys64\\usr\\bin\\bash", "C:\\msys64\\usr\\bin\\bash.exe", NULL},
         "C:\\Windows\\System32\\;;\"C:\\msys64\\usr\\bin\";C:\\x",
         "bash",
         "C:\\msys64\\usr\\bin\\bash.exe"},
        {{"bash.exe", launcher, "C:\\WINDOWS\\SYSTEM32\\bash.exe", launcher, NULL},
         "C:\\WINDOWS\\SYSTEM32",
         "bash.exe",
         NULL},
        /* A path means this file. */
        {{launcher, launcher, "git", "D:\\Git\\cmd\\git.exe", "D:\\Git\\bin\\bash.exe",
          "D:\\Git\\bin\\bash.exe", NULL},
         "C:\\Windows\\system32",
         launcher,
         NULL},
        {{alias, alias, NULL}, "", alias, NULL},
        {{"..\\bash", "C:\\Windows\\Sysnative\\bash.exe", NULL}, "", "..\\bash", NULL},
        /* Others are taken as they are. */
        {{"bash", "C:\\x\\bash.exe", NULL}, "C:\\x", "bash", "C:\\x\\bash.exe"},
        {{"zsh", "C:\\Windows\\System32\\zsh.exe", NULL},
         "",
         "zsh",
         "C:\\Windows\\System32\\zsh.exe"},
        {{"C:\\Git\\bash.exe", "C:\\Git\\bash.exe", NULL},
         "",
         "C:\\Git\\bash.exe",
         "C:\\Git\\bash.exe"},
        {{"bash", "/usr/bin/bash", NULL}, "/usr/bin", "bash", "/usr/bin/bash"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        machine m = {.installed = cases[i].installed, .path = cases[i].path};
        tether__shell shell;
        tether_error error = {0};
        int code = resolve(&m, cases[i].choice, &shell, &error);
        if (cases[i].found != NULL) {
            assert_int_equal(code, TETHER_OK);
            assert_string_equal(shell.path, cases[i].found);
        } else {
            assert_int_equal(code, TETHER_ENOSHELL);
            assert_non_null(strstr(error.message, "the launcher of WSL"));
            if (strstr(error.message, "install Git for Windows") == NULL &&
                strstr(error.message, "choose a shell of Windows") == NULL)
                fail_msg("%s", error.message);
        }
        tether__shell_dispose(&shell);
    }
}

/* $SHELL is a candidate that a path names. */
static void a_variable_that_names_the_launcher_is_passed_over(void **state)
{
    (void)state;
    static const char launcher[] = "C:\\Windows\\System32\\bash.exe";
    static const char *const installed[] = {launcher, launcher, "pwsh", "C:\\x\\pwsh.exe", NULL};
    machine m = {.installed = installed, .shell = launcher};
    const tether__shell_lookups lookups = {find, try_start, variable, &m};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(tether__shell_resolve(NULL, tether__shell_candidates_win32, &lookups, &shell, &error),
              error);
    assert_string_equal(shell.path, "C:\\x\\pwsh.exe");
    tether__shell_dispose(&shell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefers_the_bash_that_runs_the_host),
        cmocka_unit_test(ignores_a_bash_variable_without_an_existing_path),
        cmocka_unit_test(takes_the_first_candidate_that_can_be_executed),
        cmocka_unit_test(lists_the_candidates_that_it_tried),
        cmocka_unit_test(tries_only_the_chosen_shell),
        cmocka_unit_test(skips_candidates_that_are_missing_when_started),
        cmocka_unit_test(stops_where_a_start_fails_for_another_reason),
        cmocka_unit_test(passes_over_the_launcher_of_wsl),
        cmocka_unit_test(a_variable_that_names_the_launcher_is_passed_over),
        cmocka_unit_test(reports_the_last_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
