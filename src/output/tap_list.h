/* The list of a registry's taps, for the modules that share it: tap.c changes it, tap_read.c reads
 * output for it. */
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
    int tag;        /* of the bundle's events */
    bool following; /* the bundle is watched */
    bool planned;   /* a reading is queued */
    size_t count;
    tether__search *searches[TETHER_WATCHES_PER_TASK];
    tether__search *reading; /* the one that is being fed: freed by who feeds it */
    tether__ring *ring;      /* NULL: none */
    /* From the first search on, so that what the task's output limit drops at its end is there. Set
     * under the mutex while it is not open; read and closed where the output is read. */
    tether__output outputs[2];
    bool open;
    uint64_t end[2]; /* what is to be read, once the task has ended; used where it is read only */
    bool end_noted;
} tether__tap;

typedef struct tether__taps {
    tether_registry *registry;
    uv_mutex_t adding;  /* one watch after the other gets its number; before all other locks */
    int last_number;    /* under `adding`; never goes back */
    uv_mutex_t mutex;   /* comes after the catalog's locks, before that of the events */
    tether__tap *first; /* under the mutex; taps are freed where they are read, or at the end */
} tether__taps;

/* The tap of a task, or NULL. Under the mutex. */
tether__tap *tether__tap_find(const tether__taps *taps, const char *task_id);

/* Opens the outputs of a task, unless that was done. Under no lock. */
int tether__tap_open_outputs(tether__taps *taps, const char *task_id, tether_error *error);

/* Closes them. Under the mutex, or where nobody else is. */
void tether__tap_close_outputs(tether__tap *tap);

/* Takes a search off its tap; who feeds it frees it, else the caller does. Under the mutex. */
bool tether__tap_detach(tether__tap *tap, const tether__search *search);

/* Takes off and frees the search with this number, or all (0); one that is being fed is freed by
 * the thread that feeds it. Returns whether there was any. Under the mutex. */
bool tether__tap_remove_searches(tether__tap *tap, int number);

/* Frees a tap that is off the list. */
void tether__tap_free(tether__tap *tap);

#endif
