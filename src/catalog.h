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

#include "bundle.h"
#include "kill_policy.h"
#include "record.h"
#include "store.h"

/* Who goes on with a kill. */
typedef enum tether__driver {
    TETHER__DRIVER_NONE,
    TETHER__DRIVER_LOOP,
    TETHER__DRIVER_CALLER
} tether__driver;

typedef struct tether__entry {
    /* Under `disk`. */
    tether__record record;
    tether__file_stamp stamp;
    bool tree_gone; /* no process of it is left, and its supervisor cannot start another */
    bool unsaved;   /* its end is known and could not be written yet (the disk is full): tried again
                       at each look */

    /* Under `state`. The id never changes. */
    char id[TETHER_ID_SIZE];
    tether_status status;
    bool ended;
    uint64_t end_order;            /* which end was seen first */
    int64_t deadline_monotonic_ms; /* 0: none */
    tether__identity child;        /* pid 0: not started by this registry, or reaped */
    int64_t run_due;       /* when to write down that it runs; 0: it is, or nothing is known */
    int64_t reap_pause_ms; /* before the next try; 0: not due */
    int64_t reap_at;
    tether__driver driver;
    tether__kill kill;
    size_t followers;
    int watch_tag; /* of the bundle's directory, while there are followers; -1: none */
} tether__entry;

typedef struct tether__catalog {
    tether__session *session;
    uv_mutex_t disk;
    uv_mutex_t state;
    uv_cond_t changed; /* with `state`: something that waiters look at has changed */
    uint64_t changes;  /* counts them */
    uint64_t ends;
    void (*wake)(void *userdata); /* tells the reaper that something is due; NULL: there is none */
    void *wake_userdata;
    /* Under `state`, sorted by id. Entries are freed under `disk` and `state`. */
    tether__entry **entries;
    size_t count;
    size_t room;
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
int tether__catalog_adopt(tether__catalog *catalog, tether__record *record,
                          const tether__file_stamp *stamp, const tether__identity *child,
                          tether_error *error);

/* Forgets a task that is no longer on disk. Under `disk`. */
void tether__catalog_forget(tether__catalog *catalog, const char *task_id);

/* Tells waiters to look again. Takes `state`. */
void tether__catalog_notify(tether__catalog *catalog);

/* Waits, under `state`, until something has changed since `seen` or the time is over; false: it is
 * over. timeout_ms -1: for ever. */
bool tether__catalog_wait(tether__catalog *catalog, uint64_t seen, int64_t timeout_ms);

/* The ids of all entries, ended ones included where `ended`; freed with free(). Takes `state`. */
int tether__catalog_ids(tether__catalog *catalog, bool ended, char (**ids)[TETHER_ID_SIZE],
                        size_t *count, tether_error *error);

#endif
