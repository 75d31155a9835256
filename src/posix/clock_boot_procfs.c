/* Owns the boot id where /proc has one, as on Linux; empty elsewhere.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "posix/error.h"

bool tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE])
{
    id[0] = '\0';
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return !tether__posix_is_shortage(errno);
    ssize_t got = read(fd, id, TETHER__BOOT_ID_SIZE - 1);
    int os_error = got < 0 ? errno : 0;
    close(fd);
    id[got > 0 ? got : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
    return !tether__posix_is_shortage(os_error);
}
