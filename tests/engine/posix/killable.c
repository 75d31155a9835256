/* Owns the start of tasks that resist, and the search for their processes.
 * Must not: kill.
 * Thread: the test's. */
#include "engine/posix/killable.h"

#include <stdio.h>

void killable_start_stubborn(tether_registry *registry, char (*ids)[TETHER_ID_SIZE], int count)
{
    for (int i = 0; i < count; i++)
        test_start_child(registry, ids[i], "ignore-term", "out", "ready", "forever", NULL);
    for (int i = 0; i < count; i++)
        test_wait_output(registry, ids[i], TETHER_STDOUT, sizeof "ready\n" - 1);
}

int killable_count(const char *id)
{
    char cookie[TETHER_ID_SIZE + 32];
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%.*s", TETHER_ID_SIZE - 1, id);
    return test_count_cookies(cookie);
}
