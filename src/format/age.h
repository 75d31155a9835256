/* Ages of tasks and files, and whether the wall clock can be believed for them. docs/format.md
 * lists what is promised. Pure; any thread. */
#ifndef TETHER_AGE_H
#define TETHER_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"
#include "format/record.h"

/* The readings of both clocks at one moment. */
typedef struct tether__moment {
    int64_t wall_ms;                    /* 0: not known, or the struct holds no moment */
    int64_t uptime_ms;                  /* 0: not known */
    char boot_id[TETHER__BOOT_ID_SIZE]; /* empty: the platform has no boot ids */
} tether__moment;

/* Earlier readings of a store's wall clock. All zero: there are none. */
typedef struct tether__clock_history {
    tether__moment believed; /* the last moment at which the clock was believed */
    tether__moment doubted;  /* the last moment since then at which it was not; wall_ms 0: none */
    int64_t doubted_since; /* the wall clock at the first doubted moment after which it was not set
                              again */
} tether__clock_history;

/* The clock is doubted if, from one reading to the next in the same boot, it advances by more or
 * less than the uptime, with a tolerance of SLACK. Across a reboot it may advance by up to LEAP and
 * go back by up to SLACK. A doubted clock is believed again once it was not set for DOUBT. */
#define TETHER__CLOCK_SLACK_MS ((int64_t)60 * 1000)
#define TETHER__CLOCK_LEAP_MS ((int64_t)30 * 24 * 60 * 60 * 1000)
#define TETHER__CLOCK_DOUBT_MS ((int64_t)7 * 24 * 60 * 60 * 1000)

#define TETHER__AGE_UNKNOWN ((int64_t)-1)

/* Returns whether both ids name the same boot. Returns false where an id is not known (empty). */
bool tether__same_boot(const char *boot_id, const char *other);

/* Returns whether the wall clock is believed at the moment `now`, given the earlier readings, and
 * adds `now` to the history. The clock of a store without a history is doubted at first. */
bool tether__clock_judge(tether__clock_history *history, const tether__moment *now);

/* Returns how long before `now` the moment `then` was, in milliseconds: by uptime where both are of
 * one boot and then->uptime_ms is known, else by the wall clock where that is believed, else
 * TETHER__AGE_UNKNOWN. The age of a moment that lies in the future is 0. */
int64_t tether__age(const tether__moment *then, const tether__moment *now, bool believed);

/* Sets *end to the moment at which a task ended, as far as its record contains it. */
void tether__end_moment(const tether__record *record, tether__moment *end);

#endif
