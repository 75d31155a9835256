/* Which task of a session has a key. Any thread. */
#ifndef TETHER_KEYS_H
#define TETHER_KEYS_H

#include <stdbool.h>

#include "store/store.h"
#include "tether/error.h"
#include "tether/task.h"

/* What this process knows of the keys in a session's archives: an archive is read once, and again
 * only when it was replaced. Four bytes of memory for each archived task with a key. */
typedef struct tether__keys tether__keys;

/* Creates one that knows nothing yet. TETHER_ENOMEM. */
int tether__keys_new(tether__keys **keys, tether_error *error);

/* NULL is allowed. */
void tether__keys_free(tether__keys *keys);

/* A task that has a key. */
typedef struct tether__key_holder {
    char task_id[TETHER_ID_SIZE]; /* empty: no task has it */
    /* By its record. One that has not ended by that may have: an inspection tells, and may find
     * that its command never began. */
    bool ended;
} tether__key_holder;

/* Finds the task that has this key, in the journal as it is now or else in the archives. The answer
 * holds as long as the caller has held the session lock; without it, it may be old. */
int tether__keys_find(const tether__session *session, const char *key, tether__key_holder *holder,
                      tether_error *error);

#endif
