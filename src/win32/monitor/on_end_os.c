/* Owns that a monitor on Windows runs no command at the end of a task: hosts refuse to ask for one.
 * Must not: take orders that it cannot follow for followed. */
#include "monitor/on_end_os.h"

#include <stdlib.h>

bool tether__on_end_os_part(void)
{
    return false;
}

bool tether__on_end_os_tell(const void *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return false;
}

bool tether__on_end_os_hear(void *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return false;
}

int64_t tether__on_end_os_start(const tether__on_end_call *call)
{
    (void)call;
    return 0;
}

tether__afterwards tether__on_end_os_wait(int64_t pid, int64_t until_ms, int *value)
{
    (void)pid;
    (void)until_ms;
    (void)value;
    return TETHER__AFTERWARDS_UNSTARTED;
}

size_t tether__on_end_os_read(char *bytes, size_t capacity)
{
    (void)bytes;
    (void)capacity;
    return 0;
}

void tether__on_end_os_signal(int64_t pid, bool final)
{
    (void)pid;
    (void) final;
}

_Noreturn void tether__on_end_os_leave(void)
{
    exit(0);
}
