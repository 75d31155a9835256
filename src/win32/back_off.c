/* Owns the pauses before retries.
 * Must not: know what is tried.
 * Thread: any. */
#include "win32/back_off.h"

#include <windows.h>

#include "os/clock.h"

enum { TRIES_AT_ONCE = 4, LAST_PAUSE_MS = 8 };

/* A busy reader closes the file for moments that are shorter than any sleep, so some retries follow
 * without one. */
bool tether__win32_back_off(unsigned *round, int64_t deadline)
{
    int64_t left = deadline - tether__os_monotonic_ms();
    if (left <= 0)
        return false;
    unsigned pause = ++*round / TRIES_AT_ONCE;
    if (*round % TRIES_AT_ONCE != 0)
        SwitchToThread();
    else
        Sleep(pause < LAST_PAUSE_MS ? pause : LAST_PAUSE_MS);
    return true;
}
