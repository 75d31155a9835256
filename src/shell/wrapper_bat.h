/* The wrapper for cmd: the supervisor of a task on Windows. Pure text, so that every platform tests
 * it; any thread. docs/format.md says what a wrapper does and why. */
#ifndef TETHER_WRAPPER_BAT_H
#define TETHER_WRAPPER_BAT_H

#include "shell/cmd_line.h"
#include "base/text.h"
#include "shell/wrapper.h"

/* What the host sets in the environment of the wrapper, which removes both before the command runs:
 * the working directory, and the line that tether__wrapper_bat_line makes. */
#define TETHER__BAT_CWD "TETHER__CWD"
#define TETHER__BAT_RUN "TETHER__RUN"

/* The text of wrapper.bat. It is to be started in its bundle as `cmd /D /V:OFF /E:ON /C
 * .\wrapper.bat` (.\ because a variable may forbid cmd to look into the current directory) and has
 * no path in it that could mean something to cmd. */
void tether__wrapper_render_bat(const tether__wrapper *wrapper, tether__text *text);

/* The value of TETHER__RUN, without a zero at its end. Where it is not CARRIED, *why says why as a
 * static text: ELSEWHERE, that another wrapper can carry it; REFUSED, also what to do instead. */
tether__carry tether__wrapper_bat_line(const tether__wrapper *wrapper, tether__text *line,
                                       const char **why);

#endif
