/* The reaper: the loop that learns of ends, keeps deadlines, goes on with kills and frees zombies,
 * on every platform. Events first; where there are none, polling with back-off. With events and
 * nothing due, it does not wake. */
#ifndef TETHER_REAPER_H
#define TETHER_REAPER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/catalog.h"
#include "tether/error.h"
#include "tether/registry.h"

typedef struct tether__reaper tether__reaper;

/* Every bundle, in place of the tag of one. */
#define TETHER__REAPER_ALL_BUNDLES (-1)

/* Follows the outputs of tasks. Both calls come on the loop's thread, under no lock. */
typedef struct tether__reaper_observer {
    /* A bundle may have grown, told apart by its tag. Returns whether any bundle is followed. */
    bool (*grown)(int tag, void *userdata);
    /* Reads the followed bundles that no event tells of. Returns whether there are any. */
    bool (*unwatched)(void *userdata);
    void *userdata;
} tether__reaper_observer;

/* Starts it on the host's loop, or on a loop and thread of its own (loop NULL). It uses the catalog
 * and the observer, which outlive it. */
int tether__reaper_open(tether__catalog *catalog, const tether__reaper_observer *observer,
                        struct uv_loop_s *loop, tether_reaper_mode mode, tether__reaper **reaper,
                        tether_error *error);

/* Stops it. On a thread of its own: returns when that has ended. On a host's loop: returns at once,
 * nothing of the catalog is used any more, and the loop frees the rest as it runs. NULL is allowed.
 */
void tether__reaper_close(tether__reaper *reaper);

/* Makes the loop look at what is due. Any thread. */
void tether__reaper_wake(tether__reaper *reaper);

/* Tells of a new task in the catalog: wakes the loop only where it would come too late for what is
 * due of it. Any thread, under no lock. */
void tether__reaper_task_added(tether__reaper *reaper, const char *task_id);

/* Whether the caller is on the loop's thread, and so must not wait for the loop. */
bool tether__reaper_is_current(const tether__reaper *reaper);

/* Whether ends come as events. */
bool tether__reaper_has_events(const tether__reaper *reaper);

/* Begins and ends the watching of a task's output files on behalf of one follower. Without events
 * nothing happens: the follower looks by itself. Under no lock. *tag (NULL: not wanted) tells the
 * events of this bundle apart; -1: there are none. */
void tether__reaper_follow(tether__reaper *reaper, const char *task_id, int *tag);
void tether__reaper_unfollow(tether__reaper *reaper, const char *task_id);

#endif
