/* Verdicts: the invariants of the protocol for every combination of inputs, and named examples. */
#include "support/unit.h"

#include <string.h>

#include "format/verdict.h"
#include "format/status.h"

enum { POLITE = 15, FINAL = 9, PID = 4711 };

/* Every kind of parsed marker. */
typedef enum kind {
    ABSENT,
    EMPTY,
    IDENTITY,
    UNFINISHED,
    UNFINISHED_END,
    DAMAGED,
    DAMAGED_END,
    DEADLINE,
    HOST_ENDED,
    ANCHOR_ENDED,
    OVER_LIMIT,
    EXIT_0,
    EXIT_3,
    EXIT_TERM,
    EXIT_KILL,
    SIGNAL_POLITE,
    SIGNAL_FINAL,
    SIGNAL_OTHER,
    TIMED_OUT,
    DEADLINE_EXIT_0,
    DEADLINE_TIMED_OUT,
    HOST_ENDED_EXIT_0,
    HOST_ENDED_KILLED,
    ANCHOR_ENDED_EXIT_0,
    ANCHOR_ENDED_KILLED,
    OVER_LIMIT_EXIT_0,
    OVER_LIMIT_KILLED,
    NAMELESS_EXIT_0,
    KIND_COUNT
} kind;

static tether__marker ended(tether__end end, int64_t value)
{
    return (tether__marker){
        .present = true, .uptime_ms = -1, .identity.pid = PID, .end = end, .value = value};
}

static tether__marker make_marker(kind k)
{
    tether__marker marker = {.present = true, .uptime_ms = -1};
    switch (k) {
    case ABSENT:
        marker.present = false;
        return marker;
    case EMPTY:
        return marker;
    case IDENTITY:
        marker.identity.pid = PID;
        return marker;
    case UNFINISHED:
        marker.unfinished = true;
        return marker;
    case UNFINISHED_END:
        marker.identity.pid = PID;
        marker.unfinished = true;
        return marker;
    case DAMAGED:
        marker.damaged = true;
        return marker;
    case DAMAGED_END:
        marker.identity.pid = PID;
        marker.damaged = true;
        return marker;
    case DEADLINE:
        marker.identity.pid = PID;
        marker.deadline = true;
        return marker;
    case HOST_ENDED:
        marker.identity.pid = PID;
        marker.host_ended = true;
        return marker;
    case ANCHOR_ENDED:
        marker.identity.pid = PID;
        marker.anchor_ended = true;
        return marker;
    case OVER_LIMIT:
        marker.identity.pid = PID;
        marker.over_limit = true;
        return marker;
    case EXIT_0:
        return ended(TETHER__END_EXIT, 0);
    case EXIT_3:
        return ended(TETHER__END_EXIT, 3);
    case EXIT_TERM:
        return ended(TETHER__END_EXIT, 128 + POLITE);
    case EXIT_KILL:
        return ended(TETHER__END_EXIT, 128 + FINAL);
    case SIGNAL_POLITE:
        return ended(TETHER__END_SIGNAL, POLITE);
    case SIGNAL_FINAL:
        return ended(TETHER__END_SIGNAL, FINAL);
    case SIGNAL_OTHER:
        return ended(TETHER__END_SIGNAL, 11);
    case TIMED_OUT:
        return ended(TETHER__END_TIMED_OUT, 0);
    case DEADLINE_EXIT_0:
        marker = ended(TETHER__END_EXIT, 0);
        marker.deadline = true;
        return marker;
    case DEADLINE_TIMED_OUT:
        marker = ended(TETHER__END_TIMED_OUT, 0);
        marker.deadline = true;
        return marker;
    case HOST_ENDED_EXIT_0:
        marker = ended(TETHER__END_EXIT, 0);
        marker.host_ended = true;
        return marker;
    case HOST_ENDED_KILLED:
        marker = ended(TETHER__END_KILLED, POLITE);
        marker.host_ended = true;
        return marker;
    case ANCHOR_ENDED_EXIT_0:
        marker = ended(TETHER__END_EXIT, 0);
        marker.anchor_ended = true;
        return marker;
    case ANCHOR_ENDED_KILLED:
        marker = ended(TETHER__END_KILLED, POLITE);
        marker.anchor_ended = true;
        return marker;
    case OVER_LIMIT_EXIT_0:
        marker = ended(TETHER__END_EXIT, 0);
        marker.over_limit = true;
        return marker;
    case OVER_LIMIT_KILLED:
        marker = ended(TETHER__END_KILLED, POLITE);
        marker.over_limit = true;
        return marker;
    case NAMELESS_EXIT_0:
        marker.end = TETHER__END_EXIT;
        return marker;
    case KIND_COUNT:
        break;
    }
    fail();
    return marker;
}

static bool reports_a_kill(kind k, bool exact)
{
    bool exits = k == EXIT_TERM || k == EXIT_KILL;
    return k == SIGNAL_POLITE || k == SIGNAL_FINAL || (exits && !exact);
}

static bool reports_an_end(kind k)
{
    return k >= EXIT_0;
}

typedef struct combination {
    tether_status status;
    tether__intent intent;
    kind marker;
    tether__observation observed;
} combination;

static void describe_and_fail(const combination *c, const tether__verdict *v, const char *rule)
{
    fail_msg("%s: status %s intent %d holding %d alive %d marker %d same_boot %d tree_empty %d "
             "replay %d silent %d -> step %d status %s code %lld signal %d reason %s",
             rule, tether_status_text(c->status), (int)c->intent, (int)c->observed.holding,
             (int)c->observed.alive, (int)c->marker, c->observed.same_boot, c->observed.tree_empty,
             c->observed.replay, c->observed.silence_ms > 0, (int)v->step,
             tether_status_text(v->status), (long long)v->exit_code, v->signal,
             v->reason != NULL ? v->reason : "none");
}

#define RULE(condition, text)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            describe_and_fail(c, &v, text);                                                        \
    } while (0)

static void check_end(const combination *c, tether__verdict v)
{
    const tether__observation *s = &c->observed;
    bool gone = s->holding == TETHER__FREE || s->alive == TETHER__GONE;
    bool end = reports_an_end(c->marker);
    bool overdue = s->holding == TETHER__HOLDING_UNKNOWN && s->alive == TETHER__UNKNOWN &&
                   s->silence_ms > TETHER__SILENCE_LIMIT_MS;

    RULE(tether_status_ended(v.status), "finalises with a final status only");
    RULE(tether__status_allows(c->status, v.status), "the table of states allows the transition");
    RULE(end || gone || overdue, "a live task without a reported end does not end");
    RULE(c->status != TETHER_STATUS_KILLING || s->tree_empty,
         "a kill is complete when no process is left");
    RULE(v.status != TETHER_STATUS_LOST ||
             !(s->holding == TETHER__HELD && s->alive == TETHER__ALIVE),
         "never lost while held and alive");
    RULE(v.status != TETHER_STATUS_LOST || !end, "a task whose marker reports an end is not lost");
    RULE(v.status != TETHER_STATUS_LOST || v.reason != NULL, "lost has a reason");
    RULE(v.status != TETHER_STATUS_LOST || v.exit_code == TETHER_EXIT_UNKNOWN, "lost has no code");
    RULE((v.exit_code == 0) == (c->marker == EXIT_0 || c->marker == NAMELESS_EXIT_0 ||
                                c->marker == DEADLINE_EXIT_0 || c->marker == HOST_ENDED_EXIT_0 ||
                                c->marker == ANCHOR_ENDED_EXIT_0 || c->marker == OVER_LIMIT_EXIT_0),
         "code 0 only where the marker reports it");
    RULE((v.status == TETHER_STATUS_COMPLETED) == (v.exit_code == 0),
         "completed if and only if the code is 0");
    RULE(v.names_anchor == (v.reason != NULL && strstr(v.reason, " at the end of") != NULL),
         "a reason goes on with the anchor where its text asks for it");
    RULE(v.exit_code >= 0 || v.status == TETHER_STATUS_LOST, "only lost has no code");
    bool by_kill = (v.status == TETHER_STATUS_KILLED && c->marker != HOST_ENDED_KILLED &&
                    c->marker != ANCHOR_ENDED_KILLED && c->marker != OVER_LIMIT_KILLED) ||
                   (v.status == TETHER_STATUS_TIMED_OUT && c->marker != TIMED_OUT &&
                    c->marker != DEADLINE_TIMED_OUT);
    RULE(!by_kill || c->status == TETHER_STATUS_KILLING, "killed only after the intent");
    RULE(!by_kill || !end || reports_a_kill(c->marker, s->distinguishes_signals),
         "the command's own end takes precedence");
    RULE(!by_kill || (v.status == TETHER_STATUS_TIMED_OUT) == (c->intent == TETHER__INTENT_TIMEOUT),
         "timed out if and only if the intent is a timeout");
    RULE(!by_kill || v.signal == POLITE || v.signal == FINAL, "a kill has one of its signals");
    RULE(v.status != TETHER_STATUS_TIMED_OUT || v.exit_code == 124, "a timeout has code 124");
    RULE(v.status != TETHER_STATUS_KILLED || v.exit_code == 128 + v.signal,
         "a kill has the code that shells report");
}

static void check(const combination *c)
{
    tether__verdict v = tether__verdict_reach(c->status, c->intent, &c->observed);
    const tether__observation *s = &c->observed;
    bool gone = s->holding == TETHER__FREE || s->alive == TETHER__GONE;
    bool killing = c->status == TETHER_STATUS_KILLING;

    if (tether_status_ended(c->status)) {
        RULE(v.step == TETHER__STEP_NONE, "a final status never changes");
        return;
    }
    if (v.step != TETHER__STEP_FINALISE)
        RULE(v.exit_code == TETHER_EXIT_UNKNOWN, "no code without an end");
    RULE(killing || !reports_an_end(c->marker) || v.step == TETHER__STEP_FINALISE,
         "a marker that reports an end ends the task");
    RULE(killing || !gone || v.step == TETHER__STEP_FINALISE,
         "the task ends when its supervisor is gone");
    RULE(!killing || !s->tree_empty || !(gone || reports_an_end(c->marker)) ||
             v.step == TETHER__STEP_FINALISE,
         "a complete kill ends the task");
    switch (v.step) {
    case TETHER__STEP_NONE:
        RULE(!killing, "an incomplete kill is resumed");
        break;
    case TETHER__STEP_RUN:
        RULE(c->status == TETHER_STATUS_STARTING && v.status == TETHER_STATUS_RUNNING &&
                 s->marker.identity.pid != 0,
             "running once the marker holds the supervisor's identity");
        break;
    case TETHER__STEP_RESUME_KILL:
        RULE(killing, "only a kill is resumed");
        break;
    case TETHER__STEP_FINALISE:
        check_end(c, v);
        break;
    }
}

/* Checks a combination with every value of its flags, which are the bits of one number. */
static void check_flags(combination *c)
{
    for (unsigned flags = 0; flags < 32; flags++) {
        c->observed.same_boot = (flags & 1) != 0;
        c->observed.tree_empty = (flags & 2) != 0;
        c->observed.replay = (flags & 4) != 0;
        c->observed.distinguishes_signals = (flags & 16) != 0;
        c->observed.silence_ms = (flags & 8) != 0 ? TETHER__SILENCE_LIMIT_MS + 1 : 0;
        check(c);
    }
}

static void holds_over_every_combination(void **state)
{
    (void)state;
    size_t count = 0;
    combination c = {.observed = {.signal_polite = POLITE, .signal_final = FINAL}};
    for (int status = 0; status <= TETHER_STATUS_LOST; status++) {
        for (int intent = 0; intent <= TETHER__INTENT_SHUTDOWN; intent++) {
            for (int holding = 0; holding <= TETHER__HOLDING_UNKNOWN; holding++) {
                for (int alive = 0; alive <= TETHER__UNKNOWN; alive++) {
                    for (int k = 0; k < KIND_COUNT; k++, count++) {
                        c.status = (tether_status)status;
                        c.intent = (tether__intent)intent;
                        c.marker = (kind)k;
                        c.observed.holding = (tether__holding)holding;
                        c.observed.alive = (tether__liveness)alive;
                        c.observed.marker = make_marker(c.marker);
                        check_flags(&c);
                    }
                }
            }
        }
    }
    assert_int_equal(count, 9 * 4 * 3 * 3 * KIND_COUNT);
}

typedef struct example {
    const char *name;
    tether_status status;
    tether__intent intent;
    tether__holding holding;
    tether__liveness alive;
    kind marker;
    bool other_boot, tree_left, replay;
    tether__step step;
    tether_status to;
    int64_t code;
    int signal;
    const char *reason;
} example;

#define NONE TETHER__INTENT_NONE
#define KILL TETHER__INTENT_KILL
#define TIMEOUT TETHER__INTENT_TIMEOUT
#define SHUTDOWN TETHER__INTENT_SHUTDOWN
#define STARTING TETHER_STATUS_STARTING
#define RUNNING TETHER_STATUS_RUNNING
#define PAUSED TETHER_STATUS_PAUSED
#define KILLING TETHER_STATUS_KILLING
#define COMPLETED TETHER_STATUS_COMPLETED
#define FAILED TETHER_STATUS_FAILED
#define KILLED TETHER_STATUS_KILLED
#define TIMED_OUT_STATUS TETHER_STATUS_TIMED_OUT
#define LOST TETHER_STATUS_LOST
#define FREE TETHER__FREE
#define HELD TETHER__HELD
#define UNSURE TETHER__HOLDING_UNKNOWN
#define ALIVE TETHER__ALIVE
#define GONE TETHER__GONE
#define HIDDEN TETHER__UNKNOWN
#define STAY TETHER__STEP_NONE
#define RUN TETHER__STEP_RUN
#define RESUME TETHER__STEP_RESUME_KILL
#define FINAL_STEP TETHER__STEP_FINALISE
#define UNKNOWN_CODE TETHER_EXIT_UNKNOWN

static const char recovered[] = "recovered from inconsistent killing state on replay";
static const char no_marker[] = "process exited without exit marker";
static const char corrupt[] = "corrupt exit marker";

static const example examples[] = {
    {"waits for the supervisor's identity", STARTING, NONE, HELD, HIDDEN, EMPTY, false, false,
     false, STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"runs once the marker holds the identity", STARTING, NONE, HELD, ALIVE, IDENTITY, false, false,
     false, RUN, RUNNING, UNKNOWN_CODE, 0, NULL},
    {"keeps running", RUNNING, NONE, HELD, ALIVE, IDENTITY, false, false, false, STAY, LOST,
     UNKNOWN_CODE, 0, NULL},
    {"ends before it was seen running", STARTING, NONE, FREE, GONE, EXIT_0, false, false, false,
     FINAL_STEP, COMPLETED, 0, 0, NULL},
    {"completes", RUNNING, NONE, FREE, GONE, EXIT_0, false, false, false, FINAL_STEP, COMPLETED, 0,
     0, NULL},
    {"fails", RUNNING, NONE, FREE, GONE, EXIT_3, false, false, false, FINAL_STEP, FAILED, 3, 0,
     NULL},
    {"fails while paused", PAUSED, NONE, FREE, GONE, EXIT_3, false, false, false, FINAL_STEP,
     FAILED, 3, 0, NULL},
    {"dies by a signal that no kill sent", RUNNING, NONE, FREE, GONE, EXIT_KILL, false, false,
     false, FINAL_STEP, FAILED, 137, 0, NULL},
    {"dies by a fault", RUNNING, NONE, FREE, GONE, SIGNAL_OTHER, false, false, false, FINAL_STEP,
     FAILED, 139, 11, NULL},
    {"was timed out by its supervisor", RUNNING, NONE, FREE, GONE, TIMED_OUT, false, false, false,
     FINAL_STEP, TIMED_OUT_STATUS, 124, 0, NULL},
    {"ends by itself after its supervisor's signal", RUNNING, NONE, FREE, GONE, DEADLINE_EXIT_0,
     false, false, false, FINAL_STEP, COMPLETED, 0, 0, "ended by itself at its deadline"},
    {"lives on for a moment after its deadline", RUNNING, NONE, HELD, ALIVE, DEADLINE, false, true,
     false, STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"its supervisor was killed at its deadline", RUNNING, NONE, FREE, GONE, DEADLINE, false, false,
     false, FINAL_STEP, LOST, UNKNOWN_CODE, 0,
     "supervisor died while it ended the task at its deadline"},
    {"its supervisor was faster than the host", KILLING, TIMEOUT, FREE, GONE, DEADLINE_TIMED_OUT,
     false, false, false, FINAL_STEP, TIMED_OUT_STATUS, 124, 0, NULL},
    {"was killed by its supervisor when its host ended", RUNNING, NONE, FREE, GONE,
     HOST_ENDED_KILLED, false, false, false, FINAL_STEP, KILLED, 143, 15, "its host ended"},
    {"ends by itself when its host has ended", RUNNING, NONE, FREE, GONE, HOST_ENDED_EXIT_0, false,
     false, false, FINAL_STEP, COMPLETED, 0, 0, "ended by itself when its host ended"},
    {"lives on for a moment after its host", RUNNING, NONE, HELD, ALIVE, HOST_ENDED, false, true,
     false, STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"its supervisor was killed after its host", RUNNING, NONE, FREE, GONE, HOST_ENDED, false,
     false, false, FINAL_STEP, LOST, UNKNOWN_CODE, 0,
     "supervisor died while it ended the task because its host had ended"},
    {"was killed by its supervisor at the end of its anchor", RUNNING, NONE, FREE, GONE,
     ANCHOR_ENDED_KILLED, false, false, false, FINAL_STEP, KILLED, 143, 15, "ended at the end of"},
    {"ends by itself at the end of its anchor", RUNNING, NONE, FREE, GONE, ANCHOR_ENDED_EXIT_0,
     false, false, false, FINAL_STEP, COMPLETED, 0, 0, "ended by itself at the end of"},
    {"lives on for a moment after its anchor", RUNNING, NONE, HELD, ALIVE, ANCHOR_ENDED, false,
     true, false, STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"its supervisor was killed after its anchor", RUNNING, NONE, FREE, GONE, ANCHOR_ENDED, false,
     false, false, FINAL_STEP, LOST, UNKNOWN_CODE, 0,
     "supervisor died while it ended the task at the end of"},
    {"was killed by its supervisor for its output", RUNNING, NONE, FREE, GONE, OVER_LIMIT_KILLED,
     false, false, false, FINAL_STEP, KILLED, 143, 15, "its output exceeded the limit"},
    {"ends by itself with too much output", RUNNING, NONE, FREE, GONE, OVER_LIMIT_EXIT_0, false,
     false, false, FINAL_STEP, COMPLETED, 0, 0,
     "ended by itself when its output exceeded the limit"},
    {"its supervisor was killed after too much output", RUNNING, NONE, FREE, GONE, OVER_LIMIT,
     false, false, false, FINAL_STEP, LOST, UNKNOWN_CODE, 0,
     "supervisor died while it ended the task because its output exceeded the limit"},
    {"its supervisor was faster than a kill", KILLING, KILL, FREE, GONE, HOST_ENDED_KILLED, false,
     false, false, FINAL_STEP, KILLED, 143, 15, "its host ended"},
    {"ends while its lifeline is still open", RUNNING, NONE, HELD, ALIVE, EXIT_3, false, false,
     false, FINAL_STEP, FAILED, 3, 0, NULL},
    {"ends although another process inherited the lifeline", RUNNING, NONE, HELD, GONE, EXIT_3,
     false, false, false, FINAL_STEP, FAILED, 3, 0, NULL},
    {"keeps its end across a reboot", RUNNING, NONE, FREE, GONE, EXIT_3, true, false, true,
     FINAL_STEP, FAILED, 3, 0, NULL},
    {"was never started", STARTING, NONE, FREE, GONE, EMPTY, false, false, true, FINAL_STEP, LOST,
     UNKNOWN_CODE, 0, "never started"},
    {"was never started and left no file", STARTING, NONE, FREE, GONE, ABSENT, false, false, true,
     FINAL_STEP, LOST, UNKNOWN_CODE, 0, "never started"},
    {"its supervisor was killed", RUNNING, NONE, FREE, GONE, IDENTITY, false, false, false,
     FINAL_STEP, LOST, UNKNOWN_CODE, 0, no_marker},
    {"its supervisor was killed at once", STARTING, NONE, FREE, GONE, IDENTITY, false, false, false,
     FINAL_STEP, LOST, UNKNOWN_CODE, 0, no_marker},
    {"its supervisor is gone, but another process holds the lifeline", RUNNING, NONE, HELD, GONE,
     IDENTITY, false, false, false, FINAL_STEP, LOST, UNKNOWN_CODE, 0, no_marker},
    {"its marker was emptied", RUNNING, NONE, FREE, GONE, EMPTY, false, false, false, FINAL_STEP,
     LOST, UNKNOWN_CODE, 0, corrupt},
    {"its marker was removed", RUNNING, NONE, FREE, GONE, ABSENT, false, false, false, FINAL_STEP,
     LOST, UNKNOWN_CODE, 0, no_marker},
    {"its marker is garbage", RUNNING, NONE, FREE, GONE, DAMAGED, false, false, false, FINAL_STEP,
     LOST, UNKNOWN_CODE, 0, corrupt},
    {"its marker is truncated", RUNNING, NONE, FREE, GONE, UNFINISHED_END, false, false, false,
     FINAL_STEP, LOST, UNKNOWN_CODE, 0, corrupt},
    {"a damaged marker does not end a live task", RUNNING, NONE, HELD, ALIVE, DAMAGED_END, false,
     false, false, STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"a line is being written", RUNNING, NONE, HELD, ALIVE, UNFINISHED_END, false, false, false,
     STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"the machine was restarted", RUNNING, NONE, FREE, GONE, IDENTITY, true, false, true,
     FINAL_STEP, LOST, UNKNOWN_CODE, 0, "rebooted"},
    {"another pid namespace hides it", RUNNING, NONE, HELD, HIDDEN, IDENTITY, false, false, false,
     STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"no locks here, but its process is known", RUNNING, NONE, UNSURE, ALIVE, IDENTITY, false,
     false, false, STAY, LOST, UNKNOWN_CODE, 0, NULL},
    {"no locks here, and its process is gone", RUNNING, NONE, UNSURE, GONE, IDENTITY, false, false,
     false, FINAL_STEP, LOST, UNKNOWN_CODE, 0, no_marker},
    {"a kill goes on while a process lives", KILLING, KILL, HELD, ALIVE, IDENTITY, false, true,
     false, RESUME, LOST, UNKNOWN_CODE, 0, NULL},
    {"a kill goes on after the supervisor's end", KILLING, KILL, FREE, GONE, EXIT_TERM, false, true,
     false, RESUME, LOST, UNKNOWN_CODE, 0, NULL},
    {"killed by the final signal", KILLING, KILL, FREE, GONE, IDENTITY, false, false, false,
     FINAL_STEP, KILLED, 137, 9, NULL},
    {"killed by the polite signal", KILLING, KILL, FREE, GONE, EXIT_TERM, false, false, false,
     FINAL_STEP, KILLED, 143, 15, NULL},
    {"killed by a signal that is reported as a signal", KILLING, KILL, FREE, GONE, SIGNAL_POLITE,
     false, false, false, FINAL_STEP, KILLED, 143, 15, NULL},
    {"killed before it was started", KILLING, KILL, FREE, GONE, EMPTY, false, false, false,
     FINAL_STEP, KILLED, 137, 9, NULL},
    {"killed by a shutdown", KILLING, SHUTDOWN, FREE, GONE, EXIT_TERM, false, false, false,
     FINAL_STEP, KILLED, 143, 15, "registry was shut down"},
    {"timed out", KILLING, TIMEOUT, FREE, GONE, EXIT_TERM, false, false, false, FINAL_STEP,
     TIMED_OUT_STATUS, 124, 15, NULL},
    {"timed out without a reported end", KILLING, TIMEOUT, FREE, GONE, IDENTITY, false, false,
     false, FINAL_STEP, TIMED_OUT_STATUS, 124, 9, NULL},
    {"its own end came first", KILLING, KILL, FREE, GONE, EXIT_3, false, false, false, FINAL_STEP,
     FAILED, 3, 0, "ended by itself while being killed"},
    {"its own success came first", KILLING, KILL, FREE, GONE, EXIT_0, false, false, false,
     FINAL_STEP, COMPLETED, 0, 0, "ended by itself while being killed"},
    {"its own end came at the deadline", KILLING, TIMEOUT, FREE, GONE, EXIT_0, false, false, false,
     FINAL_STEP, COMPLETED, 0, 0, "ended by itself at its deadline"},
    {"a host died while killing", KILLING, KILL, FREE, GONE, EXIT_0, false, false, true, FINAL_STEP,
     COMPLETED, 0, 0, recovered},
    {"a host died while killing, and the kill worked", KILLING, KILL, FREE, GONE, EXIT_TERM, false,
     false, true, FINAL_STEP, KILLED, 143, 15, recovered},
    {"a host died while killing, and the task still runs", KILLING, KILL, HELD, ALIVE, IDENTITY,
     false, true, true, RESUME, LOST, UNKNOWN_CODE, 0, NULL},
    {"killed with a damaged marker", KILLING, KILL, FREE, GONE, DAMAGED, false, false, false,
     FINAL_STEP, LOST, UNKNOWN_CODE, 0, corrupt},
    {"the machine was restarted during a kill", KILLING, KILL, FREE, GONE, IDENTITY, true, false,
     true, FINAL_STEP, LOST, UNKNOWN_CODE, 0, "rebooted"},
    {"stays completed", COMPLETED, NONE, FREE, GONE, EXIT_3, false, false, true, STAY, LOST,
     UNKNOWN_CODE, 0, NULL},
    {"stays lost, even when a marker appears", LOST, NONE, FREE, GONE, EXIT_0, false, false, true,
     STAY, LOST, UNKNOWN_CODE, 0, NULL},
};

static void reaches_the_verdicts_of_the_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const example *e = &examples[i];
        tether__observation observed = {.holding = e->holding,
                                        .alive = e->alive,
                                        .marker = make_marker(e->marker),
                                        .same_boot = !e->other_boot,
                                        .tree_empty = !e->tree_left,
                                        .replay = e->replay,
                                        .signal_polite = POLITE,
                                        .signal_final = FINAL};
        tether__verdict v = tether__verdict_reach(e->status, e->intent, &observed);
        bool same_reason = e->reason == NULL ? v.reason == NULL
                                             : v.reason != NULL && strcmp(v.reason, e->reason) == 0;
        bool same = v.step == e->step && v.exit_code == e->code && v.signal == e->signal &&
                    same_reason && (e->step == STAY || e->step == RESUME || v.status == e->to);
        if (!same)
            fail_msg("%s: step %d status %s code %lld signal %d reason %s", e->name, (int)v.step,
                     tether_status_text(v.status), (long long)v.exit_code, v.signal,
                     v.reason != NULL ? v.reason : "none");
    }
}

/* An exit with 128 + N is then the command's own end, not the end by a signal. */
static void distinguishes_exits_from_signals_where_the_supervisor_does(void **state)
{
    (void)state;
    tether__observation observed = {.holding = FREE,
                                    .alive = GONE,
                                    .marker = make_marker(EXIT_TERM),
                                    .same_boot = true,
                                    .tree_empty = true,
                                    .distinguishes_signals = true,
                                    .signal_polite = POLITE,
                                    .signal_final = FINAL};
    tether__verdict v = tether__verdict_reach(KILLING, KILL, &observed);
    assert_int_equal(v.status, FAILED);
    assert_int_equal(v.exit_code, 128 + POLITE);
    assert_int_equal(v.signal, 0);
    assert_string_equal(v.reason, "ended by itself while being killed");
    observed.marker = make_marker(SIGNAL_POLITE);
    v = tether__verdict_reach(KILLING, KILL, &observed);
    assert_int_equal(v.status, KILLED);
    assert_int_equal(v.signal, POLITE);
    assert_null(v.reason);
}

/* What a console break leaves is the end by the kill, and by the deadline. */
static void takes_the_code_of_the_polite_signal_for_it(void **state)
{
    (void)state;
    enum { BROKEN = 0x3A };
    tether__observation observed = {.holding = FREE,
                                    .alive = GONE,
                                    .marker = make_marker(EXIT_TERM),
                                    .same_boot = true,
                                    .tree_empty = true,
                                    .signal_polite = POLITE,
                                    .signal_final = FINAL,
                                    .polite_code = INT64_C(0xC000013A)};
    observed.marker.value = INT64_C(0xC000013A);
    tether__verdict v = tether__verdict_reach(KILLING, KILL, &observed);
    assert_int_equal(v.status, KILLED);
    assert_int_equal(v.exit_code, 128 + POLITE);
    assert_int_equal(v.signal, POLITE);
    assert_null(v.reason);
    v = tether__verdict_reach(KILLING, TIMEOUT, &observed);
    assert_int_equal(v.status, TETHER_STATUS_TIMED_OUT);
    assert_int_equal(v.exit_code, 124);
    assert_null(v.reason);
    /* Without a kill it is the program's own code, and with one, another code is. */
    v = tether__verdict_reach(RUNNING, NONE, &observed);
    assert_int_equal(v.status, FAILED);
    assert_true(v.exit_code == INT64_C(0xC000013A));
    observed.marker.value = BROKEN;
    v = tether__verdict_reach(KILLING, KILL, &observed);
    assert_int_equal(v.status, FAILED);
    assert_string_equal(v.reason, "ended by itself while being killed");
}

static void loses_a_task_that_was_silent_for_a_day(void **state)
{
    (void)state;
    tether__observation observed = {.holding = UNSURE,
                                    .alive = HIDDEN,
                                    .marker = make_marker(IDENTITY),
                                    .same_boot = true,
                                    .silence_ms = TETHER__SILENCE_LIMIT_MS,
                                    .signal_polite = POLITE,
                                    .signal_final = FINAL};
    assert_int_equal(tether__verdict_reach(RUNNING, NONE, &observed).step, STAY);
    observed.silence_ms++;
    tether__verdict v = tether__verdict_reach(RUNNING, NONE, &observed);
    assert_int_equal(v.step, FINAL_STEP);
    assert_int_equal(v.status, LOST);
    assert_string_equal(v.reason, "no sign of life for 24 hours");
    /* A held lifeline is a sign of life, however long the task was silent. */
    observed.holding = HELD;
    assert_int_equal(tether__verdict_reach(RUNNING, NONE, &observed).step, STAY);
}

static void takes_the_better_clock_for_durations(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_start, wall_end, uptime_start, uptime_end, duration;
    } cases[] = {
        {1000, 3000, 500, 2500, 2000}, /* both agree */
        {1000, 3007, 500, 2500, 2007}, /* differ by rounding: the wall clock is exact */
        {1000, 3049, 500, 2500, 2049},
        {1000, 3050, 500, 2500, 2000},     /* somebody set the clock */
        {1000, 90000000, 500, 2500, 2000}, /* set forward by a day */
        {90000000, 1000, 500, 2500, 2000}, /* set back by a day */
        {1000, 3000, 0, 0, 2000},          /* no uptime */
        {1000, 3000, 500, 0, 2000},
        {1000, 3000, 0, 2500, 2000},
        {3000, 1000, 0, 0, -1}, /* inconsistent */
        {1000, 1000, 0, 0, 0},
        {0, 3000, 0, 0, -1},
        {1000, 0, 0, 0, -1},
        {0, 0, 500, 2500, 2000}, /* uptime only: a running task */
        {0, 0, 2500, 2490, 0},   /* the end is rounded to before the start */
        {1000, 1004, 2500, 2490, 4},
        {0, 0, 0, 0, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(tether__duration(cases[i].wall_start, cases[i].wall_end,
                                          cases[i].uptime_start, cases[i].uptime_end),
                         cases[i].duration);
}

static void ignores_the_file_time_where_the_clock_was_set(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_start, wall_end, wall_now, uptime_start, uptime_now, duration;
    } cases[] = {
        {1000, 3000, 3010, 500, 2510, 2000},         /* found at once */
        {1000, 3000, 90000, 500, 89500, 2000},       /* found later */
        {1000, 3000, 4010, 500, 2510, 2000},         /* differs by 1 s: slewed, not set */
        {1000, 3000, 4020, 500, 2510, 2010},         /* set */
        {1000, 86403000, 3010, 500, 2510, 2010},     /* set back by a day after the end */
        {1000, 3000, 86403010, 500, 2510, 2010},     /* set forward after the end */
        {86401000, 3000, 3010, 500, 2510, 2010},     /* set back before the end */
        {1000, 86403000, 86403010, 500, 2510, 2010}, /* set forward before the end */
        {1000, 86403000, 3500, 500, 2510, 2010},
        {1000, 990, 1010, 500, 510, 0}, /* file times have the resolution of a tick */
        {1000, 1000, 1000, 500, 490, 0},
        {1000, 5000, 10003000, 500, 10000500, 4000}, /* slewed by two seconds in three hours */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(tether__duration_seen(cases[i].wall_start, cases[i].wall_end,
                                               cases[i].wall_now, cases[i].uptime_start,
                                               cases[i].uptime_now),
                         cases[i].duration);
}

/* Every kind of failed start has a reason of its own, also while the task is being killed. */
static void says_why_the_command_did_not_run(void **state)
{
    (void)state;
    static const struct {
        tether__start_failure failure;
        const char *reason;
    } cases[] = {
        {TETHER__START_FORK, "no process could be started for the command"},
        {TETHER__START_PROGRAM, "the command could not be started"},
        {TETHER__START_WORKDIR, "the working directory could not be entered"},
        {TETHER__START_OTHER, "the supervisor could not run the command"},
    };
    static const tether_status statuses[] = {STARTING, RUNNING, PAUSED, KILLING};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t j = 0; j < sizeof statuses / sizeof statuses[0]; j++) {
            tether__observation observed = {.marker = ended(TETHER__END_EXIT, 126),
                                            .tree_empty = true,
                                            .signal_polite = POLITE,
                                            .signal_final = FINAL};
            observed.marker.failure = cases[i].failure;
            tether__verdict v =
                tether__verdict_reach(statuses[j], statuses[j] == KILLING ? KILL : NONE, &observed);
            assert_int_equal(v.step, FINAL_STEP);
            assert_int_equal(v.status, FAILED);
            assert_int_equal(v.exit_code, 126);
            assert_string_equal(v.reason, cases[i].reason);
        }
    }
}

static tether__observation make_witnessed(kind marker, tether__witnessed witnessed, int value)
{
    return (tether__observation){.holding = TETHER__FREE,
                                 .alive = TETHER__GONE,
                                 .marker = make_marker(marker),
                                 .same_boot = true,
                                 .tree_empty = true,
                                 .distinguishes_signals = true,
                                 .witnessed = witnessed,
                                 .witnessed_value = value,
                                 .signal_polite = POLITE,
                                 .signal_final = FINAL};
}

/* The supervisor is gone without a word, and a host has pinned the command. */
static void believes_a_witness_of_the_commands_end(void **state)
{
    (void)state;
    static const char seen[] = "its supervisor died before it, and a host saw the end";
    static const struct {
        tether_status status;
        tether__witnessed witnessed;
        int value;
        tether__step step;
        tether_status to;
        int64_t code;
        int signal;
        const char *reason;
    } cases[] = {
        {TETHER_STATUS_STARTING, TETHER__WITNESSED_LIFE, 0, TETHER__STEP_RUN, TETHER_STATUS_RUNNING,
         TETHER_EXIT_UNKNOWN, 0, NULL},
        {TETHER_STATUS_RUNNING, TETHER__WITNESSED_LIFE, 0, TETHER__STEP_NONE, TETHER_STATUS_LOST,
         TETHER_EXIT_UNKNOWN, 0, NULL},
        {TETHER_STATUS_PAUSED, TETHER__WITNESSED_LIFE, 0, TETHER__STEP_NONE, TETHER_STATUS_LOST,
         TETHER_EXIT_UNKNOWN, 0, NULL},
        {TETHER_STATUS_KILLING, TETHER__WITNESSED_LIFE, 0, TETHER__STEP_RESUME_KILL,
         TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, 0, NULL},
        {TETHER_STATUS_RUNNING, TETHER__WITNESSED_EXIT, 0, TETHER__STEP_FINALISE,
         TETHER_STATUS_COMPLETED, 0, 0, seen},
        {TETHER_STATUS_STARTING, TETHER__WITNESSED_EXIT, 7, TETHER__STEP_FINALISE,
         TETHER_STATUS_FAILED, 7, 0, seen},
        {TETHER_STATUS_RUNNING, TETHER__WITNESSED_SIGNAL, 11, TETHER__STEP_FINALISE,
         TETHER_STATUS_FAILED, 139, 11, seen},
        {TETHER_STATUS_KILLING, TETHER__WITNESSED_SIGNAL, POLITE, TETHER__STEP_FINALISE,
         TETHER_STATUS_KILLED, 143, POLITE, NULL},
        {TETHER_STATUS_KILLING, TETHER__WITNESSED_EXIT, 0, TETHER__STEP_FINALISE,
         TETHER_STATUS_COMPLETED, 0, 0, "ended by itself while being killed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__observation observed = make_witnessed(IDENTITY, cases[i].witnessed, cases[i].value);
        assert_true(tether__verdict_wants_witness(&observed));
        tether__verdict v = tether__verdict_reach(cases[i].status, TETHER__INTENT_KILL, &observed);
        assert_int_equal(v.step, cases[i].step);
        assert_int_equal(v.status, cases[i].to);
        assert_int_equal(v.exit_code, cases[i].code);
        assert_int_equal(v.signal, cases[i].signal);
        if (cases[i].reason != NULL)
            assert_string_equal(v.reason, cases[i].reason);
        else
            assert_null(v.reason);
    }
}

/* What the supervisor wrote counts, and after an announcement the task is lost with its reason. */
static void asks_no_witness_where_the_marker_says_more(void **state)
{
    (void)state;
    for (int marker = 0; marker < KIND_COUNT; marker++) {
        tether__observation observed = make_witnessed((kind)marker, TETHER__WITNESSED_NOTHING, 0);
        assert_int_equal(tether__verdict_wants_witness(&observed), marker == IDENTITY);
        observed.holding = TETHER__HELD;
        assert_int_equal(tether__verdict_wants_witness(&observed), marker == IDENTITY);
        observed.alive = TETHER__ALIVE;
        assert_false(tether__verdict_wants_witness(&observed));
        observed = make_witnessed((kind)marker, TETHER__WITNESSED_NOTHING, 0);
        observed.same_boot = false;
        assert_false(tether__verdict_wants_witness(&observed));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_over_every_combination),
        cmocka_unit_test(says_why_the_command_did_not_run),
        cmocka_unit_test(reaches_the_verdicts_of_the_examples),
        cmocka_unit_test(distinguishes_exits_from_signals_where_the_supervisor_does),
        cmocka_unit_test(takes_the_code_of_the_polite_signal_for_it),
        cmocka_unit_test(believes_a_witness_of_the_commands_end),
        cmocka_unit_test(asks_no_witness_where_the_marker_says_more),
        cmocka_unit_test(loses_a_task_that_was_silent_for_a_day),
        cmocka_unit_test(takes_the_better_clock_for_durations),
        cmocka_unit_test(ignores_the_file_time_where_the_clock_was_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
