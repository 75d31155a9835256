/* An event callback that records every event. */
#ifndef TETHER_TEST_WITNESS_H
#define TETHER_TEST_WITNESS_H

#include <uv.h>

#include "support/support.h"

typedef struct seen_event {
    tether_event_kind kind;
    char task_id[TETHER_ID_SIZE]; /* empty: none */
    tether_status status;         /* of the snapshot; LOST if there was none */
    int64_t elapsed_ms;
    int watch;
    uint64_t offset; /* of a match */
    tether_stream stream;
    char text[256];    /* of a match, truncated */
    char context[256]; /* of a match, truncated */
    int code;          /* of the error */
} seen_event;

typedef struct witness {
    uv_mutex_t mutex;
    seen_event *events;
    size_t count;
    /* Called after each recorded event, on the callback's thread, without a lock. May be NULL. */
    void (*react)(tether_registry *registry, const tether_event *event, struct witness *witness);
    void *userdata;     /* for react */
    size_t wrong_sizes; /* of structs in events; witness_close expects none */
} witness;

void witness_open(witness *w);
void witness_close(witness *w);

/* The callback to pass as on_event, with the witness as userdata. */
void witness_event(tether_registry *registry, const tether_event *event, void *userdata);

/* Counts the events of a kind, of one task or of all (id NULL). */
size_t witness_count(witness *w, tether_event_kind kind, const char *id);

/* The n-th such event, from 0; fails the test if there is none. */
seen_event witness_get(witness *w, tether_event_kind kind, const char *id, size_t n);

/* The index of the first such event among all events, in the order of delivery; SIZE_MAX if there
 * is none. */
size_t witness_place(witness *w, tether_event_kind kind, const char *id);

/* Opens a registry on the fixture's store with the witness as its callback. options may be NULL;
 * store, reaper, no_gc, on_event and userdata are set here. */
tether_registry *witness_registry(fixture *f, witness *w, const tether_open_options *options);

#endif
