/* A second registry on the store of a fixture, whose events a witness records. */
#ifndef TETHER_TEST_LISTENER_H
#define TETHER_TEST_LISTENER_H

#include "support/witness.h"

typedef struct listener {
    fixture *f;
    witness w;
    tether_registry *registry;
} listener;

/* options NULL: the defaults of witness_registry. A test sets w.react before it starts tasks. */
void listener_open(listener *l, fixture *f, const tether_open_options *options);

/* Detaches from the tasks. */
void listener_close(listener *l);

#endif
