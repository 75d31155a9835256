/* The catalog: a registry's tasks in memory. An entry holds the task's last known record, and what
 * this registry does for the task.
 *
 * Locks: `disk` is held while records are read and written; a writer also takes the session lock
 * inside it. `state` is held for moments, around the members that waiters read.
 * Order: disk, session lock, state.
 *
 * The comment of a function names its locks in these words, here and in the rooms above:
 *   "The caller holds `disk`."     The function requires it.
 *   "Takes `state`."               The function locks and unlocks it; the caller must not hold it.
 *   "Any lock may be held."        The function takes none of the locks of the catalog.
 *   "The caller holds no lock."    The function takes several locks, or waits.
 *   "Guarded by `state`."          Of a member: hold the lock to read or write it. */
#ifndef TETHER_CATALOG_H
#define TETHER_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/child.h"
#include "engine/event.h"
#include "format/kill_policy.h"
#include "format/record.h"
#include "os/witness.h"
#include "store/bundle.h"
#include "store/ledger.h"
#include "store/output_cap.h"
#include "store/store.h"

/* Who carries on with the kill of a task in this registry. At most one driver at a time. */
typedef enum tether__driver {
    TETHER__DRIVER_NONE,
    TETHER__DRIVER_LOOP,
    TETHER__DRIVER_CALLER,
    /* A caller that kills many tasks in rounds. It lists the processes once per round for all of
     * its tasks; refresh.c and kill.c use that listing instead of one for a single task. */
    TETHER__DRIVER_ROUNDS
} tether__driver;

/* One listing of the processes for the kill of many tasks. */
typedef struct tether__round {
    tether__listing *listing;
    uint64_t began_at; /* when the listing began, by the catalog's logical clock */
} tether__round;

/* There may be ten thousand: small members stand together, which leaves no gaps, and flags are bits
 * where a single lock guards them. */
typedef struct tether__entry {
    /* Guarded by `disk`. */
    tether__record record;
    tether__file_stamp stamp;
    /* When an inspection first found that the supervisor cannot start another process (it has
     * exited or has written its exit line), by the catalog's logical clock. 0: it still may, or the
     * last inspection could not confirm that. */
    uint64_t supervisor_done_at;
    /* When the last refresh succeeded, by the catalog's logical clock. */
    uint64_t refreshed_at;
    /* Which processes are known to be the task's, while it is being killed. */
    tether__kin kin;
    /* How far the output limit has been applied; used by tasks that have one. */
    tether__cap cap;
    /* How many steps of a kill are sending a signal, and will add to `kin` what they find on the
     * way. Until then no inspection can tell that no process is left. */
    int signalling;
    /* Pins the command after the death of its monitor. */
    tether__witness witness;
    /* No process of the task is left, and its supervisor cannot start another one. */
    bool tree_gone;
    /* The end is known but could not be written (the disk is full). Each inspection tries again. */
    bool unsaved;
    /* The record is what the journal had when it had this stamp, but for the child's pid, which the
     * journal gets with the supervisor's identity. */
    bool exact;

    /* What waiters see of the record. tether__catalog_publish writes these members while both locks
     * are held, therefore either lock is enough to read them. */
    bool ended;
    bool done; /* tether__record_is_done: nothing about the task is left to do */
    tether_status status;
    int64_t finished_at; /* the record's: waiters sort ends by it */

    /* Guarded by `state`. */
    tether__kill kill;
    int64_t reminder_at;           /* monotonic; 0: none */
    int64_t started_uptime_ms;     /* copied from the record */
    int64_t deadline_monotonic_ms; /* 0: none */
    tether__child child; /* the supervisor; pid 0: not started by this registry, or reaped */
    /* When to inspect the task again (monotonic, in ms): to write `running` into the record, unless
     * the supervisor has not written its identity yet, or because the cause of an event may not
     * have shown when the event was handled. 0: no inspection is planned. */
    int64_t inspect_at;
    union {
        size_t scheduled_index;            /* in the catalog's scheduled entries */
        struct tether__entry *next_orphan; /* once the entry is in no table any more */
    };
    int64_t reap_at;   /* when the next attempt to reap the child is due, monotonic */
    int reap_pause_ms; /* before that attempt; 0: the child has not ended */
    int watch_tag;     /* identifies events of the bundle while it has followers; -1: none */
    unsigned followers;
    bool scheduled : 1;
    /* STARTED was queued; or omitted, because the session was being opened. */
    bool started_sent : 1;
    bool completion_sent : 1;
    bool wants_on_end : 1; /* call the catalog's on_end when the task ends */
    bool output_moved : 1; /* a file may have left the bundle while it had followers */
    /* The catalog's watch_exit has requested an event for the exit of the supervisor. Always false
     * where the close of the lifeline raises an event, as on Linux. */
    bool exit_watched : 1;
    bool exit_seen : 1; /* an event told of that exit, and the task had not ended by then */
    /* A proxy task of this process, which gets a CANCEL event when the task is to be killed. */
    bool own_proxy : 1;
    bool cancel_sent : 1; /* CANCEL was queued */
    uint8_t driver;       /* a tether__driver */

    const char *id; /* never changes; stands behind the struct */
} tether__entry;

typedef struct tether__catalog {
    tether__session *session;
    uv_mutex_t disk;
    /* A logical clock. It advances when a listing of processes or of tasks begins, when an
     * inspection finds a supervisor done and when a task was refreshed; the times show what came
     * first. Guarded by `disk`. */
    uint64_t logical_clock;
    /* The round whose step is being taken. Its listing decides whether a task that is killed in
     * rounds has processes left. NULL: no round; such a task then counts as having some. Guarded by
     * `disk`. */
    const tether__round *round;
    uv_mutex_t state;
    uv_cond_t changed; /* with `state`: signalled on every change that waiters may wait for */
    uint64_t changes;  /* counts these changes; guarded by `state` */
    uint64_t removals; /* counts removed directories; guarded by `state` */
    /* Wakes the reaper, because something is due; NULL: there is no reaper. */
    void (*wake)(void *userdata);
    void *wake_userdata;
    /* Requests an event for the exit of a task's supervisor (os/ends.h), upon which the reaper
     * inspects the task. Returns false if no event can be had: the reaper then polls for the exit.
     * NULL where the close of a lifeline raises an event. `userdata` is wake_userdata.
     * The caller holds `state`. */
    bool (*watch_exit)(const char *task_id, const tether__identity *supervisor, void *userdata);
    /* Returns whether every event until now was handled: then a running task is as its last refresh
     * has found it, unless that was before `events_since`. NULL: no events. `userdata` is
     * wake_userdata. The caller holds `state`. */
    bool (*told)(void *userdata);
    uint64_t events_since;  /* when events began, by the logical clock; guarded by `disk` */
    tether__events *events; /* NULL: the host receives no events */
    /* Called when a task whose entry has `wants_on_end` has ended, before its COMPLETION is queued.
     * Set once, before the first task; NULL: none. The caller holds `disk` and `state`. */
    void (*on_end)(const char *task_id, void *userdata);
    void *on_end_userdata;
    int64_t reminder_ms; /* interval of REMINDER events; 0: none */
    /* The session is being opened: running tasks get no STARTED. Guarded by `state`. */
    bool opening;
    /* All entries, sorted by id. Changed while both locks are held, therefore either lock is enough
     * to read them. tether__catalog_forget removes an entry in this way and then frees it while
     * `disk` is still held: a pointer to an entry is valid while either lock is held. */
    tether__entry **entries;
    size_t count;
    size_t capacity;
    /* How many calls rely on entries that they have found or added to stay. Guarded by `disk`. */
    size_t holds;
    size_t large_at;   /* the count from which the catalog is pruned; guarded by `state` */
    size_t done_count; /* entries that are `done`; guarded by `state` */
    size_t done_limit; /* of these, the number from which they are pruned; guarded by `state` */
    /* The entries that may have something due, in no order: all except ended ones with no work
     * left. Guarded by `state`. */
    tether__entry **scheduled;
    size_t scheduled_count;
    size_t scheduled_capacity;
    /* The children of this process whose tasks were forgotten, as a list: entries that are in no
     * table any more, with their id, child and times of reaping only. Guarded by `state`. */
    tether__entry *orphans;
    tether__origin *origins; /* of the children; guarded by `state` */
} tether__catalog;

/* Initialises an empty catalog. `session` must outlive the catalog. */
int tether__catalog_init(tether__catalog *catalog, tether__session *session, tether_error *error);
void tether__catalog_dispose(tether__catalog *catalog);

/* Returns the entry with this id, or NULL. The caller holds `disk` or `state`; the entry is valid
 * while that lock is held. */
tether__entry *tether__catalog_find(tether__catalog *catalog, const char *task_id);

/* As tether__catalog_find, for ids that are looked for in their order: *next, 0 at first, is where
 * the search is likely to end. The entries of many tasks are not in the caches of the processor,
 * and a search would read a dozen of them. */
tether__entry *tether__catalog_find_next(tether__catalog *catalog, const char *task_id,
                                         size_t *next);

/* Adds an empty entry for an id that has none. Returns NULL when memory is short. The caller holds
 * `disk`; takes `state`. */
tether__entry *tether__catalog_insert(tether__catalog *catalog, const char *task_id);

/* Returns when hosts enforce the deadline of a task (monotonic; 0: never). A monitor does so
 * itself, and hosts only later, if it has not, because it was stopped or killed. Any lock may be
 * held. */
int64_t tether__catalog_deadline(const tether__record *record);

/* Makes the entry's record visible to waiters, wakes them, and queues the events of the change. The
 * caller holds `disk`; takes `state`. */
void tether__catalog_publish(tether__catalog *catalog, tether__entry *entry);

/* Adds a task whose record was just written, with the child that this process has started (pid 0:
 * none). Takes ownership of the record. The caller holds `disk`; takes `state`. */
int tether__catalog_add(tether__catalog *catalog, tether__record *record,
                        const tether__file_stamp *stamp, const tether__identity *child,
                        tether_error *error);

/* Returns the identity of the child that this process has started, whose pid is valid here in any
 * case, or else the supervisor's identity from the record; pid 0: unknown. The caller holds `disk`
 * and `state`. */
tether__identity tether__entry_supervisor(const tether__entry *entry);

/* Returns how long a task has been running, in ms; 0 if its start is not known. The caller holds
 * `state`. */
int64_t tether__entry_elapsed(const tether__entry *entry);

/* Adds the entry to the scheduled ones. tether__catalog_publish does this, too. The caller holds
 * `state`. */
void tether__catalog_schedule(tether__catalog *catalog, tether__entry *entry);

/* Removes the entry from the scheduled ones: it will have nothing due. The caller holds `state`. */
void tether__catalog_unschedule(tether__catalog *catalog, tether__entry *entry);

/* Frees the texts of the record if nothing about the task is left to do (tether__record_is_done);
 * does nothing for other tasks. The next refresh reads the record again. The caller holds `disk`.
 */
void tether__entry_trim(tether__entry *entry);

/* Reaps the supervisor of a task if it is a child of this process. Returns false while it is one
 * that cannot be reaped yet: the kernel closes a process's files before that. Call this before the
 * removal of a task, because nobody reaps the child of a task that has no entry. The caller holds
 * `disk`; takes `state`. */
bool tether__catalog_reap(tether__catalog *catalog, const char *task_id);

/* Removes the entry of a task that is no longer on disk, if there is one. A child of this process
 * that cannot be reaped yet becomes an orphan, and the reaper is woken for it. The caller holds
 * `disk`; takes `state`. */
void tether__catalog_forget(tether__catalog *catalog, const char *task_id);

/* Takes the orphan out of the list in which `link` refers to it, and frees it. The caller holds
 * `state`. */
void tether__catalog_drop_orphan(tether__entry **link);

/* Around a pass over several tasks that finds their entries again: until the release, no entry is
 * pruned (engine/prune.h), except those of tasks that are no longer on disk. Take `disk`. */
void tether__catalog_hold(tether__catalog *catalog);
void tether__catalog_release(tether__catalog *catalog);

/* Removes an entry that nobody needs, without waking the waiters. The caller holds `disk`; takes
 * `state`. */
void tether__catalog_drop(tether__catalog *catalog, tether__entry *entry);

/* Drops each entry that is `done` and for which `is_idle` returns true, without waking the waiters.
 * It runs through all entries while both locks are held. Does nothing while the catalog is held, or
 * until there are as many done entries as make that worth it. Takes `disk` and `state`. */
void tether__catalog_drop_done(tether__catalog *catalog, bool (*is_idle)(const tether__entry *));

/* Returns whether the catalog has become large enough to be pruned; the second function sets that
 * size to twice the present one. Take `state`. */
bool tether__catalog_is_large(tether__catalog *catalog);
void tether__catalog_set_large(tether__catalog *catalog);

/* Plans another inspection of a task that was found running after an event, unless one is planned:
 * the kernel tells of the close of a lifeline before it releases the lock. The caller holds `disk`;
 * takes `state`. */
void tether__catalog_inspect_again(tether__catalog *catalog, tether__entry *entry);

/* Returns when the next of these is due for a task: an inspection, the deadline, the reminder.
 * Monotonic; INT64_MAX: nothing. Takes `state`. */
int64_t tether__catalog_next_due(tether__catalog *catalog, const char *task_id);

/* Wakes all waiters to check their conditions again. Takes `state`. */
void tether__catalog_notify(tether__catalog *catalog);

/* Waits until `changes` differs from `seen`. Returns false after timeout_ms (-1: no limit). The
 * caller holds `state`, which is released during the wait. */
bool tether__catalog_wait(tether__catalog *catalog, uint64_t seen, int64_t timeout_ms);

/* Lists the ids of all entries in scope, in their order. The caller frees *ids with free(). Takes
 * `state`. */
int tether__catalog_ids(tether__catalog *catalog, tether__scope scope, char (**ids)[TETHER_ID_SIZE],
                        size_t *count, tether_error *error);

#endif
