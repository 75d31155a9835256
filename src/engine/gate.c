/* Owns the count of threads inside a registry's blocking calls.
 * Must not: know what these calls wait for, or use any other part of the registry.
 * Thread: any. */
#include "engine/gate.h"

#include "base/error.h"

void tether__gate_init(tether__gate *gate, tether__catalog *catalog)
{
    *gate = (tether__gate){.catalog = catalog};
}

int tether__gate_enter(tether__gate *gate, tether_error *error)
{
    uv_mutex_lock(&gate->catalog->state);
    bool closing = gate->closing;
    if (!closing)
        gate->inside++;
    uv_mutex_unlock(&gate->catalog->state);
    return closing ? tether__fail(error, TETHER_ECLOSED, 0, "wait",
                                  "the registry is being closed, or was interrupted; open it again "
                                  "to wait further")
                   : TETHER_OK;
}

void tether__gate_leave(tether__gate *gate)
{
    uv_mutex_lock(&gate->catalog->state);
    gate->inside--;
    gate->catalog->changes++;
    uv_cond_broadcast(&gate->catalog->changed);
    uv_mutex_unlock(&gate->catalog->state);
}

void tether__gate_shut(tether__gate *gate)
{
    tether__catalog *catalog = gate->catalog;
    uv_mutex_lock(&catalog->state);
    gate->closing = true;
    catalog->changes++;
    uv_cond_broadcast(&catalog->changed);
    uv_mutex_unlock(&catalog->state);
}

void tether__gate_close(tether__gate *gate)
{
    tether__catalog *catalog = gate->catalog;
    tether__gate_shut(gate);
    uv_mutex_lock(&catalog->state);
    while (gate->inside > 0)
        tether__catalog_wait(catalog, catalog->changes, -1);
    uv_mutex_unlock(&catalog->state);
}
