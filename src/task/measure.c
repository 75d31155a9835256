/* Owns asking what the processes of a running task use now.
 * Must not: be called for each task of a list, or guess.
 * Thread: any. */
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/waiting.h"
#include "task/monitor_call.h"
#include "tether/task.h"

static const char step[] = "measure task";

static int ask(tether__wait *wait, const char *task_id, tether__using *used, tether_error *error)
{
    const tether__control request = {.word = TETHER__CONTROL_USAGE};
    tether__control answer;
    tether__channel_end end;
    int code = tether__monitor_connect(wait, task_id, &end, error);
    if (code != TETHER_OK)
        return code;
    code = tether__monitor_ask(&end, task_id, &request, &answer, error);
    tether__os_control_close(&end);
    if (code == TETHER_OK && answer.word != TETHER__CONTROL_DONE)
        return tether__fail(error, TETHER_EENDED, 0, step,
                            "task %s has ended; tether status shows how", task_id);
    *used = answer.used;
    return code;
}

/* Waits for no task that is starting: it uses nothing yet. */
int tether_snapshot_measure(tether_registry *registry, tether_snapshot *snapshot,
                            tether_error *error)
{
    tether__wait wait;
    tether__using used = TETHER__NOT_MEASURED;
    if (tether_status_ended(snapshot->status))
        return tether__fail(error, TETHER_EENDED, 0, step,
                            "task %s has ended; tether status shows how", snapshot->task_id);
    if (strcmp(snapshot->session_id, registry->session.id) != 0)
        return tether__fail(error, TETHER_ENOTASK, 0, step,
                            "task %s belongs to session %.128s: ask with a registry of that",
                            snapshot->task_id, snapshot->session_id);
    int code = tether__wait_begin(registry, step, 0, &wait, error);
    if (code == TETHER_OK)
        code = ask(&wait, snapshot->task_id, &used, error);
    tether__wait_end(&wait);
    if (code != TETHER_OK)
        return code;
    snapshot->user_ms = used.user_ms;
    snapshot->system_ms = used.system_ms;
    snapshot->memory_now = used.memory_bytes;
    snapshot->processes_now = used.processes;
    return TETHER_OK;
}
