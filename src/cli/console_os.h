/* Seam: terminals that take characters. Implemented in posix/cli/console_os.c and
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

#endif
