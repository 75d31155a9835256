/* Owns the lists of outer shells and the arguments with which each of them runs a wrapper.
 * Must not: search for shells, or know the text of a wrapper.
 * Thread: any. */
#include "shell/outer.h"

#include <assert.h>

/* Minimal shells such as dash drop variables whose names are not identifiers. bash passes them on,
 * so it comes first where the environment has such variables. */
const tether__outer_rule tether__outers_posix[] = {
    {TETHER__OUTER_MONITOR, "tether-monitor", false},
    {TETHER__OUTER_BASH, "bash", false},
    {TETHER__OUTER_SH, "sh", false},
    {TETHER__OUTER_SH, "sh", true},
    {TETHER__OUTER_NONE, NULL, false},
};

/* cmd starts in milliseconds, PowerShell needs half a second, and git's sh may not be installed. */
const tether__outer_rule tether__outers_win32[] = {
    {TETHER__OUTER_MONITOR, "tether-monitor", false},
    {TETHER__OUTER_CMD, "cmd", false},
    {TETHER__OUTER_POWERSHELL, "powershell", false},
    {TETHER__OUTER_POWERSHELL, "pwsh", true},
    {TETHER__OUTER_GIT_SH, "sh", true},
    {TETHER__OUTER_NONE, NULL, false},
};

bool tether__outer_serves(const tether__outer_rule *rule, tether_supervisor choice,
                          bool portable_environment)
{
    if (rule->kind == TETHER__OUTER_MONITOR)
        return choice != TETHER_SUPERVISOR_SCRIPT;
    if (choice == TETHER_SUPERVISOR_MONITOR)
        return false;
    return rule->kind != TETHER__OUTER_BASH || !portable_environment;
}

const char *tether__outer_file(tether__outer_kind kind)
{
    if (kind == TETHER__OUTER_CMD)
        return "wrapper.bat";
    return kind == TETHER__OUTER_POWERSHELL ? "wrapper.ps1" : "wrapper.sh";
}

bool tether__outer_in_bundle(tether__outer_kind kind)
{
    return kind == TETHER__OUTER_CMD || kind == TETHER__OUTER_POWERSHELL ||
           kind == TETHER__OUTER_GIT_SH;
}

void tether__outer_argv(const tether__outer_rule *rule, const char *wrapper,
                        const char *argv[TETHER__OUTER_ARGV_CAPACITY])
{
    /* With these options bash neither runs $BASH_ENV nor imports functions from the environment,
     * but still passes both on. */
    static const char *const bash[] = {"--posix", "-p", NULL};
    /* /D skips the AutoRun commands of the Windows registry, /V:OFF keeps "!" literal, and /E:ON
     * enables the command extensions. */
    static const char *const cmd[] = {"/D", "/V:OFF", "/E:ON", "/C", NULL};
    static const char *const powershell[] = {
        "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", NULL};
    static const char *const none[] = {NULL};
    const char *const *options = rule->kind == TETHER__OUTER_BASH         ? bash
                                 : rule->kind == TETHER__OUTER_CMD        ? cmd
                                 : rule->kind == TETHER__OUTER_POWERSHELL ? powershell
                                                                          : none;
    size_t count = 0;
    argv[count++] = rule->name;
    while (*options != NULL) {
        assert(count + 2 < TETHER__OUTER_ARGV_CAPACITY);
        argv[count++] = *options++;
    }
    /* With ".\", because NoDefaultCurrentDirectoryInExePath in the environment keeps cmd from
     * searching the current directory. */
    argv[count++] = rule->kind == TETHER__OUTER_CMD ? ".\\wrapper.bat" : wrapper;
    argv[count] = NULL;
}
