/* Owns finding the monitor of a task, and asking it.
 * Must not: hold a lock while it waits for the monitor.
 * Thread: any. */
#include "task/monitor_call.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "os/clock.h"
#include "store/bundle.h"

static const char step[] = "ask monitor";

typedef struct target {
    tether__identity monitor; /* pid 0: the task is starting */
    tether__dir *bundle;
} target;

static int check_task(tether__catalog *catalog, const tether__entry *entry, tether_error *error)
{
    if (entry->ended)
        return tether__fail(error, TETHER_EENDED, 0, step,
                            "task %s has ended; tether status shows how", entry->id);
    if (!tether__record_is_monitored(&entry->record))
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "task %s has no monitor; start it with one (--supervisor monitor)",
                            entry->id);
    return tether__kill_check_signal(catalog, entry, error);
}

/* Stores the monitor and opens the bundle. Takes `disk`. */
static int find(tether__catalog *catalog, const char *task_id, target *found, tether_error *error)
{
    tether__entry *entry;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        code = check_task(catalog, entry, error);
    if (code == TETHER_OK) {
        tether__kill_find_supervisor(catalog, entry, &found->monitor);
        if (found->monitor.pid != 0)
            code = tether__bundle_open(catalog->session, task_id, &found->bundle, error);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

int tether__monitor_check(tether__catalog *catalog, const char *task_id, tether_error *error)
{
    target found = {.bundle = NULL};
    int code = find(catalog, task_id, &found, error);
    tether__os_dir_close(found.bundle);
    return code;
}

/* A monitor leaves when its task has ended: then that is what happened. */
static int connect_found(tether__catalog *catalog, const char *task_id, const target *found,
                         tether__channel_end *end, tether_error *error)
{
    tether_error problem = {0};
    int code = tether__os_control_connect(found->bundle, &found->monitor,
                                          tether__os_monotonic_ms() + TETHER__MONITOR_PATIENCE_MS,
                                          end, &problem);
    if (code == TETHER_OK)
        return code;
    if (code == TETHER_ENOANSWER && tether__monitor_check(catalog, task_id, NULL) == TETHER_EENDED)
        return tether__monitor_check(catalog, task_id, error);
    tether__error_set(error, &problem);
    return code;
}

int tether__monitor_connect(tether__wait *wait, const char *task_id, tether__channel_end *end,
                            tether_error *error)
{
    target found = {.bundle = NULL};
    end->handle = -1;
    int code = TETHER_OK;
    while (code == TETHER_OK) {
        code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK)
            code = find(&wait->registry->catalog, task_id, &found, error);
        if (code != TETHER_OK || found.bundle != NULL)
            break;
        code = tether__wait_sleep(wait, NULL, error);
    }
    if (code == TETHER_OK)
        code = connect_found(&wait->registry->catalog, task_id, &found, end, error);
    tether__os_dir_close(found.bundle);
    return code;
}

int tether__monitor_ask(const tether__channel_end *end, const char *task_id,
                        const tether__control *request, tether__control *answer,
                        tether_error *error)
{
    char reply[1024];
    size_t got = 0;
    char *bytes = malloc(TETHER__CONTROL_LIMIT);
    if (bytes == NULL)
        return tether__fail_memory(error, step);
    size_t size = tether__control_render(request, bytes, TETHER__CONTROL_LIMIT);
    int code =
        tether__os_control_ask(end, bytes, size, reply, sizeof reply, &got,
                               tether__os_monotonic_ms() + TETHER__MONITOR_PATIENCE_MS, error);
    free(bytes);
    if (code != TETHER_OK)
        return code;
    if (tether__control_parse(reply, got, answer) != TETHER__CONTROL_VALID ||
        answer->word == TETHER__CONTROL_UNKNOWN || answer->word == TETHER__CONTROL_OTHER_VERSION)
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "the monitor of task %s is of another version, and does not understand "
                            "this request; start the task again with this version",
                            task_id);
    answer->payload = NULL;
    answer->payload_size = 0;
    return TETHER_OK;
}
