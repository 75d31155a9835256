/* Seam: what the systems' terminals can do. Implemented in posix/cli/console_os.c and
 * win32/cli/console_os.c. */
#ifndef TETHER_CLI_CONSOLE_OS_H
#define TETHER_CLI_CONSOLE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a descriptor is a console that would take bytes for text in a code page of its own, as on
 * Windows: then UTF-16 is written to it. */
bool console_os_takes_utf16(int descriptor);

/* Writes units of UTF-16 to such a console. Returns 0, or the system's error. */
int console_os_write(int descriptor, const uint16_t *units, size_t count);

/* Returns how many columns a terminal has; 0 if that is not known. */
size_t console_os_columns(int descriptor);

/* Returns whether this process may write to its terminal without disturbing another job there, such
 * as the shell after Ctrl-Z and bg. */
bool console_os_in_foreground(int descriptor);

/* Tells whether a line is shown on a terminal that is to be gone when a signal ends or stops
 * this process: where there are such signals, one that would do so removes the line first. */
void console_os_line(int descriptor, bool shown);

#endif
