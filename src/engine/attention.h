/* What the reaper watches only while somebody needs it: the journal, the bundles of followed tasks,
 * and the exits of supervisors and holders for which a call waits. */
#ifndef TETHER_ATTENTION_H
#define TETHER_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/catalog.h"
#include "os/ends.h"
#include "os/watch.h"
#include "store/holder.h"

typedef struct tether__attention {
    tether__catalog *catalog;
    tether__watch *watch; /* NULL: no directory events */
    tether__ends *ends;   /* NULL: no events of exits */
    /* The watches of the journal and of the holders, and how many need each; -1: there is none.
     * Guarded by `state`. */
    int journal_tag;
    size_t journal_followers;
    int holders_tag;
    size_t holders_followers;
} tether__attention;

/* Whether an event will wake the waiters when something has happened. */
typedef enum tether__telling {
    TETHER__TOLD,
    TETHER__NOT_YET, /* not yet known, but a change of the catalog comes first: ask again then */
    TETHER__UNTOLD
} tether__telling;

/* The catalog outlives the attention. `watch` and `ends` are set later, before other threads use
 * it, and belong to the reaper. */
void tether__attention_init(tether__attention *attention, tether__catalog *catalog);

/* See the functions of the same names in engine/reaper.h. Any thread. */
bool tether__attention_follow_session(tether__attention *attention, tether_error *error);
void tether__attention_unfollow_session(tether__attention *attention);
void tether__attention_follow(tether__attention *attention, const char *task_id, int *tag);
void tether__attention_unfollow(tether__attention *attention, const char *task_id);

/* Counts a follower of a journal that cannot be watched: the caller polls, and tries to watch it by
 * the second function, which returns whether it is watched now. Take `state`. */
void tether__attention_follow_unwatched(tether__attention *attention);
bool tether__attention_watch_journal(tether__attention *attention);

/* A file may have left the directory with this tag. If that is a followed bundle, its followers
 * look at intervals from now on. Takes `state`. */
void tether__attention_note_move(tether__attention *attention, int tag);

/* Whether this is the tag of the journal's watch. Takes `state`. */
bool tether__attention_is_journal(tether__attention *attention, int tag);

/* Makes sure that an event tells of the end of a task, however its supervisor ends. *watched: what
 * the last call for this task has stored, at first false; if true, undo it in the end by
 * tether__attention_release_exit. Any thread. The caller holds no lock. */
tether__telling tether__attention_watch_exit(tether__attention *attention, const char *task_id,
                                             bool *watched);
void tether__attention_release_exit(tether__attention *attention, const char *task_id);

/* The same for the death or close of another registry, by its holder id. When *watched becomes
 * true, look once more whether the holder is alive: nothing tells of the time before. `self` is any
 * holder of the same store. */
tether__telling tether__attention_watch_holder(tether__attention *attention,
                                               const tether__holder *self, const char *holder_id,
                                               bool *watched);
void tether__attention_release_holder(tether__attention *attention, const char *holder_id);

/* The exit of a process was told, and the task was inspected since. Wakes the waiters, unless the
 * task has ended. Takes `state`. */
void tether__attention_note_exit(tether__attention *attention, const char *name);

#endif
