/* The store and its sessions on disk: opening, checking, and the session lock. docs/format.md has
 * the layout. Any thread may use the handles. */
#ifndef TETHER_STORE_INTERNAL_H
#define TETHER_STORE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "os/lock.h"
#include "store/here.h"
#include "tether/error.h"

/* The journal's name. It stands in a directory that has nothing else but the archives: a watch of
 * that directory tells of what other hosts append. */
#define TETHER__JOURNAL_FILE "journal.jsonl"

typedef struct tether__store {
    tether__dir *root;
    bool sync; /* records are on the disk before a call returns */
    tether__here here;
} tether__store;

struct tether__ledger;
struct tether__keys;
struct tether__shared;

typedef struct tether__session {
    const tether__store *store;    /* outlives the session */
    struct tether__ledger *ledger; /* what was read of its journal, see ledger.h */
    struct tether__keys *keys;     /* which keys its archives have, see keys.h */
    struct tether__shared *shared; /* what its records have in common, see shared.h */
    char *id;
    tether__dir *dir;
    tether__dir *exits;
    tether__dir *journal; /* with the archives */
    tether__dir *tasks;
    int64_t lock_timeout_ms;
} tether__session;

/* Opens a store (path NULL: the default one), and with `create` creates it when it is missing.
 * TETHER_EFORMAT: the directory holds something else. */
int tether__store_open(const char *path, bool create, tether__store *store, tether_error *error);
void tether__store_close(tether__store *store);

/* Whether a task has a bundle. True also when that cannot be found out. */
bool tether__session_has_bundle(const tether__session *session, const char *task_id);

/* Fails with TETHER_ENOTASK: the session has no such task. */
int tether__session_fail_task(const tether__session *session, const char *task_id,
                              tether_error *error);

/* Acquires the session lock. Waits for at most the session's lock_timeout_ms. */
int tether__session_lock(const tether__session *session, tether__lock *lock, tether_error *error);

/* Opens the directory for damaged bundles, and creates it when it is missing. The caller closes it.
 */
int tether__store_quarantine(const tether__store *store, tether__dir **dir, tether_error *error);

#endif
