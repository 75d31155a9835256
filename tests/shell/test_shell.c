/* The choice of the user's shell, with look-ups that are made up. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shell/shell.h"

/* What this machine has: names with their paths; and what was asked for. */
typedef struct machine {
    const char *const *installed; /* name, path, name, path, ..., NULL */
    const char *broken;           /* there, but not to be run */
    const char *vanished;         /* found, and gone when it is tried */
    const char *refused;          /* found, and something is wrong when it is tried */
    const char *bash;             /* $BASH */
    char asked[256];
} machine;

static int find(const char *name, char **found, void *userdata, tether_error *error)
{
    machine *m = userdata;
    *found = NULL;
    strcat(m->asked, name);
    strcat(m->asked, " ");
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
    strcat(m->asked, "try:");
    strcat(m->asked, path);
    strcat(m->asked, " ");
    if (m->vanished != NULL && strcmp(path, m->vanished) == 0)
        return tether__fail(error, TETHER_ENOPROGRAM, 2, "start", "%s went", path);
    if (m->refused != NULL && strcmp(path, m->refused) == 0)
        return tether__fail(error, TETHER_ELIMIT, 8, "start", "no memory for %s", path);
    return TETHER_OK;
}

static const char *variable(const char *name, void *userdata)
{
    machine *m = userdata;
    return strcmp(name, "BASH") == 0 ? m->bash : NULL;
}

/* By the rules of POSIX; `tried`: as where shells are tried before they are believed. */
static int resolve_in(machine *m, const char *choice, bool tried, tether__shell *shell,
                      tether_error *error)
{
    const tether__shell_lookups lookups = {find, tried ? try_start : NULL, variable, m};
    return tether__shell_resolve(choice, tether__shell_candidates_posix, &lookups, shell, error);
}

static int resolve(machine *m, const char *choice, tether__shell *shell, tether_error *error)
{
    return resolve_in(m, choice, false, shell, error);
}

static void knows_the_families(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        tether__shell_family family;
    } cases[] = {
        {"/bin/sh", TETHER__SHELL_SH},
        {"/usr/bin/bash", TETHER__SHELL_SH},
        {"zsh", TETHER__SHELL_SH},
        {"ksh93", TETHER__SHELL_SH},
        {"", TETHER__SHELL_SH},
        {"/", TETHER__SHELL_SH},
        {"/usr/bin/fish", TETHER__SHELL_FISH},
        {"fish", TETHER__SHELL_FISH},
        {"fishy", TETHER__SHELL_SH},
        {"fis", TETHER__SHELL_SH},
        {"fish.sh", TETHER__SHELL_SH},
        {"fish.ex", TETHER__SHELL_SH},
        {"/opt/fish/sh", TETHER__SHELL_SH},
        {"/opt/microsoft/powershell/7/pwsh", TETHER__SHELL_POWERSHELL},
        {"pwsh.exe", TETHER__SHELL_POWERSHELL},
        {"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\PowerShell.EXE",
         TETHER__SHELL_POWERSHELL},
        {"C:\\Windows\\System32\\cmd.exe", TETHER__SHELL_CMD},
        {"CMD", TETHER__SHELL_CMD},
        {"cmd.exe.exe", TETHER__SHELL_SH},
        {"C:\\Program Files\\Git\\bin\\bash.exe", TETHER__SHELL_SH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (tether__shell_family_of(cases[i].path) != cases[i].family)
            fail_msg("wrong family: %s", cases[i].path);
    }
}

static void knows_who_tells_of_pipelines(void **state)
{
    (void)state;
    assert_string_equal(tether__shell_pipeline_variable("/usr/bin/bash"), "PIPESTATUS");
    assert_string_equal(tether__shell_pipeline_variable("C:\\Git\\bin\\Bash.exe"), "PIPESTATUS");
    assert_string_equal(tether__shell_pipeline_variable("/bin/zsh"), "pipestatus");
    static const char *const others[] = {"/bin/sh", "/bin/dash", "fish", "pwsh", "", "rbash"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(tether__shell_pipeline_variable(others[i]));
}

static void prefers_the_bash_that_runs_us(void **state)
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
    assert_string_equal(m.asked, "/opt/bash5/bash ");
    tether__shell_dispose(&shell);
    assert_null(shell.path);
}

static void passes_over_a_bash_variable_that_leads_nowhere(void **state)
{
    (void)state;
    static const char *const values[] = {"/gone/bash", "bash", "./bash", "", NULL};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        machine m = {.installed = everything, .bash = values[i]};
        tether__shell shell;
        tether_error error = {0};
        ASSERT_OK(resolve(&m, NULL, &shell, &error), error);
        assert_string_equal(shell.path, "/usr/bin/bash");
        /* Only a path counts as set by bash. */
        assert_string_equal(m.asked, i == 0 ? "/gone/bash bash " : "bash ");
        tether__shell_dispose(&shell);
    }
}

static void takes_the_first_candidate_that_is_there(void **state)
{
    (void)state;
    static const char *const only_sh[] = {"sh", "/bin/sh", NULL};
    machine m = {.installed = only_sh, .broken = "zsh"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve(&m, NULL, &shell, &error), error);
    assert_string_equal(shell.path, "/bin/sh");
    assert_string_equal(m.asked, "bash zsh sh ");
    tether__shell_dispose(&shell);
}

static void lists_what_was_tried(void **state)
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

static void takes_a_choice_as_final(void **state)
{
    (void)state;
    machine m = {.installed = everything, .bash = "/usr/bin/bash"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve(&m, "fish", &shell, &error), error);
    assert_string_equal(shell.path, "/usr/bin/fish");
    assert_int_equal(shell.family, TETHER__SHELL_FISH);
    assert_string_equal(m.asked, "fish ");
    tether__shell_dispose(&shell);

    m.asked[0] = '\0';
    assert_int_equal(resolve(&m, "nosh", &shell, &error), TETHER_ENOSHELL);
    assert_string_equal(m.asked, "nosh ");
    assert_non_null(strstr(error.message, "nosh"));
    assert_int_equal(error.os_error, 2);
    assert_null(shell.path);

    /* It is there and cannot be run: that is what the caller must hear. */
    m.broken = "zsh";
    assert_int_equal(resolve(&m, "zsh", &shell, &error), TETHER_ENOEXEC);
    assert_string_equal(error.message, "zsh is broken");
    assert_null(shell.path);
    assert_int_equal(resolve(&m, "zsh", &shell, NULL), TETHER_ENOEXEC);
}

/* A shell that is found can be gone, or an alias of something that is not installed. */
static void goes_on_where_a_try_finds_nothing(void **state)
{
    (void)state;
    machine m = {.installed = everything, .vanished = "/usr/bin/bash"};
    tether__shell shell;
    tether_error error = {0};
    ASSERT_OK(resolve_in(&m, NULL, true, &shell, &error), error);
    assert_string_equal(shell.path, "/usr/bin/zsh");
    assert_string_equal(m.asked, "bash try:/usr/bin/bash zsh try:/usr/bin/zsh ");
    tether__shell_dispose(&shell);

    /* A choice has no next one. */
    m.asked[0] = '\0';
    assert_int_equal(resolve_in(&m, "bash", true, &shell, &error), TETHER_ENOSHELL);
    assert_non_null(strstr(error.message, "bash"));
    assert_string_equal(m.asked, "bash try:/usr/bin/bash ");
    assert_null(shell.path);
}

static void stops_where_a_try_fails_otherwise(void **state)
{
    (void)state;
    machine m = {.installed = everything, .refused = "/usr/bin/bash"};
    tether__shell shell;
    tether_error error = {0};
    assert_int_equal(resolve_in(&m, NULL, true, &shell, &error), TETHER_ELIMIT);
    assert_string_equal(error.message, "no memory for /usr/bin/bash");
    assert_string_equal(m.asked, "bash try:/usr/bin/bash ");
    assert_null(shell.path);
}

static void tells_the_last_reason(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_families),
        cmocka_unit_test(knows_who_tells_of_pipelines),
        cmocka_unit_test(prefers_the_bash_that_runs_us),
        cmocka_unit_test(passes_over_a_bash_variable_that_leads_nowhere),
        cmocka_unit_test(takes_the_first_candidate_that_is_there),
        cmocka_unit_test(lists_what_was_tried),
        cmocka_unit_test(takes_a_choice_as_final),
        cmocka_unit_test(goes_on_where_a_try_finds_nothing),
        cmocka_unit_test(stops_where_a_try_fails_otherwise),
        cmocka_unit_test(tells_the_last_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
