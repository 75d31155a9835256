/* Owns the pool of texts of a session's records, with its lock.
 * Must not: know which texts records share.
 * Thread: any. */
#include "store/shared.h"

#include <stdlib.h>
#include <uv.h>

#include "base/error.h"
#include "format/pool.h"

struct tether__shared {
    uv_mutex_t lock; /* guards the pool while a text is looked for or added */
    tether__pool pool;
};

int tether__shared_new(tether__shared **out, tether_error *error)
{
    tether__shared *shared = calloc(1, sizeof *shared);
    *out = NULL;
    if (shared == NULL || uv_mutex_init(&shared->lock) != 0) {
        free(shared);
        return tether__fail_memory(error, "open session");
    }
    *out = shared;
    return TETHER_OK;
}

void tether__shared_free(tether__shared *shared)
{
    if (shared == NULL)
        return;
    uv_mutex_destroy(&shared->lock);
    free(shared);
}

void tether__shared_lighten(const tether__session *session, tether__record *record)
{
    uv_mutex_lock(&session->shared->lock);
    tether__record_lighten(record, &session->shared->pool);
    uv_mutex_unlock(&session->shared->lock);
}
