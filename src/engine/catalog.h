/* The catalog: a registry's tasks in memory. An entry holds the task's last known record, and what
 * this registry does for the task.
 * Locks: `disk` is held while records are read and written; a writer also takes the session lock
 * inside it. `state` is held for moments, around the members that waiters read.
 * Order: disk, session lock, state. */
#ifndef TETHER_CATALOG_H
#define TETHER_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/event.h"
#include "format/kill_policy.h"
#include "format/record.h"
#include "store/bundle.h"
#include "store/output_cap.h"
#include "store/store.h"

/* Who carries on with the kill of a task in this registry. At most one driver at a time. */
typedef enum tether__driver {
    TETHER__DRIVER_NONE,
    TETHER__DRIVER_LOOP,
    TETHER__DRIVER_CALLER,
    /* A caller that kills many tasks in rounds. It lists the processes once per round, for all of
     * its tasks, so that no other code lists them for one task. */
    TETHER__DRIVER_ROUNDS
} tether__driver;

/* Selects tasks. */
typedef enum tether__scope {
    TETHER__SCOPE_LIVE,    /* may still run */
    TETHER__SCOPE_PENDING, /* these, and ended ones whose completion may be pending */
    TETHER__SCOPE_ALL
} tether__scope;

/* One listing of the processes for the kill of many tasks. */
typedef struct tether__round {
    tether__listing *listing;
    uint64_t began_at; /* when the listing began, by the catalog's logical clock */
} tether__round;

typedef struct tether__entry {
    /* Under `disk`. */
    tether__record record;
    tether__file_stamp stamp;
    /* No process of the task is left, and its supervisor cannot start another one. */
    bool tree_gone;
    /* When an inspection first found that the supervisor cannot start another process, by the
     * catalog's logical clock; 0: it still may. */
    uint64_t supervisor_done_at;
    /* The end is known but could not be written (the disk is full). Each inspection tries again. */
    bool unsaved;
    /* How far the output limit has been applied; used by tasks that have one. */
    tether__cap cap;

    /* Under `state`, except the id, which never changes. The first members are what waiters see of
     * the record. */
    char id[TETHER_ID_SIZE];
    tether_status status;
    bool ended;
    bool done;           /* ended, and its completion was delivered or not requested */
    uint64_t end_order;  /* numbers the ends in the order in which this registry saw them */
    int64_t finished_at; /* the record's: waiters sort ends by it */
    bool started_sent;   /* STARTED was queued, or is not needed */
    bool completion_sent;
    bool wants_on_end;             /* call the catalog's on_end when the task ends */
    int64_t reminder_at;           /* monotonic; 0: none */
    int64_t started_uptime_ms;     /* copied from the record */
    int64_t deadline_monotonic_ms; /* 0: none */
    tether__identity child; /* the supervisor; pid 0: not started by this registry, or reaped */
    /* When to write `running` into the record; 0: it is written, or the supervisor is not known
     * yet. */
    int64_t write_running_at;
    int64_t reap_pause_ms; /* before the next attempt to reap the child; 0: it has not ended */
    int64_t reap_at;       /* when that attempt is due, monotonic */
    tether__driver driver;
    tether__kill kill;
    /* An event reports the exit of the supervisor. */
    bool exit_watched;
    /* A proxy task of this process, which gets a CANCEL event when the task is to be killed. */
    bool own_proxy;
    bool cancel_sent;       /* CANCEL was queued */
    size_t scheduled_index; /* index in the catalog's scheduled entries */
    bool scheduled;
    size_t followers;
    int watch_tag; /* identifies events of the bundle while it has followers; -1: none */
} tether__entry;

typedef struct tether__catalog {
    tether__session *session;
    uv_mutex_t disk;
    /* A logical clock: numbers inspections and listings, to order them. Under `disk`. */
    uint64_t logical_clock;
    /* The current round, whose listing decides whether processes are left of a task that is killed
     * in rounds; NULL: no round, and that is not known. Under `disk`. */
    const tether__round *round;
    uv_mutex_t state;
    uv_cond_t changed; /* with `state`: signalled on every change that waiters may wait for */
    uint64_t changes;  /* counts these changes */
    uint64_t end_count;
    /* Wakes the reaper, because something is due; NULL: there is no reaper. */
    void (*wake)(void *userdata);
    void *wake_userdata;
    /* Asks the reaper to inspect the task when its supervisor exits. Returns false if it has to
     * poll for that. NULL where other events report every exit. Called under `state`. */
    bool (*watch_exit)(const char *task_id, const tether__identity *supervisor, void *userdata);
    tether__events *events; /* NULL: nobody receives events */
    /* Called under `state` when a task whose entry has `wants_on_end` has ended, before its
     * COMPLETION is queued. Set once, before the first task; NULL: none. */
    void (*on_end)(const char *task_id, void *userdata);
    void *on_end_userdata;
    int64_t reminder_ms; /* interval of REMINDER events; 0: none */
    bool opening; /* the session is being opened: running tasks get no STARTED. Under `state` */
    /* All entries, sorted by id. Under `state`. Entries are freed under `disk` and `state`. */
    tether__entry **entries;
    size_t count;
    size_t capacity;
    /* The entries that may have something due, in no order: all except ended ones with no work
     * left. Under `state`. */
    tether__entry **scheduled;
    size_t scheduled_count;
    size_t scheduled_capacity;
} tether__catalog;

/* Initialises an empty catalog. `session` outlives it. */
int tether__catalog_init(tether__catalog *catalog, tether__session *session, tether_error *error);
void tether__catalog_dispose(tether__catalog *catalog);

/* Returns the entry with this id, or NULL. Under `state`; or under `disk`, and then valid while
 * that is held. */
tether__entry *tether__catalog_find(tether__catalog *catalog, const char *task_id);

/* Adds an empty entry for an id that has none. Under `disk`. Returns NULL when memory is short. */
tether__entry *tether__catalog_insert(tether__catalog *catalog, const char *task_id);

/* Makes the entry's record visible to waiters, wakes them, and queues the events of the change.
 * Under `disk`. */
void tether__catalog_publish(tether__catalog *catalog, tether__entry *entry);

/* Adds a task whose record was just written, with the child that this process has started (pid 0:
 * none). Takes ownership of the record. Under `disk`. */
int tether__catalog_add(tether__catalog *catalog, tether__record *record,
                        const tether__file_stamp *stamp, const tether__identity *child,
                        tether_error *error);

/* Returns how long a task has been running, in ms; 0 if its start is not known. Under `state`. */
int64_t tether__entry_elapsed(const tether__entry *entry);

/* Adds the entry to the scheduled ones. tether__catalog_publish does this, too. Under `state`. */
void tether__catalog_schedule(tether__catalog *catalog, tether__entry *entry);

/* Removes the entry from the scheduled ones: it will have nothing due. Under `state`. */
void tether__catalog_unschedule(tether__catalog *catalog, tether__entry *entry);

/* Frees the texts of the record if the task has ended and its completion was delivered or not
 * requested. The next refresh reads the record again. Does nothing for other tasks. Under `disk`.
 */
void tether__entry_trim(tether__entry *entry);

/* Removes the entry of a task that is no longer on disk. Under `disk`. */
void tether__catalog_forget(tether__catalog *catalog, const char *task_id);

/* Returns when the next of these is due for a task: writing `running`, the deadline, the reminder.
 * Monotonic; INT64_MAX: nothing. Takes `state`. */
int64_t tether__catalog_next_due(tether__catalog *catalog, const char *task_id);

/* Wakes all waiters, so that they check their condition again. Takes `state`. */
void tether__catalog_notify(tether__catalog *catalog);

/* Waits, under `state`, until `changes` differs from `seen`. Returns false after timeout_ms (-1: no
 * limit). */
bool tether__catalog_wait(tether__catalog *catalog, uint64_t seen, int64_t timeout_ms);

/* Lists the ids of all entries in scope. The caller frees *ids with free(). Takes `state`. */
int tether__catalog_ids(tether__catalog *catalog, tether__scope scope, char (**ids)[TETHER_ID_SIZE],
                        size_t *count, tether_error *error);

#endif
