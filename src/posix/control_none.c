/* Owns the answer of platforms whose monitors have no control channel.
 * Must not: do anything.
 * Thread: any. */
#include "os/control.h"

#include "base/error.h"

static const char step[] = "ask monitor";

static int refuse(tether_error *error)
{
    return tether__fail(error, TETHER_ENOTSUP, 0, step,
                        "a running task can be controlled through its monitor on Linux and Windows "
                        "only; kill it, and start it again");
}

bool tether__os_control_supported(void)
{
    return false;
}

int tether__os_control_connect(tether__dir *bundle, const tether__identity *monitor,
                               int64_t until_ms, tether__channel_end *end, tether_error *error)
{
    (void)bundle;
    (void)monitor;
    (void)until_ms;
    end->handle = -1;
    return refuse(error);
}

int tether__os_control_ask(const tether__channel_end *end, const void *request, size_t size,
                           void *answer, size_t capacity, size_t *got, int64_t until_ms,
                           tether_error *error)
{
    (void)end;
    (void)request;
    (void)size;
    (void)answer;
    (void)capacity;
    (void)until_ms;
    *got = 0;
    return refuse(error);
}

void tether__os_control_close(tether__channel_end *end)
{
    end->handle = -1;
}
