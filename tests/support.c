/* Owns what all tests share and no platform decides.
 * Must not: know what a test is about.
 * Thread: the test's. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

int64_t test_now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

void test_pause(void)
{
    uv_sleep(2);
}

static tether_reaper_mode reaper_mode(void)
{
    const char *mode = getenv("TETHER_TEST_REAPER");
    if (mode != NULL && strcmp(mode, "polling") == 0)
        return TETHER_REAPER_POLLING;
    if (mode != NULL && strcmp(mode, "events") == 0)
        return TETHER_REAPER_EVENTS;
    return TETHER_REAPER_AUTO;
}

tether_registry *test_open_session(fixture *f, const char *session)
{
    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .session = session, .reaper = reaper_mode()};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

tether_registry *test_open(fixture *f)
{
    return test_open_session(f, NULL);
}

/* libuv keeps one pipe per process from the first loop on: it is not one that a registry left behind. */
static void make_first_loop(void)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int test_setup(void **state)
{
    make_first_loop();
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->store = test_make_store();
    f->fds_before = test_count_fds();
    *state = f;
    return 0;
}

int test_setup_registry(void **state)
{
    test_setup(state);
    fixture *f = *state;
    f->registry = test_open(f);
    return 0;
}

int test_teardown(void **state)
{
    fixture *f = *state;
    char cookies[64][TETHER_ID_SIZE + 32];
    size_t count = 0;
    if (f->registry != NULL) {
        tether_snapshot_list *list;
        ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
        for (; count < list->count && count < 64; count++)
            snprintf(cookies[count], sizeof cookies[count], "TETHER_TASK_ID=%s",
                     list->items[count].task_id);
        tether_snapshot_list_free(list);
        ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    }
    assert_int_equal(test_count_fds(), f->fds_before);
    assert_false(test_has_child());
    for (size_t i = 0; i < count; i++)
        assert_int_equal(test_count_cookies(cookies[i]), 0);
    test_remove_store(f->store);
    free(f->store);
    free(f);
    return 0;
}

void test_run(fixture *f, const char *command, char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.command = command};
    ASSERT_OK(tether_spawn(f->registry, &spec, id, &f->error), f->error);
}

tether_snapshot *test_wait(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    ASSERT_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    return snapshot;
}

char *test_output(tether_registry *registry, const char *id, tether_stream stream, size_t *size)
{
    tether_error error = {0};
    uint64_t total;
    ASSERT_OK(tether_output_size(registry, id, stream, &total, &error), error);
    char *bytes = malloc((size_t)total + 1);
    assert_non_null(bytes);
    ASSERT_OK(tether_output_read(registry, id, stream, 0, bytes, (size_t)total, size, &error),
              error);
    assert_int_equal(*size, total);
    bytes[*size] = '\0';
    return bytes;
}
