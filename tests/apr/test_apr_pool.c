/* Registries that belong to pools: every way in which a pool ends. */
#include "apr/apr_host.h"

#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <string.h>

#define FOREVER CHILD_TEXT " forever"

static void a_pool_detaches_its_registry_and_can_have_another(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    apr_run(f->host, FOREVER, id);
    apr_pool_clear(f->pool);
    assert_false(tether_status_ended(apr_seen_status(f, id)));
    tether_apr_host *next = apr_open(f, f->pool, TETHER_DETACH);
    assert_false(tether_status_ended(test_status(tether_apr_registry(next), id)));
}

static void a_pool_shuts_down_on_request(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    apr_pool_t *pool = apr_below(f->pool);
    apr_run(apr_open(f, pool, TETHER_SHUTDOWN), FOREVER, id);
    apr_pool_destroy(pool);
    assert_int_equal(apr_seen_status(f, id), TETHER_STATUS_KILLED);
}

static void two_registries_in_one_pool_are_two(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_apr_host *second = apr_open(f, f->pool, TETHER_DETACH);
    assert_ptr_not_equal(tether_apr_registry(f->host), tether_apr_registry(second));
    apr_run(second, FOREVER, id);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_close(second, NULL));
    assert_false(tether_status_ended(test_status(tether_apr_registry(f->host), id)));
    apr_open(f, f->pool, TETHER_SHUTDOWN);
    apr_pool_clear(f->pool);
    assert_int_equal(apr_seen_status(f, id), TETHER_STATUS_KILLED);
}

static void a_pool_above_ends_those_below(void **state)
{
    apr_fixture *f = *state;
    char kept[TETHER_ID_SIZE], killed[TETHER_ID_SIZE];
    apr_pool_t *top = apr_below(f->pool), *middle = apr_below(top), *low = apr_below(middle);
    tether_apr_host *host = apr_open(f, middle, TETHER_DETACH);
    tether_apr_host *inner = apr_open(f, low, TETHER_DETACH);
    apr_run(host, FOREVER, kept);
    apr_run(inner, FOREVER, killed);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_note_task(low, host, killed, APR_KILL_ALWAYS, NULL));
    apr_pool_destroy(top);
    assert_int_equal(apr_seen_status(f, killed), TETHER_STATUS_KILLED);
    assert_false(tether_status_ended(apr_seen_status(f, kept)));
}

static void a_pool_that_may_outlive_the_registry_is_refused(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    tether_apr_procattr *attr;
    apr_proc_t proc;
    const char *args[] = {"true", NULL};
    apr_pool_t *below = apr_below(f->pool), *beside = apr_below(f->pool);
    tether_apr_host *host = apr_open(f, below, TETHER_DETACH);
    apr_run(host, "exit 0", id);
    ASSERT_STATUS(APR_EINVAL, tether_apr_note_task(f->pool, host, id, APR_KILL_ALWAYS, &error));
    assert_non_null(strstr(error.message, "may outlive the registry"));
    ASSERT_STATUS(APR_EINVAL, tether_apr_note_task(beside, host, id, APR_KILL_ALWAYS, NULL));
    ASSERT_STATUS(APR_EINVAL, tether_apr_procattr_create(&attr, host, beside));
    assert_null(attr);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_create(&attr, host, below));
    ASSERT_STATUS(APR_EINVAL, tether_apr_proc_create(&proc, "true", args, NULL, attr, f->pool));
}

static void a_closed_registry_is_told_and_forgets_its_notes(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    tether_apr_procattr *attr;
    apr_pool_t *below = apr_below(f->pool);
    apr_run(f->host, FOREVER, id);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_note_task(below, f->host, id, APR_KILL_ALWAYS, NULL));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_close(f->host, &error));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_close(f->host, &error));
    assert_null(tether_apr_registry(f->host));
    assert_int_equal(tether_apr_code(tether_apr_task_wait(f->host, id, NULL, NULL, 0, &error)),
                     TETHER_ECLOSED);
    assert_string_equal(error.message, "the registry was closed");
    assert_int_equal(tether_apr_code(tether_apr_procattr_create(&attr, f->host, f->pool)),
                     TETHER_ECLOSED);
    apr_pool_destroy(below);
    assert_false(tether_status_ended(apr_seen_status(f, id)));
}

static void an_open_that_fails_leaves_nothing_in_the_pool(void **state)
{
    apr_fixture *f = *state;
    tether_error error = {0};
    tether_apr_host *host;
    const tether_open_options options = {.store = f->base.store, .session = "a/b"};
    ASSERT_STATUS(APR_EINVAL, tether_apr_open(&host, &options, TETHER_DETACH, f->pool, &error));
    assert_null(host);
    assert_int_equal(error.code, TETHER_EINVAL);
    ASSERT_STATUS(APR_EINVAL, tether_apr_open(&host, NULL, (tether_close_mode)7, f->pool, &error));
    assert_null(host);
}

typedef struct ending {
    apr_pool_t *pool;
    atomic_bool begun;
    atomic_bool over;
} ending;

static void end_pool(tether_registry *registry, const tether_event *event, void *userdata)
{
    ending *e = userdata;
    (void)registry;
    if (event->kind != TETHER_EVENT_COMPLETION || atomic_exchange(&e->begun, true))
        return;
    apr_pool_destroy(e->pool);
    atomic_store(&e->over, true);
}

/* Beside the end of the task, with a note that waits and a pipe that nobody reads. */
static void a_callback_may_end_the_pool(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE], noted[TETHER_ID_SIZE];
    tether_apr_host *host;
    tether_apr_procattr *attr;
    apr_proc_t proc;
    const char *args[] = {"flood", "flood", "200000", "forever", NULL};
    ending e = {.pool = apr_below(f->pool)};
    const tether_open_options options = {
        .store = f->base.store, .on_event = end_pool, .userdata = &e};
    ASSERT_STATUS(APR_SUCCESS, tether_apr_open(&host, &options, TETHER_DETACH, e.pool, NULL));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_create(&attr, host, e.pool));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, 0));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_proc_create(&proc, CHILD, args, NULL, attr, e.pool));
    apr_run(host, FOREVER, noted);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_note_task(e.pool, host, noted, APR_KILL_ALWAYS, NULL));
    apr_run(host, "exit 3", id);
    WAIT_UNTIL(atomic_load(&e.over));
    assert_int_equal(apr_seen_status(f, noted), TETHER_STATUS_KILLED);
    assert_int_equal(apr_seen_status(f, id), TETHER_STATUS_FAILED);
}

/* As a server that is preforked: its children end their pools, or all of APR. */
static void a_forked_process_leaves_the_registry_alone(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int code;
    apr_exit_why_e why;
    apr_proc_t forked;
    tether_error error = {0};
    apr_open(f, f->pool, TETHER_SHUTDOWN);
    apr_run(f->host, FOREVER, id);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_note_task(f->pool, f->host, id, APR_KILL_ALWAYS, NULL));
    apr_status_t status = apr_proc_fork(&forked, f->pool);
    if (status == APR_INCHILD) {
        HOST_ASSERT(tether_apr_registry(f->host) == NULL);
        status = tether_apr_task_wait(f->host, id, &code, &why, -1, &error);
        HOST_ASSERT(tether_apr_code(status) == TETHER_ECLOSED);
        HOST_ASSERT(strstr(error.message, "before this process was forked") != NULL);
        apr_pool_destroy(f->pool);
        test_host_end();
    }
    assert_int_equal(status, APR_INPARENT);
    ASSERT_STATUS(APR_CHILD_DONE, apr_proc_wait(&forked, &code, &why, APR_WAIT));
    assert_int_equal(code, 3);
    assert_false(tether_status_ended(test_status(tether_apr_registry(f->host), id)));
}

/* What a program that APR starts sees of this process: its open descriptors. */
static void started_by_apr(apr_pool_t *pool, char *line, apr_size_t size)
{
    apr_procattr_t *attr;
    apr_proc_t proc;
    const char *args[] = {CHILD, "fds", NULL};
    ASSERT_STATUS(APR_SUCCESS, apr_procattr_create(&attr, pool));
    ASSERT_STATUS(APR_SUCCESS, apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE));
    ASSERT_STATUS(APR_SUCCESS, apr_proc_create(&proc, CHILD, args, NULL, attr, pool));
    ASSERT_STATUS(APR_SUCCESS, apr_file_gets(line, (int)size, proc.out));
    ASSERT_STATUS(APR_CHILD_DONE, apr_proc_wait(&proc, NULL, NULL, APR_WAIT));
}

/* apr_proc_create runs the clean-ups for exec of all pools in its child. */
static void a_program_that_apr_starts_gets_nothing_of_the_registry(void **state)
{
    apr_fixture *f = *state;
    char before[256], with[256], id[TETHER_ID_SIZE];
    started_by_apr(f->pool, before, sizeof before);
    tether_apr_host *host = apr_open(f, f->pool, TETHER_SHUTDOWN);
    apr_run(host, FOREVER, id);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_note_task(f->pool, host, id, APR_KILL_ALWAYS, NULL));
    started_by_apr(f->pool, with, sizeof with);
    assert_string_equal(with, before);
    assert_false(tether_status_ended(test_status(tether_apr_registry(host), id)));
}

int main(void)
{
#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, apr_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_pool_detaches_its_registry_and_can_have_another, apr_setup_host),
        TEST(a_pool_shuts_down_on_request, apr_setup),
        TEST(two_registries_in_one_pool_are_two, apr_setup_host),
        TEST(a_pool_above_ends_those_below, apr_setup),
        TEST(a_pool_that_may_outlive_the_registry_is_refused, apr_setup),
        TEST(a_closed_registry_is_told_and_forgets_its_notes, apr_setup_host),
        TEST(an_open_that_fails_leaves_nothing_in_the_pool, apr_setup),
        TEST(a_callback_may_end_the_pool, apr_setup),
        TEST(a_forked_process_leaves_the_registry_alone, apr_setup_host),
        TEST(a_program_that_apr_starts_gets_nothing_of_the_registry, apr_setup),
    };
    return cmocka_run_group_tests_name("apr_pool", tests, NULL, NULL);
}
