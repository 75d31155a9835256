/* What policies of a machine forbid to shells, and what follows for a task. Pure; any thread. */
#ifndef TETHER_SHELL_POLICY_H
#define TETHER_SHELL_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/outer.h"
#include "tether/error.h"

/* Which scripts a PowerShell runs. No option of its command line overrides a policy. */
typedef enum tether__scripts {
    TETHER__SCRIPTS_ALL,
    TETHER__SCRIPTS_SIGNED, /* AllSigned */
    TETHER__SCRIPTS_NONE    /* script execution is turned off */
} tether__scripts;

typedef struct tether__shell_policy {
    bool no_cmd;                /* cmd runs neither commands nor batch files (DisableCMD) */
    tether__scripts powershell; /* Windows PowerShell, up to 5.1 */
    tether__scripts pwsh;       /* PowerShell 6 and later */
} tether__shell_policy;

/* Returns the meaning of a policy that turns scripts on or off, and of the level that it sets for
 * them; NULL: none. */
tether__scripts tether__policy_scripts(bool enabled, const char *level);

/* Returns why the policy forbids a shell to run our wrapper; NULL: it does not. Static. */
const char *tether__policy_refuses_outer(const tether__shell_policy *policy,
                                         const tether__outer_rule *rule);

/* Checks whether a shell, given by its path, may run a text. TETHER_ENOEXEC with what is forbidden
 * and what to do instead. */
int tether__policy_check_text(const tether__shell_policy *policy, const char *shell,
                              const char *command, size_t size, tether_error *error);

/* Checks whether a program may be run, which is a matter of these policies if it is a batch file.
 * TETHER_ENOEXEC. */
int tether__policy_check_program(const tether__shell_policy *policy, const char *program,
                                 tether_error *error);

#endif
