/* Two processes race for the last place below max_running. */
#include "support/support.h"

#include <stdatomic.h>

static const char *const forever[] = {CHILD, "forever", NULL};

enum { ROUNDS = 200 };

typedef struct arena {
    atomic_int arrived;
    atomic_int done;
    atomic_int won[ROUNDS];
    atomic_int refused[ROUNDS];
} arena;

/* A barrier for the two hosts: returns when both have called it in this round. */
static void wait_for_both(atomic_int *count, int round)
{
    int64_t end = test_now_ms() + PATIENCE_MS;
    atomic_fetch_add(count, 1);
    while (atomic_load(count) < 2 * (round + 1))
        HOST_ASSERT(test_now_ms() < end);
}

static void race(fixture *f, void *userdata)
{
    arena *a = userdata;
    tether_error error = {0};
    tether_registry *registry;
    const tether_kill_options no_grace = {.grace_ms = -1};
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .max_running = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    for (int round = 0; round < ROUNDS; round++) {
        char id[TETHER_ID_SIZE];
        tether_spec spec = {.argv = forever};
        wait_for_both(&a->arrived, round);
        int code = tether_spawn(registry, &spec, id, &error);
        HOST_ASSERT(code == TETHER_OK || code == TETHER_EQUOTA);
        atomic_fetch_add(code == TETHER_OK ? &a->won[round] : &a->refused[round], 1);
        wait_for_both(&a->done, round);
        if (code == TETHER_OK)
            HOST_OK(tether_kill(registry, id, &no_grace, &error), error);
    }
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
}

static void one_of_two_takes_the_last_place(void **state)
{
    fixture *f = *state;
    arena *a = test_shared(sizeof *a);
    long hosts[2];
    for (int i = 0; i < 2; i++)
        hosts[i] = test_fork_host(race, f, a);
    for (int i = 0; i < 2; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(atomic_load(&a->won[round]), 1);
        assert_int_equal(atomic_load(&a->refused[round]), 1);
    }
    test_unshare(a, sizeof *a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_two_takes_the_last_place, test_setup, test_teardown),
    };
    return cmocka_run_group_tests_name("quota_hosts", tests, NULL, NULL);
}
