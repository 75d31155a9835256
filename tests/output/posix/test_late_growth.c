/* Watches, rings and followers see output whose growth no event tells, as on NTFS while its writer
 * keeps the file open, or where no more directories can be watched. The linker wraps the seam:
 * bundles have no events at all. */
#include "support/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "os/watch.h"

bool __wrap_tether__os_watch_tells_growth(void);
int __wrap_tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag,
                                tether_error *error);
int __real_tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag,
                                tether_error *error);

/* What is wrong: growth is told late, or bundles cannot be watched. */
static bool bundles_fail;

bool __wrap_tether__os_watch_tells_growth(void)
{
    return bundles_fail;
}

int __wrap_tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag,
                                tether_error *error)
{
    enum { NO_SUCH_TAG = 1000000 };
    if (strstr(tether__os_dir_path(dir), "/tasks/") == NULL)
        return __real_tether__os_watch_add(watch, dir, tag, error);
    *tag = bundles_fail ? -1 : NO_SUCH_TAG;
    return bundles_fail ? TETHER_ELIMIT : TETHER_OK;
}

/* A task that writes a line once the file exists, and goes on. */
static const char *start(listener *l, char id[TETHER_ID_SIZE])
{
    const char *go = test_work_path(l->f, "go");
    test_start_child(l->registry, id, "out", "first", "await", go, "out", "port 80", "forever",
                     NULL);
    test_wait_output(l->registry, id, TETHER_STDOUT, 6);
    return go;
}

static void a_match_is_delivered_while_the_task_runs(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE];
    int number;
    listener_open(&l, *state, NULL);
    const char *go = start(&l, id);
    const tether_watch_spec spec = {.pattern = "port [0-9]+"};
    ASSERT_OK(tether_watch_add(l.registry, id, &spec, &number, &l.f->error), l.f->error);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_MATCH, id) == 1);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

static void a_ring_keeps_the_tail(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE], tail[64];
    size_t got = 0;
    listener_open(&l, *state, NULL);
    const char *go = start(&l, id);
    ASSERT_OK(tether_ring_keep(l.registry, id, sizeof tail, &l.f->error), l.f->error);
    test_write_file(go, "", 0);
    WAIT_UNTIL(tether_ring_read(l.registry, id, tail, sizeof tail, &got, &l.f->error) ==
                   TETHER_OK &&
               got == 8);
    assert_memory_equal(tail, "port 80\n", 8);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

static void a_follower_reads_on(void **state)
{
    listener l;
    char id[TETHER_ID_SIZE], text[64];
    size_t got, size = 0;
    tether_follower *follower;
    tether_stream stream;
    listener_open(&l, *state, NULL);
    const char *go = start(&l, id);
    ASSERT_OK(tether_follow_open(l.registry, id, TETHER_VIEW_STDOUT, NULL, &follower, &l.f->error),
              l.f->error);
    test_write_file(go, "", 0);
    while (size < 14) {
        ASSERT_OK(tether_follow_read(follower, text + size, sizeof text - size, PATIENCE_MS,
                                     &stream, &got, &l.f->error),
                  l.f->error);
        size += got;
    }
    assert_memory_equal(text, "first\nport 80\n", 14);
    tether_follow_close(follower);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &l.f->error), l.f->error);
    listener_close(&l);
}

/* --- Long waits --- */

enum {
    SOON_MS = 5000,
    LONG_WAIT_MS = 7500 /* looks at the disk that are ever more seldom would be 8 s apart by then */
};

typedef struct reading {
    tether_registry *registry;
    tether_follower *follower;
    const char *id;
    int64_t ended_at;
    int code;
} reading;

static void follow_in_thread(void *userdata)
{
    reading *r = userdata;
    char text[64];
    size_t got;
    tether_stream stream;
    r->code = tether_follow_read(r->follower, text, sizeof text, PATIENCE_MS, &stream, &got, NULL);
    r->ended_at = test_now_ms();
}

static void wait_in_thread(void *userdata)
{
    reading *r = userdata;
    r->code = tether_output_wait(r->registry, r->id, 6, UINT64_MAX, PATIENCE_MS, NULL);
    r->ended_at = test_now_ms();
}

static void expect_soon(const reading *r, int64_t since)
{
    assert_int_equal(r->code, TETHER_OK);
    assert_in_range(r->ended_at - since, 0, SOON_MS);
}

static void read_after_a_long_wait(listener *l)
{
    char id[TETHER_ID_SIZE];
    const uint64_t offsets[2] = {6, 0};
    uv_thread_t threads[2];
    const char *go = start(l, id);
    tether_registry *other = test_open(l->f); /* else each would wake the other */
    reading follows = {.registry = l->registry, .id = id}, waits = {.registry = other, .id = id};
    ASSERT_OK(tether_follow_open(l->registry, id, TETHER_VIEW_STDOUT, offsets, &follows.follower,
                                 &l->f->error),
              l->f->error);
    int64_t begin = test_now_ms();
    assert_int_equal(uv_thread_create(&threads[0], follow_in_thread, &follows), 0);
    assert_int_equal(uv_thread_create(&threads[1], wait_in_thread, &waits), 0);
    WAIT_UNTIL(test_now_ms() - begin > LONG_WAIT_MS);
    begin = test_now_ms();
    test_write_file(go, "", 0);
    assert_int_equal(uv_thread_join(&threads[0]), 0);
    assert_int_equal(uv_thread_join(&threads[1]), 0);
    expect_soon(&follows, begin);
    expect_soon(&waits, begin);
    tether_follow_close(follows.follower);
    test_detach(other);
    ASSERT_OK(tether_kill(l->registry, id, NULL, &l->f->error), l->f->error);
}

static void a_long_wait_sees_growth_that_is_told_late(void **state)
{
    listener l;
    listener_open(&l, *state, NULL);
    read_after_a_long_wait(&l);
    listener_close(&l);
}

static void a_long_wait_sees_growth_in_a_bundle_without_a_watch(void **state)
{
    listener l;
    bundles_fail = true;
    listener_open(&l, *state, NULL);
    read_after_a_long_wait(&l);
    listener_close(&l);
    bundles_fail = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        TEST(a_match_is_delivered_while_the_task_runs),
        TEST(a_ring_keeps_the_tail),
        TEST(a_follower_reads_on),
        TEST(a_long_wait_sees_growth_that_is_told_late),
        TEST(a_long_wait_sees_growth_in_a_bundle_without_a_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
