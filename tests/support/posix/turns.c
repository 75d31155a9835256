/* Waits for a descriptor with poll. */
#include "support/turns.h"

#include <poll.h>

bool test_await_turn(tether_registry *registry, int64_t timeout_ms)
{
    intptr_t pollable;
    assert_int_equal(tether_pollable(registry, &pollable, NULL), TETHER_OK);
    struct pollfd one = {.fd = (int)pollable, .events = POLLIN};
    return poll(&one, 1, (int)timeout_ms) == 1;
}
