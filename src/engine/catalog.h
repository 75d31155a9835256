/* The catalog: what a registry knows of its session's tasks, in memory.
 * Locks: `disk` is held around reading and writing records (then, where a record is written, the
 * session lock inside it); `state` is held for moments, around what waiters look at. Order: disk,
 * session lock, state. */
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

/* Who goes on with a kill. */
typedef enum tether__driver {
    TETHER__DRIVER_NONE,
    TETHER__DRIVER_LOOP,
    TETHER__DRIVER_CALLER,
    TETHER__DRIVER_ROUNDS /* a caller too; it lists the processes for many tasks at once, so that
                             nobody else does so for one of them */
} tether__driver;

/* Which tasks are looked at. */
typedef enum tether__scope {
    TETHER__SCOPE_LIVE,    /* those that may still run */
    TETHER__SCOPE_PENDING, /* and those whose completion may be pending */
    TETHER__SCOPE_ALL
} tether__scope;

/* A listing of the processes for many tasks, and when it began. */
typedef struct tether__round {
    tether__listing *listing;
    uint64_t began_at; /* in the catalog's moments */
} tether__round;

typedef struct tether__entry {
    /* Under `disk`. */
    tether__record record;
    tether__file_stamp stamp;
    bool tree_gone; /* no process of it is left, and its supervisor cannot start another */
    uint64_t supervisor_done_at; /* the moment since which its supervisor is known to start nothing
                            more; 0: it may */
    bool unsaved; /* its end is known and could not be written yet (the disk is full): tried again
                     at each look */
    tether__cap cap; /* its output limit, where it has one */

    /* Under `state`. The id never changes. */
    char id[TETHER_ID_SIZE];
    tether_status status;
    bool ended;
    bool done;           /* nobody is to be told of it any more */
    uint64_t end_order;  /* which end was seen first */
    int64_t finished_at; /* the record's, for the order of ends */
    bool started_sent;   /* that it runs was told, or needs not be */
    bool completion_sent;
    bool wants_on_end;             /* the catalog's observer hears of its end */
    int64_t reminder_at;           /* monotonic; 0: none */
    int64_t started_uptime_ms;     /* the record's */
    int64_t deadline_monotonic_ms; /* 0: none */
    tether__identity child;        /* pid 0: not started by this registry, or reaped */
    int64_t write_running_at; /* when to write down that it runs; 0: it is, or nothing is known */
    int64_t reap_pause_ms;    /* before the next try; 0: not due */
    int64_t reap_at;
    tether__driver driver;
    tether__kill kill;
    bool exit_watched;      /* the end of its supervisor raises an event */
    bool own_proxy;         /* work of this process: it is told when somebody wants that to end */
    bool cancel_sent;       /* it was */
    size_t scheduled_index; /* in the catalog's scheduled ones */
    bool scheduled;
    size_t followers;
    int watch_tag; /* of the bundle's directory, while there are followers; -1: none */
} tether__entry;

typedef struct tether__catalog {
    tether__session *session;
    uv_mutex_t disk;
    uint64_t logical_clock; /* counts looks and listings, to tell which was first. Under `disk` */
    const tether__round *round; /* what a look at a task that is killed in rounds goes by; NULL: it
                                   cannot tell whether processes are left. Under `disk` */
    uv_mutex_t state;
    uv_cond_t changed; /* with `state`: something that waiters look at has changed */
    uint64_t changes;  /* counts them */
    uint64_t end_count;
    void (*wake)(void *userdata); /* tells the reaper that something is due; NULL: there is none */
    void *wake_userdata;
    /* Asks the reaper to be told of the end of a task's supervisor; false: it must be polled for.
     * NULL where other events tell of it. Called under `state`. */
    bool (*watch_exit)(const char *task_id, const tether__identity *supervisor, void *userdata);
    tether__events *events; /* NULL: nobody is told anything */
    /* Called when an observed task has ended, before its COMPLETION is queued, under `state`. Set
     * once, before the first task; NULL: nobody is told. */
    void (*on_end)(const char *task_id, void *userdata);
    void *on_end_userdata;
    int64_t reminder_ms; /* 0: none */
    bool opening;        /* under `state`; what runs already is not news */
    /* Under `state`, sorted by id. Entries are freed under `disk` and `state`. */
    tether__entry **entries;
    size_t count;
    size_t room;
    /* Those that may have something due: all but the ended ones that are done with. In no order.
     * Under `state`. */
    tether__entry **scheduled;
    size_t scheduled_count;
    size_t scheduled_room;
} tether__catalog;

int tether__catalog_init(tether__catalog *catalog, tether__session *session, tether_error *error);
void tether__catalog_dispose(tether__catalog *catalog);

/* The entry with this id, or NULL. Under `state`, or under `disk` for as long as that is held. */
tether__entry *tether__catalog_find(tether__catalog *catalog, const char *task_id);

/* Adds an empty entry for an id that has none. Under `disk`. NULL when memory is short. */
tether__entry *tether__catalog_insert(tether__catalog *catalog, const char *task_id);

/* Makes an entry's record what waiters see, and tells them. Under `disk`. */
void tether__catalog_publish(tether__catalog *catalog, tether__entry *entry);

/* Puts a record that was just written into the catalog, with the child that this process started
 * (pid 0: none). Takes over the record. Under `disk`. */
int tether__catalog_add(tether__catalog *catalog, tether__record *record,
                        const tether__file_stamp *stamp, const tether__identity *child,
                        tether_error *error);

/* How long a task has run up to now, in ms. Under `state`. */
int64_t tether__entry_elapsed(const tether__entry *entry);

/* Notes that an entry may have something due; publishing does it too. Under `state`. */
void tether__catalog_schedule(tether__catalog *catalog, tether__entry *entry);

/* Notes that nothing of it will be due. Under `state`. */
void tether__catalog_unschedule(tether__catalog *catalog, tether__entry *entry);

/* Frees most of the memory of a task that has ended and of which nobody is to be told any more:
 * whoever asks for it reads its record again. Does nothing for others. Under `disk`. */
void tether__entry_trim(tether__entry *entry);

/* Forgets a task that is no longer on disk. Under `disk`. */
void tether__catalog_forget(tether__catalog *catalog, const char *task_id);

/* When something of a task that is news comes due: its running is to be written down, its deadline,
 * its reminder (monotonic; INT64_MAX: nothing is). Takes `state`. */
int64_t tether__catalog_next_due(tether__catalog *catalog, const char *task_id);

/* Tells waiters to look again. Takes `state`. */
void tether__catalog_notify(tether__catalog *catalog);

/* Waits, under `state`, until something has changed since `seen` or the time is over; false: it is
 * over. timeout_ms -1: for ever. */
bool tether__catalog_wait(tether__catalog *catalog, uint64_t seen, int64_t timeout_ms);

/* The ids of all entries in scope; freed with free(). Takes `state`. */
int tether__catalog_ids(tether__catalog *catalog, tether__scope scope, char (**ids)[TETHER_ID_SIZE],
                        size_t *count, tether_error *error);

#endif
