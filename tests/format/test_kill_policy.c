/* The steps of a kill, with a simulated clock: no test waits. */
#include "support/unit.h"

#include "format/kill_policy.h"

/* The actions of a simulated kill and their times. */
typedef struct story {
    int polite, finals, inspections, stuck;
    int64_t polite_at, final_at, stuck_at, done_at; /* -1: never */
} story;

/* Returns how many members live at a time, given the actions so far. */
typedef size_t (*population)(const story *s, int64_t now);

/* Simulates a kill until it is done or stuck. Checks that no step is scheduled in the past. */
static story play(int64_t grace_ms, int64_t start, population members)
{
    story s = {.polite_at = -1, .final_at = -1, .stuck_at = -1, .done_at = -1};
    tether__kill kill;
    tether__kill_start(&kill, grace_ms, start);
    assert_int_equal(kill.next_ms, start);
    size_t counted = 1;
    int64_t now = start;
    for (int turn = 0; turn < 10000; turn++) {
        tether__kill_action action = tether__kill_next(&kill, counted, now);
        if (action == TETHER__KILL_DONE) {
            s.done_at = now;
            return s;
        }
        assert_true(kill.next_ms >= now);
        if (action == TETHER__KILL_SEND_POLITE) {
            assert_int_equal(s.polite++, 0);
            s.polite_at = now;
        } else if (action == TETHER__KILL_SEND_FINAL) {
            if (s.finals++ == 0)
                s.final_at = now;
        } else if (action == TETHER__KILL_STUCK) {
            s.stuck++;
            s.stuck_at = now;
            assert_true(kill.next_ms > now);
            return s;
        } else {
            s.inspections++;
        }
        counted = members(&s, now);
        if (action == TETHER__KILL_SEND_FINAL)
            tether__kill_reached(&kill, counted, now);
        now = kill.next_ms;
    }
    fail_msg("the kill never ends");
    return s;
}

static size_t gone_after_term(const story *s, int64_t now)
{
    return s->polite_at >= 0 && now >= s->polite_at + 30 ? 0 : 3;
}

static size_t gone_after_kill(const story *s, int64_t now)
{
    (void)now;
    return s->final_at >= 0 ? 0 : 2;
}

/* Members keep forking, so that each of the first final signals misses some. */
static size_t forking(const story *s, int64_t now)
{
    (void)now;
    return s->finals >= 4 ? 0 : 2;
}

static size_t immortal(const story *s, int64_t now)
{
    (void)s;
    (void)now;
    return 1;
}

static size_t empty(const story *s, int64_t now)
{
    (void)s;
    (void)now;
    return 0;
}

/* Each process takes a second to end. */
static size_t ending_slowly(const story *s, int64_t now)
{
    int64_t since = s->final_at >= 0 ? (now - s->final_at) / 1000 : 0;
    return since < 20 ? (size_t)(20 - since) : 0;
}

/* As many processes are forked as end. */
static size_t storming(const story *s, int64_t now)
{
    (void)now;
    return 100 + (size_t)(s->finals % 7);
}

/* One process of three survives. */
static size_t stubborn(const story *s, int64_t now)
{
    return s->final_at >= 0 && now >= s->final_at + 3000 ? 1 : 3;
}

static void ends_with_the_polite_signal(void **state)
{
    (void)state;
    story s = play(2000, 5000, gone_after_term);
    assert_int_equal(s.polite, 1);
    assert_int_equal(s.polite_at, 5000);
    assert_int_equal(s.finals, 0);
    /* Notices the end soon after the last member ended, with few inspections before that. */
    assert_in_range(s.done_at, 5030, 5100);
    assert_true(s.inspections > 0 && s.inspections < 10);
}

static void sends_the_final_signal_at_the_end_of_the_grace(void **state)
{
    (void)state;
    static const int64_t graces[] = {1, 10, 500, 2000, 60000};
    for (size_t i = 0; i < sizeof graces / sizeof graces[0]; i++) {
        story s = play(graces[i], 5000, gone_after_kill);
        assert_int_equal(s.polite_at, 5000);
        assert_int_equal(s.final_at, 5000 + graces[i]);
        assert_int_equal(s.finals, 1);
        assert_true(s.done_at - s.final_at <= 1);
    }
}

static void takes_0_as_the_default_grace(void **state)
{
    (void)state;
    story s = play(0, 5000, gone_after_kill);
    assert_int_equal(s.final_at, 5000 + TETHER__KILL_GRACE_MS);
}

static void kills_at_once_without_a_grace(void **state)
{
    (void)state;
    story s = play(-1, 5000, gone_after_kill);
    assert_int_equal(s.polite, 0);
    assert_int_equal(s.final_at, 5000);
    assert_int_equal(s.inspections, 0);
    assert_true(s.done_at <= 5001);
}

static void repeats_the_final_signal_for_processes_that_were_forked(void **state)
{
    (void)state;
    story s = play(-1, 5000, forking);
    assert_int_equal(s.finals, 4);
    assert_int_equal(s.stuck, 0);
    assert_in_range(s.done_at, 5000, 5100);
}

static void reports_that_it_is_stuck(void **state)
{
    (void)state;
    story s = play(2000, 5000, immortal);
    assert_int_equal(s.stuck_at, 5000 + 2000 + TETHER__KILL_PATIENCE_MS);
    assert_true(s.finals > 1);
    assert_int_equal(s.done_at, -1);
}

static void waits_while_fewer_and_fewer_processes_are_left(void **state)
{
    (void)state;
    story s = play(2000, 5000, ending_slowly);
    assert_int_equal(s.stuck, 0);
    assert_in_range(s.done_at, s.final_at + 20000, s.final_at + 20000 + 100);
    s = play(-1, 5000, stubborn);
    assert_in_range(s.stuck_at, 8000 + TETHER__KILL_PATIENCE_MS,
                    8000 + TETHER__KILL_PATIENCE_MS + 50);
}

/* The time does not count in which the host slept before the final signal. */
static void gives_up_at_the_limit_even_if_processes_end(void **state)
{
    (void)state;
    story s = play(2000, 5000, storming);
    assert_int_equal(s.stuck_at, s.final_at + TETHER__KILL_LIMIT_MS);
    tether__kill kill;
    tether__kill_start(&kill, 2000, 5000);
    assert_int_equal(tether__kill_next(&kill, 9, 5000), TETHER__KILL_SEND_POLITE);
    assert_int_equal(tether__kill_next(&kill, 9, 90000), TETHER__KILL_SEND_FINAL);
    tether__kill_reached(&kill, 9, 90000);
    tether__kill_reached(&kill, 8, 94000);
    assert_int_equal(kill.patience_end, 94000 + TETHER__KILL_PATIENCE_MS);
}

/* A monitor has its time to leave after the last command has ended, not after the first signal. */
static void a_supervisor_is_late_when_signals_have_no_effect(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, -1, 5000);
    assert_false(tether__kill_is_late(&kill, 50000));
    assert_int_equal(tether__kill_next(&kill, 3, 5000), TETHER__KILL_SEND_FINAL);
    tether__kill_reached(&kill, 3, 5000);
    assert_false(tether__kill_is_late(&kill, 5999));
    assert_true(tether__kill_is_late(&kill, 6000));
    tether__kill_reached(&kill, 1, 6500);
    assert_false(tether__kill_is_late(&kill, 7499));
    assert_true(tether__kill_is_late(&kill, 7500));
}

/* Takes a step that sends the final signal, to one process. */
static void send_final(tether__kill *kill, int64_t now)
{
    assert_int_equal(tether__kill_next(kill, 1, now), TETHER__KILL_SEND_FINAL);
    tether__kill_reached(kill, 1, now);
}

/* On a busy machine one look at all processes can take longer than the whole patience. */
static void tries_several_times_however_slow_a_step_is(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, -1, 5000);
    assert_int_equal(tether__kill_next(&kill, 1, 5000), TETHER__KILL_SEND_FINAL);
    tether__kill_reached(&kill, 900, 13000);
    assert_int_equal(tether__kill_next(&kill, 1, 19000), TETHER__KILL_SEND_FINAL);
    tether__kill_reached(&kill, 1, 20000);
    for (int i = 1; i < TETHER__KILL_TRIES; i++)
        send_final(&kill, 20000 + 6000 * i);
    assert_int_equal(tether__kill_next(&kill, 1, 45000), TETHER__KILL_STUCK);
}

static void goes_on_after_it_was_stuck(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, -1, 5000);
    for (int i = 0; i < TETHER__KILL_TRIES; i++)
        send_final(&kill, 5000 + i);
    int64_t now = 5000 + TETHER__KILL_PATIENCE_MS;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tether__kill_next(&kill, 1, now), TETHER__KILL_STUCK);
        /* At long intervals, because this may last for hours. */
        assert_true(kill.next_ms - now >= 500);
        now = kill.next_ms;
    }
    assert_int_equal(tether__kill_next(&kill, 0, now), TETHER__KILL_DONE);
}

static void is_done_with_an_empty_tree(void **state)
{
    (void)state;
    story s = play(2000, 5000, empty);
    assert_in_range(s.done_at, 5000, 5001);
    assert_int_equal(s.finals, 0);
    tether__kill kill;
    tether__kill_start(&kill, -1, 5000);
    assert_int_equal(tether__kill_next(&kill, 0, 5000), TETHER__KILL_DONE);
}

/* A host that slept through all periods still sends the final signal before it gives up. */
static void sends_the_final_signal_after_a_long_sleep(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, 2000, 5000);
    assert_int_equal(tether__kill_next(&kill, 1, 5000), TETHER__KILL_SEND_POLITE);
    for (int i = 0; i < TETHER__KILL_TRIES; i++)
        send_final(&kill, 90000 + i);
    send_final(&kill, 90000 + TETHER__KILL_PATIENCE_MS - 1);
    assert_int_equal(tether__kill_next(&kill, 1, 90000 + TETHER__KILL_PATIENCE_MS),
                     TETHER__KILL_STUCK);
}

/* Where the polite signal reached no process, the next step is the final signal. */
static void skips_the_grace_on_request(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, 5000, 1000);
    assert_int_equal(tether__kill_next(&kill, 1, 1000), TETHER__KILL_SEND_POLITE);
    tether__kill_skip_grace(&kill, 1001);
    assert_int_equal(kill.next_ms, 1001);
    assert_int_equal(tether__kill_next(&kill, 1, 1001), TETHER__KILL_SEND_FINAL);
    assert_int_equal(tether__kill_next(&kill, 0, 1002), TETHER__KILL_DONE);
}

static void another_kill_makes_the_grace_shorter_but_never_longer(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, 5000, 1000);
    tether__kill_shorten_grace(&kill, 9000, 1000);
    tether__kill_shorten_grace(&kill, 4000, 1000);
    assert_int_equal(tether__kill_next(&kill, 1, 1000), TETHER__KILL_SEND_POLITE);
    assert_int_equal(kill.grace_end, 5000);
    tether__kill_shorten_grace(&kill, 4000, 2000);
    assert_int_equal(kill.grace_end, 5000);
    tether__kill_shorten_grace(&kill, 500, 2000);
    assert_int_equal(tether__kill_next(&kill, 1, 2499), TETHER__KILL_INSPECT);
    tether__kill_shorten_grace(&kill, 0, 2500);
    assert_int_equal(tether__kill_next(&kill, 1, 2500), TETHER__KILL_SEND_FINAL);
    tether__kill_start(&kill, 5000, 1000);
    tether__kill_shorten_grace(&kill, 0, 1000);
    assert_int_equal(tether__kill_next(&kill, 1, 1000), TETHER__KILL_SEND_FINAL);
}

/* Where the task had not started its command yet. */
static void repeats_a_postponed_polite_signal_within_the_grace(void **state)
{
    (void)state;
    tether__kill kill;
    tether__kill_start(&kill, 500, 1000);
    assert_int_equal(tether__kill_next(&kill, 1, 1000), TETHER__KILL_SEND_POLITE);
    tether__kill_postpone_polite(&kill);
    assert_int_equal(tether__kill_next(&kill, 1, 1001), TETHER__KILL_SEND_POLITE);
    assert_int_equal(tether__kill_next(&kill, 1, 1003), TETHER__KILL_INSPECT);
    tether__kill_postpone_polite(&kill);
    assert_int_equal(tether__kill_next(&kill, 1, 1007), TETHER__KILL_SEND_POLITE);
    tether__kill_postpone_polite(&kill);
    assert_int_equal(tether__kill_next(&kill, 1, 1500), TETHER__KILL_SEND_FINAL);
    assert_int_equal(tether__kill_next(&kill, 1, 1501), TETHER__KILL_SEND_FINAL);
    assert_int_equal(tether__kill_next(&kill, 0, 1502), TETHER__KILL_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_with_the_polite_signal),
        cmocka_unit_test(sends_the_final_signal_at_the_end_of_the_grace),
        cmocka_unit_test(takes_0_as_the_default_grace),
        cmocka_unit_test(kills_at_once_without_a_grace),
        cmocka_unit_test(repeats_the_final_signal_for_processes_that_were_forked),
        cmocka_unit_test(reports_that_it_is_stuck),
        cmocka_unit_test(waits_while_fewer_and_fewer_processes_are_left),
        cmocka_unit_test(gives_up_at_the_limit_even_if_processes_end),
        cmocka_unit_test(a_supervisor_is_late_when_signals_have_no_effect),
        cmocka_unit_test(tries_several_times_however_slow_a_step_is),
        cmocka_unit_test(goes_on_after_it_was_stuck),
        cmocka_unit_test(is_done_with_an_empty_tree),
        cmocka_unit_test(sends_the_final_signal_after_a_long_sleep),
        cmocka_unit_test(skips_the_grace_on_request),
        cmocka_unit_test(another_kill_makes_the_grace_shorter_but_never_longer),
        cmocka_unit_test(repeats_a_postponed_polite_signal_within_the_grace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
