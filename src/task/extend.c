/* Owns moving the deadline of a running task.
 * Must not: tell the monitor before the journal has the new deadline.
 * Thread: any. */
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/control.h"
#include "os/lifeline.h"
#include "task/monitor_call.h"
#include "tether/task.h"

static const char step[] = "extend task";

/* Longer ones could not be added to a time. */
#define LONGEST_MS ((int64_t)1000 * 366 * 24 * 3600 * 1000)

typedef struct move {
    int64_t timeout_ms; /* from now; TETHER_NO_TIMEOUT: none */
    int64_t uptime_ms;  /* the new deadline by this process's uptime; 0: none */
    int64_t number;     /* of this move; 0: the task does not run */
    bool monitored;
    bool at_deadline; /* the task is being killed because its deadline is over */
    tether_status found;
} move;

static bool set_deadline(tether__record *record, void *userdata)
{
    move *m = userdata;
    m->found = record->status;
    m->at_deadline = record->kill_intent == TETHER__INTENT_TIMEOUT;
    m->monitored = tether__record_is_monitored(record);
    if (tether_status_ended(record->status) || record->status == TETHER_STATUS_KILLING)
        return false;
    bool any = m->timeout_ms != TETHER_NO_TIMEOUT;
    record->deadline_monotonic_ms = any ? tether__os_monotonic_ms() + m->timeout_ms : 0;
    record->deadline_at = any ? tether__os_wall_ms() + m->timeout_ms : 0;
    m->uptime_ms = any ? tether__os_uptime_ms() + m->timeout_ms : 0;
    m->number = ++record->deadline_moves;
    return true;
}

/* Hosts enforce the new deadline from now on. Those that do not follow the journal hear of it by
 * the lifeline. Takes `disk`. */
static int write_deadline(tether_registry *registry, const char *task_id, move *m,
                          tether_error *error)
{
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh_change_live(catalog, task_id, set_deadline, m, NULL, error);
    if (code == TETHER_OK && m->number > 0)
        tether__os_lifeline_notify(catalog->session->exits, task_id);
    uv_mutex_unlock(&catalog->disk);
    if (code == TETHER_OK && catalog->wake != NULL)
        catalog->wake(catalog->wake_userdata);
    return code;
}

static int fail_late(const char *task_id, tether_error *error)
{
    return tether__fail(error, TETHER_ETOOLATE, 0, step,
                        "task %s is being ended already, at its deadline or for another reason; "
                        "start it again with a longer one",
                        task_id);
}

static int refuse(const char *task_id, const move *m, tether_error *error)
{
    if (m->found == TETHER_STATUS_KILLING && m->at_deadline)
        return fail_late(task_id, error);
    return tether__fail(
        error, TETHER_EENDED, 0, step,
        "task %s is %s: only the deadline of one that runs can be moved; tether list shows those",
        task_id, tether_status_text(m->found));
}

/* The journal has the new deadline, but the monitor may enforce the old one. */
static int fail_untold(const char *task_id, const tether_error *problem, tether_error *error)
{
    return tether__fail(error, problem->code, problem->os_error, step,
                        "the new deadline of task %s is recorded, and tether enforces it while a "
                        "host is there; but the monitor may not know it, and end the task at the "
                        "deadline before: %.300s",
                        task_id, problem->message);
}

static int tell_once(tether__wait *wait, const char *task_id, const move *m,
                     tether__control *answer, tether_error *error)
{
    tether__channel_end end;
    tether__clock_frame own;
    int code = tether__here_frame(&wait->registry->store.here, &own, error);
    if (code == TETHER_OK)
        code = tether__monitor_connect(wait, task_id, &end, error);
    if (code != TETHER_OK)
        return code;
    const tether__control request = {
        .word = TETHER__CONTROL_DEADLINE,
        .at_ms = m->uptime_ms > 0 ? m->uptime_ms - own.boot_ns / 1000000 : 0,
        .move = m->number,
    };
    code = tether__monitor_ask(&end, task_id, &request, answer, error);
    tether__os_control_close(&end);
    return code;
}

static int tell_monitor(tether__wait *wait, const char *task_id, const move *m, tether_error *error)
{
    tether_error problem = {0};
    tether__control answer;
    int code = tell_once(wait, task_id, m, &answer, &problem);
    if (code == TETHER_EENDED || code == TETHER_ENOTASK || code == TETHER_ECLOSED) {
        tether__error_set(error, &problem);
        return code;
    }
    if (code != TETHER_OK)
        return fail_untold(task_id, &problem, error);
    if (answer.word == TETHER__CONTROL_LATE)
        return fail_late(task_id, error);
    if (answer.word == TETHER__CONTROL_ENDED)
        return tether__fail(error, TETHER_EENDED, 0, step,
                            "task %s has ended; tether status shows how", task_id);
    return TETHER_OK;
}

int tether_extend(tether_registry *registry, const char *task_id, int64_t timeout_ms,
                  tether_error *error)
{
    tether__wait wait;
    move m = {.timeout_ms = timeout_ms};
    int code = tether__check_task_id(task_id, error);
    if (code != TETHER_OK)
        return code;
    if (timeout_ms != TETHER_NO_TIMEOUT && (timeout_ms <= 0 || timeout_ms > LONGEST_MS))
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "the timeout is not positive, or longer than 1000 years; "
                            "TETHER_NO_TIMEOUT means none");
    code = tether__wait_begin_start(registry, step, &wait, error);
    if (code == TETHER_OK)
        code = write_deadline(registry, task_id, &m, error);
    if (code == TETHER_OK && m.number == 0)
        code = refuse(task_id, &m, error);
    if (code == TETHER_OK && m.monitored)
        code = tell_monitor(&wait, task_id, &m, error);
    tether__wait_end(&wait);
    return code;
}
