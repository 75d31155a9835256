/* Owns reading the group policies that concern shells.
 * Must not: decide what follows from them (shell/policy.c does), or write the registry.
 * Thread: any. */
#include "os/host.h"

#include <stdlib.h>
#include <windows.h>

#include "win32/text.h"

static const wchar_t system_key[] = L"Software\\Policies\\Microsoft\\Windows\\System";
static const wchar_t powershell_key[] = L"Software\\Policies\\Microsoft\\Windows\\PowerShell";
static const wchar_t pwsh_key[] = L"Software\\Policies\\Microsoft\\PowerShellCore";

enum { LEVEL_UNITS = 64 };

/* Returns false if there is no such number. */
static bool read_number(HKEY root, const wchar_t *key, const wchar_t *name, DWORD *number)
{
    DWORD size = sizeof *number;
    return RegGetValueW(root, key, name, RRF_RT_REG_DWORD, NULL, number, &size) == ERROR_SUCCESS;
}

/* Returns the text of a value in UTF-8, freed with free(). NULL if there is none. */
static char *read_text(HKEY root, const wchar_t *key, const wchar_t *name)
{
    wchar_t wide[LEVEL_UNITS];
    DWORD size = sizeof wide;
    return RegGetValueW(root, key, name, RRF_RT_REG_SZ, NULL, wide, &size) == ERROR_SUCCESS
               ? tether__win32_narrow(wide)
               : NULL;
}

/* Reads what one key says about scripts. Returns false if it says nothing. */
static bool read_scripts(HKEY root, const wchar_t *key, tether__scripts *scripts)
{
    DWORD enabled;
    if (!read_number(root, key, L"EnableScripts", &enabled))
        return false;
    char *level = read_text(root, key, L"ExecutionPolicy");
    *scripts = tether__policy_scripts(enabled != 0, level);
    free(level);
    return true;
}

/* A policy for the machine comes before one for the user. A policy of pwsh may refer to that of
 * Windows PowerShell. */
static tether__scripts find_scripts(const wchar_t *key)
{
    static const wchar_t refers[] = L"UseWindowsPowerShellPolicySetting";
    const HKEY roots[] = {HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER};
    tether__scripts scripts = TETHER__SCRIPTS_ALL;
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        DWORD other;
        bool elsewhere = read_number(roots[i], key, refers, &other) && other == 1;
        if (read_scripts(roots[i], elsewhere ? powershell_key : key, &scripts))
            break;
    }
    return scripts;
}

/* DisableCMD is 2 where batch files are permitted. */
void tether__os_shell_policy(tether__shell_policy *policy)
{
    DWORD disabled;
    *policy = (tether__shell_policy){
        .no_cmd =
            read_number(HKEY_CURRENT_USER, system_key, L"DisableCMD", &disabled) && disabled == 1,
        .powershell = find_scripts(powershell_key),
        .pwsh = find_scripts(pwsh_key),
    };
}
