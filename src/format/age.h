/* Ages, and whether the wall clock can be believed for them. Pure; any thread. docs/format.md has
 * the promises. */
#ifndef TETHER_AGE_H
#define TETHER_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"
#include "format/record.h"

/* What the clocks say at one moment. */
typedef struct tether__moment {
    int64_t wall_ms; /* 0: no moment */
    int64_t uptime_ms;
    char boot_id[TETHER__BOOT_ID_SIZE]; /* empty: the platform cannot tell */
} tether__moment;

/* What is known of a store's wall clock from earlier looks; all zero: nothing. */
typedef struct tether__clock_history {
    tether__moment believed; /* the last moment at which it was believed */
    tether__moment doubted;  /* the last at which it was not, since then; no moment: none */
    int64_t doubted_since;   /* by the doubted clock: since when nobody has set that */
} tether__clock_history;

/* How far the clock may be off from one look to the next without being doubted, how far it may have
 * gone while the machine was off, and how long a clock that was set has to go on undisturbed before
 * it is believed again. */
#define TETHER__CLOCK_SLACK_MS ((int64_t)60 * 1000)
#define TETHER__CLOCK_LEAP_MS ((int64_t)30 * 24 * 60 * 60 * 1000)
#define TETHER__CLOCK_DOUBT_MS ((int64_t)7 * 24 * 60 * 60 * 1000)

#define TETHER__AGE_UNKNOWN ((int64_t)-1)

/* Whether both are of one boot; false where that cannot be told. */
bool tether__same_boot(const char *boot_id, const char *other);

/* Whether the wall clock of `now` is believed, going by what was seen before; notes `now` in the
 * history. The clock of a store without history is not. */
bool tether__clock_judge(tether__clock_history *history, const tether__moment *now);

/* How long ago something happened: by uptime where that is of this boot (uptime_ms 0: not known),
 * else by the wall clock where that is believed, else TETHER__AGE_UNKNOWN. What seems to lie in the
 * future is 0 old. */
int64_t tether__age(const tether__moment *then, const tether__moment *now, bool believed);

/* When a task ended, as far as its record tells. */
void tether__end_moment(const tether__record *record, tether__moment *end);

#endif
