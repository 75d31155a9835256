/* Owns the rules that derive the state of a task from an observation.
 * Must not: inspect files or processes itself, or send signals.
 * Thread: any. */
#include "format/verdict.h"

#include <stddef.h>
#include <string.h>

enum { SET_SLACK_MS = 1000 };

static const tether__verdict no_change = {
    TETHER__STEP_NONE, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, 0, NULL, false};

static tether__verdict lost(const char *reason)
{
    return (tether__verdict){
        TETHER__STEP_FINALISE, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, 0, reason, false};
}

/* These reasons go on with what the anchor was: see names_anchor in the verdict. */
static const char with_anchor[] = "ended at the end of";
static const char by_itself_with_anchor[] = "ended by itself at the end of";
static const char lost_with_anchor[] = "supervisor died while it ended the task at the end of";

/* Returns the verdict for a task that the kill's signal has ended. The exit code is the one that
 * shells report for the signal, or 124 for a timeout. */
static tether__verdict ended_by_kill(tether__intent intent, int signal)
{
    tether__verdict verdict = {
        TETHER__STEP_FINALISE, TETHER_STATUS_KILLED, 128 + signal, signal, NULL, false};
    if (intent == TETHER__INTENT_TIMEOUT) {
        verdict.status = TETHER_STATUS_TIMED_OUT;
        verdict.exit_code = 124;
    } else if (intent == TETHER__INTENT_SHUTDOWN) {
        verdict.reason = "registry was shut down";
    }
    return verdict;
}

/* Returns the kill's signal, polite or final, that ended the task according to the marker; 0 if the
 * marker reports another end. Wrapper scripts can report a signal only as the exit code 128 + N. */
static int kill_signal_in(const tether__marker *marker, const tether__observation *observed)
{
    if (observed->polite_code != 0 && marker->end == TETHER__END_EXIT &&
        marker->value == observed->polite_code)
        return observed->signal_polite;
    if (observed->distinguishes_signals && marker->end != TETHER__END_SIGNAL)
        return 0;
    int64_t signal = marker->end == TETHER__END_SIGNAL ? marker->value : marker->value - 128;
    if (signal == observed->signal_polite)
        return observed->signal_polite;
    return signal == observed->signal_final ? observed->signal_final : 0;
}

static const char never_started[] = "never started";

static const char *failure_reason(tether__start_failure failure)
{
    switch (failure) {
    case TETHER__START_OK:
        return NULL;
    case TETHER__START_FORK:
        return "no process could be started for the command";
    case TETHER__START_PROGRAM:
        return "the command could not be started";
    case TETHER__START_WORKDIR:
        return "the working directory could not be entered";
    case TETHER__START_INPUT:
        return "standard input could not be opened";
    case TETHER__START_OUTPUT:
        return "the pipes of the outputs could not be made";
    case TETHER__START_SCOPE:
        return "the cgroup of the task could not be entered";
    case TETHER__START_ORDERS:
        return "the monitor could not understand what it was to start";
    case TETHER__START_OTHER:
        break;
    }
    return "the supervisor could not run the command";
}

/* The marker of such a task names the failure, or its host died before the supervisor could. */
bool tether__verdict_is_unbegun(tether_status status, const char *reason)
{
    if (reason == NULL || status != TETHER_STATUS_FAILED)
        return reason != NULL && status == TETHER_STATUS_LOST && strcmp(reason, never_started) == 0;
    for (int i = TETHER__START_OK + 1; i <= TETHER__START_OTHER; i++) {
        if (strcmp(reason, failure_reason((tether__start_failure)i)) == 0)
            return true;
    }
    return false;
}

static tether__verdict ended_by_itself(const tether__marker *marker)
{
    tether__verdict verdict = {TETHER__STEP_FINALISE,
                               TETHER_STATUS_FAILED,
                               marker->value,
                               0,
                               failure_reason(marker->failure),
                               false};
    if (marker->end == TETHER__END_TIMED_OUT) {
        verdict.status = TETHER_STATUS_TIMED_OUT;
        verdict.exit_code = 124;
    } else if (marker->end == TETHER__END_KILLED) {
        verdict = (tether__verdict){TETHER__STEP_FINALISE,
                                    TETHER_STATUS_KILLED,
                                    128 + marker->value,
                                    (int)marker->value,
                                    marker->over_limit     ? "its output exceeded the limit"
                                    : marker->host_ended   ? "its host ended"
                                    : marker->anchor_ended ? with_anchor
                                                           : NULL,
                                    false};
    } else if (marker->end == TETHER__END_SIGNAL) {
        verdict.signal = (int)marker->value;
        verdict.exit_code = 128 + marker->value;
        verdict.reason = marker->core ? "left a core file" : NULL;
    } else if (marker->value == 0) {
        verdict.status = TETHER_STATUS_COMPLETED;
    }
    return verdict;
}

static const char at_deadline[] = "ended by itself at its deadline";

/* The supervisor has told that it ends the task, and why. */
static bool is_announced(const tether__marker *marker)
{
    return marker->deadline || marker->over_limit || marker->host_ended || marker->anchor_ended;
}

/* The supervisor has ended the task itself, whatever a host was about to do. */
static bool is_by_supervisor(const tether__marker *marker)
{
    return marker->end == TETHER__END_TIMED_OUT || marker->end == TETHER__END_KILLED;
}

/* A command may have caught the signal. */
static const char *own_end_reason(const tether__marker *marker)
{
    if (marker->deadline)
        return at_deadline;
    if (marker->over_limit)
        return "ended by itself when its output exceeded the limit";
    if (marker->host_ended)
        return "ended by itself when its host ended";
    return marker->anchor_ended ? by_itself_with_anchor : NULL;
}

static tether__verdict from_marker(tether_status status, tether__intent intent,
                                   const tether__observation *observed)
{
    if (status != TETHER_STATUS_KILLING) {
        tether__verdict verdict = ended_by_itself(&observed->marker);
        const char *why = own_end_reason(&observed->marker);
        if (why != NULL && !is_by_supervisor(&observed->marker))
            verdict.reason = why;
        return verdict;
    }
    if (is_by_supervisor(&observed->marker))
        return ended_by_itself(&observed->marker);
    int signal = kill_signal_in(&observed->marker, observed);
    tether__verdict verdict =
        signal != 0 ? ended_by_kill(intent, signal) : ended_by_itself(&observed->marker);
    if (verdict.reason != NULL && signal == 0)
        return verdict; /* why the command did not run says more than how the kill went */
    if (observed->replay)
        verdict.reason = "recovered from inconsistent killing state on replay";
    else if (signal == 0)
        verdict.reason =
            intent == TETHER__INTENT_TIMEOUT ? at_deadline : "ended by itself while being killed";
    return verdict;
}

/* Returns the verdict where the supervisor is gone and the marker reports no end. */
static tether__verdict without_end(tether_status status, tether__intent intent,
                                   const tether__observation *observed)
{
    const tether__marker *marker = &observed->marker;
    if (!observed->same_boot)
        return lost("rebooted");
    if (marker->damaged || (marker->unfinished && !is_announced(marker)))
        return lost("corrupt exit marker");
    if (status == TETHER_STATUS_KILLING)
        return ended_by_kill(intent, observed->signal_final);
    if (marker->deadline)
        return lost("supervisor died while it ended the task at its deadline");
    if (marker->over_limit)
        return lost(
            "supervisor died while it ended the task because its output exceeded the limit");
    if (marker->host_ended)
        return lost("supervisor died while it ended the task because its host had ended");
    if (marker->anchor_ended)
        return lost(lost_with_anchor);
    if (marker->identity.pid != 0)
        return lost("process exited without exit marker");
    if (status == TETHER_STATUS_STARTING)
        return lost(never_started);
    /* The task was running, so the marker held the supervisor's identity once: the file was emptied
     * or removed since. */
    return lost(marker->present ? "corrupt exit marker" : "process exited without exit marker");
}

/* The command's end is the task's, told by a host in the supervisor's place. */
static tether__verdict from_witness(tether_status status, tether__intent intent,
                                    const tether__observation *observed)
{
    tether__observation told = *observed;
    bool exited = observed->witnessed == TETHER__WITNESSED_EXIT;
    told.marker.end = exited ? TETHER__END_EXIT : TETHER__END_SIGNAL;
    told.marker.value = observed->witnessed_value;
    told.marker.core = observed->witnessed_core;
    tether__verdict verdict = from_marker(status, intent, &told);
    bool by_kill =
        verdict.status == TETHER_STATUS_KILLED || verdict.status == TETHER_STATUS_TIMED_OUT;
    if (!by_kill && (verdict.reason == NULL || told.marker.core))
        verdict.reason = "its supervisor died before it, and a host saw the end";
    return verdict;
}

static bool supervisor_gone(const tether__observation *observed)
{
    return observed->holding == TETHER__FREE || observed->alive == TETHER__GONE;
}

bool tether__verdict_wants_witness(const tether__observation *observed)
{
    const tether__marker *marker = &observed->marker;
    return supervisor_gone(observed) && observed->same_boot && marker->identity.pid != 0 &&
           marker->end == TETHER__END_NONE && !marker->damaged && !marker->unfinished &&
           !is_announced(marker);
}

static bool silent_for_too_long(const tether__observation *observed)
{
    return observed->holding == TETHER__HOLDING_UNKNOWN && observed->alive == TETHER__UNKNOWN &&
           observed->silence_ms > TETHER__SILENCE_LIMIT_MS;
}

static tether__verdict reach(tether_status status, tether__intent intent,
                             const tether__observation *observed)
{
    if (tether_status_ended(status))
        return no_change;

    bool has_end = tether__marker_has_end(&observed->marker);
    bool gone = supervisor_gone(observed);
    tether__verdict resume = no_change;
    resume.step = TETHER__STEP_RESUME_KILL;

    /* A kill is complete only when no process of the task is left. The supervisor may end before
     * the others, and a task must not become "killed" while one of its processes lives. */
    bool runs = gone && observed->witnessed == TETHER__WITNESSED_LIFE;
    if (status == TETHER_STATUS_KILLING && (!(observed->tree_empty && (gone || has_end)) || runs))
        return resume;
    if (has_end)
        return from_marker(status, intent, observed);
    if (gone && !runs)
        return observed->witnessed != TETHER__WITNESSED_NOTHING
                   ? from_witness(status, intent, observed)
                   : without_end(status, intent, observed);
    if (silent_for_too_long(observed))
        return lost("no sign of life for 24 hours");
    if (status == TETHER_STATUS_STARTING && observed->marker.identity.pid != 0) {
        tether__verdict run = no_change;
        run.step = TETHER__STEP_RUN;
        run.status = TETHER_STATUS_RUNNING;
        return run;
    }
    return no_change;
}

tether__verdict tether__verdict_reach(tether_status status, tether__intent intent,
                                      const tether__observation *observed)
{
    tether__verdict verdict = reach(status, intent, observed);
    verdict.names_anchor = verdict.reason == with_anchor ||
                           verdict.reason == by_itself_with_anchor ||
                           verdict.reason == lost_with_anchor;
    return verdict;
}

int64_t tether__duration(int64_t wall_start, int64_t wall_end, int64_t uptime_start,
                         int64_t uptime_end)
{
    int64_t by_wall = wall_start > 0 && wall_end > 0 ? wall_end - wall_start : -1;
    if (uptime_start <= 0 || uptime_end <= 0)
        return by_wall > 0 ? by_wall : by_wall == 0 ? 0 : -1;

    int64_t by_uptime = uptime_end - uptime_start;
    int64_t difference = by_wall - by_uptime;
    if (by_wall >= 0 && difference > -50 && difference < 50)
        return by_wall;
    return by_uptime > 0 ? by_uptime : 0;
}

int64_t tether__duration_seen(int64_t wall_start, int64_t wall_end, int64_t wall_now,
                              int64_t uptime_start, int64_t uptime_now)
{
    int64_t passed = uptime_now > uptime_start ? uptime_now - uptime_start : 0;
    int64_t difference = (wall_now - wall_start) - passed;
    /* Time daemons also slew the clock a little all the time. */
    int64_t slack = SET_SLACK_MS + passed / 1000;
    int64_t by_wall = wall_end - wall_start;
    if (difference < -slack || difference > slack || by_wall > passed + slack)
        return passed;
    return by_wall > 0 ? by_wall : 0;
}
