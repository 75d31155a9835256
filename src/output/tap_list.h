/* The list of a registry's taps, shared by two modules: tap.c changes it, tap_read.c reads output
 * for it. */
#ifndef TETHER_TAP_LIST_H
#define TETHER_TAP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/ring.h"
#include "output/stream.h"
#include "search/search.h"
#include "tether/error.h"
#include "tether/registry.h"
#include "tether/task.h"
#include "tether/watch.h"

typedef struct tether__tap {
    struct tether__tap *next;
    char id[TETHER_ID_SIZE];
    int tag;        /* of the bundle's events; -1: there are none */
    bool following; /* the reaper watches the bundle */
    bool scheduled; /* a turn of reading is queued */
    bool failed; /* the last turn could not read: the reaper schedules another one after a while */
    size_t count;
    tether__search *searches[TETHER_WATCHES_PER_TASK];
    tether__search *feeding; /* the search that is being fed; only the feeding thread frees it */
    tether__ring *ring;      /* NULL: none */
    /* Open from the first search or ring on, so that what the task's output limit drops at its end
     * can still be read. Opened while the mutex is held; once open, used and closed only where the
     * output is read. */
    tether__output outputs[2];
    bool open;
    /* Where to stop reading once the task has ended. Used only where the output is read. */
    uint64_t end[2];
    bool end_known;
} tether__tap;

typedef struct tether__taps {
    tether_registry *registry;
    uv_mutex_t numbering; /* held while a watch gets its number; locked before all other locks */
    int last_number;      /* guarded by `numbering`; never decreases */
    uv_mutex_t mutex;     /* locked after the catalog's locks and before that of the events */
    tether__tap *first;   /* guarded by `mutex`; freed where output is read, and at the dispose */
} tether__taps;

/* Returns the tap of a task, or NULL. The caller holds the mutex. */
tether__tap *tether__tap_find(const tether__taps *taps, const char *task_id);

/* Opens the task's outputs, if they are not open. Takes the catalog's `disk`, then the mutex. */
int tether__tap_open_outputs(tether__taps *taps, const char *task_id, tether_error *error);

/* Closes the outputs. The caller holds the mutex, or no other thread uses the tap. */
void tether__tap_close_outputs(tether__tap *tap);

/* Removes a search from its tap without freeing it. Returns false if it was not there. The caller
 * holds the mutex. */
bool tether__tap_detach(tether__tap *tap, const tether__search *search);

/* Removes and frees the search with this number, or all (0). If one of them is being fed, the
 * feeding thread frees it. Returns whether there was any. The caller holds the mutex. */
bool tether__tap_remove_searches(tether__tap *tap, int number);

/* Frees a tap that was removed from the list. */
void tether__tap_free(tether__tap *tap);

#endif
