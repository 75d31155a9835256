/* What a host finds: stores left by hosts that died at a bad moment, by machines that went down,
 * and by somebody who meddled. */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A task of this process that ended with 0 and was acknowledged: the stuff that records are made
 * of. */
static json_t *make_record(fixture *f, const char *id)
{
    char model[TETHER_ID_SIZE];
    tether_registry *registry = test_open(f);
    test_start_child(registry, model, "exit", "0", NULL);
    test_expect(registry, model, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(registry, model);
    test_detach(registry);
    json_t *record = test_load_record(f, model);
    json_object_set_new(record, "task_id", json_string(id));
    json_object_set_new(record, "completion_delivered", json_false());
    json_object_set_new(record, "exit_code", json_null());
    json_object_set_new(record, "finished_at", json_null());
    json_object_set_new(record, "duration_ms", json_null());
    return record;
}

static void set_status(json_t *record, const char *status)
{
    json_object_set_new(record, "status", json_string(status));
}

static void set_pid(json_t *record, long pid, long start_time)
{
    json_t *identity = json_object_get(record, "identity");
    json_object_set_new(identity, "pid", json_integer(pid));
    json_object_set_new(identity, "start_time", json_integer(start_time));
}

/* Puts a bundle and a lifeline there as a host that died would leave them. */
static void plant(const fixture *f, const char *id, json_t *record, const char *marker)
{
    const char *bundle = test_bundle_path(f, id, "");
    assert_true(mkdir(bundle, 0700) == 0 || errno == EEXIST);
    test_save_record(f, id, record);
    if (marker != NULL)
        test_write_file(test_exit_path(f, id), marker, strlen(marker));
}

/* Starts a task in a host of its own that goes away, so that this process is not the parent. */
static void start_elsewhere(fixture *f, const char *const *verbs, char id[TETHER_ID_SIZE])
{
    const char *argv[24] = {COMMAND, "--store", f->store, "run", "--", CHILD};
    for (size_t i = 0; verbs[i] != NULL; i++)
        argv[6 + i] = verbs[i];
    char *out;
    assert_int_equal(test_command(argv, &out, NULL), 0);
    out[strcspn(out, "\n")] = '\0';
    strcpy(id, out);
    free(out);
}

static const char *const forever[] = {"out", "ready", "forever", NULL};

static void starting_without_a_process_never_started(void **state)
{
    fixture *f = *state;
    json_t *record = make_record(f, "tstarting");
    set_status(record, "starting");
    set_pid(record, 0, 0);
    plant(f, "tstarting", record, "");
    f->registry = test_open(f);
    test_expect(f->registry, "tstarting", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    test_take_completion(f->registry, "tstarting");
}

static void starting_without_a_lifeline_never_started(void **state)
{
    fixture *f = *state;
    json_t *record = make_record(f, "tstarting");
    set_status(record, "starting");
    set_pid(record, 0, 0);
    plant(f, "tstarting", record, NULL);
    f->registry = test_open(f);
    test_expect(f->registry, "tstarting", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    test_take_completion(f->registry, "tstarting");
}

static void started_but_not_recorded_is_adopted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *file = test_work_path(f, "ran"), *gate = test_work_path(f, "gate");
    const char *const verbs[] = {"append", file, "await", gate, "exit", "9", NULL};
    start_elsewhere(f, verbs, id);
    WAIT_UNTIL(test_count_lines(file) == 1);
    json_t *record = test_load_record(f, id);
    set_status(record, "starting");
    set_pid(record, 0, 0);
    json_object_set_new(record, "child_pid", json_null());
    test_save_record(f, id, record);

    f->registry = test_open(f);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->status, TETHER_STATUS_RUNNING);
    assert_true(test_process_alive((long)snapshot->child_pid));
    tether_snapshot_free(snapshot);
    test_write_file(gate, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 9, NULL);
    assert_int_equal(test_count_lines(file), 1);
    test_take_completion(f->registry, id);
}

/* The pid of the supervisor. */
static long supervisor_of(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    long pid = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    assert_true(pid > 0);
    return pid;
}

static void killed_supervisor_is_lost_at_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "pid", "forever", NULL);
    long child = test_output_number(f->registry, id);
    int64_t begin = test_now_ms();
    assert_int_equal(kill((pid_t)supervisor_of(f->registry, id), SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS / 2);

    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->survivor_count, 1);
    assert_int_equal(snapshot->survivors[0], child);
    tether_snapshot_free(snapshot);
    assert_true(test_process_alive(child));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(child));
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    test_take_completion(f->registry, id);
}

/* Looked for wherever one task is looked at, also from another session, and not in lists. */
static void survivors_are_known_where_somebody_looked(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_snapshot *snapshot;
    tether_snapshot_list *list;
    const char *const argv[] = {CHILD, "pid", "forever", NULL};
    const tether_spec spec = {.argv = argv, .project_root = f->work};
    test_start(f->registry, &spec, id);
    long child = test_output_number(f->registry, id);
    tether_registry *other = test_open_session(f, "other");
    ASSERT_OK(tether_find(other, id, f->work, &snapshot, &f->error), f->error);
    assert_true(snapshot->survivors_known);
    assert_int_equal(snapshot->survivor_count, 0);
    tether_snapshot_free(snapshot);
    assert_int_equal(kill((pid_t)supervisor_of(f->registry, id), SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    tether_registry *const lookers[] = {f->registry, other};
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_find(lookers[i], id, f->work, &snapshot, &f->error), f->error);
        assert_true(snapshot->survivors_known);
        assert_int_equal(snapshot->survivor_count, 1);
        assert_int_equal(snapshot->survivors[0], child);
        tether_snapshot_free(snapshot);
    }
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    assert_false(list->items[0]->survivors_known);
    assert_int_equal(list->items[0]->survivor_count, 0);
    tether_snapshot_list_free(list);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    ASSERT_OK(tether_find(other, id, f->work, &snapshot, &f->error), f->error);
    assert_true(snapshot->survivors_known);
    assert_int_equal(snapshot->survivor_count, 0);
    tether_snapshot_free(snapshot);
    test_take_completion(f->registry, id);
    test_detach(other);
}

typedef enum planted { BYTES, HUGE_FILE, FIFO, SYMLINK, HARDLINK, DIRECTORY } planted;

static const char *victim_of(const fixture *f)
{
    return test_work_path(f, "victim");
}

static void make_victim(const fixture *f)
{
    test_write_file(victim_of(f), "untouched", 9);
    assert_int_equal(chmod(victim_of(f), 0640), 0);
}

/* What a link leads to is as it was: content and mode. */
static void check_victim(const fixture *f)
{
    struct stat st;
    char *text = test_read_file(victim_of(f), NULL);
    assert_string_equal(text, "untouched");
    free(text);
    assert_int_equal(stat(victim_of(f), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

/* Puts something that is no plain file in the place of a name of the store's. */
static void put(const fixture *f, const char *path, planted what)
{
    char *at = strdup(path);
    const char *const clear[] = {"rm", "-rf", "--", at, NULL};
    assert_int_equal(test_command(clear, NULL, NULL), 0);
    switch (what) {
    case BYTES:
        break;
    case HUGE_FILE:
        test_write_file(at, "exit 0\n", 7);
        assert_int_equal(truncate(at, 1 << 30), 0);
        break;
    case FIFO:
        assert_int_equal(mkfifo(at, 0600), 0);
        break;
    case SYMLINK:
        assert_int_equal(symlink(victim_of(f), at), 0);
        break;
    case HARDLINK:
        assert_int_equal(link(victim_of(f), at), 0);
        break;
    case DIRECTORY:
        assert_int_equal(mkdir(at, 0700), 0);
        break;
    }
    free(at);
}

static void damaged_marker_is_lost(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *name;
        planted what;
        const char *bytes;
        bool put_aside;
    } cases[] = {
        {"tempty", BYTES, "", false},
        {"tcut", BYTES, "supervisor pid=1", true},
        {"tcutend", BYTES, "supervisor pid=2147483000 start=1\nexit 0", true},
        {"tgarbage", BYTES, "\x01\xff garbage\n", true},
        {"tnumber", BYTES, "supervisor pid=2147483000 start=1\nexit 99999999999\n", true},
        {"tnegative", BYTES, "supervisor pid=2147483000 start=1\nexit -2147483649\n", true},
        {"tnocode", BYTES, "supervisor pid=2147483000 start=1\nexit\n", true},
        {"thuge", HUGE_FILE, NULL, true},
        {"tfifo", FIFO, NULL, true},
        {"tsymlink", SYMLINK, NULL, true},
        {"thardlink", HARDLINK, NULL, true},
        {"tdirectory", DIRECTORY, NULL, true},
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    make_victim(f);
    for (size_t i = 0; i < CASES; i++) {
        json_t *record = make_record(f, cases[i].name);
        set_status(record, "running");
        set_pid(record, 2147483000, 1);
        plant(f, cases[i].name, record, cases[i].bytes);
        if (cases[i].bytes == NULL)
            put(f, test_exit_path(f, cases[i].name), cases[i].what);
    }
    f->registry = test_open(f);
    for (size_t i = 0; i < CASES; i++) {
        print_message("marker: %s\n", cases[i].name);
        test_expect(f->registry, cases[i].name, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                    "corrupt exit marker");
        test_take_completion(f->registry, cases[i].name);
        const char *aside = test_find_name(test_path(f, "quarantine"), cases[i].name);
        assert_int_equal(aside != NULL, cases[i].put_aside);
        if (cases[i].put_aside) {
            assert_true(test_exists(test_path(f, "quarantine/%s/exit-marker", aside)));
            assert_true(test_exists(test_path(f, "quarantine/%s/reason.txt", aside)));
            assert_false(test_exists(test_exit_path(f, cases[i].name)));
        }
    }
    check_victim(f);
}

static void killing_on_disk_with_a_marker_is_finalised(void **state)
{
    fixture *f = *state;
    static const char reason[] = "recovered from inconsistent killing state on replay";
    static const struct {
        const char *id, *intent, *marker;
        tether_status status;
        int64_t code;
    } cases[] = {
        {"town", "kill", "exit 3 uptime=1.00\n", TETHER_STATUS_FAILED, 3},
        {"tzero", "kill", "exit 0\n", TETHER_STATUS_COMPLETED, 0},
        {"tkilled", "kill", "exit 143\n", TETHER_STATUS_KILLED, 143},
        {"tdeadline", "timeout", "exit 143\n", TETHER_STATUS_TIMED_OUT, 124},
        {"tsignal", "kill", "signal 9\n", TETHER_STATUS_KILLED, 137},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char marker[128];
        json_t *record = make_record(f, cases[i].id);
        set_status(record, "killing");
        set_pid(record, 2147483000, 1);
        json_object_set_new(record, "kill_intent", json_string(cases[i].intent));
        snprintf(marker, sizeof marker, "supervisor pid=2147483000 start=1\n%s", cases[i].marker);
        plant(f, cases[i].id, record, marker);
    }
    f->registry = test_open(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_expect(f->registry, cases[i].id, cases[i].status, cases[i].code, reason);
        test_take_completion(f->registry, cases[i].id);
    }
}

static void interrupted_kill_is_taken_up_again(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_elsewhere(f, forever, id);
    /* A signal before the command runs can be the wrapper's own, which ends nothing. */
    WAIT_UNTIL(test_count_lines(test_bundle_path(f, id, "stdout")) == 1);
    json_t *record = test_load_record(f, id);
    set_status(record, "killing");
    json_object_set_new(record, "kill_intent", json_string("kill"));
    json_object_set_new(record, "kill_takeover_ms", json_integer(1));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 143, NULL);
    test_take_completion(f->registry, id);
}

static void other_boot_is_lost(void **state)
{
    fixture *f = *state;
    json_t *record = make_record(f, "trebooted");
    set_status(record, "running");
    json_object_set_new(record, "boot_id", json_string("00000000-0000-0000-0000-000000000000"));
    plant(f, "trebooted", record, "supervisor pid=2147483000 start=1 boot=0 pidns=1\n");
    f->registry = test_open(f);
    test_expect(f->registry, "trebooted", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "rebooted");
    test_take_completion(f->registry, "trebooted");
}

/* A pid that was given to somebody else: the stranger is a group and session leader, as the
 * supervisor was. */
static void stranger_with_the_pid_is_not_signalled(void **state)
{
    fixture *f = *state;
    int alive[2];
    assert_int_equal(pipe(alive), 0);
    pid_t stranger = fork();
    assert_true(stranger >= 0);
    if (stranger == 0) {
        setsid();
        signal(SIGTERM, SIG_DFL);
        close(alive[1]);
        for (char byte; read(alive[0], &byte, 1) < 0;)
            continue;
        _exit(42);
    }
    close(alive[0]);
    WAIT_UNTIL(getsid(stranger) == stranger);
    static const char *const statuses[] = {"running", "killing", "starting"};
    for (size_t i = 0; i < 3; i++) {
        char id[TETHER_ID_SIZE], marker[96];
        snprintf(id, sizeof id, "tstranger%zu", i);
        json_t *record = make_record(f, id);
        set_status(record, statuses[i]);
        json_object_set_new(record, "kill_intent", i == 1 ? json_string("kill") : json_null());
        json_object_set_new(record, "child_pid", json_integer(stranger));
        json_object_set_new(record, "pgid", json_integer(stranger));
        set_pid(record, stranger, 77);
        snprintf(marker, sizeof marker, "supervisor pid=%ld start=77\n", (long)stranger);
        plant(f, id, record, marker);
    }
    f->registry = test_open(f);
    for (size_t i = 0; i < 3; i++) {
        char id[TETHER_ID_SIZE];
        snprintf(id, sizeof id, "tstranger%zu", i);
        ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
        const tether_kill_options usr1 = {.signal = SIGUSR1};
        ASSERT_OK(tether_kill(f->registry, id, &usr1, &f->error), f->error);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, i == 1 ? TETHER_STATUS_KILLED : TETHER_STATUS_LOST);
        assert_int_equal(snapshot->survivor_count, 0);
        tether_snapshot_free(snapshot);
    }
    close(alive[1]);
    assert_int_equal(test_join_host(stranger), 42);
}

static void newer_schema_is_never_written(void **state)
{
    fixture *f = *state;
    static const char *const statuses[] = {"running", "completed", "killing", "hibernating"};
    char *before[4], id[16];
    for (size_t i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "tnewer%zu", i);
        json_t *record = make_record(f, id);
        json_object_set_new(record, "schema_version", json_integer(2));
        json_object_set_new(record, "from_the_future", json_pack("{s:[i,i]}", "list", 1, 2));
        set_status(record, statuses[i]);
        plant(f, id, record, i == 0 ? "garbage\n" : "supervisor pid=2147483000 start=1\nexit 0\n");
        before[i] = test_read_file(test_bundle_path(f, id, "record.json"), NULL);
    }
    f->registry = test_open(f);
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    size_t newer = 0;
    for (size_t i = 0; i < list->count; i++)
        newer += list->items[i]->read_only;
    assert_int_equal(newer, 4);
    tether_snapshot_list_free(list);
    const tether_gc_options any_age = {.older_than_ms = -1};
    ASSERT_OK(tether_gc(f->registry, &any_age, NULL, &f->error), f->error);
    for (size_t i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "tnewer%zu", i);
        int code = tether_kill(f->registry, id, NULL, &f->error);
        bool running = i == 0 || i == 2;
        assert_int_equal(code, running ? TETHER_EREADONLY : TETHER_OK);
        assert_int_equal(tether_completion_ack(f->registry, id, NULL, &f->error), TETHER_EREADONLY);
        char *after = test_read_file(test_bundle_path(f, id, "record.json"), NULL);
        assert_string_equal(after, before[i]);
        assert_true(test_exists(test_exit_path(f, id)));
        free(after);
        free(before[i]);
    }
    assert_int_equal(test_pending(f->registry, NULL), 0);
    assert_false(test_exists(test_path(f, "quarantine")));
    /* A shutdown would have to tell that it cannot end the two that run. */
    assert_int_equal(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), TETHER_EREADONLY);
    f->registry = NULL;
}

static void unknown_fields_are_kept(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *gate = test_work_path(f, "gate");
    const char *const verbs[] = {"await", gate, "exit", "4", NULL};
    start_elsewhere(f, verbs, id);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "colour", json_pack("{s:[i,s]}", "deep", 7, "blue"));
    json_object_set_new(json_object_get(record, "identity"), "cgroup", json_string("/a/b"));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    test_write_file(gate, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    test_take_completion(f->registry, id);
    record = test_load_record(f, id);
    json_t *deep = json_object_get(json_object_get(record, "colour"), "deep");
    assert_int_equal(json_integer_value(json_array_get(deep, 0)), 7);
    assert_string_equal(json_string_value(json_array_get(deep, 1)), "blue");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(record, "identity"), "cgroup")), "/a/b");
    assert_true(json_is_true(json_object_get(record, "completion_delivered")));
    json_decref(record);
}

/* Damages one record and sees it put aside, with its neighbours as they were. */
static void check_put_aside(fixture *f, const char *id, const char *expected_file)
{
    tether_snapshot_list *list;
    tether_snapshot *snapshot;
    tether_registry *registry = test_open(f);
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    for (size_t i = 0; i < list->count; i++)
        assert_string_not_equal(list->items[i]->task_id, id);
    tether_snapshot_list_free(list);
    assert_int_equal(tether_status_get(registry, id, &snapshot, &f->error), TETHER_ENOTASK);
    test_expect(registry, "tgood", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    const char *aside = test_find_name(test_path(f, "quarantine"), id);
    assert_non_null(aside);
    char *reason = test_read_file(test_path(f, "quarantine/%s/reason.txt", aside), NULL);
    assert_non_null(strstr(reason, id));
    free(reason);
    assert_true(test_exists(test_path(f, "quarantine/%s/bundle/%s", aside, expected_file)));
    assert_false(test_exists(test_bundle_path(f, id, ".")));
    test_detach(registry);
}

static void plant_good_neighbour(fixture *f)
{
    json_t *record = make_record(f, "tgood");
    set_status(record, "starting");
    set_pid(record, 0, 0);
    plant(f, "tgood", record, "");
}

static void damaged_record_is_put_aside(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *id, *field, *value;
    } cases[] = {
        {"ttypes1", "status", "7"},
        {"ttypes2", "exit_code", "\"no\""},
        {"ttypes3", "schema_version", "0"},
        {"ttypes4", "task_id", "\"tother\""},
        {"ttypes5", "status", "\"elsewhere\""},
        {"ttypes6", "notify_on_completion", "[]"},
        {"ttypes7", "kill_intent", "\"fun\""},
    };
    plant_good_neighbour(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *record = make_record(f, cases[i].id);
        json_object_set_new(record, cases[i].field,
                            json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        plant(f, cases[i].id, record, "");
        check_put_aside(f, cases[i].id, "record.json");
    }
    plant(f, "tcut", make_record(f, "tcut"), "");
    assert_int_equal(truncate(test_bundle_path(f, "tcut", "record.json"), 200), 0);
    check_put_aside(f, "tcut", "record.json");
    plant(f, "tempty", make_record(f, "tempty"), "");
    assert_int_equal(truncate(test_bundle_path(f, "tempty", "record.json"), 0), 0);
    check_put_aside(f, "tempty", "record.json");
    plant(f, "tbig", make_record(f, "tbig"), "");
    assert_int_equal(truncate(test_bundle_path(f, "tbig", "record.json"), 100 << 20), 0);
    check_put_aside(f, "tbig", "record.json");
    plant(f, "tnojson", make_record(f, "tnojson"), "");
    test_write_file(test_bundle_path(f, "tnojson", "record.json"), "\xff\xfe{]", 4);
    check_put_aside(f, "tnojson", "record.json");
}

static void planted_record_is_put_aside(void **state)
{
    fixture *f = *state;
    static const planted kinds[] = {SYMLINK, HARDLINK, FIFO, DIRECTORY};
    static const char *const ids[] = {"tsymlink", "thardlink", "tfifo", "tdirectory"};
    make_victim(f);
    plant_good_neighbour(f);
    for (size_t i = 0; i < 4; i++) {
        plant(f, ids[i], make_record(f, ids[i]), "");
        put(f, test_bundle_path(f, ids[i], "record.json"), kinds[i]);
        check_put_aside(f, ids[i], "record.json");
    }
    check_victim(f);
}

/* Something planted at a name that every open needs. */
static void planted_names_are_refused(void **state)
{
    fixture *f = *state;
    static const planted kinds[] = {SYMLINK, HARDLINK, FIFO, DIRECTORY};
    static const struct {
        const char *name;
        bool is_directory; /* one that is empty and private stands for itself */
        bool in_session;
    } names[] = {{"exits", true, true},
                 {"tasks", true, true},
                 {"session.json", false, true},
                 {"lock", false, true},
                 {"FORMAT", false, false}};
    make_victim(f);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t k = 0; k < 4; k++) {
            if (names[n].is_directory && kinds[k] == DIRECTORY)
                continue;
            test_remove_store(f->store);
            json_t *record = (assert_int_equal(mkdir(f->store, 0700), 0), make_record(f, "tx"));
            set_status(record, "starting");
            plant(f, "tx", record, ""); /* so that an open needs the lock */
            put(f,
                names[n].in_session ? test_session_path(f, names[n].name)
                                    : test_path(f, "%s", names[n].name),
                kinds[k]);
            tether_registry *registry;
            tether_open_options options = {
                .store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
            int code = tether_open(&options, &registry, &f->error);
            if (code == TETHER_OK) {
                /* The lock is asked for at the first change. */
                char id[TETHER_ID_SIZE];
                tether_spec spec = {.command = "exit 0"};
                code = tether_spawn(registry, &spec, id, &f->error);
                test_detach(registry);
            }
            if (code != TETHER_ECORRUPT && code != TETHER_ESTORE && code != TETHER_EFORMAT)
                fail_msg("%s planted as %d: %s", names[n].name, (int)kinds[k],
                         tether_error_name(code));
            check_victim(f);
        }
    }
}

static void planted_store_is_refused(void **state)
{
    fixture *f = *state;
    tether_registry *registry;
    const char *real = test_work_path(f, "real"), *path = test_work_path(f, "store");
    tether_open_options options = {.store = path, .reaper = test_reaper_mode(), .no_gc = 1};
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink(real, path), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_null(registry);
    char with_slash[1100];
    snprintf(with_slash, sizeof with_slash, "%s/", path);
    options.store = with_slash;
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(test_count_names(real), 0);
    options.store = path;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(unlink(path), 0);
    test_write_file(path, "x", 1);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    test_write_file(test_work_path(f, "store/letter"), "x", 1);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EFORMAT);
    assert_int_equal(test_count_names(path), 1);
    test_write_file(test_work_path(f, "store/FORMAT"), "tether-store 2\n", 15);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EFORMAT);
    assert_int_equal(test_count_names(path), 2);

    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_non_null(strstr(f->error.message, "chmod 700"));
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(chmod(path, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 54321, (gid_t)-1), 0);
        assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    }
}

/* A link in the place of an output file shows nothing of what it leads to. */
static void planted_output_is_not_read(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], bytes[16];
    size_t got;
    make_victim(f);
    f->registry = test_open(f);
    test_start_child(f->registry, id, "out", "mine", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    static const planted kinds[] = {SYMLINK, HARDLINK, FIFO, DIRECTORY};
    for (size_t i = 0; i < 4; i++) {
        put(f, test_bundle_path(f, id, "stdout"), kinds[i]);
        assert_int_equal(tether_output_read(f->registry, id, TETHER_STDOUT, 0, bytes, sizeof bytes,
                                            &got, &f->error),
                         TETHER_ECORRUPT);
        assert_int_equal(got, 0);
        tether_snapshot *snapshot;
        ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
        assert_string_equal(snapshot->output_preview, "");
        tether_snapshot_free(snapshot);
    }
    check_victim(f);
}

static void impossible_ids_are_refused_before_any_access(void **state)
{
    fixture *f = *state;
    char longest[301];
    memset(longest, 'a', 300);
    longest[300] = '\0';
    const char *const sessions[] = {"../x", "",     longest,    "CON",  "con.txt", "dot.", "blank ",
                                    "a/b",  "a\\b", "\xff\xfe", "a\nb", ".",       "..",   "LPT1"};
    const char *const store = test_work_path(f, "none");
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        tether_registry *registry;
        tether_open_options options = {.store = store, .session = sessions[i]};
        assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EINVAL);
        assert_null(registry);
        assert_false(test_exists(store));
    }
    const char *const ids[] = {"../x", "",  longest, "con",  "dot.", "A", "a b",
                               "a/b",  ".", "..",    "\xff", "-a",   NULL};
    f->registry = test_open(f);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        tether_snapshot *snapshot;
        uint64_t size;
        assert_int_equal(tether_status_get(f->registry, ids[i], &snapshot, &f->error),
                         TETHER_EINVAL);
        assert_null(snapshot);
        assert_int_equal(tether_kill(f->registry, ids[i], NULL, &f->error), TETHER_EINVAL);
        assert_int_equal(tether_completion_ack(f->registry, ids[i], NULL, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(tether_wait(f->registry, &ids[i], 1, TETHER_WAIT_ALL, 0, NULL, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(tether_output_size(f->registry, ids[i], TETHER_STDOUT, &size, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(tether_output_wait(f->registry, ids[i], 0, 0, 0, &f->error),
                         TETHER_EINVAL);
    }
    tether_snapshot *snapshot;
    assert_int_equal(tether_status_get(f->registry, "tnone", &snapshot, &f->error), TETHER_ENOTASK);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)
#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(starting_without_a_process_never_started),
        WITH_STORE(starting_without_a_lifeline_never_started),
        WITH_STORE(started_but_not_recorded_is_adopted),
        WITH_REGISTRY(killed_supervisor_is_lost_at_once),
        WITH_REGISTRY(survivors_are_known_where_somebody_looked),
        WITH_STORE(damaged_marker_is_lost),
        WITH_STORE(killing_on_disk_with_a_marker_is_finalised),
        WITH_STORE(interrupted_kill_is_taken_up_again),
        WITH_STORE(other_boot_is_lost),
        WITH_STORE(stranger_with_the_pid_is_not_signalled),
        WITH_STORE(newer_schema_is_never_written),
        WITH_STORE(unknown_fields_are_kept),
        WITH_STORE(damaged_record_is_put_aside),
        WITH_STORE(planted_record_is_put_aside),
        WITH_STORE(planted_names_are_refused),
        WITH_STORE(planted_store_is_refused),
        WITH_STORE(planted_output_is_not_read),
        WITH_STORE(impossible_ids_are_refused_before_any_access),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
