/* Whose ends a waiting call depends on, and whether events tell of all of them: then the call needs
 * no timer. */
#ifndef TETHER_AWAITING_H
#define TETHER_AWAITING_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/attention.h"
#include "tether/task.h"

typedef struct tether__awaited {
    char id[TETHER_ID_SIZE];
    bool holder;  /* a holder's id, not a task's */
    bool watched; /* has to be released */
    bool named;   /* since the last begin */
} tether__awaited;

/* All zero: nothing is awaited, and no event tells of anything. One thread at a time. */
typedef struct tether__awaiting {
    tether__attention *attention;
    tether__awaited *items;
    size_t count, capacity;
    bool told;    /* events tell of all that was named since the last begin */
    bool gave_up; /* no event can be had for something: nothing is watched any more */
    bool fresh;   /* what was watched since the last begin may have happened before */
    bool crowd;   /* too many to watch each: lifelines tell of all but rare ends (waiting.c) */
} tether__awaiting;

/* Begins to name what the call depends on; at most `count` ids will follow, and `able` is false if
 * events do not help. Then name each, and settle: that releases what was not named. If there is no
 * event for one of them, nothing is watched from then on. The caller holds no lock. */
void tether__awaiting_begin(tether__awaiting *awaiting, size_t count, bool able);
void tether__awaiting_task(tether__awaiting *awaiting, const char *task_id);
void tether__awaiting_holder(tether__awaiting *awaiting, const tether__holder *self,
                             const char *holder_id);
void tether__awaiting_settle(tether__awaiting *awaiting);

/* Releases everything, and frees the memory. */
void tether__awaiting_dispose(tether__awaiting *awaiting);

#endif
