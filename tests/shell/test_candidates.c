/* The candidates for a shell and their order, by the rules of each platform. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shell/candidates.h"

typedef struct machine {
    const char *git; /* NULL: not installed */
    const char *bash;
    const char *shell;
    const char *comspec;
} machine;

static int find(const char *name, char **found, void *userdata, tether_error *error)
{
    const machine *m = userdata;
    *found = NULL;
    assert_string_equal(name, "git");
    if (m->git == NULL)
        return tether__fail(error, TETHER_ENOPROGRAM, 2, "find program", "%s not found", name);
    *found = calloc(1, strlen(m->git) + 1);
    assert_non_null(*found);
    strcpy(*found, m->git);
    return TETHER_OK;
}

static const char *variable(const char *name, void *userdata)
{
    const machine *m = userdata;
    if (strcmp(name, "BASH") == 0)
        return m->bash;
    if (strcmp(name, "SHELL") == 0)
        return m->shell;
    return strcmp(name, "ComSpec") == 0 ? m->comspec : NULL;
}

/* Compares the whole list, joined with "|". */
static void check(tether__shell_candidates candidates, machine m, const char *wanted)
{
    char all[512] = "";
    tether__shell_list list;
    const tether__shell_lookups lookups = {find, NULL, variable, &m};
    candidates(&lookups, &list);
    assert_false(list.failed);
    for (size_t i = 0; i < list.count; i++) {
        strcat(all, i > 0 ? "|" : "");
        strcat(all, list.names[i]);
    }
    assert_string_equal(all, wanted);
    tether__shell_list_dispose(&list);
    assert_int_equal(list.count, 0);
}

static void posix_has_three_candidates_and_the_bash_that_runs_the_host(void **state)
{
    (void)state;
    tether__shell_candidates posix = tether__shell_candidates_posix;
    check(posix, (machine){0}, "bash|zsh|sh");
    check(posix, (machine){.bash = "/opt/bash"}, "/opt/bash|bash|zsh|sh");
    /* Only an absolute path was set by bash. */
    check(posix, (machine){.bash = "bash"}, "bash|zsh|sh");
    check(posix, (machine){.bash = ""}, "bash|zsh|sh");
    check(posix, (machine){.shell = "/bin/fish", .comspec = "cmd"}, "bash|zsh|sh");
}

static void windows_prefers_powershell_to_cmd(void **state)
{
    (void)state;
    tether__shell_candidates win32 = tether__shell_candidates_win32;
    check(win32, (machine){0}, "pwsh|powershell|cmd");
    check(win32, (machine){.comspec = "C:\\Windows\\system32\\cmd.exe"},
          "pwsh|powershell|C:\\Windows\\system32\\cmd.exe");
    /* A replacement of cmd does not support the same options. */
    check(win32, (machine){.comspec = "C:\\tcc\\tcc.exe"}, "pwsh|powershell|cmd");
    check(win32, (machine){.bash = "/usr/bin/bash"}, "pwsh|powershell|cmd");
}

static void windows_takes_the_shell_variable_of_a_posix_shell(void **state)
{
    (void)state;
    tether__shell_candidates win32 = tether__shell_candidates_win32;
    check(win32, (machine){.shell = "C:\\Program Files\\Git\\usr\\bin\\bash.exe"},
          "C:\\Program Files\\Git\\usr\\bin\\bash.exe|pwsh|powershell|cmd");
    check(win32, (machine){.shell = "C:/tools/zsh"}, "C:/tools/zsh|pwsh|powershell|cmd");
    static const char *const others[] = {
        "C:\\Windows\\system32\\cmd.exe", "pwsh", "fish", "", "C:\\bash\\", "nu.exe"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        check(win32, (machine){.shell = others[i]}, "pwsh|powershell|cmd");
}

static void windows_finds_the_bash_beside_git(void **state)
{
    (void)state;
    tether__shell_candidates win32 = tether__shell_candidates_win32;
    check(win32, (machine){.git = "C:\\Program Files\\Git\\cmd\\git.exe"},
          "pwsh|powershell|C:\\Program Files\\Git\\bin\\bash.exe|cmd");
    check(win32, (machine){.git = "D:\\Git\\bin\\git.exe"},
          "pwsh|powershell|D:\\Git\\bin\\bash.exe|cmd");
    check(win32, (machine){.git = "D:\\Git\\mingw64\\bin\\git.exe"},
          "pwsh|powershell|D:\\Git\\bin\\bash.exe|cmd");
    /* Never searches above git's own folder, where anybody may have put a bash. */
    check(win32, (machine){.git = "D:\\tools\\cmd\\git.exe"},
          "pwsh|powershell|D:\\tools\\bin\\bash.exe|cmd");
    /* There is no folder above git's own folder. */
    check(win32, (machine){.git = "git.exe"}, "pwsh|powershell|cmd");
    check(win32, (machine){.git = "D:\\git.exe"}, "pwsh|powershell|cmd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posix_has_three_candidates_and_the_bash_that_runs_the_host),
        cmocka_unit_test(windows_prefers_powershell_to_cmd),
        cmocka_unit_test(windows_takes_the_shell_variable_of_a_posix_shell),
        cmocka_unit_test(windows_finds_the_bash_beside_git),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
