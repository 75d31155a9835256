/* Watches deliver each match once, across restarts of hosts. Rings keep the live tail in memory. */
#include "support/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int watch(listener *l, const char *id, const tether_watch_spec *spec)
{
    int number;
    ASSERT_OK(tether_watch_add(l->registry, id, spec, &number, &l->f->error), l->f->error);
    assert_true(number > 0);
    return number;
}

static void expect_match(listener *l, const char *id, size_t n, uint64_t offset, const char *text,
                         const char *context)
{
    WAIT_UNTIL(witness_count(&l->w, TETHER_EVENT_MATCH, id) > n);
    seen_event match = witness_get(&l->w, TETHER_EVENT_MATCH, id, n);
    assert_int_equal(match.offset, offset);
    assert_string_equal(match.text, text);
    if (context != NULL)
        assert_string_equal(match.context, context);
}

static void wait_for_end_of_watch(listener *l, const char *id, size_t count)
{
    WAIT_UNTIL(witness_count(&l->w, TETHER_EVENT_WATCH_END, id) >= count);
}

static void matches_come_before_the_completion(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.registry, id, "await", go, "out", "one error here", "out", "nothing", "err",
                     "error two", "exit", "0", NULL);
    const tether_watch_spec spec = {.pattern = "err[a-z]+"};
    int number = watch(&l, id, &spec);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 2);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_WATCH_END, id), 1);
    expect_match(&l, id, 0, 4, "error", "one error here");
    expect_match(&l, id, 1, 0, "error", "error two");
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_MATCH, id, 1).stream, TETHER_STDERR);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_MATCH, id, 0).watch, number);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_WATCH_END, id, 0).code, TETHER_OK);
    assert_true(witness_place(&l.w, TETHER_EVENT_WATCH_END, id) <
                witness_place(&l.w, TETHER_EVENT_COMPLETION, id));
    listener_close(&l);
}

static void a_match_is_delivered_while_the_task_runs(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    test_start_child(l.registry, id, "out", "listening on port 80", "forever", NULL);
    const tether_watch_spec spec = {.pattern = "port [0-9]+", .once = true};
    watch(&l, id, &spec);
    expect_match(&l, id, 0, 13, "port 80", "listening on port 80");
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_COMPLETION, id), 0);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

static void an_ended_task_can_be_searched(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    test_start_child(l.registry, id, "out", "a.b", "out", "axb", "exit", "0", NULL);
    test_expect(l.registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    const tether_watch_spec fixed = {.pattern = "a.b", .fixed = true, .transient = true};
    watch(&l, id, &fixed);
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    expect_match(&l, id, 0, 0, "a.b", "a.b");
    const tether_watch_spec from_now = {.pattern = "a", .from_now = true};
    watch(&l, id, &from_now);
    wait_for_end_of_watch(&l, id, 2);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    const tether_watch_spec errors = {.pattern = "a", .view = TETHER_VIEW_STDERR};
    watch(&l, id, &errors);
    wait_for_end_of_watch(&l, id, 3);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    listener_close(&l);
}

static void bad_patterns_are_refused(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    int number = 7;
    listener_open(&l, *state, NULL);
    test_start_child(l.registry, id, "forever", NULL);
    static const char *const patterns[] = {"(", "[z-a]", "a{2,1}", "(?<=a+)b", ""};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const tether_watch_spec spec = {.pattern = patterns[i]};
        assert_int_equal(tether_watch_add(l.registry, id, &spec, &number, &l.f->error),
                         TETHER_EPATTERN);
        assert_true(strlen(l.f->error.message) > 10);
        assert_int_equal(number, 0);
    }
    const tether_watch_spec good = {.pattern = "x"};
    assert_int_equal(tether_watch_add(l.registry, "nosuch", &good, &number, &l.f->error),
                     TETHER_ENOTASK);
    assert_int_equal(tether_watch_add(l.registry, id, NULL, &number, &l.f->error), TETHER_EINVAL);
    /* A registry without a callback. */
    assert_int_equal(tether_watch_add(l.f->registry, id, &good, &number, &l.f->error),
                     TETHER_EINVAL);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

static void a_pathological_pattern_ends_only_its_own_watch(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE], text[64];
    listener_open(&l, *state, NULL);
    memset(text, 'a', sizeof text - 2);
    strcpy(text + sizeof text - 2, "!");
    test_start_child(l.registry, id, "out", text, "forever", NULL);
    const tether_watch_spec bad = {.pattern = "(a+)+$"};
    const tether_watch_spec good = {.pattern = "!"};
    int number = watch(&l, id, &bad);
    watch(&l, id, &good);
    expect_match(&l, id, 0, sizeof text - 2, "!", NULL);
    wait_for_end_of_watch(&l, id, 1);
    seen_event end = witness_get(&l.w, TETHER_EVENT_WATCH_END, id, 0);
    assert_int_equal(end.watch, number);
    assert_int_equal(end.code, TETHER_EPATTERN);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

static void a_task_has_eight_watches_at_most(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    int number, numbers[TETHER_WATCHES_PER_TASK];
    listener_open(&l, *state, NULL);
    test_start_child(l.registry, id, "forever", NULL);
    for (int i = 0; i < TETHER_WATCHES_PER_TASK; i++) {
        const tether_watch_spec spec = {.pattern = "x", .transient = i % 2 == 0};
        numbers[i] = watch(&l, id, &spec);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(numbers[i], numbers[j]);
    }
    for (int transient = 0; transient < 2; transient++) {
        const tether_watch_spec spec = {.pattern = "x", .transient = transient == 1};
        assert_int_equal(tether_watch_add(l.registry, id, &spec, &number, &l.f->error),
                         TETHER_EQUOTA);
    }
    for (int i = 0; i < TETHER_WATCHES_PER_TASK; i++) {
        ASSERT_OK(tether_watch_remove(l.registry, id, numbers[i], &l.f->error), l.f->error);
        ASSERT_OK(tether_watch_remove(l.registry, id, numbers[i], &l.f->error), l.f->error);
    }
    const tether_watch_spec spec = {.pattern = "x"};
    watch(&l, id, &spec);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_WATCH_END, id), 1);
    listener_close(&l);
}

static void a_match_spans_writes(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.registry, id, "put", "xx nee", "await", go, "out", "dle yy", NULL);
    const tether_watch_spec spec = {.pattern = "needle"};
    watch(&l, id, &spec);
    test_wait_output(l.registry, id, TETHER_STDOUT, 6);
    test_write_file(go, "", 0);
    expect_match(&l, id, 0, 3, "needle", NULL);
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    listener_close(&l);
}

static void a_watch_for_whole_lines_waits_for_the_line(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.registry, id, "put", "port ", "await", go, "out", "80", NULL);
    const tether_watch_spec spec = {.pattern = "por", .whole_lines = true};
    const tether_watch_spec early = {.pattern = "po"};
    watch(&l, id, &spec);
    int second = watch(&l, id, &early);
    expect_match(&l, id, 0, 0, "po", "port ");
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_MATCH, id, 0).watch, second);
    test_write_file(go, "", 0);
    expect_match(&l, id, 1, 0, "por", "port 80");
    wait_for_end_of_watch(&l, id, 2);
    listener_close(&l);
}

/* A match that more output could change is reported with `partial` only. */
static void a_partial_watch_does_not_wait_for_more(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    int number;
    listener_open(&l, *state, NULL);
    test_start_child(l.registry, id, "put", "Password for x: ", "forever", NULL);
    const tether_watch_spec spec = {.pattern = "ss.*:", .partial = true, .transient = true};
    watch(&l, id, &spec);
    expect_match(&l, id, 0, 2, "ssword for x:", "Password for x: ");
    tether_watch_spec wrong = {.size = sizeof wrong, .pattern = "a", .partial = true};
    assert_int_equal(tether_watch_add(l.registry, id, &wrong, &number, &l.f->error), TETHER_EINVAL);
    wrong.transient = wrong.whole_lines = true;
    assert_int_equal(tether_watch_add(l.registry, id, &wrong, &number, &l.f->error), TETHER_EINVAL);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

/* --- Across restarts --- */

static void the_next_host_continues_a_watch(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.f->registry, id, "out", "hit 1", "await", go, "out", "hit 2", "out", "hit 3",
                     "exit", "0", NULL);
    const tether_watch_spec spec = {.pattern = "hit [0-9]"};
    const tether_watch_spec transient = {.pattern = "hit", .transient = true};
    watch(&l, id, &spec);
    watch(&l, id, &transient);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_MATCH, id) == 2);
    listener_close(&l);
    /* The task ends while only a registry without a callback is open. */
    test_write_file(go, "", 0);
    test_expect(l.f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    listener_open(&l, *state, NULL);
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 2);
    expect_match(&l, id, 0, 6, "hit 2", "hit 2");
    expect_match(&l, id, 1, 12, "hit 3", "hit 3");
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    listener_close(&l);
    /* The watch has ended for later hosts too. */
    listener_open(&l, *state, NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 0);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_WATCH_END, id), 0);
    listener_close(&l);
}

static void a_host_may_leave_watches_to_others(void **state)
{
    listener l;
    witness leaver;
    char id[TETHER_ID_SIZE];
    const tether_open_options options = {.leave_watches = 1};
    listener_open(&l, *state, NULL);
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.f->registry, id, "await", go, "out", "hit", "exit", "0", NULL);
    const tether_watch_spec spec = {.pattern = "hit"};
    watch(&l, id, &spec);
    listener_close(&l);
    witness_open(&leaver);
    tether_registry *other = witness_registry(l.f, &leaver, &options);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&leaver, TETHER_EVENT_COMPLETION, id) == 1);
    assert_int_equal(witness_count(&leaver, TETHER_EVENT_MATCH, id), 0);
    listener_open(&l, *state, NULL);
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    listener_close(&l);
    test_detach(other);
    witness_close(&leaver);
}

static void a_living_host_keeps_its_watches(void **state)
{
    listener first, second;
    char id[TETHER_ID_SIZE];
    listener_open(&first, *state, NULL);
    const char *go = test_work_path(first.f, "go");
    test_start_child(first.f->registry, id, "await", go, "out", "hit", "exit", "0", NULL);
    const tether_watch_spec spec = {.pattern = "hit"};
    watch(&first, id, &spec);
    listener_open(&second, *state, NULL);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&first.w, TETHER_EVENT_COMPLETION, id) == 1);
    WAIT_UNTIL(witness_count(&second.w, TETHER_EVENT_COMPLETION, id) == 1);
    assert_int_equal(witness_count(&first.w, TETHER_EVENT_MATCH, id), 1);
    assert_int_equal(witness_count(&second.w, TETHER_EVENT_MATCH, id), 0);
    listener_close(&first);
    listener_close(&second);
}

static void a_pattern_of_any_bytes_is_kept(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.f->registry, id, "await", go, "bytes", "616200ff63640a", NULL);
    const tether_watch_spec spec = {.pattern = "b\0\xff", .pattern_size = 3, .fixed = true};
    watch(&l, id, &spec);
    listener_close(&l);
    listener_open(&l, *state, NULL);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_MATCH, id) == 1);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_MATCH, id, 0).offset, 1);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    listener_close(&l);
}

enum { HITS = 4000, HIT_BYTES = 4 };

/* How often each line was delivered, by all registries. */
static int hits[HITS];

static void count_hit(tether_registry *registry, const tether_event *event, witness *w)
{
    (void)registry;
    (void)w;
    if (event->kind == TETHER_EVENT_MATCH && event->match->offset / HIT_BYTES < HITS)
        hits[event->match->offset / HIT_BYTES]++;
}

/* Each registry is closed while it delivers matches. */
static void closes_neither_lose_nor_repeat_a_match(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE], count[16];
    bool over = false;
    memset(hits, 0, sizeof hits);
    snprintf(count, sizeof count, "%d", HITS);
    listener_open(&l, *state, NULL);
    l.w.react = count_hit;
    test_start_child(l.f->registry, id, "times", count, "out", "hit", NULL);
    const tether_watch_spec spec = {.pattern = "hit"};
    watch(&l, id, &spec);
    for (int rounds = 0; !over; rounds++) {
        size_t enough = (size_t)(rounds % 7) * 40;
        WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_WATCH_END, id) > 0 ||
                   witness_count(&l.w, TETHER_EVENT_MATCH, id) > enough);
        over = witness_count(&l.w, TETHER_EVENT_WATCH_END, id) > 0;
        listener_close(&l);
        if (over)
            break;
        /* The callback must be set before the open, which delivers the matches so far. */
        witness_open(&l.w);
        l.w.react = count_hit;
        l.registry = witness_registry(l.f, &l.w, NULL);
    }
    for (int i = 0; i < HITS; i++)
        assert_int_equal(hits[i], 1);
}

static void a_cut_output_can_be_searched(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    tether_spec task = {.command = CHILD_TEXT " count 1000", .output_limit = 20};
    test_start(l.registry, &task, id);
    test_expect(l.registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    uint64_t dropped = 0;
    WAIT_UNTIL(tether_output_dropped(l.registry, id, TETHER_STDOUT, &dropped, NULL) == TETHER_OK &&
               dropped > 0);
    const tether_watch_spec spec = {.pattern = "^1000$"};
    watch(&l, id, &spec);
    wait_for_end_of_watch(&l, id, 1);
    expect_match(&l, id, 0, 3893 - 5, "1000", "1000");
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_WATCH_END, id, 0).code, TETHER_OK);
    listener_close(&l);
}

enum { ADDERS = 4 };

typedef struct adder {
    listener *l;
    const char *id;
    int numbers[2];
    int code;
} adder;

static void add_two(void *userdata)
{
    adder *a = userdata;
    for (int i = 0; i < 2 && a->code == TETHER_OK; i++) {
        const tether_watch_spec spec = {.pattern = "x", .transient = i == 0};
        a->code = tether_watch_add(a->l->registry, a->id, &spec, &a->numbers[i], NULL);
    }
}

static void watch_numbers_are_unique(void **state)
{
    listener l;
    uv_thread_t threads[ADDERS];
    adder adders[ADDERS];
    bool used[64] = {false};
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    test_start_child(l.registry, id, "forever", NULL);
    for (int i = 0; i < ADDERS; i++) {
        adders[i] = (adder){.l = &l, .id = id};
        assert_int_equal(uv_thread_create(&threads[i], add_two, &adders[i]), 0);
    }
    for (int i = 0; i < ADDERS; i++) {
        assert_int_equal(uv_thread_join(&threads[i]), 0);
        assert_int_equal(adders[i].code, TETHER_OK);
        for (int j = 0; j < 2; j++) {
            assert_in_range(adders[i].numbers[j], 1, 63);
            assert_false(used[adders[i].numbers[j]]);
            used[adders[i].numbers[j]] = true;
        }
    }
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

/* --- What a callback may call --- */

static void close_on_match(tether_registry *registry, const tether_event *event, witness *w)
{
    uv_sem_t *closed = w->userdata;
    if (event->kind != TETHER_EVENT_MATCH)
        return;
    tether_close(registry, TETHER_DETACH, NULL);
    uv_sem_post(closed);
}

static void a_registry_may_be_closed_inside_a_match(void **state)
{
    listener l;
    uv_sem_t closed;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    assert_int_equal(uv_sem_init(&closed, 0), 0);
    l.w.react = close_on_match;
    l.w.userdata = &closed;
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.f->registry, id, "await", go, "out", "hit hit hit", "out", "hit", "exit",
                     "0", NULL);
    const tether_watch_spec spec = {.pattern = "hit"};
    watch(&l, id, &spec);
    /* The lock of this count tells sanitizers that the call above is over before the callback. */
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 0);
    test_write_file(go, "", 0);
    uv_sem_wait(&closed);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    witness_close(&l.w);
    uv_sem_destroy(&closed);
    /* A match that was delivered is not delivered again. */
    listener_open(&l, *state, NULL);
    wait_for_end_of_watch(&l, id, 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 3);
    expect_match(&l, id, 0, 4, "hit", NULL);
    listener_close(&l);
}

static void remove_on_match(tether_registry *registry, const tether_event *event, witness *w)
{
    tether_error error = {0};
    (void)w;
    if (event->kind == TETHER_EVENT_MATCH &&
        tether_watch_remove(registry, event->task_id, event->watch, &error) != TETHER_OK)
        fprintf(stderr, "callback: %s\n", error.message);
}

static void a_watch_may_be_removed_inside_its_match(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    l.w.react = remove_on_match;
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.registry, id, "await", go, "out", "hit hit hit", "out", "hit", "exit", "0",
                     NULL);
    const tether_watch_spec spec = {.pattern = "hit"};
    watch(&l, id, &spec);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_WATCH_END, id), 0);
    listener_close(&l);
}

/* --- Rings --- */

static void a_ring_has_the_live_tail(void **state)
{
    fixture *f = *state;
    size_t got = 1;
    char id[TETHER_ID_SIZE], text[64];
    const char *go = test_work_path(f, "go");
    const char *again = test_work_path(f, "again");
    test_start_child(f->registry, id, "out", "before", "await", go, "out", "0123456789", "await",
                     again, "out", "abc", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 7);
    assert_int_equal(tether_ring_read(f->registry, id, text, sizeof text, &got, &f->error),
                     TETHER_ENOTASK);
    ASSERT_OK(tether_ring_keep(f->registry, id, 8, &f->error), f->error);
    ASSERT_OK(tether_ring_read(f->registry, id, text, sizeof text, &got, &f->error), f->error);
    assert_int_equal(got, 0);
    test_write_file(go, "", 0);
    WAIT_UNTIL(tether_ring_read(f->registry, id, text, sizeof text, &got, NULL) == TETHER_OK &&
               got == 8 && memcmp(text, "3456789\n", 8) == 0);
    test_write_file(again, "", 0);
    WAIT_UNTIL(tether_ring_read(f->registry, id, text, sizeof text, &got, NULL) == TETHER_OK &&
               got == 8 && memcmp(text, "789\nabc\n", 8) == 0);
    ASSERT_OK(tether_ring_read(f->registry, id, text, 4, &got, &f->error), f->error);
    assert_int_equal(got, 4);
    assert_memory_equal(text, "abc\n", 4);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    /* The ring outlives the task until it is released. */
    ASSERT_OK(tether_ring_read(f->registry, id, text, 4, &got, &f->error), f->error);
    assert_memory_equal(text, "abc\n", 4);
    ASSERT_OK(tether_ring_keep(f->registry, id, 0, &f->error), f->error);
    assert_int_equal(tether_ring_read(f->registry, id, text, 4, &got, &f->error), TETHER_ENOTASK);
    assert_int_equal(tether_ring_keep(f->registry, id, SIZE_MAX, &f->error), TETHER_EINVAL);
    assert_int_equal(tether_ring_keep(f->registry, "nosuch", 8, &f->error), TETHER_ENOTASK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matches_come_before_the_completion),
        TEST(a_match_is_delivered_while_the_task_runs),
        TEST(an_ended_task_can_be_searched),
        TEST(bad_patterns_are_refused),
        TEST(a_pathological_pattern_ends_only_its_own_watch),
        TEST(a_task_has_eight_watches_at_most),
        TEST(a_match_spans_writes),
        TEST(a_watch_for_whole_lines_waits_for_the_line),
        TEST(a_partial_watch_does_not_wait_for_more),
        TEST(the_next_host_continues_a_watch),
        TEST(a_host_may_leave_watches_to_others),
        TEST(a_living_host_keeps_its_watches),
        TEST(a_pattern_of_any_bytes_is_kept),
        TEST(closes_neither_lose_nor_repeat_a_match),
        TEST(a_cut_output_can_be_searched),
        TEST(watch_numbers_are_unique),
        TEST(a_registry_may_be_closed_inside_a_match),
        TEST(a_watch_may_be_removed_inside_its_match),
        TEST(a_ring_has_the_live_tail),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
