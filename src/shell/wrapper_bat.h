/* The wrapper for cmd: the supervisor of a task on Windows. docs/format.md explains what a wrapper
 * does and why. Pure, so that every platform tests it; any thread. */
#ifndef TETHER_WRAPPER_BAT_H
#define TETHER_WRAPPER_BAT_H

#include "base/text.h"
#include "shell/cmd_line.h"
#include "shell/wrapper.h"

/* Variables that the host sets in the environment of the wrapper: the working directory, and the
 * command line from tether__wrapper_bat_line. The wrapper removes both before the command runs. */
#define TETHER__BAT_CWD "TETHER__CWD"
#define TETHER__BAT_RUN "TETHER__RUN"

/* Adds the text of wrapper.bat. The host starts it in its bundle as `cmd /D /V:OFF /E:ON /C
 * .\wrapper.bat`; without .\ cmd might not search the current directory. The text contains no path,
 * so that cmd finds no special characters in it. */
void tether__wrapper_render_bat(const tether__wrapper *wrapper, tether__text *text);

/* Adds the value of TETHER__RUN. Where the result is not CARRIED, sets *why to a static text with
 * the reason: ELSEWHERE means that another wrapper can run the program; the text for REFUSED also
 * says what to do instead. */
tether__carry tether__wrapper_bat_line(const tether__wrapper *wrapper, tether__text *line,
                                       const char **why);

#endif
