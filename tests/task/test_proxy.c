/* Proxy tasks within one process: a host's own work that lists, waits and completes like any other.
 */
#include "support/support.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { KILL_SIGNAL = 9, TERM_SIGNAL = 15 };

static const char self_ended[] = "ended by itself while being killed";
static const char given_up[] = "given up by its owner";

static tether_proxy *open_spec(tether_registry *registry, const tether_proxy_spec *spec,
                               char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    tether_proxy *proxy;
    ASSERT_OK(tether_proxy_open(registry, spec, id, &proxy, &error), error);
    assert_non_null(proxy);
    return proxy;
}

static tether_proxy *open_proxy(tether_registry *registry, char id[TETHER_ID_SIZE])
{
    tether_proxy_spec spec = {.command = "some work"};
    return open_spec(registry, &spec, id);
}

static void finish(tether_proxy *proxy, int code, int signal)
{
    tether_error error = {0};
    ASSERT_OK(tether_proxy_finish(proxy, code, signal, &error), error);
}

static tether_snapshot *look(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    return snapshot;
}

static tether_status status_of(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = look(registry, id);
    tether_status status = snapshot->status;
    tether_snapshot_free(snapshot);
    return status;
}

/* --- opening --- */

static void runs_from_its_opening_on(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "fetch the page",
                              .name = "fetch",
                              .project_root = f->work,
                              .timeout_ms = 600000};
    tether_proxy *proxy = open_spec(f->registry, &spec, id);
    tether_snapshot *s = look(f->registry, id);
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
    /* Nothing that anybody could take for a process to signal. */
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
    finish(proxy, 0, 0);
}

static void writes_what_every_host_can_read(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], first[64];
    size_t size;
    tether_proxy *proxy = open_proxy(f->registry, id);
    json_t *record = test_load_record(f, id);
    json_t *identity = json_object_get(record, "identity");
    assert_string_equal(json_string_value(json_object_get(record, "supervisor")), "proxy");
    assert_string_equal(json_string_value(json_object_get(record, "status")), "running");
    assert_true(json_is_null(json_object_get(record, "child_pid")));
    assert_true(json_is_null(json_object_get(record, "pgid")));
    assert_int_equal(json_integer_value(json_object_get(identity, "pid")), uv_os_getpid());
    json_decref(record);
    char *marker = test_read_file(test_exit_path(f, id), &size);
    snprintf(first, sizeof first, "supervisor pid=%d start=", (int)uv_os_getpid());
    assert_int_equal(strncmp(marker, first, strlen(first)), 0);
    assert_int_equal(test_count_lines(test_exit_path(f, id)), 1);
    free(marker);
    finish(proxy, 3, 0);
    marker = test_read_file(test_exit_path(f, id), &size);
    assert_non_null(strstr(marker, "\nexit 3 uptime="));
    assert_int_equal(test_count_lines(test_exit_path(f, id)), 2);
    free(marker);
}

static void is_listed_like_any_other(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], task[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_registry *other = test_open(f);
    tether_proxy *proxy = open_proxy(f->registry, id);
    test_start_child(f->registry, task, "forever", NULL);
    tether_registry *const both[] = {f->registry, other};
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_list(both[i], TETHER_LIST_RUNNING, &list, &f->error), f->error);
        assert_int_equal(list->count, 2);
        tether_snapshot_list_free(list);
    }
    finish(proxy, 0, 0);
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_list(both[i], TETHER_LIST_RUNNING, &list, &f->error), f->error);
        assert_int_equal(list->count, 1);
        assert_string_equal(list->items[0].task_id, task);
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

static void takes_a_chosen_id_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], task[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "x", .task_id = "my-work_1"};
    tether_proxy *proxy = open_spec(f->registry, &spec, id);
    assert_string_equal(id, "my-work_1");
    assert_refused(f, &spec, TETHER_EEXISTS);
    /* The one that has it is none the worse. */
    assert_int_equal(status_of(f->registry, id), TETHER_STATUS_RUNNING);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, "x", 1, &f->error), f->error);
    finish(proxy, 7, 0);
    assert_refused(f, &spec, TETHER_EEXISTS);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);

    test_run(f, "exit 5", task);
    spec.task_id = task;
    assert_refused(f, &spec, TETHER_EEXISTS);
    test_expect(f->registry, task, TETHER_STATUS_FAILED, 5, NULL);
    /* A bundle alone, whose lifeline somebody removed, has the name too. */
    test_remove_file(test_exit_path(f, task));
    assert_refused(f, &spec, TETHER_EEXISTS);
    assert_false(test_exists(test_exit_path(f, task)));
    test_expect(f->registry, task, TETHER_STATUS_FAILED, 5, NULL);
}

static void leaves_nothing_where_it_is_refused(void **state)
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
    assert_int_equal(test_count_names(test_session_path(f, "exits")), 0);
    /* The reaper opens and closes its own meanwhile. */
    WAIT_UNTIL(test_count_fds() <= fds);
}

static void knows_a_spec_of_another_size(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    struct {
        tether_proxy_spec spec;
        char newer[64];
    } larger = {.spec = {.command = "x"}};
    memset(larger.newer, 0xff, sizeof larger.newer);
    larger.spec.size = sizeof larger;
    finish(open_spec(f->registry, &larger.spec, id), 0, 0);
    tether_proxy_spec smaller = {.command = "x", .timeout_ms = -1};
    smaller.size = offsetof(tether_proxy_spec, timeout_ms);
    finish(open_spec(f->registry, &smaller, id), 0, 0);
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
    tether_proxy *proxy = open_spec(f->registry, &spec, id);
    int fds = test_count_fds();
    assert_refused(f, &spec, TETHER_EQUOTA);
    assert_int_equal(tether_spawn(f->registry, &task, id, &f->error), TETHER_EQUOTA);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 1);
    assert_int_equal(test_count_names(test_session_path(f, "exits")), 1);
    /* The reaper opens and closes its own meanwhile. */
    WAIT_UNTIL(test_count_fds() <= fds);
    finish(proxy, 0, 0);
    finish(open_spec(f->registry, &spec, id), 0, 0);
    finish(open_spec(f->registry, &spec, id), 0, 0);
    assert_refused(f, &spec, TETHER_EQUOTA);
}

/* An id may come again once its first task was removed, by another host too. */
static void an_id_that_comes_again_is_a_new_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_proxy_spec spec = {.command = "x", .task_id = "deploy"};
    const tether_gc_options any_age = {.older_than_ms = -1};
    tether_gc_result removed;
    finish(open_spec(f->registry, &spec, id), 3, 0);
    tether_snapshot_free(test_wait(f->registry, id));
    test_take_completion(f->registry, id);
    tether_registry *other = test_open(f);
    ASSERT_OK(tether_gc(other, &any_age, &removed, &f->error), f->error);
    assert_int_equal(removed.removed, 1);
    test_detach(other);
    tether_proxy *again = open_spec(f->registry, &spec, id);
    assert_false(tether_proxy_cancelled(again));
    const char *ids[] = {id};
    assert_int_equal(tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    finish(again, 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
}

/* --- output --- */

static void feeds_its_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t size;
    tether_proxy *proxy = open_proxy(f->registry, id);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, "one\n", 4, &f->error), f->error);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDERR, "bad\0bytes\xff", 10, &f->error), f->error);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, NULL, 0, &f->error), f->error);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, "two\n", 4, &f->error), f->error);
    assert_int_equal(tether_proxy_write(proxy, (tether_stream)7, "x", 1, &f->error), TETHER_EINVAL);
    char *out = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_string_equal(out, "one\ntwo\n");
    free(out);
    char *err = test_output(f->registry, id, TETHER_STDERR, &size);
    assert_int_equal(size, 10);
    assert_memory_equal(err, "bad\0bytes\xff", 10);
    free(err);
    tether_snapshot *s = look(f->registry, id);
    assert_non_null(strstr(s->output_preview, "two\n"));
    tether_snapshot_free(s);
    finish(proxy, 0, 0);
}

typedef struct writer {
    tether_proxy *proxy;
    int lines;
    int failed;
} writer;

static void write_lines(void *userdata)
{
    writer *w = userdata;
    for (int i = 0; i < w->lines; i++)
        w->failed += tether_proxy_write(w->proxy, TETHER_STDOUT, "0123456\n", 8, NULL) != TETHER_OK;
    w->failed += tether_proxy_finish(w->proxy, 0, 0, NULL) != TETHER_OK;
}

static void is_followed_while_it_writes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uv_thread_t thread;
    uint64_t seen = 0;
    writer w = {.proxy = open_proxy(f->registry, id), .lines = 1000};
    assert_int_equal(uv_thread_create(&thread, write_lines, &w), 0);
    while (seen < 8000) {
        uint64_t size;
        ASSERT_OK(tether_output_wait(f->registry, id, seen, 0, PATIENCE_MS, &f->error), f->error);
        ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &size, &f->error), f->error);
        assert_true(size >= seen);
        assert_int_equal(size % 8, 0);
        seen = size;
    }
    uv_thread_join(&thread);
    assert_int_equal(w.failed, 0);
    assert_int_equal(seen, 8000);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* More of them in posix/test_proxy_hosts.c: elsewhere what is open cannot be removed. */
static void says_that_its_output_is_gone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy *proxy = open_proxy(f->registry, id);
    test_remove_file(test_bundle_path(f, id, "stdout"));
    assert_int_equal(tether_proxy_write(proxy, TETHER_STDOUT, "x", 1, &f->error), TETHER_EGONE);
    assert_int_equal(f->error.code, TETHER_EGONE);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDERR, "x", 1, &f->error), f->error);
    finish(proxy, 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* --- the end --- */

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
        tether_proxy *proxy = open_proxy(f->registry, id);
        assert_int_equal(test_pending(f->registry, id), 0);
        finish(proxy, cases[i].code, cases[i].signal);
        tether_snapshot *s = look(f->registry, id);
        assert_int_equal(s->status, cases[i].status);
        assert_int_equal(s->exit_code, cases[i].exit_code);
        assert_int_equal(s->signal, cases[i].signal);
        assert_null(s->reason);
        assert_true(s->finished_at >= s->started_at);
        assert_true(s->duration_ms >= 0);
        /* This process lives on: it is no survivor. */
        assert_int_equal(s->survivor_count, 0);
        tether_snapshot_free(s);
        test_take_completion(f->registry, id);
    }
}

static void completes_silently_where_that_is_wanted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "x", .no_notify = true};
    finish(open_spec(f->registry, &spec, id), 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(test_pending(f->registry, id), 0);
}

static void is_lost_where_its_end_is_none(void **state)
{
    fixture *f = *state;
    static const int ends[][2] = {{-1, 0}, {256, 0}, {0, -1}, {0, 128}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char id[TETHER_ID_SIZE];
        tether_proxy *proxy = open_proxy(f->registry, id);
        assert_int_equal(tether_proxy_finish(proxy, ends[i][0], ends[i][1], &f->error),
                         TETHER_EINVAL);
        test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, given_up);
        test_take_completion(f->registry, id);
    }
}

static void finish_later(void *userdata)
{
    writer *w = userdata;
    uv_sleep(20);
    write_lines(w);
}

static void is_waited_for_from_both_sides(void **state)
{
    fixture *f = *state;
    char ids[2][TETHER_ID_SIZE];
    size_t index;
    uv_thread_t threads[2];
    tether_registry *other = test_open(f);
    writer writers[2] = {{.proxy = open_proxy(f->registry, ids[0])},
                         {.proxy = open_proxy(f->registry, ids[1])}};
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

static void is_collected_once_it_has_ended(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_gc_result result;
    tether_gc_options options = {.older_than_ms = -1};
    tether_proxy_spec spec = {.command = "x", .no_notify = true};
    tether_proxy *proxy = open_spec(f->registry, &spec, id);
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    assert_int_equal(result.removed, 0);
    assert_int_equal(result.kept, 1);
    assert_int_equal(result.leftovers, 0);
    finish(proxy, 0, 0);
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    assert_int_equal(result.removed, 1);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_names(test_session_path(f, "exits")), 0);
}

/* --- being killed --- */

/* An owner that works until it is told to stop, and then ends like this. */
typedef struct owner {
    tether_proxy *proxy;
    int code, signal;
    int result;
    uv_thread_t thread;
} owner;

static void work_until_cancelled(void *userdata)
{
    owner *o = userdata;
    int64_t end = test_now_ms() + PATIENCE_MS;
    while (!tether_proxy_cancelled(o->proxy) && test_now_ms() < end)
        test_pause();
    bool cancelled = tether_proxy_cancelled(o->proxy);
    o->result = tether_proxy_finish(o->proxy, o->code, o->signal, NULL);
    if (!cancelled)
        o->result = 1;
}

static void start_owner(owner *o, tether_proxy *proxy, int code, int signal)
{
    *o = (owner){.proxy = proxy, .code = code, .signal = signal, .result = -1};
    assert_int_equal(uv_thread_create(&o->thread, work_until_cancelled, o), 0);
}

static void join_owner(owner *o)
{
    uv_thread_join(&o->thread);
    assert_int_equal(o->result, TETHER_OK);
}

static void ends_by_a_kill_as_its_owner_says(void **state)
{
    fixture *f = *state;
    tether_registry *other = test_open(f);
    tether_registry *const killers[] = {f->registry, other};
    static const struct {
        int code, signal;
        tether_status status;
        int64_t exit_code;
        const char *reason;
    } cases[] = {
        {0, TERM_SIGNAL, TETHER_STATUS_KILLED, 143, NULL},
        {0, KILL_SIGNAL, TETHER_STATUS_KILLED, 137, NULL},
        {0, 0, TETHER_STATUS_COMPLETED, 0, self_ended},
        {4, 0, TETHER_STATUS_FAILED, 4, self_ended},
        /* An exit with a signal's code is an exit. */
        {143, 0, TETHER_STATUS_FAILED, 143, self_ended},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        owner o;
        char id[TETHER_ID_SIZE];
        size_t c = i / 2;
        start_owner(&o, open_proxy(f->registry, id), cases[c].code, cases[c].signal);
        ASSERT_OK(tether_kill(killers[i % 2], id, NULL, &f->error), f->error);
        join_owner(&o);
        test_expect(f->registry, id, cases[c].status, cases[c].exit_code, cases[c].reason);
        /* Again is no error. */
        ASSERT_OK(tether_kill(killers[i % 2], id, NULL, &f->error), f->error);
    }
    test_detach(other);
}

static void takes_no_signal(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_kill_options options = {.signal = TERM_SIGNAL};
    tether_proxy *proxy = open_proxy(f->registry, id);
    assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "no process of its own"));
    assert_false(tether_proxy_cancelled(proxy));
    assert_int_equal(status_of(f->registry, id), TETHER_STATUS_RUNNING);
    assert_int_equal(tether_pause(f->registry, id, &f->error), TETHER_ENOTSUP);
    assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_ENOTSUP);
    assert_int_equal(status_of(f->registry, id), TETHER_STATUS_RUNNING);
    finish(proxy, 0, 0);
    assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_ENOTSUP);
}

/* What a host is told of the proxies of its registry; it finishes them where it is told to. */
typedef struct told {
    uv_mutex_t mutex;
    tether_proxy *proxy;
    char id[TETHER_ID_SIZE];
    int started, cancels, completions, strange;
    int result;
} told;

static void hear(tether_registry *registry, const tether_event *event, void *userdata)
{
    told *t = userdata;
    (void)registry;
    uv_mutex_lock(&t->mutex);
    t->strange += event->task_id == NULL || strcmp(event->task_id, t->id) != 0;
    t->started += event->kind == TETHER_EVENT_STARTED;
    t->completions += event->kind == TETHER_EVENT_COMPLETION;
    if (event->kind == TETHER_EVENT_CANCEL) {
        t->cancels++;
        t->strange += event->snapshot->status != TETHER_STATUS_KILLING;
        t->strange += !tether_proxy_cancelled(t->proxy);
        t->result = tether_proxy_finish(t->proxy, 0, TERM_SIGNAL, NULL);
    }
    uv_mutex_unlock(&t->mutex);
}

static int completions_told(told *t)
{
    uv_mutex_lock(&t->mutex);
    int count = t->completions;
    uv_mutex_unlock(&t->mutex);
    return count;
}

typedef enum wish { KILL_HERE, KILL_ELSEWHERE, DEADLINE, WISHES } wish;

static void its_host_is_told_once_to_stop(void **state)
{
    fixture *f = *state;
    told t = {.result = -1};
    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .on_event = hear, .userdata = &t};
    assert_int_equal(uv_mutex_init(&t.mutex), 0);
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    tether_registry *other = test_open(f);
    for (wish w = KILL_HERE; w < WISHES; w++) {
        tether_proxy_spec spec = {.command = "x", .timeout_ms = w == DEADLINE ? 50 : 0};
        uv_mutex_lock(&t.mutex);
        t.proxy = open_spec(registry, &spec, t.id);
        uv_mutex_unlock(&t.mutex);
        if (w != DEADLINE) {
            tether_registry *killer = w == KILL_HERE ? registry : other;
            ASSERT_OK(tether_kill(killer, t.id, NULL, &f->error), f->error);
        }
        test_expect(other, t.id, w == DEADLINE ? TETHER_STATUS_TIMED_OUT : TETHER_STATUS_KILLED,
                    w == DEADLINE ? 124 : 143, NULL);
        WAIT_UNTIL(completions_told(&t) == (int)w + 1);
    }
    test_detach(other);
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    assert_int_equal(t.started, WISHES);
    assert_int_equal(t.cancels, WISHES);
    assert_int_equal(t.completions, WISHES);
    assert_int_equal(t.strange, 0);
    assert_int_equal(t.result, TETHER_OK);
    uv_mutex_destroy(&t.mutex);
}

static void survives_a_kill_until_its_owner_finishes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], process[32];
    tether_kill_options options = {.grace_ms = -1};
    tether_proxy *proxy = open_proxy(f->registry, id);
    /* A signal to this process would end the test. */
    assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_ESURVIVED);
    snprintf(process, sizeof process, "process %d,", (int)uv_os_getpid());
    assert_non_null(strstr(f->error.message, process));
    assert_true(tether_proxy_cancelled(proxy));
    assert_int_equal(status_of(f->registry, id), TETHER_STATUS_KILLING);
    assert_int_equal(test_pending(f->registry, id), 0);
    finish(proxy, 0, TERM_SIGNAL);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 143, NULL);
}

static void times_out_at_its_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    owner o;
    tether_proxy_spec spec = {.command = "x", .timeout_ms = 50};
    start_owner(&o, open_spec(f->registry, &spec, id), 0, TERM_SIGNAL);
    join_owner(&o);
    tether_snapshot *s = test_wait(f->registry, id);
    assert_int_equal(s->status, TETHER_STATUS_TIMED_OUT);
    assert_int_equal(s->exit_code, 124);
    assert_null(s->reason);
    assert_true(s->duration_ms >= 40); /* the end is the time of a file, which is that of a tick */
    tether_snapshot_free(s);
}

static void ends_by_itself_at_its_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "x", .timeout_ms = 50};
    tether_proxy *proxy = open_spec(f->registry, &spec, id);
    WAIT_UNTIL(status_of(f->registry, id) == TETHER_STATUS_KILLING);
    assert_true(tether_proxy_cancelled(proxy));
    finish(proxy, 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, "ended by itself at its deadline");
}

/* --- closing --- */

static void closing_gives_up_what_is_open(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    tether_proxy *proxies[3];
    tether_registry *registry = test_open(f);
    for (int i = 0; i < 3; i++)
        proxies[i] = open_proxy(registry, ids[i]);
    finish(proxies[1], 0, 0);
    test_detach(registry);
    f->registry = test_open(f);
    test_expect(f->registry, ids[0], TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, given_up);
    test_expect(f->registry, ids[1], TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect(f->registry, ids[2], TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, given_up);
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
    owner owners[3];
    tether_registry *registry = test_open(f);
    for (int i = 0; i < 3; i++)
        start_owner(&owners[i], open_proxy(registry, ids[i]), 0, i < 2 ? TERM_SIGNAL : 0);
    ASSERT_OK(tether_close(registry, TETHER_SHUTDOWN, &f->error), f->error);
    for (int i = 0; i < 3; i++)
        uv_thread_join(&owners[i].thread);
    f->registry = test_open(f);
    for (int i = 0; i < 2; i++)
        test_expect(f->registry, ids[i], TETHER_STATUS_KILLED, 143, "registry was shut down");
    test_expect(f->registry, ids[2], TETHER_STATUS_COMPLETED, 0, self_ended);
}

/* "killed" would say that the work is over, which nobody knows. */
static void a_shutdown_gives_up_what_does_not_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *registry = test_open(f);
    tether_proxy *proxy = open_proxy(registry, id);
    assert_int_equal(tether_close(registry, TETHER_SHUTDOWN, &f->error), TETHER_ESURVIVED);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, given_up);
    assert_int_equal(tether_proxy_finish(proxy, 0, TERM_SIGNAL, &f->error), TETHER_ECLOSED);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, given_up);
}

/* --- many --- */

enum { THREADS = 10, PROXIES_EACH = 10 };

typedef struct crowd {
    tether_registry *registry;
    int number;
    char ids[PROXIES_EACH][TETHER_ID_SIZE];
    int failed;
} crowd;

static void run_many(void *userdata)
{
    crowd *c = userdata;
    tether_proxy *proxies[PROXIES_EACH];
    for (int i = 0; i < PROXIES_EACH; i++) {
        tether_proxy_spec spec = {.command = "one of many"};
        if (tether_proxy_open(c->registry, &spec, c->ids[i], &proxies[i], NULL) != TETHER_OK)
            c->failed++;
    }
    for (int i = 0; i < PROXIES_EACH && c->failed == 0; i++) {
        char line[32];
        int size = snprintf(line, sizeof line, "%d\n", c->number * PROXIES_EACH + i);
        c->failed += tether_proxy_cancelled(proxies[i]);
        c->failed +=
            tether_proxy_write(proxies[i], TETHER_STDOUT, line, (size_t)size, NULL) != TETHER_OK;
    }
    for (int i = 0; i < PROXIES_EACH && c->failed == 0; i++)
        c->failed +=
            tether_proxy_finish(proxies[i], c->number * PROXIES_EACH + i, 0, NULL) != TETHER_OK;
}

static void a_hundred_run_from_many_threads(void **state)
{
    fixture *f = *state;
    crowd crowds[THREADS];
    uv_thread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++) {
        crowds[t] = (crowd){.registry = f->registry, .number = t};
        assert_int_equal(uv_thread_create(&threads[t], run_many, &crowds[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        uv_thread_join(&threads[t]);
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(crowds[t].failed, 0);
        for (int i = 0; i < PROXIES_EACH; i++) {
            int code = t * PROXIES_EACH + i;
            test_expect(f->registry, crowds[t].ids[i],
                        code == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED, code, NULL);
            assert_int_equal(test_output_number(f->registry, crowds[t].ids[i]), code);
        }
    }
    assert_int_equal(test_pending(f->registry, NULL), THREADS * PROXIES_EACH);
}

/* Calls under way are waited for, later ones are told: none is a race. */
static void closing_meets_calls_under_way(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        char ids[4][TETHER_ID_SIZE];
        writer writers[4];
        uv_thread_t threads[4];
        tether_registry *registry = test_open(f);
        for (int i = 0; i < 4; i++) {
            writers[i] = (writer){.proxy = open_proxy(registry, ids[i]), .lines = 20};
            assert_int_equal(uv_thread_create(&threads[i], write_lines, &writers[i]), 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

/* Without a registry beside the one that the test closes. */
#define TEST_CLOSED(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_from_its_opening_on),
        TEST(writes_what_every_host_can_read),
        TEST(is_listed_like_any_other),
        TEST(takes_a_chosen_id_once),
        TEST(leaves_nothing_where_it_is_refused),
        TEST(knows_a_spec_of_another_size),
        TEST(an_id_that_comes_again_is_a_new_task),
        TEST_CLOSED(counts_against_the_sessions_limits),
        TEST(feeds_its_output),
        TEST(is_followed_while_it_writes),
        TEST(says_that_its_output_is_gone),
        TEST(ends_as_its_owner_says),
        TEST(completes_silently_where_that_is_wanted),
        TEST(is_lost_where_its_end_is_none),
        TEST(is_waited_for_from_both_sides),
        TEST(is_collected_once_it_has_ended),
        TEST(ends_by_a_kill_as_its_owner_says),
        TEST(takes_no_signal),
        TEST_CLOSED(its_host_is_told_once_to_stop),
        TEST(survives_a_kill_until_its_owner_finishes),
        TEST(times_out_at_its_deadline),
        TEST(ends_by_itself_at_its_deadline),
        TEST_CLOSED(closing_gives_up_what_is_open),
        TEST_CLOSED(a_shutdown_waits_for_its_owners),
        TEST_CLOSED(a_shutdown_gives_up_what_does_not_end),
        TEST(a_hundred_run_from_many_threads),
        TEST_CLOSED(closing_meets_calls_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
