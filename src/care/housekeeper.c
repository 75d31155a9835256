/* Owns the thread that collects garbage once for a registry.
 * Must not: decide what is garbage, or delay a stop for long: a moment lets short-lived hosts
 * finish a small collection, and then the work on one task. Thread: its own, and those that start
 * and stop it. */
#include "care/housekeeper.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "base/error.h"
#include "care/gc.h"
#include "engine/core.h"
#include "os/clock.h"
#include "os/start_thread.h"

static const char step[] = "collect garbage";

enum { PATIENCE_MS = 20 };

struct tether__housekeeper {
    tether_registry *registry;
    uv_thread_t thread;
    uv_mutex_t mutex;
    int64_t stop_at; /* monotonic; 0: nobody has stopped it. Guarded by `mutex` */
};

static void log_failure(tether_registry *registry, const tether_error *error)
{
    tether__events_log(registry->catalog.events, TETHER_LOG_WARNING, NULL, error);
}

static bool is_stopping(void *userdata)
{
    tether__housekeeper *housekeeper = userdata;
    uv_mutex_lock(&housekeeper->mutex);
    int64_t stop_at = housekeeper->stop_at;
    uv_mutex_unlock(&housekeeper->mutex);
    return stop_at != 0 && tether__os_monotonic_ms() >= stop_at;
}

static void run(void *userdata)
{
    tether__housekeeper *housekeeper = userdata;
    tether_error error = {0};
    if (!is_stopping(housekeeper) &&
        tether__gc_background(housekeeper->registry, is_stopping, housekeeper, &error) !=
            TETHER_OK &&
        !is_stopping(housekeeper))
        log_failure(housekeeper->registry, &error);
}

tether__housekeeper *tether__housekeeper_start(tether_registry *registry)
{
    tether_error error = {0};
    if (!tether__gc_due(registry))
        return NULL;
    tether__housekeeper *housekeeper = calloc(1, sizeof *housekeeper);
    if (housekeeper != NULL && uv_mutex_init(&housekeeper->mutex) == 0) {
        housekeeper->registry = registry;
        if (tether__start_thread(&housekeeper->thread, run, housekeeper, step, &error) == TETHER_OK)
            return housekeeper;
        uv_mutex_destroy(&housekeeper->mutex);
    } else {
        tether__fail_memory(&error, step);
    }
    free(housekeeper);
    log_failure(registry, &error);
    return NULL;
}

void tether__housekeeper_stop(tether__housekeeper *housekeeper)
{
    if (housekeeper == NULL)
        return;
    uv_mutex_lock(&housekeeper->mutex);
    housekeeper->stop_at = tether__os_monotonic_ms() + PATIENCE_MS;
    uv_mutex_unlock(&housekeeper->mutex);
    uv_thread_join(&housekeeper->thread);
    uv_mutex_destroy(&housekeeper->mutex);
    free(housekeeper);
}
