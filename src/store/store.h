/* The store and its sessions on disk: opening, checking, the session lock. docs/format.md has the
 * layout. Handles are for any thread. */
#ifndef TETHER_STORE_INTERNAL_H
#define TETHER_STORE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "os/lock.h"
#include "tether/error.h"

typedef struct tether__store {
    tether__dir *root;
    bool sync; /* records reach the disk before a call returns */
} tether__store;

typedef struct tether__session {
    const tether__store *store; /* outlives the session */
    char *id;
    tether__dir *dir;
    tether__dir *exits;
    tether__dir *tasks;
    int64_t lock_timeout_ms;
} tether__session;

/* Opens a store (path NULL: the default one); creates it where `create`. TETHER_EFORMAT where the
 * directory holds something else. */
int tether__store_open(const char *path, bool create, tether__store *store, tether_error *error);
void tether__store_close(tether__store *store);

/* Opens or creates the session with this valid id. */
int tether__session_open(const tether__store *store, const char *id, int64_t lock_timeout_ms,
                         tether__session *session, tether_error *error);

/* Opens an existing session by its directory name; TETHER_ENOTASK where there is none of that name.
 */
int tether__session_open_key(const tether__store *store, const char *key, int64_t lock_timeout_ms,
                             tether__session *session, tether_error *error);
void tether__session_close(tether__session *session);

/* Takes the session lock, within the session's bound. */
int tether__session_lock(const tether__session *session, tether__lock *lock, tether_error *error);

/* The directory for damaged bundles; created on demand. The caller closes it. */
int tether__store_quarantine(const tether__store *store, tether__dir **dir, tether_error *error);

#endif
