/* Owns what follows from the policies of a machine for the shells of a task.
 * Must not: read the policies, or choose a shell.
 * Thread: any. */
#include "shell/policy.h"

#include "base/error.h"
#include "base/text.h"
#include "shell/cmd_line.h"
#include "shell/command_ps1.h"
#include "shell/family.h"

static const char step[] = "check policy";

static const char cmd_disabled[] = "a policy disables cmd (DisableCMD)";
static const char scripts_off[] = "a policy turns off the scripts of PowerShell";
static const char only_signed[] = "a policy permits only signed scripts (AllSigned)";

tether__scripts tether__policy_scripts(bool enabled, const char *level)
{
    if (!enabled || (level != NULL && tether__text_same_word(level, "Restricted")))
        return TETHER__SCRIPTS_NONE;
    return level != NULL && tether__text_same_word(level, "AllSigned") ? TETHER__SCRIPTS_SIGNED
                                                                       : TETHER__SCRIPTS_ALL;
}

/* The scripts that this PowerShell runs, given by its name or path. */
static tether__scripts scripts_of(const tether__shell_policy *policy, const char *shell)
{
    return tether__shell_is_windows_powershell(shell) ? policy->powershell : policy->pwsh;
}

static const char *reason_of(tether__scripts scripts)
{
    return scripts == TETHER__SCRIPTS_ALL      ? NULL
           : scripts == TETHER__SCRIPTS_SIGNED ? only_signed
                                               : scripts_off;
}

const char *tether__policy_refuses_outer(const tether__shell_policy *policy,
                                         const tether__outer_rule *rule)
{
    if (rule->kind == TETHER__OUTER_CMD)
        return policy->no_cmd ? cmd_disabled : NULL;
    if (rule->kind == TETHER__OUTER_POWERSHELL)
        return reason_of(scripts_of(policy, rule->name));
    return NULL;
}

int tether__policy_check_text(const tether__shell_policy *policy, const char *shell,
                              const char *command, size_t size, tether_error *error)
{
    tether__shell_family family = tether__shell_family_of(shell);
    if (family == TETHER__SHELL_CMD && policy->no_cmd)
        return tether__fail(error, TETHER_ENOEXEC, 0, step,
                            "%.300s may not run the command: %s; choose another shell, or ask "
                            "the administrator of this machine",
                            shell, cmd_disabled);
    tether__scripts scripts =
        family == TETHER__SHELL_POWERSHELL ? scripts_of(policy, shell) : TETHER__SCRIPTS_ALL;
    if (scripts == TETHER__SCRIPTS_ALL ||
        (scripts == TETHER__SCRIPTS_SIGNED && tether__command_ps1_is_signed(command, size)))
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOEXEC, 0, step,
                        "%.300s may not run the command: %s; choose another shell%s, or ask "
                        "the administrator of this machine",
                        shell, reason_of(scripts),
                        scripts == TETHER__SCRIPTS_SIGNED ? ", sign the text" : "");
}

int tether__policy_check_program(const tether__shell_policy *policy, const char *program,
                                 tether_error *error)
{
    if (!policy->no_cmd || !tether__cmd_is_batch(program))
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOEXEC, 0, step,
                        "%.300s is a batch file, which cmd would run: %s; run another program, or "
                        "ask the administrator of this machine",
                        program, cmd_disabled);
}
