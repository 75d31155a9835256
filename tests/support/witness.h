/* Somebody who listens: an on_event that writes everything down. */
#ifndef TETHER_TEST_WITNESS_H
#define TETHER_TEST_WITNESS_H

#include <uv.h>

#include "support/support.h"

typedef struct seen_event {
    tether_event_kind kind;
    char task_id[TETHER_ID_SIZE]; /* empty: none */
    tether_status status;         /* of the snapshot; LOST where there was none */
    int64_t elapsed_ms;
    int watch;
    uint64_t offset; /* of a match */
    tether_stream stream;
    char text[256];    /* of a match, cut */
    char context[256]; /* likewise */
    int code;          /* of the error */
} seen_event;

typedef struct witness {
    uv_mutex_t mutex;
    seen_event *events;
    size_t count;
    /* Called after each, on the callback's thread, under no lock; NULL: nothing is. */
    void (*react)(tether_registry *registry, const tether_event *event, struct witness *witness);
    void *userdata; /* for react */
} witness;

void witness_open(witness *w);
void witness_close(witness *w);

/* The on_event; its userdata is the witness. */
void witness_event(tether_registry *registry, const tether_event *event, void *userdata);

/* How many events of a kind were seen, of one task or (id NULL) all. */
size_t witness_count(witness *w, tether_event_kind kind, const char *id);

/* The n-th of them (from 0); fails the test where there is none. */
seen_event witness_get(witness *w, tether_event_kind kind, const char *id, size_t n);

/* The place of the first one in the order of telling; SIZE_MAX: none. */
size_t witness_place(witness *w, tether_event_kind kind, const char *id);

/* Opens a registry on the fixture's store with the witness. options NULL: none besides. */
tether_registry *witness_registry(fixture *f, witness *w, const tether_open_options *options);

#endif
