/* Owns printing the errors of tasks that a verb waits for.
 * Must not: use streams of the main thread.
 * Thread: events arrive on the registry's thread; the rest is the main one. */
#include "cli/troubles.h"

#include <stdlib.h>
#include <string.h>

#include "cli/print.h"

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    cli_troubles *troubles = userdata;
    size_t i;

    (void)registry;
    if (event->kind != TETHER_EVENT_LOG || event->level != TETHER_LOG_ERROR ||
        event->task_id == NULL || event->error == NULL)
        return;
    uv_mutex_lock(&troubles->lock);
    for (i = 0; i < troubles->count; i++) {
        if (!troubles->reported[i] && strcmp(troubles->ids[i], event->task_id) == 0) {
            troubles->reported[i] = true;
            print_event_error(troubles->cli, event->error);
        }
    }
    uv_mutex_unlock(&troubles->lock);
}

bool troubles_init(cli_troubles *troubles, const cli_options *cli, tether_open_options *options)
{
    memset(troubles, 0, sizeof *troubles);
    troubles->cli = cli;
    if (uv_mutex_init(&troubles->lock) != 0)
        return false;
    options->reminder_ms = TETHER_NO_REMINDER;
    options->leave_watches = 1; /* a registry with a callback would take them over */
    options->on_event = on_event;
    options->userdata = troubles;
    return true;
}

void troubles_watch(cli_troubles *troubles, const char *const *ids, size_t count)
{
    uv_mutex_lock(&troubles->lock);
    free(troubles->reported);
    troubles->reported = calloc(count + 1, sizeof *troubles->reported);
    troubles->ids = ids;
    troubles->count = troubles->reported != NULL ? count : 0;
    uv_mutex_unlock(&troubles->lock);
}

void troubles_dispose(cli_troubles *troubles)
{
    free(troubles->reported);
    uv_mutex_destroy(&troubles->lock);
}
