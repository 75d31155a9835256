/* Owns finding what a new task is to run beside.
 * Must not: open a task that has ended, or a process that may be another one by now.
 * Thread: the caller's. */
#include "task/anchor.h"

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"

static const char step[] = "watch anchor";

static int check_task(const tether__entry *entry, tether_error *error)
{
    if (!entry->ended)
        return TETHER_OK;
    return tether__fail(
        error, TETHER_EENDED, 0, step,
        "task %s has ended already: no task can be started to run beside it; name one that runs",
        entry->id);
}

/* Opens the task, unless its supervisor has not told who it is. Takes `disk`. */
static int try_open(tether__spawn_plan *plan, tether_error *error)
{
    tether__catalog *catalog = &plan->registry->catalog;
    tether__entry *entry;
    tether__identity supervisor;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, plan->spec.while_task, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        code = check_task(entry, error);
    if (code == TETHER_OK) {
        tether__kill_find_supervisor(catalog, entry, &supervisor);
        if (supervisor.pid != 0)
            code = tether__os_anchor_task(catalog->session->exits, entry->id, &supervisor,
                                          &plan->anchor, error);
    }
    uv_mutex_unlock(&catalog->disk);
    return code;
}

static int open_task(tether__spawn_plan *plan, tether_error *error)
{
    tether__wait wait;
    int code = tether__check_task_id(plan->spec.while_task, error);
    if (code != TETHER_OK)
        return code;
    code = tether__wait_begin_start(plan->registry, step, &wait, error);
    while (code == TETHER_OK) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            code = try_open(plan, error);
        if (code != TETHER_OK || plan->anchor.open)
            break;
        code = tether__wait_sleep(&wait, NULL, error);
    }
    tether__wait_end(&wait);
    return code;
}

int tether__anchor_open(tether__spawn_plan *plan, tether_error *error)
{
    if (plan->spec.while_task != NULL)
        return open_task(plan, error);
    if (plan->spec.while_pid != 0)
        return tether__os_anchor_process(plan->spec.while_pid, &plan->anchor, error);
    return TETHER_OK;
}
