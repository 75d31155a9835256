/* Owns what is known of outer shells: which there are, and how each runs a wrapper.
 * Must not: look for them, or know what is in a wrapper.
 * Thread: any. */
#include "shell/outer.h"

#include <assert.h>

/* The smallest shells drop variables whose names they cannot spell; bash passes them on. */
const tether__outer_rule tether__outers_posix[] = {
    {TETHER__OUTER_BASH, "bash", false},
    {TETHER__OUTER_SH, "sh", false},
    {TETHER__OUTER_SH, "sh", true},
    {TETHER__OUTER_NONE, NULL, false},
};

/* cmd starts in milliseconds, PowerShell takes half a second and git's sh may not be there. */
const tether__outer_rule tether__outers_win32[] = {
    {TETHER__OUTER_CMD, "cmd", false},        {TETHER__OUTER_POWERSHELL, "powershell", false},
    {TETHER__OUTER_POWERSHELL, "pwsh", true}, {TETHER__OUTER_GIT_SH, "sh", true},
    {TETHER__OUTER_NONE, NULL, false},
};

bool tether__outer_serves(const tether__outer_rule *rule, bool portable_environment)
{
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
                        const char *argv[TETHER__OUTER_ARGV_ROOM])
{
    /* bash reads neither $BASH_ENV nor functions from the environment like this, and still passes
     * both on. */
    static const char *const bash[] = {"--posix", "-p", NULL};
    /* No commands of the registry's are run first, and "!" means itself. */
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
        assert(count + 2 < TETHER__OUTER_ARGV_ROOM);
        argv[count++] = *options++;
    }
    /* A variable may forbid cmd to look into the current directory by itself. */
    argv[count++] = rule->kind == TETHER__OUTER_CMD ? ".\\wrapper.bat" : wrapper;
    argv[count] = NULL;
}
