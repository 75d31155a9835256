/* An output limit that a monitor applies while the task writes: what is left, what readers see of
 * it at any moment, and how much of the disk it takes. */
#include "support/flood.h"
#include "support/listener.h"
#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 400000, HEAD = 98304, MORE = 3000000, ALL = 2 * MORE, BLOCKS = 65536 };

/* Ten bytes to each stream. */
#define OUTPUTS "put", "0123456789", "err-bytes", "6162636465666768696a"

/* Lines on and on, "out" or "err". They are short: Wine takes a process that is terminated in a
 * long write for one that has ended with 0. */
#define LINE                                                                                       \
    "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefg"
#define ENDLESS(stream) "times", "1000000000", stream, LINE LINE LINE LINE

/* Floods with MORE bytes, waits for the gate, and floods with as many again, which continue the
 * pattern. */
static void start_flood(fixture *f, uint64_t limit, char id[TETHER_ID_SIZE])
{
    char gate[1100], again[20];
    snprintf(gate, sizeof gate, "%s", test_work_path(f, "gate"));
    snprintf(again, sizeof again, "%d", MORE);
    const char *const argv[] = {CHILD, "flood", again, "await", gate, "flood", again, NULL};
    const tether_spec spec = {.argv = argv, .output_limit = limit, .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
}

/* The pattern begins again with each flood. */
static char written_at(uint64_t offset)
{
    return flood_byte(offset < MORE ? offset : offset - MORE);
}

static void open_gate(fixture *f)
{
    test_write_file(test_work_path(f, "gate"), "", 0);
}

static uint64_t size_of(fixture *f, const char *id)
{
    uint64_t size;
    ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &size, &f->error), f->error);
    return size;
}

/* True where the system keeps all of it, as Wine does. */
static bool takes_at_most(fixture *f, const char *id, int64_t bytes)
{
    return test_in_wine() || test_disk_use(test_bundle_path(f, id, "stdout")) <= bytes;
}

static int read_at(fixture *f, const char *id, uint64_t offset, char *buffer, size_t size,
                   size_t *got)
{
    return tether_output_read(f->registry, id, TETHER_STDOUT, offset, buffer, size, got, &f->error);
}

static void expect_pattern(const char *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != written_at(offset + i))
            fail_msg("the byte at %llu is %d", (unsigned long long)(offset + i), bytes[i]);
    }
}

static void expect_gap(fixture *f, const char *id, uint64_t total)
{
    char buffer[1000];
    size_t got;
    uint64_t offset, size, dropped;
    ASSERT_OK(tether_output_gap(f->registry, id, TETHER_STDOUT, &offset, &size, &f->error),
              f->error);
    assert_int_equal(offset, HEAD);
    assert_int_equal(size, total - LIMIT);
    ASSERT_OK(tether_output_dropped(f->registry, id, TETHER_STDOUT, &dropped, &f->error), f->error);
    assert_int_equal(dropped, 0);
    ASSERT_OK(read_at(f, id, HEAD - 10, buffer, sizeof buffer, &got), f->error);
    assert_int_equal(got, 10);
    expect_pattern(buffer, HEAD - 10, got);
    assert_int_equal(read_at(f, id, HEAD, buffer, sizeof buffer, &got), TETHER_EDROPPED);
    assert_int_equal(read_at(f, id, HEAD + size - 1, buffer, sizeof buffer, &got), TETHER_EDROPPED);
    ASSERT_OK(read_at(f, id, HEAD + size, buffer, sizeof buffer, &got), f->error);
    assert_int_equal(got, sizeof buffer);
    expect_pattern(buffer, HEAD + size, got);
}

/* While it runs, and after its end, in this host and in another. */
static void the_middle_is_dropped_while_the_task_runs(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_flood(f, LIMIT, id);
    WAIT_UNTIL(size_of(f, id) == MORE);
    expect_gap(f, id, MORE);
    assert_true(takes_at_most(f, id, 2 * LIMIT));
    open_gate(f);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_gap(f, id, ALL);
    assert_true(takes_at_most(f, id, LIMIT + 2 * BLOCKS));
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->output_dropped, ALL - LIMIT);
    assert_true(snapshot->output_truncated);
    assert_int_equal(strlen(snapshot->output_preview), 300);
    expect_pattern(snapshot->output_preview, ALL - 300, 300);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = test_open(f);
    expect_gap(f, id, ALL);
}

/* Reads at random places while the monitor drops: what is read is what the task wrote there, never
 * a hole. */
static void readers_never_see_a_hole(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static char buffer[50000];
    size_t got, whole = 0, dropped = 0;
    uint64_t random = 42;
    start_flood(f, LIMIT, id);
    WAIT_UNTIL(size_of(f, id) == MORE);
    open_gate(f);
    while (whole < 2000 && size_of(f, id) < ALL) {
        uint64_t size = size_of(f, id);
        uint64_t offset = (whole + dropped) % 2 == 0
                              ? random_next(&random) % size
                              : size - random_next(&random) % (LIMIT + 50000);
        int code = read_at(f, id, offset, buffer, sizeof buffer, &got);
        if (code == TETHER_EDROPPED) {
            dropped++;
            continue;
        }
        ASSERT_OK(code, f->error);
        expect_pattern(buffer, offset, got);
        whole++;
    }
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

typedef struct followed {
    uint64_t bytes, jumps;
} followed;

static followed follow_all(fixture *f, tether_follower *follower)
{
    static char buffer[70000];
    followed sum = {0, 0};
    uint64_t expected = 0;
    for (size_t got = 1; got > 0;) {
        tether_stream stream;
        uint64_t next, truncations;
        ASSERT_OK(tether_follow_read(follower, buffer, sizeof buffer, PATIENCE_MS, &stream, &got,
                                     &f->error),
                  f->error);
        tether_follow_place(follower, TETHER_STDOUT, &next, &truncations);
        assert_int_equal(truncations, 0);
        sum.jumps += next - got != expected;
        expect_pattern(buffer, next - got, got);
        sum.bytes += got;
        expected = next;
    }
    return sum;
}

/* One that keeps up misses nothing that it was told of; one that comes later jumps over the gap. */
static void followers_jump_over_the_gap(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_follower *follower;
    start_flood(f, LIMIT, id);
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, NULL, &follower, &f->error),
              f->error);
    open_gate(f);
    followed sum = follow_all(f, follower);
    tether_follow_close(follower);
    assert_true(sum.bytes >= LIMIT && sum.bytes <= ALL);
    assert_true((sum.bytes == ALL) == (sum.jumps == 0));
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_BOTH, NULL, &follower, &f->error),
              f->error);
    sum = follow_all(f, follower);
    tether_follow_close(follower);
    assert_int_equal(sum.bytes, LIMIT);
    assert_int_equal(sum.jumps, 1);
}

/* A limit of a few bytes leaves the last ones, and reads of a text need them. */
static void tiny_limits_leave_the_last_bytes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *text;
    size_t size;
    bool truncated;
    const char *const argv[] = {CHILD, OUTPUTS, NULL};
    const tether_spec spec = {.argv = argv, .output_limit = 4, .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 0, 0, &text, &size, &truncated,
                                 &f->error),
              f->error);
    assert_string_equal(text, "6789ghij");
    assert_true(truncated);
    tether_free(text);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_string_equal(snapshot->output_preview, "6789\nghij");
    assert_int_equal(snapshot->output_dropped, 6);
    assert_int_equal(snapshot->stderr_dropped, 6);
    tether_snapshot_free(snapshot);
}

static void the_tail_spans_the_gap(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *text;
    size_t size;
    bool truncated;
    start_flood(f, LIMIT, id);
    open_gate(f);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, ALL, 0, &text, &size,
                                 &truncated, &f->error),
              f->error);
    assert_int_equal(size, LIMIT);
    expect_pattern(text, 0, HEAD);
    expect_pattern(text + HEAD, ALL - LIMIT + HEAD, LIMIT - HEAD);
    assert_true(truncated);
    tether_free(text);
}

/* The end of the output, while it moves on. */
static void the_tail_of_a_flood_can_be_read(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, ENDLESS("out"), NULL};
    const tether_spec spec = {.argv = argv, .output_limit = 16384, .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
    WAIT_UNTIL(size_of(f, id) > 100000);
    int tails = test_in_wine() ? 50 : 500; /* each of which takes a quarter of a second there */
    for (int i = 0, misses = 0; i < tails; i++) {
        char *text;
        size_t size;
        bool truncated;
        int code = tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 4000, 0, &text, &size,
                                      &truncated, &f->error);
        misses += code != TETHER_OK;
        assert_int_not_equal(code, TETHER_EDROPPED);
        assert_true(misses < 100);
        if (code == TETHER_OK)
            assert_true(size == 4000 && truncated);
        tether_free(text);
    }
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

/* A search goes on behind the gap. */
static void a_search_goes_on_behind_the_gap(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {
        CHILD,    "await", test_work_path(f, "gate"), "flood", "3000000", "out", "", "out",
        "needle", NULL};
    const tether_spec spec = {.argv = argv, .output_limit = 20000, .output = TETHER_OUTPUT_PIPE};
    listener l;
    int watch;
    listener_open(&l, f, NULL);
    test_start(l.registry, &spec, id);
    const tether_watch_spec wanted = {.pattern = "needle"};
    ASSERT_OK(tether_watch_add(l.registry, id, &wanted, &watch, &f->error), f->error);
    open_gate(f);
    test_expect(l.registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_WATCH_END, id) == 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 1);
    listener_close(&l);
}

/* Writes on and on, to one stream or the other, and ignores SIGTERM; so do children. Nobody looks
 * meanwhile. */
static void too_much_output_ends_the_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], cookie[TETHER_ID_SIZE + 32];
    static const char *const plain[] = {CHILD, ENDLESS("out"), NULL};
    static const char *const stubborn[] = {CHILD,         "forks",        "2",
                                           "ignore-term", ENDLESS("err"), NULL};
    for (int i = 0; i < 2; i++) {
        const tether_spec spec = {.argv = i == 0 ? plain : stubborn,
                                  .output_limit = LIMIT,
                                  .output_policy = TETHER_OUTPUT_KILL};
        test_start(f->registry, &spec, id);
        snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
        WAIT_UNTIL(test_count_cookies(cookie) == 0);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + (i == 0 ? test_kill_signal() : 9),
                    "its output exceeded the limit");
        assert_true(takes_at_most(f, id, 2 * LIMIT));
    }
}

static void output_within_the_limit_ends_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, OUTPUTS, NULL};
    tether_spec spec = {.argv = argv, .output_limit = 10, .output_policy = TETHER_OUTPUT_KILL};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    spec.output_limit = 0;
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    spec.output_limit = 10;
    spec.output = TETHER_OUTPUT_DIRECT;
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    spec.output = TETHER_OUTPUT_AUTO;
    spec.supervisor = TETHER_SUPERVISOR_SCRIPT;
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_middle_is_dropped_while_the_task_runs),
        TEST(readers_never_see_a_hole),
        TEST(followers_jump_over_the_gap),
        TEST(tiny_limits_leave_the_last_bytes),
        TEST(the_tail_spans_the_gap),
        TEST(the_tail_of_a_flood_can_be_read),
        TEST(a_search_goes_on_behind_the_gap),
        TEST(too_much_output_ends_the_task),
        TEST(output_within_the_limit_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
