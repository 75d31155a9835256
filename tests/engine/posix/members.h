/* The processes of a task, found by its cookie. */
#ifndef TETHER_TEST_MEMBERS_H
#define TETHER_TEST_MEMBERS_H

#include "support/support.h"

/* How many live processes have the cookie of this task in their environment. */
static inline int members_count(const char *id)
{
    char cookie[TETHER_ID_SIZE + 32];
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%.*s", TETHER_ID_SIZE - 1, id);
    return test_count_cookies(cookie);
}

#endif
