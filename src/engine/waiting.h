/* The pattern of a blocking call: in a loop, prepare the wait, check the condition, and sleep until
 * the catalog changes. */
#ifndef TETHER_WAITING_H
#define TETHER_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/awaiting.h"
#include "engine/core.h"

/* A longer timeout counts as no timeout, so that its sum with the clock cannot overflow. */
#define TETHER__WAIT_FOREVER_MS (INT64_MAX / 2)

typedef struct tether__wait {
    tether_registry *registry;
    const char *step; /* for errors; static */
    int64_t deadline; /* monotonic; -1: none */
    uint64_t seen;    /* the catalog's `changes` at the last prepare */
    int64_t pause_ms; /* until the next look at the disk, with events */
    int64_t look_at;  /* monotonic, of that look; 0: not decided */
    tether__awaiting awaiting;
    uint64_t removals; /* the catalog's, when this wait last looked */
    bool follows;      /* events tell what other hosts write */
    bool inside;       /* this wait has entered the gate */
    bool for_growth;   /* the caller waits for output; set it after tether__wait_begin */
    bool untold;       /* the caller waits for what no event tells; set it before each sleep */
} tether__wait;

/* Completes an opening that was deferred (tether_open_options.deferred). Call this before anything
 * that relies on the loop; tether__wait_begin does. The caller holds no lock, and is inside the
 * gate if the registry may be closed meanwhile. */
int tether__rouse(tether_registry *registry, tether_error *error);

/* Begins a wait of up to timeout_ms (-1: no limit; 0: a check without a wait). TETHER_EINVAL: a
 * wait on the loop's thread, which would wait for its own events; TETHER_ECLOSED: the registry is
 * closing. Call tether__wait_end in every case. Takes `state`. */
int tether__wait_begin(tether_registry *registry, const char *step, int64_t timeout_ms,
                       tether__wait *wait, tether_error *error);

/* How long a start may take. It takes milliseconds, unless its host died. */
enum { TETHER__START_TIMEOUT_MS = 5000 };

/* Begins a wait for a task that is starting, of up to that time; on the loop's thread, a check
 * without a wait. Else as above. */
int tether__wait_begin_start(tether_registry *registry, const char *step, tether__wait *wait,
                             tether_error *error);

/* Call this before each check of the condition: a change after this call ends the next sleep at
 * once. TETHER_ECLOSED. Takes `state`. */
int tether__wait_prepare(tether__wait *wait, tether_error *error);

/* Call these before a sleep, if the caller waits for nothing but the ends of tasks, the deaths of
 * holders, and what the journal tells: the first with the number of tasks and holders, then the
 * functions of wait->awaiting for each, and then tether__awaiting_settle. The sleep then has no
 * limit, if events tell of all that. The caller holds no lock. */
void tether__wait_await(tether__wait *wait, size_t count);

/* The same for the end of a single task. */
void tether__wait_await_task(tether__wait *wait, const char *task_id);

/* Call this after a check that failed: sleeps until the catalog has changed since
 * tether__wait_prepare. Stores in *look (NULL: the caller always looks) whether the caller has to
 * read the disk, as a safety net, because events may be missing (see waiting.c): after 1 s at
 * first, and up to a minute later on (never while events tell of all that the caller awaits; once a
 * minute for more tasks than can be watched one by one; 20 ms if the reaper polls; 50 ms for output
 * whose growth events tell late; 1 s each time with wait->untold), and when a directory was
 * removed. Does not sleep if a holder is newly awaited. TETHER_ETIMEDOUT. Takes `state`. */
int tether__wait_sleep(tether__wait *wait, bool *look, tether_error *error);

/* As tether__wait_sleep, but sleeps at most pause_ms: for a condition that may come true without
 * any change of the catalog. */
int tether__wait_nap(tether__wait *wait, int64_t pause_ms, tether_error *error);

/* Ends a wait, also after tether__wait_begin has failed. Takes `state`. */
void tether__wait_end(tether__wait *wait);

#endif
