/* A holder: an open registry as other processes see it. Leased completions and kept watches belong
 * to a holder, and are free again once the holder is dead. The holder's file in the store is locked
 * like a lifeline: the kernel releases the lock, however the process dies. */
#ifndef TETHER_HOLDER_H
#define TETHER_HOLDER_H

#include <stdbool.h>
#include <uv.h>

#include "format/identity.h"
#include "os/lifeline.h"
#include "store/store.h"
#include "tether/error.h"
#include "tether/task.h"

typedef struct tether__holder {
    const tether__store *store; /* outlives the holder */
    uv_mutex_t mutex;
    char id[TETHER_ID_SIZE]; /* empty: not published yet. Set once, while `mutex` is held */
    tether__dir *dir;
    tether__lifeline lifeline;
} tether__holder;

/* Initialises a holder that is not visible to other processes. */
int tether__holder_init(tether__holder *holder, const tether__store *store, tether_error *error);

/* Publishes the holder, unless it already is: creates and locks its file under a new random id,
 * which is never used again. Any thread. */
int tether__holder_publish(tether__holder *holder, int64_t lock_timeout_ms, tether_error *error);

/* Returns whether the registry with this holder id is open in some process. Returns true when
 * unsure, so that nothing is taken from a holder that may be alive. Any thread. */
bool tether__holder_alive(const tether__holder *self, const char *id);

/* Opens the folder with the holders' files, which change when a holder dies or is closed. */
int tether__holders_open(const tether__holder *self, tether__dir **dir, tether_error *error);

/* Reads which process has the registry with this holder id open. Returns false if that is not
 * known. Any thread. */
bool tether__holder_process(const tether__holder *self, const char *id, tether__identity *process);

/* Returns whether this holder has this id. Takes `mutex`. */
bool tether__holder_is(tether__holder *holder, const char *id);

/* Frees the holder and removes its file: other hosts may take what belonged to it. */
void tether__holder_dispose(tether__holder *holder);

#endif
