/* Watches, rings and followers see output whose growth no event tells, as on NTFS while its writer
 * keeps the file open. The linker wraps the seam, since no file system here does that: bundles have
 * no events at all. */
#include "support/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/watch.h"

bool __wrap_tether__os_watch_tells_growth(void);
int __wrap_tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag,
                                tether_error *error);
int __real_tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag,
                                tether_error *error);

bool __wrap_tether__os_watch_tells_growth(void)
{
    return false;
}

int __wrap_tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag,
                                tether_error *error)
{
    enum { NO_SUCH_TAG = 1000000 };
    if (strstr(tether__os_dir_path(dir), "/tasks/") == NULL)
        return __real_tether__os_watch_add(watch, dir, tag, error);
    *tag = NO_SUCH_TAG;
    return TETHER_OK;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        TEST(a_match_is_delivered_while_the_task_runs),
        TEST(a_ring_keeps_the_tail),
        TEST(a_follower_reads_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
