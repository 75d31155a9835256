/* A holder: a registry as others see it, for as long as its process lives and keeps it open. What
 * belongs to a holder (leased completions, kept watches) is free again once it is gone. Its file in
 * the store is locked like a lifeline: the kernel frees that, however the process dies. */
#ifndef TETHER_HOLDER_H
#define TETHER_HOLDER_H

#include <stdbool.h>
#include <uv.h>

#include "os/lifeline.h"
#include "store/store.h"
#include "tether/error.h"
#include "tether/task.h"

typedef struct tether__holder {
    const tether__store *store; /* outlives it */
    uv_mutex_t mutex;
    char id[TETHER_ID_SIZE]; /* empty: not held yet. Set once, under the mutex */
    tether__dir *dir;
    tether__lifeline lifeline;
} tether__holder;

/* Makes a holder that nobody sees yet. */
int tether__holder_init(tether__holder *holder, const tether__store *store, tether_error *error);

/* Takes part, unless it does already: from here on its id is alive. Ids are random and never used
 * again. Any thread. */
int tether__holder_publish(tether__holder *holder, int64_t lock_timeout_ms, tether_error *error);

/* Whether this id belongs to a registry that is open somewhere. What cannot be told counts as
 * alive: nothing is taken from a holder that may be. Any thread. */
bool tether__holder_alive(const tether__holder *self, const char *id);

/* Whether it is this one. */
bool tether__holder_is(tether__holder *holder, const char *id);

/* Gives up everything at once. */
void tether__holder_dispose(tether__holder *holder);

#endif
