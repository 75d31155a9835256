/* Owns nothing: terminals of POSIX systems take bytes.
 * Must not: change a terminal.
 * Thread: any. */
#include "cli/console_os.h"

#include <errno.h>

bool console_os_takes_utf16(int descriptor)
{
    (void)descriptor;
    return false;
}

int console_os_write(int descriptor, const uint16_t *units, size_t count)
{
    (void)descriptor;
    (void)units;
    (void)count;
    return ENOTSUP;
}
