/* Waits for an event handle. */
#include "support/turns.h"

#include <windows.h>

bool test_await_turn(tether_registry *registry, int64_t timeout_ms)
{
    intptr_t pollable;
    assert_int_equal(tether_pollable(registry, &pollable, NULL), TETHER_OK);
    return WaitForSingleObject((HANDLE)pollable, (DWORD)timeout_ms) == WAIT_OBJECT_0;
}
