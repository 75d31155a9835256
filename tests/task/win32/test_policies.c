/* Tasks where policies of the machine forbid shells. This process alone sees the policies: its keys
 * of the registry are replaced by keys of the test. */
#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <windows.h>

#define SYSTEM_KEY "Software\\Policies\\Microsoft\\Windows\\System"
#define POWERSHELL_KEY "Software\\Policies\\Microsoft\\Windows\\PowerShell"
#define PWSH_KEY "Software\\Policies\\Microsoft\\PowerShellCore"

static char user_name[64], machine_name[64];
static HKEY user, machine;

static HKEY make_key(const char *kind, char name[64])
{
    HKEY key;
    snprintf(name, 64, "Software\\tether-test-%s-%lu", kind, GetCurrentProcessId());
    assert_int_equal(RegCreateKeyExA(HKEY_CURRENT_USER, name, 0, NULL, REG_OPTION_VOLATILE,
                                     KEY_ALL_ACCESS, NULL, &key, NULL),
                     ERROR_SUCCESS);
    return key;
}

static int setup(void **state)
{
    int result = test_setup_registry(state);
    user = make_key("user", user_name);
    machine = make_key("machine", machine_name);
    return result;
}

static void see_policies(bool see)
{
    assert_int_equal(RegOverridePredefKey(HKEY_CURRENT_USER, see ? user : NULL), ERROR_SUCCESS);
    assert_int_equal(RegOverridePredefKey(HKEY_LOCAL_MACHINE, see ? machine : NULL), ERROR_SUCCESS);
}

static int teardown(void **state)
{
    see_policies(false);
    RegCloseKey(user);
    RegCloseKey(machine);
    assert_int_equal(RegDeleteTreeA(HKEY_CURRENT_USER, user_name), ERROR_SUCCESS);
    assert_int_equal(RegDeleteTreeA(HKEY_CURRENT_USER, machine_name), ERROR_SUCCESS);
    return test_teardown(state);
}

static void set_value(HKEY root, const char *path, const char *name, DWORD type, const void *data,
                      DWORD size)
{
    HKEY key;
    assert_int_equal(
        RegCreateKeyExA(root, path, 0, NULL, REG_OPTION_VOLATILE, KEY_ALL_ACCESS, NULL, &key, NULL),
        ERROR_SUCCESS);
    assert_int_equal(RegSetValueExA(key, name, 0, type, data, size), ERROR_SUCCESS);
    RegCloseKey(key);
}

static void set_number(HKEY root, const char *path, const char *name, DWORD number)
{
    set_value(root, path, name, REG_DWORD, &number, sizeof number);
}

static void set_scripts(HKEY root, const char *path, DWORD enabled, const char *level)
{
    set_number(root, path, "EnableScripts", enabled);
    set_value(root, path, "ExecutionPolicy", REG_SZ, level, (DWORD)strlen(level) + 1);
}

/* Checks that a task is refused before anything of it exists. */
static void expect_refused(fixture *f, const tether_spec *spec, int code, const char *part)
{
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    see_policies(true);
    int result = tether_spawn(f->registry, spec, id, &error);
    see_policies(false);
    if (result != code || strstr(error.message, part) == NULL)
        fail_msg("%d: %s", result, error.message);
    assert_string_equal(id, "");
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
}

static const char *put_program(const fixture *f, const char *name)
{
    const char *path = test_work_path(f, "%s", name);
    assert_true(CopyFileA(CHILD, path, FALSE));
    return path;
}

/* No other supervisor is installed, so what is left says why. */
static void a_disabled_cmd_is_named(void **state)
{
    fixture *f = *state;
    test_use_scripts();
    const char *const program[] = {CHILD, "exit", "0", NULL};
    const char *const batch[] = {test_work_path(f, "x.bat"), NULL};
    test_write_file(test_work_path(f, "x.bat"), "exit 3\r\n", 8);
    set_number(user, SYSTEM_KEY, "DisableCMD", 1);
    expect_refused(f, &(tether_spec){.command = "exit 3", .shell = "cmd"}, TETHER_ENOEXEC,
                   "cmd.exe may not run the command: a policy disables cmd (DisableCMD)");
    expect_refused(f, &(tether_spec){.argv = batch}, TETHER_ENOEXEC, "is a batch file");
    expect_refused(f, &(tether_spec){.argv = program}, TETHER_ENOSHELL,
                   "tried tether-monitor, cmd - a policy disables cmd (DisableCMD), powershell");
}

/* The policy that permits batch files disables only what users type. */
static void cmd_without_a_prompt_runs_tasks(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exit 3", .shell = "cmd"};
    set_number(user, SYSTEM_KEY, "DisableCMD", 2);
    see_policies(true);
    test_start(f->registry, &spec, id);
    see_policies(false);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
}

static void unsigned_texts_are_refused(void **state)
{
    static const char signature[] =
        "exit 0\n# SIG # Begin signature block\n# AAAA\n# SIG # End signature block\n";
    fixture *f = *state;
    char old[1024], new[1024], id[TETHER_ID_SIZE];
    snprintf(old, sizeof old, "%s", put_program(f, "powershell.exe"));
    snprintf(new, sizeof new, "%s", put_program(f, "pwsh.exe"));
    set_scripts(machine, POWERSHELL_KEY, 1, "AllSigned");
    /* The machine's policy comes first. */
    set_scripts(user, POWERSHELL_KEY, 1, "Unrestricted");
    expect_refused(f, &(tether_spec){.command = "exit 0", .shell = old}, TETHER_ENOEXEC,
                   "only signed scripts (AllSigned)");
    set_scripts(user, PWSH_KEY, 0, "");
    expect_refused(f, &(tether_spec){.command = signature, .shell = new}, TETHER_ENOEXEC,
                   "turns off the scripts of PowerShell");
    set_number(user, PWSH_KEY, "UseWindowsPowerShellPolicySetting", 1);
    see_policies(true);
    const tether_spec permitted[] = {{.command = signature, .shell = old},
                                     {.command = "exit 0", .shell = new}};
    for (size_t i = 0; i < 2; i++) {
        test_start(f->registry, &permitted[i], id);
        tether_snapshot_free(test_wait(f->registry, id));
    }
    see_policies(false);
}

static void doctor_names_the_policies(void **state)
{
    fixture *f = *state;
    tether_report *report;
    bool cmd = false, powershell = false;
    set_number(user, SYSTEM_KEY, "DisableCMD", 1);
    set_scripts(user, POWERSHELL_KEY, 1, "AllSigned");
    see_policies(true);
    int code = tether_doctor(f->store, &report, &f->error);
    see_policies(false);
    ASSERT_OK(code, f->error);
    for (size_t i = 0; i < report->count; i++) {
        const tether_finding *finding = report->items[i];
        if (strcmp(finding->name, "policy") != 0)
            continue;
        assert_int_equal(finding->verdict, TETHER_WEAK);
        cmd = cmd || strstr(finding->text, "cmd: a policy disables cmd (DisableCMD)") != NULL;
        powershell = powershell || strstr(finding->text, "powershell: a policy permits") != NULL;
    }
    tether_report_free(report);
    assert_true(cmd);
    assert_true(powershell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_disabled_cmd_is_named),
        TEST(cmd_without_a_prompt_runs_tasks),
        TEST(unsigned_texts_are_refused),
        TEST(doctor_names_the_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
