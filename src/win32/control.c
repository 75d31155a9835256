/* Owns the place of the control channel on Windows, where monitors have none yet: every connection
 * is refused, so that there is never anything to ask or to close.
 * Must not: do anything else.
 * Thread: any. */
#include "os/control.h"

#include "base/error.h"

bool tether__os_control_supported(void)
{
    return false;
}

int tether__os_control_connect(tether__dir *bundle, const tether__identity *monitor,
                               int64_t until_ms, tether__channel_end *end, tether_error *error)
{
    (void)bundle, (void)monitor, (void)until_ms;
    end->handle = -1;
    return tether__fail(error, TETHER_ENOTSUP, 0, "ask monitor",
                        "on Windows, a running task cannot be controlled through its monitor yet");
}

int tether__os_control_ask(const tether__channel_end *end, const void *request, size_t size,
                           void *answer, size_t capacity, size_t *got, int64_t until_ms,
                           tether_error *error)
{
    (void)end, (void)request, (void)size, (void)answer, (void)capacity, (void)until_ms;
    *got = 0;
    return tether__fail(error, TETHER_ENOTSUP, 0, "ask monitor", "no monitor is connected");
}

void tether__os_control_close(tether__channel_end *end)
{
    end->handle = -1;
}
