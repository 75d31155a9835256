/* Owns the boot id where sysctl has one: a text on macOS, sixteen bytes on FreeBSD. The time of the
 * boot is no id, because it moves whenever the clock is set.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <sys/sysctl.h>

#include "posix/error.h"

enum { ID_BYTES = 16 };

/* These return 0 or errno. */

static int read_text(const char *name, char id[TETHER__BOOT_ID_SIZE])
{
    size_t size = TETHER__BOOT_ID_SIZE - 1;
    int os_error = sysctlbyname(name, id, &size, NULL, 0) == 0 ? 0 : errno;
    id[os_error == 0 ? size : 0] = '\0';
    return os_error;
}

static int read_bytes(const char *name, char id[TETHER__BOOT_ID_SIZE])
{
    unsigned char bytes[ID_BYTES];
    size_t size = sizeof bytes;
    if (sysctlbyname(name, bytes, &size, NULL, 0) != 0)
        return errno;
    for (size_t i = 0; i < size; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

bool tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE])
{
    int os_error = read_text("kern.bootsessionuuid", id);
    if (id[0] == '\0' && !tether__posix_is_shortage(os_error))
        os_error = read_bytes("kern.boot_id", id);
    return !tether__posix_is_shortage(os_error);
}
