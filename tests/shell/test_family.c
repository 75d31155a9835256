/* Which family a shell belongs to, by the name of its file. */
#include "support/unit.h"

#include "shell/family.h"

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

static void knows_the_pipeline_variables(void **state)
{
    (void)state;
    assert_string_equal(tether__shell_pipeline_variable("/usr/bin/bash"), "PIPESTATUS");
    assert_string_equal(tether__shell_pipeline_variable("C:\\Git\\bin\\Bash.exe"), "PIPESTATUS");
    assert_string_equal(tether__shell_pipeline_variable("/bin/zsh"), "pipestatus");
    static const char *const others[] = {"/bin/sh", "/bin/dash", "fish", "pwsh", "", "rbash"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(tether__shell_pipeline_variable(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_families),
        cmocka_unit_test(knows_the_pipeline_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
