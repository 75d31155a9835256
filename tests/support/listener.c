/* Owns a registry and the witness of its events.
 * Must not: start tasks.
 * Thread: the test's. */
#include "support/listener.h"

void listener_open(listener *l, fixture *f, const tether_open_options *options)
{
    l->f = f;
    witness_open(&l->w);
    l->registry = witness_registry(f, &l->w, options);
}

void listener_close(listener *l)
{
    test_detach(l->registry);
    witness_close(&l->w);
}
