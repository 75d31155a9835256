/* Owns the life of a monitor: orders, identity, command, watch, end line, guard.
 * Must not: end while the task lives, or write an end that it has not seen.
 * Thread: the only one. */
#include "monitor/monitor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/control.h"
#include "format/kill_policy.h"
#include "format/marker.h"
#include "format/orders.h"
#include "monitor/control.h"
#include "monitor/control_os.h"
#include "monitor/file_os.h"
#include "monitor/input.h"
#include "monitor/monitor_os.h"
#include "monitor/on_end.h"
#include "monitor/pump.h"
#include "os/clock.h"

#define NEVER INT64_MAX

enum {
    RETRY_MS = 1000,
    NAMINGS = 20, /* looks at what is left; the end is told after them */
    MOMENT_MS = 1,
    FAILED = 126,
    NO_TASK = 125
};

typedef struct monitor {
    tether__orders orders;
    int64_t time_offset_ns; /* how far its clocks are ahead of the machine's */
    int64_t deadline;       /* by the monotonic clock; NEVER: none, or it is being enforced */
    int64_t move;           /* the newest move of the deadline that is known; 0: none */
    bool enforcing;         /* the deadline is over, and the task ends for it */
    bool announced;         /* the task ends for that or another reason, of which there is a line */
    bool reported;          /* the end line is written */
    bool ending;            /* the processes of the task are being ended */
    tether__kill kill;
    tether__family family;
    tether__input input;
} monitor;

/* Appends a line, however long that takes: nobody but the monitor knows what it says. */
static void append(const char *line, size_t size)
{
    while (!tether__monitor_os_append(line, size)) {
        tether__monitor_os_rest(RETRY_MS);
        tether__pump_move();
    }
}

static void append_ending(const tether__ending *ending)
{
    char line[TETHER__MARKER_LINE_SIZE];
    append(line, tether__marker_format_ending(ending, line));
}

/* Reports a command that was never started. */
static int give_up(tether__start_failure why, int code)
{
    const tether__ending ending = {.end = TETHER__END_EXIT,
                                   .value = code,
                                   .failure = why,
                                   .uptime_ms = tether__os_uptime_ms(),
                                   .usage = TETHER__NO_USAGE,
                                   .left = TETHER__LEFT_UNKNOWN};
    append_ending(&ending);
    tether__on_end_tell(&ending);
    return code;
}

static void append_identity(monitor *m)
{
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity self;
    tether__monitor_os_identify(&m->orders, &self);
    m->time_offset_ns = self.time_offset_ns;
    if (self.pid != 0)
        append(line, tether__marker_format_supervisor(&self, line));
}

/* --- Ending the task --- */

static void begin_kill(monitor *m, int64_t now)
{
    m->ending = true;
    m->deadline = NEVER;
    tether__kill_start(&m->kill, m->orders.grace_ms > 0 ? m->orders.grace_ms : -1, now);
}

/* The line stands before the first signal: whatever becomes of the monitor, hosts know why the
 * task's processes got it. A full disk is no reason to wait: the task itself may fill it. */
static void announce_kill(monitor *m, size_t (*format)(int64_t uptime_ms, char *line), int64_t now)
{
    char line[TETHER__MARKER_LINE_SIZE];
    m->announced = true;
    if (!m->reported)
        (void)tether__monitor_os_append(line, format(tether__os_uptime_ms(), line));
    begin_kill(m, now);
}

static void enforce_deadline(monitor *m, int64_t now)
{
    m->enforcing = true;
    announce_kill(m, tether__marker_format_deadline, now);
}

static void carry_on_kill(monitor *m, int64_t now)
{
    switch (tether__kill_next(&m->kill, m->family.empty ? 0 : 1, now)) {
    case TETHER__KILL_SEND_POLITE:
        tether__monitor_os_signal(&m->family, false);
        break;
    case TETHER__KILL_STUCK:
    case TETHER__KILL_SEND_FINAL:
        if (tether__kill_is_late(&m->kill, now))
            tether__monitor_os_kill_scope(&m->family);
        tether__monitor_os_signal(&m->family, true);
        break;
    case TETHER__KILL_INSPECT:
    case TETHER__KILL_DONE:
        break;
    }
}

/* Does what is due, and returns when something is due again. */
static int64_t do_due(monitor *m)
{
    int64_t now = tether__os_monotonic_ms();
    if (!m->ending && now >= m->deadline)
        enforce_deadline(m, now);
    if (!m->ending && !m->reported && m->orders.limit_kills && tether__pump_over_limit())
        announce_kill(m, tether__marker_format_over_limit, now);
    /* Also after the end: nothing of a task that is bound to its host or an anchor outlives that.
     */
    if (!m->ending && m->orders.with_host && tether__monitor_os_host_ended())
        announce_kill(m, tether__marker_format_host_ended, now);
    if (!m->ending && tether__monitor_os_anchor_ended())
        announce_kill(m, tether__marker_format_anchor_ended, now);
    if (m->ending && now >= m->kill.next_ms)
        carry_on_kill(m, now);
    return m->ending ? m->kill.next_ms : m->deadline;
}

/* --- Control --- */

/* A time by the machine's uptime, by which hosts of all time namespaces tell it. */
static int64_t to_monotonic(const monitor *m, int64_t uptime_ms)
{
    if (uptime_ms == 0)
        return NEVER;
    int64_t machines = tether__os_uptime_ms() - m->time_offset_ns / 1000000;
    return tether__os_monotonic_ms() + (uptime_ms - machines);
}

/* Hosts have written the move into the journal before. Of two that come in the wrong order, the
 * later one counts (docs/model/deadline.pml). */
static void move_deadline(monitor *m, const tether__control *request, tether__control *answer)
{
    if (m->family.command_ended)
        answer->word = TETHER__CONTROL_ENDED;
    else if (m->ending)
        answer->word = TETHER__CONTROL_LATE;
    else if (request->move > m->move) {
        m->move = request->move;
        m->deadline = to_monotonic(m, request->at_ms);
    }
    answer->move = m->move;
}

static void measure(const monitor *m, tether__control *answer)
{
    answer->used = TETHER__NOT_MEASURED;
    answer->measured = !m->family.command_ended;
    if (m->family.command_ended)
        answer->word = TETHER__CONTROL_ENDED;
    else
        tether__monitor_os_measure(&m->family, &answer->used);
}

static void handle(void *userdata, const tether__control *request, tether__control *answer)
{
    monitor *m = userdata;
    switch (request->word) {
    case TETHER__CONTROL_DEADLINE:
        move_deadline(m, request, answer);
        break;
    case TETHER__CONTROL_INPUT:
        tether__input_take(&m->input, request, answer);
        break;
    case TETHER__CONTROL_USAGE:
        measure(m, answer);
        break;
    default:
        answer->word = TETHER__CONTROL_UNKNOWN;
        break;
    }
}

/* Sleeps until something happens or is due, and hears what it was. */
static void wait(monitor *m)
{
    tether__monitor_os_sleep(do_due(m), tether__pump_rests());
    tether__pump_move();
    tether__monitor_os_reap(&m->family);
    tether__control_serve(handle, m);
}

/* --- The end --- */

/* A command that catches the signal and exits has ended by itself. */
static bool was_ended(const monitor *m)
{
    return m->announced && m->family.by_kill != 0;
}

/* A task is timed out or killed only once none of its processes is left. Any other end is told at
 * once. */
static bool is_over(const monitor *m)
{
    return m->family.unknown || (m->family.command_ended && (m->family.empty || !was_ended(m)));
}

static void watch(monitor *m)
{
    tether__monitor_os_reap(&m->family);
    while (!is_over(m))
        wait(m);
}

/* The trap of the command's shell has written the codes with blanks between them. */
static void read_pipestatus(const char *path, char list[TETHER__PIPESTATUS_SIZE])
{
    char text[TETHER__PIPESTATUS_SIZE];
    size_t size = tether__monitor_file_read(path, text, sizeof text - 1);
    text[size] = '\0';
    tether__marker_pipestatus(text, list);
}

/* Names no process that is being ended, or is about to be: a reader of the end line would take it
 * for one that stays. */
static void name_left(monitor *m, tether__left *left)
{
    *left = TETHER__LEFT_UNKNOWN;
    if (!m->family.empty && (m->orders.end_tree || m->ending))
        return;
    for (int i = 0; i < NAMINGS && !tether__monitor_os_list(&m->family, left); i++) {
        tether__monitor_os_rest(MOMENT_MS);
        tether__monitor_os_reap(&m->family);
    }
}

static void report(monitor *m)
{
    tether__ending *ending = &m->family.outcome;
    if (was_ended(m)) {
        ending->end = m->enforcing ? TETHER__END_TIMED_OUT : TETHER__END_KILLED;
        ending->value = m->family.by_kill;
    }
    ending->lost = tether__pump_drain();
    if (m->orders.pipestatus != NULL)
        read_pipestatus(m->orders.pipestatus, ending->pipestatus);
    name_left(m, &ending->left);
    tether__monitor_os_ask_scope(&m->orders, ending);
    append_ending(ending);
    m->reported = true;
    tether__on_end_tell(ending);
}

/* Spares a host that is killing the task a list of all processes. Not worth a wait for room. */
static void append_alone(void)
{
    char line[TETHER__MARKER_LINE_SIZE];
    (void)tether__monitor_os_append(line, tether__marker_format_alone(line));
}

/* What is left of the task stays below the monitor, so that a kill finds it, however it hides. A
 * pipe that is open although no process is left was given to a stranger. */
static void guard(monitor *m)
{
    bool told = m->family.outcome.alone;
    m->deadline = NEVER;
    tether__input_close(&m->input);
    if (m->orders.end_tree && !m->ending)
        begin_kill(m, tether__os_monotonic_ms());
    while (!m->family.empty)
        wait(m);
    /* The last one may have written just before it ended. */
    (void)tether__pump_drain();
    if (!told && m->family.outcome.alone)
        append_alone();
}

/* Takes what the host has passed. Returns NULL, or what it has not. */
static const char *find_missing(const tether__orders *orders)
{
    if (orders->with_host && !tether__monitor_os_bind())
        return "what tells of the host's end is missing";
    if (orders->anchored && !tether__monitor_os_watch_anchor(orders->anchor_is_task))
        return "what tells of the anchor's end is missing";
    return NULL;
}

static int supervise(monitor *m)
{
    int code, os_error;
    append_identity(m);
    const char *missing = find_missing(&m->orders);
    if (missing != NULL) {
        tether__monitor_os_complain(m->orders.program, missing);
        return give_up(TETHER__START_ORDERS, FAILED);
    }
    tether__start_failure failure = TETHER__START_OUTPUT;
    code = FAILED;
    if (m->orders.input_pipe && !tether__input_open(&m->input, &os_error))
        failure = TETHER__START_INPUT;
    else if (!m->orders.pipes || tether__pump_open(&m->orders, &os_error))
        failure = tether__monitor_os_enter_scope(&m->orders, &os_error)
                      ? tether__monitor_os_start(&m->orders, &m->family.command, &code, &os_error)
                      : TETHER__START_SCOPE;
    tether__monitor_os_leave_scope();
    if (failure != TETHER__START_OK) {
        tether__monitor_os_close_scope();
        tether__monitor_os_complain(m->orders.program, tether__monitor_os_words(os_error));
        tether__pump_drain();
        return give_up(failure, code);
    }
    tether__monitor_os_note_command(m->family.command);
    tether__monitor_os_settle();
    m->deadline =
        m->orders.timeout_ms > 0 ? tether__os_monotonic_ms() + m->orders.timeout_ms : NEVER;
    watch(m);
    /* Without a line the task is lost, which is true; any line would be a guess. */
    if (m->family.unknown) {
        tether__pump_drain();
        return FAILED;
    }
    report(m);
    guard(m);
    tether__control_os_close();
    tether__monitor_os_close_scope();
    return 0;
}

int tether__monitor_run(void)
{
    monitor m = {.family = {.outcome = {.usage = TETHER__NO_USAGE}}};
    tether__orders_storage storage;
    char *text = NULL;
    size_t size = 0;
    int code;
    if (!tether__monitor_os_prepare())
        return NO_TASK;
    const char *failed = tether__monitor_os_orders(&text, &size);
    if (failed != NULL) {
        tether__monitor_os_complain("the monitor has no orders", failed);
        return give_up(TETHER__START_ORDERS, FAILED);
    }
    const char *refused = tether__orders_parse(text, size, &m.orders, &storage);
    if (refused == NULL) {
        tether__on_end_prepare(&m.orders);
        tether__monitor_os_adopt(m.orders.task_id);
        tether__control_os_place(m.orders.bundle);
        code = supervise(&m);
    } else {
        tether__monitor_os_complain("the monitor refuses its orders", refused);
        code = give_up(TETHER__START_ORDERS, FAILED);
    }
    tether__orders_dispose(&storage);
    free(text);
    return code;
}

/* Its death tells hosts that nothing is known of the command. */
void tether__monitor_run_messenger(void)
{
    tether__orders orders;
    tether__orders_storage storage;
    char *text = NULL;
    size_t size = 0;
    if (!tether__monitor_os_prepare() || tether__monitor_os_orders(&text, &size) != NULL)
        return;
    if (tether__orders_parse(text, size, &orders, &storage) == NULL)
        tether__on_end_be_messenger(&orders);
    tether__orders_dispose(&storage);
    free(text);
}
