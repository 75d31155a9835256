/* Owns what a verdict, and the observation behind it, change in a record.
 * Must not: read or write a store, or decide what has become of a task.
 * Thread: any, one record at a time. */
#include "engine/outcome.h"

#include <stdio.h>
#include <string.h>

#include "format/age.h"
#include "format/record_write.h"
#include "os/clock.h"
#include "os/scope.h"

enum {
    TICK_SLACK_MS = 50, /* how far file times may lag behind the clock */
    SOON_MS = 10000     /* for how long after an end the marker's file time is still trusted */
};

/* Returns the uptime at which the supervisor wrote its exit line; -1: not known. A supervisor that
 * cannot find out the uptime (cmd, or sh without /proc) writes none. The uptime is then derived
 * from the marker's modification time, but only within SOON_MS of the end: the longer ago the end
 * was, the more likely the wall clock has been set since. */
static int64_t end_uptime(const tether__marker *marker, bool same_boot, int64_t now, int64_t uptime)
{
    int64_t ago = now - marker->modified_at;
    if (marker->uptime_ms > 0)
        return marker->uptime_ms;
    if (!same_boot || marker->modified_at <= 0 || ago < -TICK_SLACK_MS || ago > SOON_MS)
        return -1;
    return ago > 0 ? uptime - ago : uptime;
}

static void set_end_times(tether__record *record, const tether__observation *observed)
{
    const tether__marker *marker = &observed->marker;
    int64_t now = tether__os_wall_ms();
    int64_t uptime = tether__os_uptime_ms();
    bool has_end = tether__marker_has_end(marker);
    record->finished_at = has_end && marker->modified_at > 0 ? marker->modified_at : now;
    /* File times have the resolution of the kernel's tick: a short task may seem to end before it
     * began. */
    if (record->finished_at < record->started_at &&
        record->started_at - record->finished_at < TICK_SLACK_MS)
        record->finished_at = record->started_at;
    record->duration_ms = -1;
    int64_t end = has_end ? end_uptime(marker, observed->same_boot, now, uptime) : -1;
    if (has_end && end <= 0 && observed->same_boot && record->started_uptime_ms > 0)
        record->duration_ms = tether__duration_seen(record->started_at, record->finished_at, now,
                                                    record->started_uptime_ms, uptime);
    else if (has_end)
        record->duration_ms = tether__duration(record->started_at, record->finished_at,
                                               record->started_uptime_ms, end);
    else if (record->status != TETHER_STATUS_LOST)
        record->duration_ms =
            tether__duration(record->started_at, now, record->started_uptime_ms, uptime);
    if (end > 0)
        record->finished_uptime_ms = end;
    else if (observed->same_boot)
        record->finished_uptime_ms = uptime;
}

void tether__outcome_identity(tether__record *record, const tether__observation *observed)
{
    const tether__identity *claimed = &observed->marker.identity;
    if (record->identity.pid == 0 && claimed->pid != 0 &&
        tether__record_set_identity(record, claimed))
        record->child_pid = claimed->pid;
}

static void set_usage(tether__record *record, const tether__usage *usage)
{
    record->user_ms = usage->user_ms;
    record->system_ms = usage->system_ms;
    record->peak_memory = usage->peak_bytes;
    record->process_count = usage->processes;
}

/* A task that a host was killing ends only when nothing of it is left. */
static void set_survivors(tether__record *record, const tether__observation *observed)
{
    char list[TETHER__LEFT_TEXT_SIZE];
    const tether__left *left = &observed->marker.left;
    record->survivor_count = observed->tree_empty ? 0 : left->count;
    if (record->survivor_count <= 0 || tether__left_render(left, list, sizeof list) == 0)
        return;
    (void)tether__record_set(record, &record->survivors, list);
}

/* The verdict is valid without its reason, when memory is short. */
static void set_reason(tether__record *record, const tether__verdict *verdict)
{
    char text[256];
    const char *reason = verdict->reason;
    if (verdict->names_anchor) {
        if (record->while_task != NULL)
            snprintf(text, sizeof text, "%s task %s", reason, record->while_task);
        else
            snprintf(text, sizeof text, "%s process %lld", reason, (long long)record->while_pid);
        reason = text;
    }
    (void)tether__record_set(record, &record->reason, reason);
}

/* In the largest unit in which the limit is a whole number. */
static void set_out_of_memory(tether__record *record, int64_t limit)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    char text[64];
    size_t unit = 0;
    for (; unit + 1 < sizeof units / sizeof units[0] && limit % 1024 == 0; unit++)
        limit /= 1024;
    snprintf(text, sizeof text, "out of memory: limit %lld %s", (long long)limit, units[unit]);
    (void)tether__record_set(record, &record->reason, text);
}

/* The supervisor has left the lifeline to another process. Silence is an answer only once it is
 * free, which was probed before the lines were read (docs/model/onend.pml). */
bool tether__outcome_on_end_known(const tether__observation *observed)
{
    return observed->marker.on_end != TETHER__AFTERWARDS_UNTOLD ||
           observed->holding == TETHER__FREE;
}

void tether__outcome_on_end(tether__record *record, const tether__observation *observed)
{
    static const char unknown[] = "what watched it died before it told how it went";
    char text[64] = "its time was over";
    const tether__marker *marker = &observed->marker;
    int64_t value = marker->on_end_value, code = TETHER_EXIT_UNKNOWN;
    const char *error = text;
    if (!record->on_end_open || !tether__outcome_on_end_known(observed))
        return;
    switch (marker->on_end) {
    case TETHER__AFTERWARDS_EXIT:
        code = value;
        snprintf(text, sizeof text, "exit code %lld", (long long)value);
        error = value != 0 ? text : NULL;
        break;
    case TETHER__AFTERWARDS_SIGNAL:
        code = 128 + value;
        snprintf(text, sizeof text, "signal %lld", (long long)value);
        break;
    case TETHER__AFTERWARDS_TIMED_OUT:
        break;
    case TETHER__AFTERWARDS_UNSTARTED:
        error = "it could not be started";
        break;
    case TETHER__AFTERWARDS_UNTOLD:
        error = marker->present && !marker->damaged && marker->end == TETHER__END_NONE
                    ? "it did not run: its supervisor died before the end of the task"
                    : unknown;
        break;
    }
    (void)tether__record_close_on_end(record, code, error);
}

void tether__outcome_apply(tether__record *record, const tether__verdict *verdict,
                           const tether__observation *observed)
{
    tether__outcome_identity(record, observed);
    record->status = verdict->status;
    if (observed->same_boot && observed->supervisor_seen_ms > record->alive_uptime_ms)
        record->alive_uptime_ms = observed->supervisor_seen_ms;
    if (verdict->step != TETHER__STEP_FINALISE)
        return;
    record->exit_code = verdict->exit_code;
    record->signal = verdict->signal;
    set_reason(record, verdict);
    if (verdict->status == TETHER_STATUS_FAILED && observed->marker.out_of_memory > 0)
        set_out_of_memory(record, observed->marker.out_of_memory);
    tether__os_scope_remove(record->scope, record->task_id);
    set_usage(record, &observed->marker.usage);
    record->output_lost = observed->marker.lost;
    set_survivors(record, observed);
    if (observed->marker.end != TETHER__END_NONE && observed->marker.pipestatus[0] != '\0')
        (void)tether__record_set(record, &record->pipeline_statuses, observed->marker.pipestatus);
    set_end_times(record, observed);
    tether__outcome_on_end(record, observed);
}
