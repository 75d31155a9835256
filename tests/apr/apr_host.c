/* Implements the fixture of tests with APR. */
#include "apr/apr_host.h"

#include <apr_general.h>
#include <apr_pools.h>
#include <stdlib.h>

/* Static, because cmocka passes only one pointer, which test_teardown takes for a fixture. */
static apr_fixture context;

void apr_expect(apr_status_t expected, apr_status_t status, const char *file, int line,
                const char *what)
{
    char text[256];
    if (status != expected)
        fail_msg("%s:%d: %s: %d, %s", file, line, what, status,
                 tether_apr_strerror(status, text, sizeof text));
}

int apr_setup(void **state)
{
    fixture *made;
    ASSERT_STATUS(APR_SUCCESS, apr_initialize());
    test_setup((void **)&made);
    context = (apr_fixture){.base = *made};
    free(made);
    ASSERT_STATUS(APR_SUCCESS, apr_pool_create(&context.pool, NULL));
    context.base.fds_before = test_count_fds();
    *state = &context;
    return 0;
}

int apr_setup_host(void **state)
{
    apr_setup(state);
    context.host = apr_open(&context, context.pool, TETHER_DETACH);
    return 0;
}

/* Kills what is left through another registry, and reaps what the detached ones have left as a
 * process does that reaps all its children. */
int apr_teardown(void **state)
{
    tether_error error = {0};
    apr_proc_t any;
    apr_pool_clear(context.pool);
    ASSERT_OK(tether_close(test_open(&context.base), TETHER_SHUTDOWN, &error), error);
    while (apr_proc_wait_all_procs(&any, NULL, NULL, APR_WAIT, context.pool) == APR_CHILD_DONE) {
    }
    fixture *base = malloc(sizeof *base);
    assert_non_null(base);
    *base = context.base;
    *state = base;
    int result = test_teardown(state);
    apr_pool_destroy(context.pool);
    apr_terminate();
    return result;
}

tether_apr_host *apr_open(apr_fixture *f, apr_pool_t *pool, tether_close_mode mode)
{
    tether_error error = {0};
    tether_apr_host *host;
    const tether_open_options options = {.store = f->base.store, .reaper = test_reaper_mode()};
    apr_status_t status = tether_apr_open(&host, &options, mode, pool, &error);
    if (status != APR_SUCCESS)
        fail_msg("%s", error.message);
    return host;
}

apr_pool_t *apr_below(apr_pool_t *parent)
{
    apr_pool_t *pool;
    ASSERT_STATUS(APR_SUCCESS, apr_pool_create(&pool, parent));
    return pool;
}

void apr_run(tether_apr_host *host, const char *command, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    const tether_spec spec = {.command = command, .timeout_ms = TETHER_NO_TIMEOUT};
    ASSERT_OK(tether_spawn(tether_apr_registry(host), &spec, id, &error), error);
}

tether_status apr_seen_status(apr_fixture *f, const char *id)
{
    tether_registry *other = test_open(&f->base);
    tether_status status = test_status(other, id);
    test_detach(other);
    return status;
}
