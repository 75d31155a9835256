/* Owns the table of task states and their transitions.
 * Must not: know why a transition happens.
 * Thread: any. */
#include "format/status.h"

#include <string.h>

static const char *const texts[] = {
#define TEXT(name, text) text,
    TETHER_STATUS_MAP(TEXT)
#undef TEXT
};

enum { STATUS_COUNT = sizeof texts / sizeof texts[0] };

#define TO(name) (1u << TETHER_STATUS_##name)
#define TO_OWN_END (TO(COMPLETED) | TO(FAILED))
#define TO_ANY_END (TO_OWN_END | TO(KILLED) | TO(TIMED_OUT) | TO(LOST))

/* For each status, the set of its possible successors. A killing task may still end by itself, and
 * becomes lost where its marker is damaged or the machine was rebooted. A task that has ended never
 * changes its status. */
static const unsigned transitions[STATUS_COUNT] = {
    [TETHER_STATUS_STARTING] = TO(RUNNING) | TO(KILLING) | TO_ANY_END,
    [TETHER_STATUS_RUNNING] = TO(PAUSED) | TO(KILLING) | TO_ANY_END,
    [TETHER_STATUS_PAUSED] = TO(RUNNING) | TO(KILLING) | TO_ANY_END,
    [TETHER_STATUS_KILLING] = TO_ANY_END,
};

static bool in_range(tether_status status)
{
    return (int)status >= 0 && (int)status < STATUS_COUNT;
}

bool tether__status_allows(tether_status from, tether_status to)
{
    return in_range(from) && in_range(to) && (transitions[from] & (1u << to)) != 0;
}

bool tether__status_parse(const char *text, tether_status *status)
{
    for (int i = 0; i < STATUS_COUNT; i++) {
        if (strcmp(text, texts[i]) == 0) {
            *status = (tether_status)i;
            return true;
        }
    }
    return false;
}

const char *tether_status_text(tether_status status)
{
    return in_range(status) ? texts[status] : "unknown";
}

bool tether_status_ended(tether_status status)
{
    return in_range(status) && transitions[status] == 0;
}
