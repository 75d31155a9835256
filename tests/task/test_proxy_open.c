/* Opening a proxy task: its snapshot, record and marker, its id, its options, and failures. */
#include "task/proxy_support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void runs_as_soon_as_it_is_opened(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "fetch the page",
                              .name = "fetch",
                              .project_root = f->work,
                              .timeout_ms = 600000};
    tether_proxy *proxy = proxy_open_spec(f->registry, &spec, id);
    tether_snapshot *s = test_snapshot(f->registry, id);
    assert_string_equal(s->task_id, id);
    assert_string_equal(s->session_id, "default");
    assert_int_equal(s->status, TETHER_STATUS_RUNNING);
    assert_string_equal(s->supervisor, "proxy");
    assert_string_equal(s->command, "fetch the page");
    assert_string_equal(s->name, "fetch");
    assert_string_equal(s->project_root, f->work);
    assert_null(s->shell);
    assert_null(s->reason);
    assert_int_equal(s->timeout_ms, 600000);
    assert_int_equal(s->deadline_at, s->started_at + 600000);
    assert_int_equal(s->exit_code, TETHER_EXIT_UNKNOWN);
    assert_true(s->duration_ms >= 0);
    assert_true(s->notify_on_completion);
    /* No pid in the record: a script might signal it, and it would be this process. */
    assert_int_equal(s->child_pid, 0);
    assert_int_equal(s->survivor_count, 0);
    char *text = tether_snapshot_json(s);
    json_t *json = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "supervisor")), "proxy");
    assert_string_equal(json_string_value(json_object_get(json, "status")), "running");
    assert_true(json_is_null(json_object_get(json, "child_pid")));
    json_decref(json);
    tether_free(text);
    tether_snapshot_free(s);
    assert_false(tether_proxy_cancelled(proxy));
    proxy_finish(proxy, 0, 0);
}

static void its_record_and_marker_name_its_host_as_supervisor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], first[64];
    size_t size;
    tether_proxy *proxy = proxy_open(f->registry, id);
    json_t *record = test_load_record(f, id);
    json_t *identity = json_object_get(record, "identity");
    assert_string_equal(json_string_value(json_object_get(record, "supervisor")), "proxy");
    assert_string_equal(json_string_value(json_object_get(record, "status")), "running");
    assert_false(json_is_integer(json_object_get(record, "child_pid")));
    assert_false(json_is_integer(json_object_get(record, "pgid")));
    assert_int_equal(json_integer_value(json_object_get(identity, "pid")), uv_os_getpid());
    json_decref(record);
    char *marker = test_read_file(test_exit_path(f, id), &size);
    snprintf(first, sizeof first, "supervisor pid=%d start=", (int)uv_os_getpid());
    assert_int_equal(strncmp(marker, first, strlen(first)), 0);
    assert_int_equal(test_count_lines(test_exit_path(f, id)), 1);
    free(marker);
    proxy_finish(proxy, 3, 0);
    marker = test_read_file(test_exit_path(f, id), &size);
    assert_non_null(strstr(marker, "\nexit 3 uptime="));
    assert_int_equal(test_count_lines(test_exit_path(f, id)), 2);
    free(marker);
}

static void is_listed_like_any_other_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], task[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_registry *other = test_open(f);
    tether_proxy *proxy = proxy_open(f->registry, id);
    test_start_child(f->registry, task, "forever", NULL);
    tether_registry *const both[] = {f->registry, other};
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_list(both[i], TETHER_LIST_RUNNING, &list, &f->error), f->error);
        assert_int_equal(list->count, 2);
        tether_snapshot_list_free(list);
    }
    proxy_finish(proxy, 0, 0);
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_list(both[i], TETHER_LIST_RUNNING, &list, &f->error), f->error);
        assert_int_equal(list->count, 1);
        assert_string_equal(list->items[0]->task_id, task);
        tether_snapshot_list_free(list);
        ASSERT_OK(tether_list(both[i], TETHER_LIST_ALL, &list, &f->error), f->error);
        assert_int_equal(list->count, 2);
        tether_snapshot_list_free(list);
    }
    test_detach(other);
}

static void assert_refused(fixture *f, const tether_proxy_spec *spec, int code)
{
    char id[TETHER_ID_SIZE] = "unset";
    tether_error error = {0};
    tether_proxy *proxy = (tether_proxy *)f;
    assert_int_equal(tether_proxy_open(f->registry, spec, id, &proxy, &error), code);
    assert_int_equal(error.code, code);
    assert_null(proxy);
    assert_string_equal(id, "");
}

static void takes_a_chosen_id_only_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], task[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "x", .task_id = "my-work_1"};
    tether_proxy *proxy = proxy_open_spec(f->registry, &spec, id);
    assert_string_equal(id, "my-work_1");
    assert_refused(f, &spec, TETHER_EEXISTS);
    /* The task that has the id is not affected. */
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, "x", 1, &f->error), f->error);
    proxy_finish(proxy, 7, 0);
    assert_refused(f, &spec, TETHER_EEXISTS);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);

    test_run(f, "exit 5", task);
    spec.task_id = task;
    assert_refused(f, &spec, TETHER_EEXISTS);
    test_expect(f->registry, task, TETHER_STATUS_FAILED, 5, NULL);
    /* A bundle whose lifeline was removed keeps the id taken too. */
    test_remove_file(test_exit_path(f, task));
    assert_refused(f, &spec, TETHER_EEXISTS);
    assert_false(test_exists(test_exit_path(f, task)));
    test_expect(f->registry, task, TETHER_STATUS_FAILED, 5, NULL);
}

static void leaves_nothing_when_it_is_refused(void **state)
{
    fixture *f = *state;
    char name[1100];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct {
        tether_proxy_spec spec;
        int code;
    } cases[] = {
        {{.command = NULL}, TETHER_EINVAL},
        {{.command = ""}, TETHER_EINVAL},
        {{.command = "x", .timeout_ms = -1}, TETHER_EINVAL},
        {{.command = "x", .name = name}, TETHER_EINVAL},
        {{.command = "x", .name = ""}, TETHER_EINVAL},
        {{.command = "x", .task_id = ""}, TETHER_EINVAL},
        {{.command = "x", .task_id = "UPPER"}, TETHER_EINVAL},
        {{.command = "x", .task_id = "../x"}, TETHER_EINVAL},
        {{.command = "x", .task_id = "nul"}, TETHER_EINVAL},
        {{.command = "x", .project_root = "/no/such/directory"}, TETHER_EWORKDIR},
    };
    assert_refused(f, NULL, TETHER_EINVAL);
    int fds = test_count_fds();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(f, &cases[i].spec, cases[i].code);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
    /* Poll: the reaper thread also has descriptors open for moments. */
    WAIT_UNTIL(test_count_fds() <= fds);
}

static void accepts_only_sizes_that_a_version_had(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    struct {
        tether_proxy_spec spec;
        char newer[64];
    } larger = {.spec = {.command = "x"}};
    memset(larger.newer, 0xff, sizeof larger.newer);
    larger.spec.size = sizeof larger;
    proxy_finish(proxy_open_spec(f->registry, &larger.spec, id), 0, 0);
    tether_proxy_spec smaller = {.command = "x", .timeout_ms = -1};
    smaller.size = offsetof(tether_proxy_spec, timeout_ms);
    assert_refused(f, &smaller, TETHER_EINVAL);
}

static void counts_against_the_sessions_limits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_open_options options = {.store = f->store,
                                   .reaper = test_reaper_mode(),
                                   .max_running = 1,
                                   .max_started = 3,
                                   .no_gc = 1};
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
    tether_proxy_spec spec = {.command = "x"};
    tether_spec task = {.command = "exit 0"};
    tether_proxy *proxy = proxy_open_spec(f->registry, &spec, id);
    int fds = test_count_fds();
    assert_refused(f, &spec, TETHER_EQUOTA);
    assert_int_equal(tether_spawn(f->registry, &task, id, &f->error), TETHER_EQUOTA);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 1);
    assert_int_equal(test_count_lifelines(f), 1);
    /* Poll: the reaper thread also has descriptors open for moments. */
    WAIT_UNTIL(test_count_fds() <= fds);
    proxy_finish(proxy, 0, 0);
    proxy_finish(proxy_open_spec(f->registry, &spec, id), 0, 0);
    proxy_finish(proxy_open_spec(f->registry, &spec, id), 0, 0);
    assert_refused(f, &spec, TETHER_EQUOTA);
}

/* The first start of a session creates the file that counts them. */
static void the_first_start_leaves_the_error_untouched(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_error untouched = {.code = 4711, .step = "untouched"};
    const tether_proxy_spec spec = {.command = "x"};
    for (int i = 0; i < 2; i++) {
        tether_proxy *proxy;
        tether_error error = untouched;
        ASSERT_OK(tether_proxy_open(f->registry, &spec, id, &proxy, &error), error);
        assert_memory_equal(&error, &untouched, sizeof untouched);
        proxy_finish(proxy, 0, 0);
    }
}

/* An id is free again when its task was removed, even if another host removed it. */
static void a_reused_id_is_a_new_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_proxy_spec spec = {.command = "x", .task_id = "deploy"};
    const tether_gc_options any_age = {.older_than_ms = -1};
    tether_gc_result removed = {0};
    proxy_finish(proxy_open_spec(f->registry, &spec, id), 3, 0);
    tether_snapshot_free(test_wait(f->registry, id));
    test_take_completion(f->registry, id);
    tether_registry *other = test_open(f);
    ASSERT_OK(tether_gc(other, &any_age, &removed, &f->error), f->error);
    assert_int_equal(removed.removed, 1);
    test_detach(other);
    tether_proxy *again = proxy_open_spec(f->registry, &spec, id);
    assert_false(tether_proxy_cancelled(again));
    const char *ids[] = {id};
    assert_int_equal(tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    proxy_finish(again, 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

/* For a test that opens its own registry. */
#define TEST_OWN_REGISTRY(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_as_soon_as_it_is_opened),
        TEST(its_record_and_marker_name_its_host_as_supervisor),
        TEST(is_listed_like_any_other_task),
        TEST(takes_a_chosen_id_only_once),
        TEST(leaves_nothing_when_it_is_refused),
        TEST(accepts_only_sizes_that_a_version_had),
        TEST(the_first_start_leaves_the_error_untouched),
        TEST(a_reused_id_is_a_new_task),
        TEST_OWN_REGISTRY(counts_against_the_sessions_limits),
    };
    return cmocka_run_group_tests_name("proxy_open", tests, NULL, NULL);
}
