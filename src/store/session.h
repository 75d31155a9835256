/* Opening the sessions of a store. Any thread. */
#ifndef TETHER_SESSION_H
#define TETHER_SESSION_H

#include <stdint.h>

#include "store/store.h"
#include "tether/error.h"

/* Opens the session with this valid id, and creates it when it is missing. `store` must outlive the
 * session. */
int tether__session_open(const tether__store *store, const char *id, int64_t lock_timeout_ms,
                         tether__session *session, tether_error *error);

/* The same, but creates nothing. TETHER_ENOTASK: there is none. */
int tether__session_open_existing(const tether__store *store, const char *id,
                                  int64_t lock_timeout_ms, tether__session *session,
                                  tether_error *error);

/* Opens an existing session by the name of its directory. TETHER_ENOTASK: there is none. */
int tether__session_open_key(const tether__store *store, const char *key, int64_t lock_timeout_ms,
                             tether__session *session, tether_error *error);
void tether__session_close(tether__session *session);

#endif
