/* A registry on a loop of the host: it works there, does not wake while it is idle, and leaves no
 * handle behind. */
#include "support/support.h"

#include <string.h>
#include <uv.h>

typedef struct loop_fixture {
    fixture base;
    uv_loop_t loop;
} loop_fixture;

/* Static, because cmocka passes only one pointer, which test_teardown takes for a fixture. */
static loop_fixture context;

static int setup(void **state)
{
    fixture *made;
    test_setup((void **)&made);
    context.base = *made;
    *state = made;
    assert_int_equal(uv_loop_init(&context.loop), 0);
    tether_open_options options = {
        .store = made->store, .loop = &context.loop, .reaper = TETHER_REAPER_EVENTS};
    ASSERT_OK(tether_open(&options, &context.base.registry, &made->error), made->error);
    return 0;
}

/* Closes the registry before test_teardown would, and runs the loop: that ends only if no handle is
 * left on it. */
static int teardown(void **state)
{
    tether_error error = {0};
    ASSERT_OK(tether_close(context.base.registry, TETHER_SHUTDOWN, &error), error);
    assert_int_equal(uv_run(&context.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&context.loop), 0);
    return test_teardown(state);
}

static bool has_ended(const char *id)
{
    tether_error error = {0};
    uv_run(&context.loop, UV_RUN_NOWAIT);
    return tether_wait(context.base.registry, &id, 1, TETHER_WAIT_ALL, 0, NULL, &error) ==
           TETHER_OK;
}

static void start(const char *command, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    tether_spec spec = {.command = command, .timeout_ms = TETHER_NO_TIMEOUT};
    ASSERT_OK(tether_spawn(context.base.registry, &spec, id, &error), error);
}

static void tasks_end_on_the_hosts_loop(void **state)
{
    (void)state;
    char id[TETHER_ID_SIZE];
    start("exit 4", id);
    WAIT_UNTIL(has_ended(id));
    tether_snapshot *snapshot;
    assert_int_equal(tether_status_get(context.base.registry, id, &snapshot, NULL), TETHER_OK);
    assert_int_equal(snapshot->exit_code, 4);
    tether_snapshot_free(snapshot);
}

static void the_loops_thread_cannot_wait_for_the_loop(void **state)
{
    (void)state;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    start(CHILD_TEXT " forever", id);
    const char *ids[] = {id};
    assert_int_equal(
        tether_wait(context.base.registry, ids, 1, TETHER_WAIT_ALL, 1000, NULL, &error),
        TETHER_EINVAL);
    assert_int_equal(tether_output_wait(context.base.registry, id, 0, 0, 1000, &error),
                     TETHER_EINVAL);
    assert_int_equal(tether_wait(context.base.registry, ids, 1, TETHER_WAIT_ALL, 0, NULL, &error),
                     TETHER_ETIMEDOUT);
    ASSERT_OK(tether_kill(context.base.registry, id, NULL, &error), error);
    assert_true(has_ended(id));
}

static bool has_no_timer(void)
{
    uv_run(&context.loop, UV_RUN_NOWAIT);
    return uv_backend_timeout(&context.loop) == -1;
}

static void an_idle_registry_never_wakes(void **state)
{
    (void)state;
    char ids[5][TETHER_ID_SIZE];
    for (int i = 0; i < 5; i++)
        start(CHILD_TEXT " forever", ids[i]);
    tether_snapshot *snapshot;
    /* The registry has work until every record says `running`. */
    for (int i = 0; i < 5; i++) {
        bool running = false;
        while (!running) {
            assert_int_equal(tether_status_get(context.base.registry, ids[i], &snapshot, NULL),
                             TETHER_OK);
            running = snapshot->status == TETHER_STATUS_RUNNING;
            tether_snapshot_free(snapshot);
        }
    }
    WAIT_UNTIL(has_no_timer());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_end_on_the_hosts_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(the_loops_thread_cannot_wait_for_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_registry_never_wakes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
