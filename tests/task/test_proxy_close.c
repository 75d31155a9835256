/* Closing a registry while proxies are open. */
#include "task/proxy_support.h"

#include <uv.h>

static void closing_gives_up_open_proxies(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    tether_proxy *proxies[3];
    tether_registry *registry = test_open(f);
    for (int i = 0; i < 3; i++)
        proxies[i] = proxy_open(registry, ids[i]);
    proxy_finish(proxies[1], 0, 0);
    test_detach(registry);
    f->registry = test_open(f);
    test_expect(f->registry, ids[0], TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, GIVEN_UP);
    test_expect(f->registry, ids[1], TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect(f->registry, ids[2], TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, GIVEN_UP);
    for (int i = 0; i < 3; i += 2) {
        assert_true(tether_proxy_cancelled(proxies[i]));
        assert_int_equal(tether_proxy_write(proxies[i], TETHER_STDOUT, "x", 1, &f->error),
                         TETHER_ECLOSED);
        assert_int_equal(tether_proxy_finish(proxies[i], 0, 0, &f->error), TETHER_ECLOSED);
        assert_int_equal(f->error.code, TETHER_ECLOSED);
    }
}

static void a_shutdown_waits_for_its_owners(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    proxy_owner owners[3];
    tether_registry *registry = test_open(f);
    for (int i = 0; i < 3; i++)
        proxy_owner_start(&owners[i], proxy_open(registry, ids[i]), 0, i < 2 ? TERM_SIGNAL : 0);
    ASSERT_OK(tether_close(registry, TETHER_SHUTDOWN, &f->error), f->error);
    for (int i = 0; i < 3; i++)
        uv_thread_join(&owners[i].thread);
    f->registry = test_open(f);
    for (int i = 0; i < 2; i++)
        test_expect(f->registry, ids[i], TETHER_STATUS_KILLED, 143, "registry was shut down");
    test_expect(f->registry, ids[2], TETHER_STATUS_COMPLETED, 0, ENDED_BY_ITSELF);
}

/* The task is lost, not killed: "killed" would claim that the work has stopped. */
static void a_shutdown_gives_up_proxies_that_do_not_finish(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *registry = test_open(f);
    tether_proxy *proxy = proxy_open(registry, id);
    assert_int_equal(tether_close(registry, TETHER_SHUTDOWN, &f->error), TETHER_ESURVIVED);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, GIVEN_UP);
    assert_int_equal(tether_proxy_finish(proxy, 0, TERM_SIGNAL, &f->error), TETHER_ECLOSED);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, GIVEN_UP);
}

/* The close waits for calls under way; later calls return TETHER_ECLOSED. */
static void closing_waits_for_calls_under_way(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        char ids[4][TETHER_ID_SIZE];
        proxy_writer writers[4];
        uv_thread_t threads[4];
        tether_registry *registry = test_open(f);
        for (int i = 0; i < 4; i++) {
            writers[i] = (proxy_writer){.proxy = proxy_open(registry, ids[i]), .lines = 20};
            assert_int_equal(uv_thread_create(&threads[i], proxy_write_lines, &writers[i]), 0);
        }
        test_detach(registry);
        for (int i = 0; i < 4; i++)
            uv_thread_join(&threads[i]);
        registry = test_open(f);
        for (int i = 0; i < 4; i++) {
            tether_snapshot *s = test_wait(registry, ids[i]);
            assert_int_equal(s->status,
                             writers[i].failed == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_LOST);
            tether_snapshot_free(s);
        }
        test_detach(registry);
    }
}

/* For a test that opens its own registry. */
#define TEST_OWN_REGISTRY(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OWN_REGISTRY(closing_gives_up_open_proxies),
        TEST_OWN_REGISTRY(a_shutdown_waits_for_its_owners),
        TEST_OWN_REGISTRY(a_shutdown_gives_up_proxies_that_do_not_finish),
        TEST_OWN_REGISTRY(closing_waits_for_calls_under_way),
    };
    return cmocka_run_group_tests_name("proxy_close", tests, NULL, NULL);
}
