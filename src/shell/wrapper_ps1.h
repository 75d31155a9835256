/* The wrapper for PowerShell: the supervisor of a task on Windows where cmd cannot be started or
 * cannot pass on the arguments. Pure, so that every platform tests it; any thread. */
#ifndef TETHER_WRAPPER_PS1_H
#define TETHER_WRAPPER_PS1_H

#include "base/text.h"
#include "shell/cmd_line.h"
#include "shell/wrapper.h"

/* The variable in which the host passes the value of PSModulePath for the command. If it is not
 * set, the command gets no PSModulePath. PowerShell changes PSModulePath for itself, and with that
 * value a PowerShell of another version, started by the command, would search the wrong folders. */
#define TETHER__PS1_MODULES "TETHER__PSMODULEPATH"

/* Adds the text of wrapper.ps1 for PowerShell 5.1 and later, which the host starts as `powershell
 * -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File PATH`. Unlike the wrapper for
 * cmd, it takes 0.2 to 0.5 s to start, and cannot write the marker where a policy restricts
 * PowerShell to the constrained language mode. Returns CARRIED or REFUSED, and sets *why, as
 * tether__wrapper_bat_line does. */
tether__carry tether__wrapper_render_ps1(const tether__wrapper *wrapper, tether__text *text,
                                         const char **why);

#endif
