/* Owns the public calls for rings.
 * Must not: read files; the taps do.
 * Thread: any. */
#include <stdlib.h>

#include "base/error.h"
#include "base/ring.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "output/outputs.h"
#include "output/tap.h"
#include "tether/output.h"

enum { RING_LIMIT = 16 * 1024 * 1024 };

static const char step[] = "keep ring";

/* Creates a ring that starts at the present end of both streams. */
static int create_ring(tether_registry *registry, const char *task_id, size_t bytes,
                       tether__ring **out, tether_error *error)
{
    tether__ring *ring = tether__ring_new(bytes);
    if (ring == NULL)
        return tether__fail_memory(error, step);
    int code = TETHER_OK;
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++)
        code = tether_output_size(registry, task_id, (tether_stream)stream,
                                  &ring->next_byte[stream], error);
    if (code != TETHER_OK) {
        free(ring);
        return code;
    }
    *out = ring;
    return TETHER_OK;
}

int tether_ring_keep(tether_registry *registry, const char *task_id, size_t bytes,
                     tether_error *error)
{
    tether__ring *ring = NULL;
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    if (bytes > RING_LIMIT)
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "the ring is too large; %d bytes is the most", RING_LIMIT);
    code = tether__rouse(registry, error);
    if (code != TETHER_OK)
        return code;
    uv_mutex_lock(&registry->catalog.disk);
    code = tether__refresh(&registry->catalog, task_id, TETHER__INSPECT_NOW, NULL, error);
    uv_mutex_unlock(&registry->catalog.disk);
    if (code == TETHER_OK && bytes > 0)
        code = tether__events_start(registry->catalog.events, error);
    if (code == TETHER_OK && bytes > 0)
        code = create_ring(registry, task_id, bytes, &ring, error);
    if (code == TETHER_OK)
        code = tether__taps_set_ring(tether__outputs_of(registry)->taps, task_id, ring, error);
    return code;
}

int tether_ring_read(tether_registry *registry, const char *task_id, void *buffer, size_t size,
                     size_t *got, tether_error *error)
{
    *got = 0;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK &&
        !tether__taps_read_ring(tether__outputs_of(registry)->taps, task_id, buffer, size, got))
        code = tether__fail(error, TETHER_ENOTASK, 0, "read ring",
                            "task %s has no ring; create one with tether_ring_keep", task_id);
    return code;
}
