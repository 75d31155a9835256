/* What policies forbid to shells, and what the messages say. */
#include "support/unit.h"

#include "shell/policy.h"

#define SIGNATURE "exit 0\n\n# SIG # Begin signature block\n# AAAA\n# SIG # End signature block\n"
#define WINDOWS_POWERSHELL "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
#define PWSH "C:\\Program Files\\PowerShell\\7\\pwsh.exe"
#define CMD "C:\\Windows\\System32\\cmd.exe"

static void reads_levels(void **state)
{
    (void)state;
    static const struct {
        bool enabled;
        const char *level;
        tether__scripts scripts;
    } cases[] = {
        {true, NULL, TETHER__SCRIPTS_ALL},
        {true, "Unrestricted", TETHER__SCRIPTS_ALL},
        {true, "RemoteSigned", TETHER__SCRIPTS_ALL},
        {true, "AllSigned", TETHER__SCRIPTS_SIGNED},
        {true, "allsigned", TETHER__SCRIPTS_SIGNED},
        {true, "AllSignedToo", TETHER__SCRIPTS_ALL},
        {true, "Restricted", TETHER__SCRIPTS_NONE},
        {false, NULL, TETHER__SCRIPTS_NONE},
        {false, "Unrestricted", TETHER__SCRIPTS_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(tether__policy_scripts(cases[i].enabled, cases[i].level),
                         cases[i].scripts);
}

static void refuses_what_a_policy_forbids(void **state)
{
    (void)state;
    static const struct {
        tether__shell_policy policy;
        const char *shell, *command;
        const char *part; /* of the message; NULL: permitted */
    } cases[] = {
        {{0}, CMD, "dir", NULL},
        {{0}, WINDOWS_POWERSHELL, "dir", NULL},
        {{0}, PWSH, "dir", NULL},
        {{.no_cmd = true}, CMD, "dir", "DisableCMD"},
        {{.no_cmd = true}, PWSH, "dir", NULL},
        {{.no_cmd = true}, "/bin/sh", "ls", NULL},
        {{.powershell = TETHER__SCRIPTS_SIGNED}, WINDOWS_POWERSHELL, "dir", "AllSigned"},
        {{.powershell = TETHER__SCRIPTS_SIGNED}, WINDOWS_POWERSHELL, "dir", "sign the text"},
        {{.powershell = TETHER__SCRIPTS_SIGNED}, WINDOWS_POWERSHELL, SIGNATURE, NULL},
        {{.powershell = TETHER__SCRIPTS_SIGNED}, PWSH, "dir", NULL},
        {{.powershell = TETHER__SCRIPTS_SIGNED}, CMD, "dir", NULL},
        {{.pwsh = TETHER__SCRIPTS_SIGNED}, PWSH, "dir", "AllSigned"},
        {{.pwsh = TETHER__SCRIPTS_SIGNED}, WINDOWS_POWERSHELL, "dir", NULL},
        {{.pwsh = TETHER__SCRIPTS_NONE}, PWSH, SIGNATURE, "turns off the scripts"},
        {{.pwsh = TETHER__SCRIPTS_NONE}, PWSH, "dir", "choose another shell, or ask"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether_error error = {0};
        int code = tether__policy_check_text(&cases[i].policy, cases[i].shell, cases[i].command,
                                             strlen(cases[i].command), &error);
        assert_int_equal(code, cases[i].part == NULL ? TETHER_OK : TETHER_ENOEXEC);
        if (cases[i].part != NULL && (strstr(error.message, cases[i].part) == NULL ||
                                      strstr(error.message, cases[i].shell) == NULL))
            fail_msg("%zu: %s", i, error.message);
    }
}

static void refuses_batch_files_without_cmd(void **state)
{
    (void)state;
    const tether__shell_policy none = {0}, no_cmd = {.no_cmd = true};
    tether_error error = {0};
    assert_int_equal(tether__policy_check_program(&none, "C:\\x.bat", NULL), TETHER_OK);
    assert_int_equal(tether__policy_check_program(&no_cmd, "C:\\x.exe", NULL), TETHER_OK);
    assert_int_equal(tether__policy_check_program(&no_cmd, "C:\\x.bat", &error), TETHER_ENOEXEC);
    assert_non_null(strstr(error.message, "C:\\x.bat is a batch file"));
    assert_non_null(strstr(error.message, "DisableCMD"));
}

static void passes_over_supervisors_that_a_policy_forbids(void **state)
{
    (void)state;
    const tether__shell_policy none = {0}, signed_only = {.powershell = TETHER__SCRIPTS_SIGNED},
                               no_pwsh = {.pwsh = TETHER__SCRIPTS_NONE}, no_cmd = {.no_cmd = true};
    static const tether__outer_rule cmd = {TETHER__OUTER_CMD, "cmd", false},
                                    old = {TETHER__OUTER_POWERSHELL, "powershell", false},
                                    new = {TETHER__OUTER_POWERSHELL, "pwsh", true},
                                    sh = {TETHER__OUTER_GIT_SH, "sh", true};
    for (const tether__outer_rule *rule = tether__outers_win32; rule->kind != TETHER__OUTER_NONE;
         rule++)
        assert_null(tether__policy_refuses_outer(&none, rule));
    assert_non_null(strstr(tether__policy_refuses_outer(&no_cmd, &cmd), "DisableCMD"));
    assert_null(tether__policy_refuses_outer(&no_cmd, &old));
    assert_non_null(strstr(tether__policy_refuses_outer(&signed_only, &old), "AllSigned"));
    assert_null(tether__policy_refuses_outer(&signed_only, &new));
    assert_non_null(strstr(tether__policy_refuses_outer(&no_pwsh, &new), "turns off"));
    assert_null(tether__policy_refuses_outer(&no_pwsh, &sh));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_levels),
        cmocka_unit_test(refuses_what_a_policy_forbids),
        cmocka_unit_test(refuses_batch_files_without_cmd),
        cmocka_unit_test(passes_over_supervisors_that_a_policy_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
