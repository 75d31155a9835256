/* The command that a monitor runs when its task has ended: once, told of the end, and without any
 * say in it. */
#include "monitor/posix/monitored.h"
#include "monitor/told.h"
#include "support/elsewhere.h"
#include "support/posix/small_disk.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

static const char unknown[] = "what watched it died before it told how it went";

/* Begins a text for the command at the end that works in the test's folder. */
static const char *in_work(fixture *f, const char *rest)
{
    static char text[2048];
    snprintf(text, sizeof text, "cd '%s' || exit; %s", test_work_path(f, "."), rest);
    return text;
}

static void start(fixture *f, const char *command, const char *on_end, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command, .shell = "sh", .on_end = on_end};
    test_start(f->registry, &spec, id);
}

static long read_pid(const char *path)
{
    char *content = test_read_file(path, NULL);
    assert_non_null(content);
    long pid = strtol(content, NULL, 10);
    free(content);
    assert_true(pid > 1);
    return pid;
}

/* --- What it is told --- */

static void it_reads_what_a_host_reads_later(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exit 7",
                              .shell = "sh",
                              .name = "a \"name\"",
                              .on_end = in_work(f, "cat >json")};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    json_t *told = json_load_file(test_work_path(f, "json"), 0, NULL);
    assert_non_null(told);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    char *text = tether_snapshot_json(snapshot);
    json_t *shown = json_loads(text, 0, NULL);
    const char *key;
    json_t *value;
    json_object_foreach(told, key, value)
    {
        /* These two the monitor and the host read from different clocks. */
        bool measured = strcmp(key, "finished_at") == 0 || strcmp(key, "duration_ms") == 0;
        if (!measured && !json_equal(value, json_object_get(shown, key)))
            fail_msg("%s is not what a host says", key);
        assert_int_equal(json_typeof(value), json_typeof(json_object_get(shown, key)));
    }
    assert_string_equal(json_string_value(json_object_get(told, "status")), "failed");
    assert_int_equal(json_integer_value(json_object_get(told, "exit_code")), 7);
    assert_string_equal(json_string_value(json_object_get(told, "name")), spec.name);
    json_decref(told);
    json_decref(shown);
    free(text);
    tether_snapshot_free(snapshot);
}

static const char print_variables[] =
    "echo \"$TETHER_STATUS,$TETHER_EXIT_CODE,${TETHER_SIGNAL-none},${TETHER_NAME-none},"
    "$TETHER_COMMAND\" >told; test -d \"$TETHER_STORE\" && test \"$TETHER_SESSION\" = default && "
    "test \"$(cat \"$TETHER_STDOUT\")\" = out && test -f \"$TETHER_STDERR\" && "
    "test \"$TETHER_TASK_ID\" = \"$TETHER_ID.on-end\" && test \"$OWN\" = 1";

static void it_has_variables(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char *const set[] = {"TETHER_NAME=stale", "OWN=1", NULL};
    const tether_spec spec = {.command = "echo out; kill -9 $$",
                              .shell = "sh",
                              .env_set = set,
                              .on_end = in_work(f, print_variables)};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    told_expect_file(test_work_path(f, "told"), "failed,137,9,none,echo out; kill -9 $$\n");
}

static void it_works_where_the_task_did(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *folder = test_work_path(f, "here");
    test_make_directory(folder);
    const tether_spec spec = {
        .command = "true", .shell = "sh", .workdir = folder, .on_end = "pwd; pwd >&2"};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    char *output = test_read_file(test_bundle_path(f, id, "on-end"), NULL);
    assert_non_null(output);
    size_t half = strlen(output) / 2;
    assert_memory_equal(output, output + half, half);
    output[half - 1] = '\0';
    assert_string_equal(strrchr(output, '/'), "/here");
    free(output);
}

static void it_works_in_the_root_if_that_place_is_gone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *folder = test_work_path(f, "gone");
    test_make_directory(folder);
    const tether_spec spec = {
        .command = "rmdir \"$PWD\"", .shell = "sh", .workdir = folder, .on_end = "pwd"};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    told_expect_file(test_bundle_path(f, id, "on-end"), "/\n");
}

/* --- How it goes --- */

static void its_failure_is_told_and_changes_nothing(void **state)
{
    static const struct {
        const char *on_end;
        int64_t code;
        const char *error;
    } cases[] = {{"echo oops >&2; exit 3", 3, "exit code 3"},
                 {"/nowhere/program", 127, "exit code 127"},
                 {"kill -9 $$", 137, "signal 9"},
                 {"exec <&- >&- 2>&-; exit 0", 0, NULL}};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[TETHER_ID_SIZE];
        start(f, "exit 0", cases[i].on_end, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        told_expect(f->registry, id, cases[i].code, cases[i].error);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    }
}

/* The end comes while it hangs, and it goes when its time is over. */
static void one_that_hangs_delays_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exit 4",
                              .shell = "sh",
                              .on_end = "trap '' TERM; while :; do sleep 1000; done",
                              .on_end_timeout_ms = 1};
    const char *on_end = in_work(f, "mkfifo hole; echo $$ >pid; exec cat hole");
    char waits[TETHER_ID_SIZE];
    start(f, "exit 4", on_end, waits);
    test_expect(f->registry, waits, TETHER_STATUS_FAILED, 4, NULL);
    test_take_completion(f->registry, waits);
    assert_false(told_is_known(f->registry, waits));
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, TETHER_EXIT_UNKNOWN, "its time was over");
    WAIT_UNTIL(told_has_line(test_work_path(f, "pid")));
    assert_int_equal(kill((pid_t)read_pid(test_work_path(f, "pid")), SIGTERM), 0);
    told_expect(f->registry, waits, 143, "signal 15");
}

static void a_flood_of_output_is_cut(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t size;
    start(f, "true", "head -c 5000000 /dev/zero && echo end", id);
    told_expect(f->registry, id, 0, NULL);
    char *output = test_read_file(test_bundle_path(f, id, "on-end"), &size);
    assert_int_equal(size, 64 * 1024);
    free(output);
}

static void what_it_leaves_behind_keeps_nobody(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "true", in_work(f, "setsid sleep 1000 & echo $! >pid"), id);
    told_expect(f->registry, id, 0, NULL);
    long pid = read_pid(test_work_path(f, "pid"));
    WAIT_UNTIL(!test_process_alive(monitored_pid(f->registry, id)));
    assert_true(test_process_alive(pid));
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(pid));
}

/* The place of its output is taken, as when the disk is full. */
static void output_that_cannot_be_kept_is_dropped(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[1024];
    snprintf(command, sizeof command, "mkdir \"$(echo '%s'/*/tasks/*)/on-end\"", f->store);
    start(f, command, "echo lost", id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    told_expect(f->registry, id, 0, NULL);
}

/* Starts a task that fails with 3 once `go` is there, and a command at the end that says what it
 * was told. Returns when the task runs. */
static void start_waiting(fixture *f, tether_registry *registry, char id[TETHER_ID_SIZE])
{
    char command[2400], go[1100];
    snprintf(go, sizeof go, "%s", test_work_path(f, "go"));
    snprintf(command, sizeof command,
             "echo $$ >'%s'; until [ -e '%s' ]; do sleep 0.01; done; exit 3",
             test_work_path(f, "pid"), go);
    const tether_spec spec = {
        .command = command,
        .shell = "sh",
        .on_end = in_work(f, "echo lost; echo $TETHER_STATUS $TETHER_EXIT_CODE >>told")};
    test_start(registry, &spec, id);
    WAIT_UNTIL(told_has_line(test_work_path(f, "pid")));
}

/* The lifeline has room of its own. */
static void it_runs_while_the_disk_is_full(void **state)
{
    char store[1100], id[TETHER_ID_SIZE];
    char *path = small_disk_mount(*state, "size=512k,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    tether_registry *registry = test_open(&f);
    start_waiting(&f, registry, id);
    small_disk_fill(path);
    test_write_file(test_work_path(&f, "go"), "", 0);
    WAIT_UNTIL(told_has_line(test_work_path(&f, "told")));
    test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
    told_expect(registry, id, 0, NULL);
    small_disk_empty(path);
    test_detach(registry);
    registry = test_open(&f);
    test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
    told_expect(registry, id, 0, NULL);
    told_expect_file(test_work_path(&f, "told"), "failed 3\n");
    test_detach(registry);
    small_disk_unmount(path);
}

/* A limit of the file's size takes the place of a full disk. */
static void it_waits_for_the_end_line(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    struct stat st;
    start_waiting(f, f->registry, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(stat(test_exit_path(f, id), &st), 0);
    struct rlimit limit = {(rlim_t)st.st_size, RLIM_INFINITY};
    assert_int_equal(prlimit(monitor, RLIMIT_FSIZE, &limit, NULL), 0);
    test_write_file(test_work_path(f, "go"), "", 0);
    long pid = read_pid(test_work_path(f, "pid"));
    WAIT_UNTIL(!test_process_alive(pid));
    assert_false(test_exists(test_work_path(f, "told")));
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(prlimit(monitor, RLIMIT_FSIZE, &limit, NULL), 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    told_expect(f->registry, id, 0, NULL);
    told_expect_file(test_work_path(f, "told"), "failed 3\n");
}

/* --- However the task ends --- */

static void it_is_told_of_a_timeout(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exec sleep 1000",
                              .shell = "sh",
                              .timeout_ms = 1,
                              .on_end = in_work(f, "echo $TETHER_STATUS $TETHER_EXIT_CODE >told")};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    told_expect_file(test_work_path(f, "told"), "timed_out 124\n");
}

static void it_runs_if_the_command_cannot_be_started(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *program = test_work_path(f, "program");
    test_write_file(program, "#!/nowhere/interpreter\n", 23);
    assert_int_equal(chmod(program, 0700), 0);
    const char *const argv[] = {program, NULL};
    const tether_spec spec = {.argv = argv,
                              .on_end = in_work(f, "echo $TETHER_STATUS $TETHER_EXIT_CODE >told")};
    test_start(f->registry, &spec, id);
    told_expect(f->registry, id, 0, NULL);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 127, "the command could not be started");
    told_expect_file(test_work_path(f, "told"), "failed 127\n");
}

static void it_runs_after_a_kill_and_no_kill_ends_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go"), *told = test_work_path(f, "told");
    start(f, "(trap '' TERM; while :; do sleep 0.01; done) & echo ready; wait",
          in_work(f, "echo $TETHER_STATUS $TETHER_SIGNAL >told; "
                     "until [ -e go ]; do sleep 0.01; done; echo done >>told"),
          id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    const tether_kill_options options = {.grace_ms = 10};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 143, NULL);
    WAIT_UNTIL(told_has_line(told));
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_false(told_is_known(f->registry, id));
    test_write_file(go, "", 0);
    told_expect(f->registry, id, 0, NULL);
    told_expect_file(told, "failed 15\ndone\n");
}

static void the_end_of_what_is_left_leaves_it_alone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go"), *pid = test_work_path(f, "left");
    char variable[1024];
    snprintf(variable, sizeof variable, "OUT=%s", pid);
    const char *const set[] = {variable, NULL};
    const tether_spec spec = {.command = "(trap '' TERM; exec sleep 1000) & echo $! >\"$OUT\"",
                              .shell = "sh",
                              .env_set = set,
                              .end_tree = true,
                              .on_end = in_work(f, "until [ -e go ]; do sleep 0.01; done")};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    WAIT_UNTIL(told_has_line(pid));
    WAIT_UNTIL(!test_process_alive(read_pid(pid)));
    assert_false(told_is_known(f->registry, id));
    test_write_file(go, "", 0);
    told_expect(f->registry, id, 0, NULL);
}

/* --- Deaths --- */

/* The monitor stays for what the command has left behind, and its death changes nothing. */
static void the_death_of_the_monitor_is_not_its_own(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go"), *began = test_work_path(f, "began");
    start(f, "setsid sleep 1000 & exit 0",
          in_work(f, "echo >began; until [ -e go ]; do sleep 0.01; done"), id);
    WAIT_UNTIL(told_has_line(began));
    long monitor = monitored_pid(f->registry, id);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(monitor));
    assert_false(told_is_known(f->registry, id));
    test_write_file(go, "", 0);
    told_expect(f->registry, id, 0, NULL);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

static void what_nobody_can_tell_is_not_known(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "exit 0", in_work(f, "echo $PPID >parent; echo $$ >pid; exec sleep 1000"), id);
    WAIT_UNTIL(told_has_line(test_work_path(f, "pid")));
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    WAIT_UNTIL(!test_process_alive(monitored_pid(f->registry, id)));
    assert_false(told_is_known(f->registry, id));
    assert_int_equal(kill((pid_t)read_pid(test_work_path(f, "parent")), SIGKILL), 0);
    told_expect(f->registry, id, TETHER_EXIT_UNKNOWN, unknown);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    long pid = read_pid(test_work_path(f, "pid"));
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(pid));
}

static void it_does_not_run_for_a_task_that_is_lost(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "echo ready; exec sleep 1000", in_work(f, "echo x >told"), id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    long monitor = monitored_pid(f->registry, id);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(monitor));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    told_expect(f->registry, id, TETHER_EXIT_UNKNOWN,
                "it did not run: its supervisor died before the end of the task");
    assert_false(test_exists(test_work_path(f, "told")));
}

static void it_runs_once_with_no_host_and_with_several(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go"), *runs = test_work_path(f, "runs");
    char command[1024];
    snprintf(command, sizeof command, "until [ -e '%s' ]; do sleep 0.01; done", go);
    START_ELSEWHERE(f, id, "--on-end", in_work(f, "echo x >>runs"), "-c", command);
    test_detach(f->registry);
    test_write_file(go, "", 0);
    WAIT_UNTIL(told_has_line(runs));
    f->registry = test_open(f);
    tether_registry *other = test_open(f);
    told_expect(other, id, 0, NULL);
    told_expect(f->registry, id, 0, NULL);
    test_detach(other);
    told_expect_file(runs, "x\n");
}

/* --- The store --- */

static void a_compaction_loses_nothing_of_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    START_ELSEWHERE(f, id, "--on-end", in_work(f, "until [ -e go ]; do sleep 0.01; done; exit 5"),
                    "--", "true");
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
    test_compact(f);
    assert_true(test_has_record(f, id));
    assert_true(test_exists(test_exit_path(f, id)));
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    assert_true(test_exists(test_exit_path(f, id)));
    /* Nobody looks while it ends, so that the lifeline alone knows. */
    long monitor = monitored_pid(f->registry, id);
    ASSERT_OK(tether_close(f->registry, TETHER_DETACH, &f->error), f->error);
    test_write_file(go, "", 0);
    WAIT_UNTIL(!test_process_alive(monitor));
    test_compact(f);
    assert_true(test_exists(test_exit_path(f, id)));
    f->registry = test_open(f);
    told_expect(f->registry, id, 5, "exit code 5");
    WAIT_UNTIL(test_archive_task(f, id));
    told_expect(f->registry, id, 5, "exit code 5");
}

static void expect_refused(fixture *f, const tether_spec *spec, int code, const char *why)
{
    char id[TETHER_ID_SIZE];
    assert_int_equal(tether_spawn(f->registry, spec, id, &f->error), code);
    assert_non_null(strstr(f->error.message, why));
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
}

static void what_cannot_be_done_is_refused(void **state)
{
    fixture *f = *state;
    static char large[64 * 1024 + 2];
    memset(large, 'x', sizeof large - 1);
    tether_spec spec = {.command = "true", .shell = "sh", .on_end = ""};
    expect_refused(f, &spec, TETHER_EINVAL, "give a text");
    spec.on_end = large;
    expect_refused(f, &spec, TETHER_EINVAL, "put it into a file");
    spec.on_end = "true";
    spec.on_end_timeout_ms = -1;
    expect_refused(f, &spec, TETHER_EINVAL, "negative");
    spec.on_end_timeout_ms = 0;
    spec.supervisor = TETHER_SUPERVISOR_SCRIPT;
    expect_refused(f, &spec, TETHER_EINVAL, "leave out the supervisor");
    spec.on_end = NULL;
    spec.on_end_timeout_ms = 1;
    expect_refused(f, &spec, TETHER_EINVAL, "give on_end");
}

static void without_a_monitor_it_is_refused(void **state)
{
    fixture *f = *state;
    const tether_spec spec = {.command = "true", .shell = "sh", .on_end = "true"};
    char *monitor = strdup(getenv("TETHER_MONITOR")); /* CTest names it */
    setenv("TETHER_MONITOR", "", 1);
    expect_refused(f, &spec, TETHER_ENOTSUP, "runs no command at the end");
    setenv("TETHER_MONITOR", monitor, 1);
    free(monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(it_reads_what_a_host_reads_later),
        WITH_REGISTRY(it_has_variables),
        WITH_REGISTRY(it_works_where_the_task_did),
        WITH_REGISTRY(it_works_in_the_root_if_that_place_is_gone),
        WITH_REGISTRY(its_failure_is_told_and_changes_nothing),
        WITH_REGISTRY(one_that_hangs_delays_nothing),
        WITH_REGISTRY(a_flood_of_output_is_cut),
        WITH_REGISTRY(what_it_leaves_behind_keeps_nobody),
        WITH_REGISTRY(output_that_cannot_be_kept_is_dropped),
        WITH_STORE(it_runs_while_the_disk_is_full),
        WITH_REGISTRY(it_waits_for_the_end_line),
        WITH_REGISTRY(it_is_told_of_a_timeout),
        WITH_REGISTRY(it_runs_if_the_command_cannot_be_started),
        WITH_REGISTRY(it_runs_after_a_kill_and_no_kill_ends_it),
        WITH_REGISTRY(the_end_of_what_is_left_leaves_it_alone),
        WITH_REGISTRY(the_death_of_the_monitor_is_not_its_own),
        WITH_REGISTRY(what_nobody_can_tell_is_not_known),
        WITH_REGISTRY(it_does_not_run_for_a_task_that_is_lost),
        WITH_REGISTRY(it_runs_once_with_no_host_and_with_several),
        WITH_REGISTRY(a_compaction_loses_nothing_of_it),
        WITH_REGISTRY(what_cannot_be_done_is_refused),
        WITH_REGISTRY(without_a_monitor_it_is_refused),
    };
    return cmocka_run_group_tests_name("on_end", tests, NULL, NULL);
}
