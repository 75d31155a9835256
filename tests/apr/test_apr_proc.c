/* Tasks in place of processes of APR: start, wait, pipes, and what a pool does to them. */
#include "apr/apr_host.h"

#include <apr_signal.h>
#include <stdlib.h>
#include <string.h>

static tether_apr_procattr *attribute(apr_fixture *f, apr_pool_t *pool)
{
    tether_apr_procattr *attr;
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_create(&attr, f->host, pool));
    return attr;
}

/* Starts a task and fails the test with the text if it does not start. */
static const char *create(tether_apr_procattr *attr, apr_proc_t *proc, const char *program,
                          const char *const *args, const char *const *env, apr_pool_t *pool)
{
    if (tether_apr_proc_create(proc, program, args, env, attr, pool) != APR_SUCCESS)
        fail_msg("%s", tether_apr_procattr_error(attr)->message);
    return tether_apr_procattr_task_id(attr);
}

static void expect_end(apr_fixture *f, const char *id, int expected, apr_exit_why_e expected_why)
{
    tether_error error = {0};
    int code;
    apr_exit_why_e why;
    apr_status_t status = tether_apr_task_wait(f->host, id, &code, &why, -1, &error);
    if (status != APR_CHILD_DONE)
        fail_msg("%s", error.message);
    assert_int_equal(why, expected_why);
    assert_int_equal(code, expected);
}

static void a_task_is_waited_for_as_a_process(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    int code;
    apr_exit_why_e why;
    tether_apr_procattr *attr = attribute(f, f->pool);
    assert_string_equal(tether_apr_procattr_task_id(attr), "");
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_detach_set(attr, 1));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_error_check_set(attr, 1));
    tether_apr_procattr_spec(attr)->name = "of a test";
    const char *go = test_work_path(&f->base, "go");
    const char *const args[] = {CHILD, "await", go, "exit", "7", NULL};
    const char *id = create(attr, &proc, CHILD, args, NULL, f->pool);
    tether_snapshot *snapshot = test_snapshot(tether_apr_registry(f->host), id);
    assert_int_equal(proc.pid, snapshot->child_pid);
    assert_string_equal(snapshot->name, "of a test");
    tether_snapshot_free(snapshot);
    assert_null(proc.in);
    assert_null(proc.out);
    assert_null(proc.err);
    ASSERT_STATUS(APR_CHILD_NOTDONE, tether_apr_task_wait(f->host, id, &code, &why, 0, NULL));
    ASSERT_STATUS(APR_CHILD_NOTDONE, tether_apr_task_wait(f->host, id, NULL, NULL, 1, NULL));
    test_write_file(go, "", 0);
    expect_end(f, id, 7, APR_PROC_EXIT);
    expect_end(f, id, 7, APR_PROC_EXIT);
}

static void a_signal_is_told_as_one(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    tether_error error = {0};
    const char *const args[] = {CHILD, "forever", NULL};
    const char *id = create(attribute(f, f->pool), &proc, CHILD, args, NULL, f->pool);
    ASSERT_OK(tether_kill(tether_apr_registry(f->host), id, NULL, &error), error);
    expect_end(f, id, SIGTERM, APR_PROC_SIGNAL);
}

/* Of a task whose host has gone. */
static void an_unknown_end_is_no_exit_code(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int code = 0;
    apr_exit_why_e why;
    tether_error error = {0};
    tether_proxy *proxy;
    const tether_proxy_spec spec = {.command = "work"};
    tether_registry *other = test_open(&f->base);
    ASSERT_OK(tether_proxy_open(other, &spec, id, &proxy, &error), error);
    test_detach(other);
    ASSERT_STATUS(APR_EGENERAL, tether_apr_task_wait(f->host, id, &code, &why, -1, &error));
    assert_int_equal(code, -1);
    assert_int_equal(why, 0);
    assert_string_equal(error.message, "given up by its owner");
    (void)tether_proxy_finish(proxy, 0, 0, NULL);
}

/* As a server that waits for any child, or one that does not know that the child is not its own. */
static void a_host_that_reaps_everything_gets_the_exit_code(void **state)
{
    apr_fixture *f = *state;
    const char *const args[] = {CHILD, "exit", "5", NULL};
    for (int i = 0; i < 4; i++) {
        apr_proc_t proc, any;
        const char *id = create(attribute(f, f->pool), &proc, CHILD, args, NULL, f->pool);
        if (i % 2 == 0)
            (void)apr_proc_wait(&proc, NULL, NULL, APR_WAIT);
        else
            while (apr_proc_wait_all_procs(&any, NULL, NULL, APR_WAIT, f->pool) == APR_CHILD_DONE) {
            }
        expect_end(f, id, 5, APR_PROC_EXIT);
    }
}

typedef struct start {
    apr_cmdtype_e type;
    const char *program;
    const char *args[5];
    const char *env[2];
    bool has_env;
    const char *output;
} start;

static void types_of_commands_are_those_of_apr(void **state)
{
    apr_fixture *f = *state;
    const start starts[] = {
        {APR_PROGRAM, CHILD, {"x", "env", "A"}, {"A=given"}, true, "given\n"},
        {APR_PROGRAM, CHILD, {"x", "env", "TETHER_TEST_HERE"}, {NULL}, false, "\n"},
        {APR_PROGRAM, CHILD, {"x", "out", "a  b"}, {NULL}, false, "a  b\n"},
        {APR_PROGRAM_ENV, CHILD, {"x", "env", "TETHER_TEST_HERE"}, {"A=1"}, true, "inherited\n"},
        {APR_PROGRAM_PATH,
         "sh",
         {"sh", "-c", "echo $TETHER_TEST_HERE"},
         {NULL},
         false,
         "inherited\n"},
        {APR_SHELLCMD, "x", {"echo", "$A;", "echo", "b"}, {"A=given"}, true, "given\nb\n"},
        {APR_SHELLCMD_ENV, "x", {"echo $TETHER_TEST_HERE"}, {NULL}, false, "inherited\n"},
    };
    setenv("TETHER_TEST_HERE", "inherited", 1);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const start *s = &starts[i];
        apr_proc_t proc;
        tether_apr_procattr *attr = attribute(f, f->pool);
        ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_cmdtype_set(attr, s->type));
        const char *id =
            create(attr, &proc, s->program, s->args, s->has_env ? s->env : NULL, f->pool);
        expect_end(f, id, 0, APR_PROC_EXIT);
        test_expect_output(tether_apr_registry(f->host), id, TETHER_STDOUT, s->output);
    }
    unsetenv("TETHER_TEST_HERE");
}

static void a_program_without_a_folder_is_in_the_working_directory(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    const char *const args[] = {"tool", NULL};
    const char *tool = test_work_path(&f->base, "tool");
    test_write_file(tool, "#!/bin/sh\npwd\n", 14);
    ASSERT_STATUS(APR_SUCCESS, apr_file_perms_set(tool, APR_FPROT_UREAD | APR_FPROT_UEXECUTE));
    tether_apr_procattr *attr = attribute(f, f->pool);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_dir_set(attr, f->base.work));
    const char *id = create(attr, &proc, "tool", args, NULL, f->pool);
    expect_end(f, id, 0, APR_PROC_EXIT);
    size_t size;
    char *output = test_output(tether_apr_registry(f->host), id, TETHER_STDOUT, &size);
    assert_non_null(strstr(output, strrchr(f->base.work, '/')));
    free(output);
}

static void a_start_that_fails_is_told_at_once_and_leaves_nothing(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    const char *const args[] = {"x", NULL}, *const none[] = {NULL};
    tether_snapshot_list *list;
    tether_error error = {0};
    tether_apr_procattr *attr = attribute(f, f->pool);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_io_set(attr, 0, APR_FULL_BLOCK, APR_FULL_BLOCK));
    apr_status_t status = tether_apr_proc_create(&proc, "/no/such", args, NULL, attr, f->pool);
    assert_true(APR_STATUS_IS_ENOENT(status));
    assert_non_null(strstr(tether_apr_procattr_error(attr)->message, "/no/such"));
    assert_int_equal(proc.pid, 0);
    assert_null(proc.out);
    assert_string_equal(tether_apr_procattr_task_id(attr), "");
    ASSERT_STATUS(APR_EINVAL, tether_apr_proc_create(&proc, NULL, args, NULL, attr, f->pool));
    ASSERT_STATUS(APR_EINVAL, tether_apr_proc_create(&proc, "x", NULL, NULL, attr, f->pool));
    ASSERT_STATUS(APR_EINVAL, tether_apr_procattr_cmdtype_set(attr, (apr_cmdtype_e)9));
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_cmdtype_set(attr, APR_SHELLCMD));
    ASSERT_STATUS(APR_EINVAL, tether_apr_proc_create(&proc, "x", none, NULL, attr, f->pool));
    ASSERT_OK(tether_list(tether_apr_registry(f->host), TETHER_LIST_ALL, &list, &error), error);
    assert_int_equal(list->count, 0);
    tether_snapshot_list_free(list);
}

/* Reads a pipe to its end and returns how many bytes came. */
static apr_size_t drain(apr_file_t *file)
{
    char bytes[4096];
    apr_size_t total = 0;
    for (;;) {
        apr_size_t size = sizeof bytes;
        apr_status_t status = apr_file_read(file, bytes, &size);
        if (APR_STATUS_IS_EOF(status))
            return total;
        ASSERT_STATUS(APR_SUCCESS, status);
        total += size;
    }
}

/* More than pipes hold: a process would wait for its reader, who waits for its end. */
static void outputs_can_be_read_one_after_the_other(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    const char *const args[] = {CHILD, "floods", "400000", NULL};
    tether_apr_procattr *attr = attribute(f, f->pool);
    ASSERT_STATUS(APR_SUCCESS,
                  tether_apr_procattr_io_set(attr, APR_NO_FILE, APR_FULL_BLOCK, APR_PARENT_BLOCK));
    const char *id = create(attr, &proc, CHILD, args, NULL, f->pool);
    expect_end(f, id, 0, APR_PROC_EXIT);
    assert_int_equal(drain(proc.err), 400000);
    assert_int_equal(drain(proc.out), 400000);
}

static void a_pipe_tells_what_is_written_while_the_task_runs(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    char line[64];
    const char *go = test_work_path(&f->base, "go");
    const char *const args[] = {CHILD, "out", "first", "await", go, "out", "second", NULL};
    tether_apr_procattr *attr = attribute(f, f->pool);
    ASSERT_STATUS(APR_SUCCESS,
                  tether_apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_CHILD_BLOCK));
    create(attr, &proc, CHILD, args, NULL, f->pool);
    ASSERT_STATUS(APR_SUCCESS, apr_file_gets(line, sizeof line, proc.out));
    assert_string_equal(line, "first\n");
    apr_size_t size = sizeof line;
    assert_true(APR_STATUS_IS_EAGAIN(apr_file_read(proc.err, line, &size)));
    test_write_file(go, "", 0);
    ASSERT_STATUS(APR_SUCCESS, apr_file_gets(line, sizeof line, proc.out));
    assert_string_equal(line, "second\n");
    assert_int_equal(drain(proc.out), 0);
}

/* One pipe whose reader is gone, one that nobody reads, one that has no output. */
static void a_task_goes_on_when_its_pipes_end(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    const char *const flood[] = {CHILD, "flood", "300000", "forever", NULL};
    const char *const silent[] = {CHILD, "forever", NULL};
    char ids[3][TETHER_ID_SIZE];
    apr_pool_t *request = apr_below(f->pool);
    tether_apr_procattr *attr = attribute(f, f->pool);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_io_set(attr, 0, APR_FULL_BLOCK, 0));
    strcpy(ids[0], create(attr, &proc, CHILD, flood, NULL, request));
    apr_pool_destroy(request);
    strcpy(ids[1], create(attr, &proc, CHILD, flood, NULL, f->pool));
    strcpy(ids[2], create(attr, &proc, CHILD, silent, NULL, f->pool));
    for (int i = 0; i < 2; i++)
        test_wait_output(tether_apr_registry(f->host), ids[i], TETHER_STDOUT, 300000);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_close(f->host, NULL));
    for (int i = 0; i < 3; i++)
        assert_false(tether_status_ended(apr_seen_status(f, ids[i])));
    /* The host's end of the pipe is still its own. */
    assert_int_equal(drain(proc.out), 0);
}

static void a_shutdown_does_not_wait_for_a_reader(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    const char *const args[] = {CHILD, "flood", "300000", "forever", NULL};
    apr_pool_t *below = apr_below(f->pool);
    f->host = apr_open(f, below, TETHER_SHUTDOWN);
    tether_apr_procattr *attr = attribute(f, below);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_procattr_io_set(attr, 0, APR_FULL_BLOCK, 0));
    char id[TETHER_ID_SIZE];
    strcpy(id, create(attr, &proc, CHILD, args, NULL, below));
    apr_pool_destroy(below);
    assert_int_equal(apr_seen_status(f, id), TETHER_STATUS_KILLED);
}

static void standard_input_is_written_through_the_library(void **state)
{
    apr_fixture *f = *state;
    apr_proc_t proc;
    tether_error error = {0};
    const char *const args[] = {CHILD, "cat", NULL};
    tether_apr_procattr *attr = attribute(f, f->pool);
    ASSERT_STATUS(APR_ENOTIMPL, tether_apr_procattr_io_set(attr, APR_FULL_BLOCK, 0, 0));
    assert_non_null(strstr(tether_apr_procattr_error(attr)->message, "input_pipe"));
    tether_apr_procattr_spec(attr)->input_pipe = true;
    if (strcmp(test_supervisor(), "monitor") != 0) {
        ASSERT_STATUS(APR_ENOTIMPL,
                      tether_apr_proc_create(&proc, CHILD, args, NULL, attr, f->pool));
        return;
    }
    const char *id = create(attr, &proc, CHILD, args, NULL, f->pool);
    const tether_input_options all = {.close = true, .timeout_ms = -1};
    ASSERT_OK(tether_input(tether_apr_registry(f->host), id, "hello", 5, &all, NULL, NULL, &error),
              error);
    expect_end(f, id, 0, APR_PROC_EXIT);
    test_expect_output(tether_apr_registry(f->host), id, TETHER_STDOUT, "hello");
}

static void an_output_is_a_file_of_apr(void **state)
{
    apr_fixture *f = *state;
    char id[TETHER_ID_SIZE], line[64];
    tether_error error = {0};
    apr_file_t *file;
    const tether_spec merged = {.command = "exit 0", .merge_output = true};
    apr_run(f->host, CHILD_TEXT " out one err two", id);
    expect_end(f, id, 0, APR_PROC_EXIT);
    ASSERT_STATUS(APR_SUCCESS,
                  tether_apr_output_open(&file, f->host, id, TETHER_STDOUT, f->pool, &error));
    ASSERT_STATUS(APR_SUCCESS, apr_file_gets(line, sizeof line, file));
    assert_string_equal(line, "one\n");
    ASSERT_STATUS(APR_SUCCESS,
                  tether_apr_output_open(&file, f->host, id, TETHER_STDERR, f->pool, &error));
    ASSERT_STATUS(APR_SUCCESS, apr_file_gets(line, sizeof line, file));
    assert_string_equal(line, "two\n");
    test_start(tether_apr_registry(f->host), &merged, id);
    ASSERT_STATUS(APR_EINVAL,
                  tether_apr_output_open(&file, f->host, id, TETHER_STDERR, f->pool, &error));
    assert_null(file);
    assert_int_equal(tether_apr_code(tether_apr_output_open(&file, f->host, "t-none", TETHER_STDOUT,
                                                            f->pool, &error)),
                     TETHER_ENOTASK);
}

typedef struct condition {
    apr_kill_conditions_e how;
    const char *command;
    tether_status status;
    int64_t code;
} condition;

/* All in one pool, each as the pool's own processes are treated. */
static void a_pool_treats_tasks_as_it_treats_processes(void **state)
{
    apr_fixture *f = *state;
    static const condition conditions[] = {
        {APR_KILL_NEVER, "out up forever", TETHER_STATUS_RUNNING, TETHER_EXIT_UNKNOWN},
        {APR_KILL_ALWAYS, "out up forever", TETHER_STATUS_KILLED, 128 + SIGKILL},
        {APR_KILL_AFTER_TIMEOUT, "out up forever", TETHER_STATUS_KILLED, 128 + SIGTERM},
        {APR_KILL_AFTER_TIMEOUT, "ignore-term out up forever", TETHER_STATUS_KILLED, 128 + SIGKILL},
        {APR_KILL_AFTER_TIMEOUT, "ignore-term out up forever", TETHER_STATUS_KILLED, 128 + SIGKILL},
        {APR_JUST_WAIT, "out up sleep 300 exit 6", TETHER_STATUS_FAILED, 6},
        {APR_KILL_ONLY_ONCE, "out up forever", TETHER_STATUS_FAILED, 128 + SIGTERM},
        {APR_KILL_ONLY_ONCE, "ignore-term out up sleep 300 exit 4", TETHER_STATUS_FAILED, 4},
    };
    enum { COUNT = sizeof conditions / sizeof conditions[0] };
    char ids[COUNT][TETHER_ID_SIZE], command[512];
    tether_registry *registry = tether_apr_registry(f->host);
    apr_pool_t *request = apr_below(f->pool);
    for (int i = 0; i < COUNT; i++) {
        snprintf(command, sizeof command, "exec " CHILD_TEXT " %s", conditions[i].command);
        apr_run(f->host, command, ids[i]);
        test_wait_output(registry, ids[i], TETHER_STDOUT, 3);
        ASSERT_STATUS(APR_SUCCESS,
                      tether_apr_note_task(request, f->host, ids[i], conditions[i].how, NULL));
    }
    ASSERT_STATUS(APR_EINVAL, tether_apr_note_task(request, f->host, ids[0], 9, NULL));
    apr_pool_destroy(request);
    for (int i = 0; i < COUNT; i++) {
        tether_snapshot *snapshot = test_snapshot(registry, ids[i]);
        assert_int_equal(snapshot->status, conditions[i].status);
        assert_int_equal(snapshot->exit_code, conditions[i].code);
        tether_snapshot_free(snapshot);
    }
}

typedef struct late {
    apr_fixture *f;
    apr_pool_t *pool;
    const char *id;
} late;

static apr_status_t note_late(void *data)
{
    const late *l = data;
    return tether_apr_note_task(l->pool, l->f->host, l->id, APR_KILL_ALWAYS, NULL);
}

/* A clean-up that was registered before the notes runs after them. */
static void a_clean_up_may_note_a_task(void **state)
{
    apr_fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE];
    late l = {f, apr_below(f->pool), second};
    apr_run(f->host, CHILD_TEXT " forever", first);
    apr_run(f->host, CHILD_TEXT " forever", second);
    apr_pool_cleanup_register(l.pool, &l, note_late, apr_pool_cleanup_null);
    ASSERT_STATUS(APR_SUCCESS, tether_apr_note_task(l.pool, f->host, first, APR_KILL_ALWAYS, NULL));
    apr_pool_clear(l.pool);
    assert_int_equal(test_status(tether_apr_registry(f->host), first), TETHER_STATUS_KILLED);
    assert_int_equal(test_status(tether_apr_registry(f->host), second), TETHER_STATUS_KILLED);
}

static void a_module_finds_the_task_of_its_predecessor(void **state)
{
    apr_fixture *f = *state;
    char *out, *err;
    const char *const argv[] = {TETHER_TEST_APR_MODULE, f->base.store,
                                "sleep 0.1; echo done; exit 3", NULL};
    assert_int_equal(test_command(argv, &out, &err), 0);
    assert_string_equal(err, "");
    assert_string_equal(out, "200 exit code 3\ndone\n");
    free(out);
    free(err);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, apr_setup_host, apr_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_task_is_waited_for_as_a_process),
        TEST(a_signal_is_told_as_one),
        TEST(an_unknown_end_is_no_exit_code),
        TEST(a_host_that_reaps_everything_gets_the_exit_code),
        TEST(types_of_commands_are_those_of_apr),
        TEST(a_program_without_a_folder_is_in_the_working_directory),
        TEST(a_start_that_fails_is_told_at_once_and_leaves_nothing),
        TEST(outputs_can_be_read_one_after_the_other),
        TEST(a_pipe_tells_what_is_written_while_the_task_runs),
        TEST(a_task_goes_on_when_its_pipes_end),
        TEST(a_shutdown_does_not_wait_for_a_reader),
        TEST(standard_input_is_written_through_the_library),
        TEST(an_output_is_a_file_of_apr),
        TEST(a_pool_treats_tasks_as_it_treats_processes),
        TEST(a_clean_up_may_note_a_task),
        TEST(a_module_finds_the_task_of_its_predecessor),
    };
    return cmocka_run_group_tests_name("apr_proc", tests, NULL, NULL);
}
