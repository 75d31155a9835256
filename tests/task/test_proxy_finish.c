/* The end of a proxy task: exit codes and signals, waiting for it, its collection, and a hundred
 * tasks on ten threads. */
#include "task/proxy_support.h"

#include <stdio.h>
#include <uv.h>

static void ends_as_its_owner_says(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        int code, signal;
        tether_status status;
        int64_t exit_code;
    } cases[] = {
        {0, 0, TETHER_STATUS_COMPLETED, 0},          {1, 0, TETHER_STATUS_FAILED, 1},
        {255, 0, TETHER_STATUS_FAILED, 255},         {143, 0, TETHER_STATUS_FAILED, 143},
        {0, TERM_SIGNAL, TETHER_STATUS_FAILED, 143}, {0, KILL_SIGNAL, TETHER_STATUS_FAILED, 137},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether_proxy *proxy = proxy_open(f->registry, id);
        assert_int_equal(test_pending(f->registry, id), 0);
        proxy_finish(proxy, cases[i].code, cases[i].signal);
        tether_snapshot *s = test_snapshot(f->registry, id);
        assert_int_equal(s->status, cases[i].status);
        assert_int_equal(s->exit_code, cases[i].exit_code);
        assert_int_equal(s->signal, cases[i].signal);
        assert_null(s->reason);
        assert_true(s->finished_at >= s->started_at);
        assert_true(s->duration_ms >= 0);
        /* This process is still alive, and does not count as a survivor of the task. */
        assert_int_equal(s->survivor_count, 0);
        tether_snapshot_free(s);
        test_take_completion(f->registry, id);
    }
}

static void has_no_completion_if_none_was_requested(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "x", .no_notify = true};
    proxy_finish(proxy_open_spec(f->registry, &spec, id), 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(test_pending(f->registry, id), 0);
}

static void is_lost_if_its_end_is_invalid(void **state)
{
    fixture *f = *state;
    static const int ends[][2] = {{-1, 0}, {256, 0}, {0, -1}, {0, 128}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char id[TETHER_ID_SIZE];
        tether_proxy *proxy = proxy_open(f->registry, id);
        assert_int_equal(tether_proxy_finish(proxy, ends[i][0], ends[i][1], &f->error),
                         TETHER_EINVAL);
        test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, GIVEN_UP);
        test_take_completion(f->registry, id);
    }
}

static void finish_later(void *userdata)
{
    proxy_writer *w = userdata;
    uv_sleep(20);
    proxy_write_lines(w);
}

static void its_host_and_others_can_wait_for_it(void **state)
{
    fixture *f = *state;
    char ids[2][TETHER_ID_SIZE];
    size_t index;
    uv_thread_t threads[2];
    tether_registry *other = test_open(f);
    proxy_writer writers[2] = {{.proxy = proxy_open(f->registry, ids[0])},
                               {.proxy = proxy_open(f->registry, ids[1])}};
    const char *const both[] = {ids[0], ids[1]};
    assert_int_equal(tether_wait(other, both, 2, TETHER_WAIT_ANY, 0, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    assert_int_equal(uv_thread_create(&threads[0], finish_later, &writers[1]), 0);
    ASSERT_OK(tether_wait(other, both, 2, TETHER_WAIT_ANY, PATIENCE_MS, &index, &f->error),
              f->error);
    assert_int_equal(index, 1);
    assert_int_equal(uv_thread_create(&threads[1], finish_later, &writers[0]), 0);
    ASSERT_OK(tether_wait(f->registry, both, 2, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &f->error),
              f->error);
    for (int i = 0; i < 2; i++) {
        uv_thread_join(&threads[i]);
        assert_int_equal(writers[i].failed, 0);
    }
    test_detach(other);
}

static void is_collected_only_after_its_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    tether_gc_options options = {.older_than_ms = -1};
    tether_proxy_spec spec = {.command = "x", .no_notify = true};
    tether_proxy *proxy = proxy_open_spec(f->registry, &spec, id);
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    assert_int_equal(result.removed, 0);
    assert_int_equal(result.kept, 1);
    assert_int_equal(result.leftovers, 0);
    proxy_finish(proxy, 0, 0);
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    assert_int_equal(result.removed, 1);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
}

enum { THREADS = 10, PROXIES_EACH = 10 };

typedef struct batch {
    tether_registry *registry;
    int number;
    char ids[PROXIES_EACH][TETHER_ID_SIZE];
    int failed;
} batch;

static void run_batch(void *userdata)
{
    batch *b = userdata;
    tether_proxy *proxies[PROXIES_EACH];
    for (int i = 0; i < PROXIES_EACH; i++) {
        tether_proxy_spec spec = {.command = "one of many"};
        if (tether_proxy_open(b->registry, &spec, b->ids[i], &proxies[i], NULL) != TETHER_OK)
            b->failed++;
    }
    for (int i = 0; i < PROXIES_EACH && b->failed == 0; i++) {
        char line[32];
        int size = snprintf(line, sizeof line, "%d\n", b->number * PROXIES_EACH + i);
        b->failed += tether_proxy_cancelled(proxies[i]);
        b->failed +=
            tether_proxy_write(proxies[i], TETHER_STDOUT, line, (size_t)size, NULL) != TETHER_OK;
    }
    for (int i = 0; i < PROXIES_EACH && b->failed == 0; i++)
        b->failed +=
            tether_proxy_finish(proxies[i], b->number * PROXIES_EACH + i, 0, NULL) != TETHER_OK;
}

static void ten_threads_run_a_hundred(void **state)
{
    fixture *f = *state;
    batch batches[THREADS];
    uv_thread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++) {
        batches[t] = (batch){.registry = f->registry, .number = t};
        assert_int_equal(uv_thread_create(&threads[t], run_batch, &batches[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        uv_thread_join(&threads[t]);
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(batches[t].failed, 0);
        for (int i = 0; i < PROXIES_EACH; i++) {
            int code = t * PROXIES_EACH + i;
            test_expect(f->registry, batches[t].ids[i],
                        code == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED, code, NULL);
            assert_int_equal(test_output_number(f->registry, batches[t].ids[i]), code);
        }
    }
    assert_int_equal(test_pending(f->registry, NULL), THREADS * PROXIES_EACH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ends_as_its_owner_says),          TEST(has_no_completion_if_none_was_requested),
        TEST(is_lost_if_its_end_is_invalid),   TEST(its_host_and_others_can_wait_for_it),
        TEST(is_collected_only_after_its_end), TEST(ten_threads_run_a_hundred),
    };
    return cmocka_run_group_tests_name("proxy_finish", tests, NULL, NULL);
}
