/* Owns finding the library of stdbuf.
 * Must not: load it.
 * Thread: any. */
#include "os/line_buffer.h"

#include <stddef.h>
#include <unistd.h>

const char *tether__os_line_buffer_library(void)
{
#ifdef __linux__
    /* Where distributions put it. Other systems preload in other ways. */
    static const char *const places[] = {
        "/usr/libexec/coreutils/libstdbuf.so",
        "/usr/lib/coreutils/libstdbuf.so",
        "/usr/lib64/coreutils/libstdbuf.so",
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], R_OK) == 0)
            return places[i];
    }
#endif
    return NULL;
}
