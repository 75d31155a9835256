/* System calls on the store that fail once, or at which something happens: the linker wraps them
 * (see tests/integration.cmake). Only calls of the thread that armed this count, and only those
 * below a directory that is open, and those on the boot id: not others on /proc. */
#ifndef TETHER_TEST_FAILING_CALLS_H
#define TETHER_TEST_FAILING_CALLS_H

#include <stdbool.h>

/* The nth call from now on, counted from 1, fails with this errno. */
void failing_calls_arm(int nth, int os_error);

/* Right before the nth call, calls `action`, whose own calls do not count. */
void failing_calls_arm_action(int nth, void (*action)(void *userdata), void *userdata);

/* Ends it, and returns whether that call was reached. */
bool failing_calls_disarm(void);

#endif
