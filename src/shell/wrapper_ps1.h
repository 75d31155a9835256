/* The wrapper for PowerShell: the supervisor of a task on Windows where cmd cannot be started or
 * cannot carry the arguments. Pure text, so that every platform tests it; any thread. */
#ifndef TETHER_WRAPPER_PS1_H
#define TETHER_WRAPPER_PS1_H

#include "shell/cmd_line.h"
#include "base/text.h"
#include "shell/wrapper.h"

/* The variable in which the host may give the wrapper the value of PSModulePath that the command is
 * to have; without it the command has none. PowerShell changes it for itself, and a PowerShell of
 * another version that the command starts would look into the wrong places. */
#define TETHER__PS1_MODULES "TETHER__PSMODULEPATH"

/* The text of wrapper.ps1, for 5.1 and later: `powershell -NoLogo -NoProfile -NonInteractive
 * -ExecutionPolicy Bypass -File PATH`. Losses against cmd's: it takes 0.2 to 0.5 s to start, and
 * writes nothing where a policy restricts PowerShell to its constrained language. REFUSED as
 * tether__wrapper_bat_line does. */
tether__carry tether__wrapper_render_ps1(const tether__wrapper *wrapper, tether__text *text,
                                         const char **why);

#endif
