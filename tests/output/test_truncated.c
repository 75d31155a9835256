/* Output files that the task truncates, as `echo x >/dev/stderr` does: readers go on from the start
 * of the file and tell so. The tests truncate the files from outside, at known moments, and write
 * what follows from there too: the task itself would go on behind a hole where its handle does not
 * append, as on Windows. */
#include "support/listener.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file_of(const fixture *f, const char *id)
{
    return test_bundle_path(f, id, "stdout");
}

/* Replaces what the file has, as a program that opens it with O_TRUNC does. */
static void rewrite(const fixture *f, const char *id, const char *text)
{
    test_write_file(file_of(f, id), text, strlen(text));
}

/* Starts a task that writes a line, waits for `go` and ends. */
static const char *start_task(fixture *f, tether_registry *registry, const char *line,
                              char id[TETHER_ID_SIZE])
{
    const char *go = test_work_path(f, "go");
    test_start_child(registry, id, "out", line, "await", go, "exit", "0", NULL);
    test_wait_output(registry, id, TETHER_STDOUT, strlen(line) + 1);
    return go;
}

/* Writes "end" behind what the file has, and lets the task end. */
static void end_task(const fixture *f, const char *id, const char *go)
{
    FILE *file = fopen(file_of(f, id), "ab");
    assert_non_null(file);
    assert_true(fputs("end\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    test_write_file(go, "", 0);
}

/* --- Followers --- */

static tether_follower *follow(fixture *f, const char *id)
{
    tether_follower *follower;
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_BOTH, NULL, &follower, &f->error),
              f->error);
    return follower;
}

/* Reads until the text has arrived. */
static void expect_text(fixture *f, tether_follower *follower, const char *expected)
{
    char text[256];
    size_t used = 0, got;
    tether_stream stream;
    while (used < strlen(expected)) {
        ASSERT_OK(tether_follow_read(follower, text + used, sizeof text - used, PATIENCE_MS,
                                     &stream, &got, &f->error),
                  f->error);
        assert_true(got > 0);
        used += got;
    }
    text[used] = '\0';
    assert_string_equal(text, expected);
}

static void expect_place(const tether_follower *follower, uint64_t offset, uint64_t truncations)
{
    uint64_t at, count;
    tether_follow_place(follower, TETHER_STDOUT, &at, &count);
    assert_int_equal(at, offset);
    assert_int_equal(count, truncations);
    tether_follow_place(follower, TETHER_STDERR, &at, &count);
    assert_int_equal(at, 0);
    assert_int_equal(count, 0);
}

static void expect_end(fixture *f, tether_follower *follower)
{
    char byte;
    size_t got;
    tether_stream stream;
    ASSERT_OK(tether_follow_read(follower, &byte, 1, PATIENCE_MS, &stream, &got, &f->error),
              f->error);
    assert_int_equal(got, 0);
}

/* What the file holds after the truncation, when the follower looks again. Each is followed by
 * "end". */
static const char *const rewritten[] = {
    "",                       /* shorter, and with the next line too */
    "b\n",                    /* shorter */
    "FIRST LINE\n",           /* as long as before */
    "another line\nmore\n",   /* longer */
    "first line, rewritten\n" /* longer, and it begins as before */
};

static void a_follower_goes_on_from_the_start(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rewritten / sizeof rewritten[0]; i++) {
        char id[TETHER_ID_SIZE], rest[64];
        const char *go = start_task(f, f->registry, "first line", id);
        tether_follower *follower = follow(f, id);
        expect_text(f, follower, "first line\n");
        expect_place(follower, 11, 0);
        rewrite(f, id, rewritten[i]);
        end_task(f, id, go);
        snprintf(rest, sizeof rest, "%send\n", rewritten[i]);
        expect_text(f, follower, rest);
        expect_place(follower, strlen(rest), 1);
        expect_end(f, follower);
        tether_follow_close(follower);
        test_remove_file(go);
    }
}

/* Also if the follower looks again only after the end. */
static void a_follower_notices_it_after_the_end(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rewritten / sizeof rewritten[0]; i++) {
        char id[TETHER_ID_SIZE], rest[64];
        const char *go = start_task(f, f->registry, "first line", id);
        tether_follower *follower = follow(f, id);
        expect_text(f, follower, "first line\n");
        rewrite(f, id, rewritten[i]);
        end_task(f, id, go);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        snprintf(rest, sizeof rest, "%send\n", rewritten[i]);
        expect_text(f, follower, rest);
        expect_place(follower, strlen(rest), 1);
        expect_end(f, follower);
        tether_follow_close(follower);
        test_remove_file(go);
    }
}

/* A file of the same size as what was read, and nothing after it. */
static void the_last_line_may_be_rewritten(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    test_start_child(f->registry, id, "out", "one", "await", go, "exit", "0", NULL);
    tether_follower *follower = follow(f, id);
    expect_text(f, follower, "one\n");
    rewrite(f, id, "two\n");
    test_write_file(go, "", 0);
    expect_text(f, follower, "two\n");
    expect_place(follower, 4, 1);
    expect_end(f, follower);
    tether_follow_close(follower);
}

/* Wine trims a file only when nobody has it open, and tether_output_dropped opens it before the
 * task is inspected. */
static uint64_t drops(fixture *f, const char *id)
{
    tether_snapshot *snapshot = test_wait(f->registry, id);
    uint64_t dropped = (uint64_t)snapshot->output_dropped;
    tether_snapshot_free(snapshot);
    return dropped;
}

/* An output limit removes bytes too, but offsets and followers go on. */
static void a_limit_is_no_truncation(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    const char *const argv[] = {CHILD, "out", "first line", "await", go, "out", "end", NULL};
    const tether_spec spec = {.argv = argv, .output_limit = 5, .output = TETHER_OUTPUT_DIRECT};
    test_start(f->registry, &spec, id);
    tether_follower *early = follow(f, id);
    expect_text(f, early, "first line\n");
    test_write_file(go, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_text(f, early, "end\n");
    expect_place(early, 15, 0);
    expect_end(f, early);
    tether_follow_close(early);
    WAIT_UNTIL(drops(f, id) == 10);
    tether_follower *late = follow(f, id);
    expect_text(f, late, "\nend\n");
    expect_place(late, 15, 0);
    tether_follow_close(late);
}

/* Zeros where bytes were read are a hole, behind which the writer went on at its old offset. */
static void a_writer_may_go_on_behind_a_hole(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = start_task(f, f->registry, "first line", id);
    static const char hole[] = "\0\0\0\0\0\0\0\0\0\0\0more\n";
    tether_follower *follower = follow(f, id);
    expect_text(f, follower, "first line\n");
    test_write_file(file_of(f, id), hole, sizeof hole - 1);
    end_task(f, id, go);
    expect_text(f, follower, "more\nend\n");
    expect_place(follower, 20, 0);
    tether_follow_close(follower);
}

static void waiting_for_output_notices_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = start_task(f, f->registry, "first line", id);
    assert_int_equal(tether_output_wait(f->registry, id, 11, 0, 0, &f->error), TETHER_ETIMEDOUT);
    rewrite(f, id, "b\n");
    ASSERT_OK(tether_output_wait(f->registry, id, 11, 0, PATIENCE_MS, &f->error), f->error);
    assert_int_equal(tether_output_wait(f->registry, id, UINT64_MAX, 0, 0, &f->error),
                     TETHER_ETIMEDOUT);
    test_expect_output(f->registry, id, TETHER_STDOUT, "b\n");
    end_task(f, id, go);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* --- Watches and rings --- */

static void expect_match(listener *l, const char *id, size_t n, uint64_t offset, const char *text)
{
    WAIT_UNTIL(witness_count(&l->w, TETHER_EVENT_MATCH, id) > n);
    seen_event match = witness_get(&l->w, TETHER_EVENT_MATCH, id, n);
    assert_int_equal(match.offset, offset);
    assert_string_equal(match.text, text);
}

static void watches_go_on_from_the_start(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    int first, second;
    listener_open(&l, *state, NULL);
    const char *go = start_task(l.f, l.registry, "hit 1 and more", id);
    const tether_watch_spec spec = {.pattern = "hit [0-9]|end", .whole_lines = true};
    ASSERT_OK(tether_watch_add(l.registry, id, &spec, &first, &l.f->error), l.f->error);
    ASSERT_OK(tether_watch_add(l.registry, id, &spec, &second, &l.f->error), l.f->error);
    expect_match(&l, id, 1, 0, "hit 1");
    rewrite(l.f, id, "x hit 2\n");
    end_task(l.f, id, go);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_MATCH, id), 6);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_TRUNCATED, id), 2);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_TRUNCATED, id, 0).watch, first);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_TRUNCATED, id, 1).watch, second);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_TRUNCATED, id, 0).stream, TETHER_STDOUT);
    for (size_t i = 2; i < 6; i++) {
        seen_event match = witness_get(&l.w, TETHER_EVENT_MATCH, id, i);
        bool end = strcmp(match.text, "end") == 0;
        assert_int_equal(match.offset, end ? 8 : 2);
        assert_string_equal(match.text, end ? "end" : "hit 2");
    }
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_WATCH_END, id), 2);
    listener_close(&l);
}

/* The next host knows the old position only. */
static void the_next_host_goes_on_from_the_start(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    int number;
    listener_open(&l, *state, NULL);
    const char *go = start_task(l.f, l.f->registry, "hit 1 and hit 2", id);
    const tether_watch_spec spec = {.pattern = "hit [0-9]|end"};
    ASSERT_OK(tether_watch_add(l.registry, id, &spec, &number, &l.f->error), l.f->error);
    expect_match(&l, id, 1, 10, "hit 2");
    listener_close(&l);
    rewrite(l.f, id, "hit 3\n");
    listener_open(&l, *state, NULL);
    expect_match(&l, id, 0, 0, "hit 3");
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_TRUNCATED, id), 1);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_TRUNCATED, id, 0).watch, number);
    end_task(l.f, id, go);
    expect_match(&l, id, 1, 6, "end");
    listener_close(&l);
}

static void close_on_truncation(tether_registry *registry, const tether_event *event, witness *w)
{
    if (event->kind == TETHER_EVENT_TRUNCATED)
        atomic_store((atomic_int *)w->userdata,
                     tether_close(registry, TETHER_DETACH, NULL) == TETHER_OK ? 1 : 2);
}

static void a_registry_may_be_closed_inside_the_event(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    int number;
    atomic_int closed = 0;
    witness_open(&w);
    w.react = close_on_truncation;
    w.userdata = &closed;
    tether_registry *registry = witness_registry(f, &w, NULL);
    const char *go = start_task(f, f->registry, "hit 1", id);
    const tether_watch_spec spec = {.pattern = "hit [0-9]"};
    ASSERT_OK(tether_watch_add(registry, id, &spec, &number, &f->error), f->error);
    WAIT_UNTIL(witness_count(&w, TETHER_EVENT_MATCH, id) == 1);
    rewrite(f, id, "");
    end_task(f, id, go);
    WAIT_UNTIL(atomic_load(&closed) != 0);
    assert_int_equal(atomic_load(&closed), 1);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    witness_close(&w);
}

static bool ring_is(fixture *f, tether_registry *registry, const char *id, const char *expected)
{
    char text[64];
    size_t got;
    ASSERT_OK(tether_ring_read(registry, id, text, sizeof text, &got, &f->error), f->error);
    return got == strlen(expected) && memcmp(text, expected, got) == 0;
}

static void a_ring_keeps_what_it_has(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, *state, NULL);
    const char *more = test_work_path(l.f, "more");
    const char *go = test_work_path(l.f, "go");
    test_start_child(l.registry, id, "await", more, "out", "first", "await", go, "exit", "0", NULL);
    ASSERT_OK(tether_ring_keep(l.registry, id, 64, &l.f->error), l.f->error);
    test_write_file(more, "", 0);
    WAIT_UNTIL(ring_is(l.f, l.registry, id, "first\n"));
    rewrite(l.f, id, "b\n");
    end_task(l.f, id, go);
    WAIT_UNTIL(ring_is(l.f, l.registry, id, "first\nb\nend\n"));
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_TRUNCATED, id), 1);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_TRUNCATED, id, 0).watch, 0);
    test_expect(l.registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    listener_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        TEST(a_follower_goes_on_from_the_start),
        TEST(a_follower_notices_it_after_the_end),
        TEST(the_last_line_may_be_rewritten),
        TEST(a_limit_is_no_truncation),
        TEST(a_writer_may_go_on_behind_a_hole),
        TEST(waiting_for_output_notices_it),
        TEST(watches_go_on_from_the_start),
        TEST(the_next_host_goes_on_from_the_start),
        TEST(a_registry_may_be_closed_inside_the_event),
        TEST(a_ring_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
