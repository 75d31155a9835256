/* The inside of a reaper: its state, and what it does on the loop's thread. Only reaper.c, which
 * opens and closes it, uses this. */
#ifndef TETHER_REAPING_H
#define TETHER_REAPING_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "engine/attention.h"
#include "engine/reaper_observer.h"
#include "os/ends.h"
#include "os/watch.h"

/* The first pause between two polls, and that after a failure that may be temporary. */
#define TETHER__REAPING_FIRST_MS 5
#define TETHER__REAPING_RETRY_MS 1000

/* The time of what is not due. */
#define TETHER__REAPING_NEVER INT64_MAX

typedef struct tether__reaper {
    tether__catalog *catalog;
    tether__reaper_observer observer;
    uv_loop_t *loop; /* NULL: the reaper was not started */
    uv_loop_t own_loop;
    uv_thread_t thread; /* runs the loop */
    bool owns_loop;
    uv_async_t wake;
    uv_timer_t timer;
    bool polling; /* no events, only polling. Set once, at the start */
    /* Some supervisor's exit raises no event and has to be polled for. Guarded by `state`. */
    bool poll_exits;
    int exits_tag; /* -1: none, or the directory is gone. Written while `state` is held */
    tether__attention attention; /* has the watch and the ends, which this reaper closes */
    /* When to look at the journal for a listener, because it cannot be watched; NEVER: it can, or
     * nobody listens. */
    int64_t news_at;
    int64_t news_pause_ms;
    /* When the timer fires, or NEVER. Only the loop's thread writes it, and holds `state` for that,
     * because other threads read it while they hold `state`. */
    int64_t timer_due;
    int64_t poll_at; /* when to poll; NEVER while events report everything */
    int64_t poll_pause_ms;
    /* When to inspect all tasks again after a failed inspection, or NEVER. The pause before it
     * grows while such inspections fail. */
    int64_t retry_at;
    int64_t retry_pause_ms;
    bool behind;           /* such an inspection was not repeated yet; guarded by `state` */
    bool inspect;          /* another thread wants all tasks to be inspected; guarded by `state` */
    uint64_t poll_changes; /* the catalog's `changes` at the last poll */
    bool stopping;         /* guarded by `state` */
    int handles;           /* how many are not closed yet */
    /* The loop and what belongs to it exist. Guarded by `starting`, which is taken last of all
     * locks. */
    bool started;
    uv_mutex_t starting;
} tether__reaper;

/* Does what is due, after a wake-up. */
void tether__reaping_resume(tether__reaper *reaper);

/* A tether__watch_cb. `userdata` is the reaper. */
void tether__reaping_take_event(tether__watch_event event, int tag, const char *name,
                                void *userdata);

/* A supervisor, or another process that somebody waits for, has exited: inspects the task with this
 * id, if there is one. `userdata` is the reaper. */
void tether__reaping_take_exit(const char *task_id, void *userdata);

#endif
