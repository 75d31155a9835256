/* Owns the creation of tasks that a garbage collection may remove.
 * Must not: collect garbage.
 * Thread: the test's. */
#include "care/removable.h"

#include "os/lifeline.h"
#include "engine/core.h"

void removable_run(tether_registry *registry, const char *command, char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.command = command, .no_notify = true};
    test_start(registry, &spec, id);
    tether_snapshot_free(test_wait(registry, id));
}

static bool is_reaped(tether_registry *registry, const char *id)
{
    uv_mutex_lock(&registry->catalog.disk);
    bool reaped = tether__catalog_reap(&registry->catalog, id);
    uv_mutex_unlock(&registry->catalog.disk);
    return reaped;
}

void removable_create(tether_registry *registry, char id[TETHER_ID_SIZE])
{
    tether__dir *exits = registry->session.exits;
    bool held = true;
    removable_run(registry, "exit 0", id);
    WAIT_UNTIL((tether__os_lifeline_held(exits, id, &held, NULL), !held));
    WAIT_UNTIL(is_reaped(registry, id));
}

bool removable_exists(const fixture *f, const char *id)
{
    return test_has_record(f, id);
}
