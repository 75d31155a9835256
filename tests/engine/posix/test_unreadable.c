/* Reads of the store that fail for a moment, at each call of an operation: the answer is right, or
 * it is an error; what is not known is never taken for lost, damaged or missing, and the next
 * attempt finds it. */
#include "engine/posix/planting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/lifeline.h"
#include "support/posix/failing_calls.h"

static const char task[] = "tended";
static const char neighbour[] = "tneighbour";
static const char output[] = "all of it";

/* Plants a task that has exited with 42 while no host looked. No event reports it: the lifeline is
 * moved to its place. As in a start, the lifeline comes first and the record last, because a
 * polling reaper may look at any time. */
static void plant_ended(fixture *f, const char *id, const json_t *record)
{
    char from[512];
    const char *marker = "supervisor pid=2147483000 start=1\nexit 42\n";
    json_t *copy = json_deep_copy(record);
    json_object_set_new(copy, "task_id", json_string(id));
    snprintf(from, sizeof from, "%s", test_session_path(f, "planted"));
    test_write_file(from, marker, strlen(marker));
    assert_int_equal(rename(from, test_exit_path(f, id)), 0);
    test_make_directory(test_bundle_path(f, id, ""));
    test_write_file(test_bundle_path(f, id, "stdout"), output, strlen(output));
    plant_task(f, id, copy, NULL);
}

static bool is_clean(fixture *f)
{
    ASSERT_OK(tether_cleanup_finished(f->registry, 0, NULL, &f->error), f->error);
    return test_count_names(test_session_path(f, "tasks")) == 0;
}

/* Returns the record of the task, and opens a registry on the store, which has no task yet. */
static json_t *new_record(fixture *f)
{
    json_t *record = plant_new_record(f, task);
    f->registry = test_open(f);
    WAIT_UNTIL(is_clean(f)); /* the model's supervisor may still be exiting */
    plant_set_status(record, "running");
    plant_set_pid(record, 2147483000, 1);
    return record;
}

static void check_snapshot(const tether_snapshot *snapshot)
{
    assert_int_equal(snapshot->status, TETHER_STATUS_FAILED);
    assert_int_equal(snapshot->exit_code, 42);
    assert_null(snapshot->reason);
    assert_string_equal(snapshot->output_preview, output);
}

static void check_list(const tether_snapshot_list *list)
{
    assert_int_equal(list->count, 1);
    check_snapshot(list->items[0]);
}

/* --- Operations. Each checks its answer if it succeeds. --- */

static int get_status(fixture *f)
{
    tether_snapshot *snapshot;
    int code = tether_status_get(f->registry, task, &snapshot, &f->error);
    if (code == TETHER_OK)
        check_snapshot(snapshot);
    tether_snapshot_free(snapshot);
    return code;
}

static int list_all(fixture *f)
{
    tether_snapshot_list *list;
    int code = tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error);
    if (code == TETHER_OK)
        check_list(list);
    tether_snapshot_list_free(list);
    return code;
}

static int list_everywhere(fixture *f)
{
    tether_snapshot_list *list;
    tether_list_options options = {.scope = TETHER_LIST_ALL, .all_sessions = true};
    int code = tether_list_in(f->registry, &options, &list, &f->error);
    if (code == TETHER_OK)
        check_list(list);
    tether_snapshot_list_free(list);
    return code;
}

static int list_running(fixture *f)
{
    tether_snapshot_list *list;
    int code = tether_list(f->registry, TETHER_LIST_RUNNING, &list, &f->error);
    if (code == TETHER_OK)
        assert_int_equal(list->count, 0);
    tether_snapshot_list_free(list);
    return code;
}

static int wait_for_it(fixture *f)
{
    const char *ids[] = {task};
    size_t index;
    return tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 0, &index, &f->error);
}

static int peek(fixture *f)
{
    tether_snapshot_list *list;
    int code = tether_completions_peek(f->registry, NULL, &list, &f->error);
    if (code == TETHER_OK)
        check_list(list);
    tether_snapshot_list_free(list);
    return code;
}

static int lease(fixture *f)
{
    tether_snapshot_list *list;
    int code = tether_completions_lease(f->registry, NULL, &list, &f->error);
    if (code == TETHER_OK)
        check_list(list);
    tether_snapshot_list_free(list);
    return code;
}

static int collect_garbage(fixture *f)
{
    tether_gc_result result = {.size = sizeof result};
    tether_gc_options options = {.older_than_ms = -1};
    int code = tether_gc(f->registry, &options, &result, &f->error);
    if (code == TETHER_OK)
        assert_int_equal(result.kept, 1); /* its completion is pending */
    assert_int_equal(result.removed + result.quarantined, 0);
    return code;
}

static int kill_it(fixture *f)
{
    return tether_kill(f->registry, task, NULL, &f->error);
}

static int read_output(fixture *f)
{
    char buffer[64];
    size_t got;
    int code = tether_output_read(f->registry, task, TETHER_STDOUT, 0, buffer, sizeof buffer, &got,
                                  &f->error);
    if (code == TETHER_OK)
        assert_int_equal(got, strlen(output));
    return code;
}

static int promote(fixture *f)
{
    return tether_promote(f->registry, task, &f->error);
}

static int open_another(fixture *f)
{
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode()};
    int code = tether_open(&options, &registry, &f->error);
    if (code == TETHER_OK)
        assert_int_equal(tether_close(registry, TETHER_DETACH, NULL), TETHER_OK);
    return code;
}

static const struct {
    const char *name;
    int (*call)(fixture *f);
} operations[] = {
    {"status", get_status},
    {"list", list_all},
    {"list of all sessions", list_everywhere},
    {"list of running tasks", list_running},
    {"wait", wait_for_it},
    {"peek", peek},
    {"lease", lease},
    {"gc", collect_garbage},
    {"kill", kill_it},
    {"read output", read_output},
    {"promote", promote},
    {"open", open_another},
};

/* Asserts that the task has ended as it did, acknowledges it and removes it. */
static void check_and_remove(fixture *f)
{
    tether_gc_result result = {.size = sizeof result};
    ASSERT_OK(list_all(f), f->error);
    assert_int_equal(test_count_names(test_path(f, "quarantine")), 0);
    ASSERT_OK(tether_completion_ack(f->registry, task, NULL, &f->error), f->error);
    ASSERT_OK(tether_cleanup_finished(f->registry, 0, &result, &f->error), f->error);
    assert_false(test_exists(test_exit_path(f, task)));
}

/* Fails each read of the operation in turn. Returns how many there are. */
static int fail_each_read(fixture *f, const json_t *record, size_t operation, int os_error)
{
    for (int nth = 1;; nth++) {
        plant_ended(f, task, record);
        failing_calls_arm(nth, os_error);
        int code = operations[operation].call(f);
        bool reached = failing_calls_disarm();
        if (code == TETHER_ENOTASK || code == TETHER_ECORRUPT)
            fail_msg("%s with %s at call %d: %s", operations[operation].name, strerror(os_error),
                     nth, f->error.message);
        if (code != TETHER_OK) {
            assert_string_not_equal(f->error.step, "");
            assert_string_not_equal(f->error.message, "");
        }
        check_and_remove(f);
        if (!reached) {
            assert_int_equal(code, TETHER_OK);
            return nth - 1;
        }
    }
}

static void a_failed_read_leaves_the_answer_open(void **state)
{
    fixture *f = *state;
    /* The last two take the ways of the others, or are tried again at once by every operation
     * alike: the first operations are enough for them. */
    static const int os_errors[] = {EMFILE, EIO, EACCES, ENOMEM, ENFILE, EINTR};
    enum { ERRORS = sizeof os_errors / sizeof os_errors[0], WITH_ALL = 2 };
    json_t *record = new_record(f);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        for (size_t j = 0; j < (i < WITH_ALL ? ERRORS : ERRORS - 2); j++) {
            int reads = fail_each_read(f, record, i, os_errors[j]);
            print_message("%s, %s: %d calls\n", operations[i].name, strerror(os_errors[j]), reads);
            assert_true(reads > 5);
        }
    }
    json_decref(record);
}

/* --- Tasks that are removed meanwhile --- */

/* Removes the task as another host does that collects garbage. */
static void remove_task(void *userdata)
{
    const fixture *f = userdata;
    static const char *const files[] = {"record.json", "stdout", "stderr"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(test_bundle_path(f, task, files[i]));
    unlink(test_exit_path(f, task));
    rmdir(test_bundle_path(f, task, ""));
}

static size_t count_listed(const tether_snapshot_list *list, const char *id)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += strcmp(list->items[i]->task_id, id) == 0;
    return count;
}

/* Reads a list by one of two calls. */
static tether_snapshot_list *read_list(fixture *f, bool completions)
{
    tether_snapshot_list *list;
    if (completions)
        ASSERT_OK(tether_completions_peek(f->registry, NULL, &list, &f->error), f->error);
    else
        ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    return list;
}

static void a_task_that_is_removed_meanwhile_does_not_fail_a_list(void **state)
{
    fixture *f = *state;
    json_t *record = new_record(f);
    plant_ended(f, neighbour, record);
    for (int completions = 0; completions < 2; completions++) {
        bool reached = true;
        int nth = 1;
        for (; reached; nth++) {
            plant_ended(f, task, record);
            failing_calls_arm_action(nth, remove_task, f);
            tether_snapshot_list *list = read_list(f, completions != 0);
            reached = failing_calls_disarm();
            assert_int_equal(count_listed(list, neighbour), 1);
            assert_true(count_listed(list, task) <= 1);
            assert_int_equal(list->count, 1 + count_listed(list, task));
            tether_snapshot_list_free(list);
            remove_task(f);
        }
        print_message("removed at each of %d calls\n", nth - 2);
        assert_true(nth > 20);
    }
    json_decref(record);
}

/* --- Damage --- */

/* What was read whole and is malformed stays damage, whatever failed before. */
static void a_damaged_marker_is_lost_after_failed_reads(void **state)
{
    fixture *f = *state;
    json_t *record = new_record(f);
    plant_ended(f, task, record);
    test_remove_file(test_exit_path(f, task));
    const char *from = test_session_path(f, "planted");
    test_write_file(from, "garbage\n", 8);
    assert_int_equal(rename(from, test_exit_path(f, task)), 0);
    for (int nth = 1; nth <= 8; nth++) {
        tether_snapshot *snapshot;
        failing_calls_arm(nth, EMFILE);
        int code = tether_status_get(f->registry, task, &snapshot, &f->error);
        failing_calls_disarm();
        assert_true(code == TETHER_ELIMIT || snapshot->status == TETHER_STATUS_LOST);
        tether_snapshot_free(snapshot);
    }
    test_expect(f->registry, task, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "corrupt exit marker");
    test_take_completion(f->registry, task);
    json_decref(record);
}

/* --- Another boot --- */

/* Plants a task that ran, or was being killed, when the machine was rebooted. */
static void plant_rebooted(fixture *f, const json_t *record, const char *status)
{
    char from[512];
    const char *marker = "supervisor pid=2147483000 start=1 boot=another\n";
    json_t *copy = json_deep_copy(record);
    json_object_set_new(copy, "task_id", json_string(task));
    json_object_set_new(copy, "boot_id", json_string("another"));
    plant_set_status(copy, status);
    json_object_set_new(json_object_get(copy, "identity"), "boot_id", json_string("another"));
    snprintf(from, sizeof from, "%s", test_session_path(f, "planted"));
    test_write_file(from, marker, strlen(marker));
    assert_int_equal(rename(from, test_exit_path(f, task)), 0);
    test_make_directory(test_bundle_path(f, task, ""));
    plant_task(f, task, copy, NULL);
}

static bool is_rebooted(const tether_snapshot *snapshot)
{
    return snapshot->status == TETHER_STATUS_LOST && snapshot->reason != NULL &&
           strcmp(snapshot->reason, "rebooted") == 0;
}

/* A call that fails may leave the task as it was, and no more. */
static void check_rebooted(fixture *f, bool armed, const char *status, int nth)
{
    tether_snapshot *snapshot;
    int code = tether_status_get(f->registry, task, &snapshot, &f->error);
    bool unchanged =
        armed && code == TETHER_OK && strcmp(tether_status_text(snapshot->status), status) == 0;
    if (code == TETHER_OK && !unchanged && !is_rebooted(snapshot))
        fail_msg("%s, call %d: %s, %s", status, nth, tether_status_text(snapshot->status),
                 snapshot->reason != NULL ? snapshot->reason : "no reason");
    tether_snapshot_free(snapshot);
    if (!armed)
        assert_int_equal(code, TETHER_OK);
}

/* Its end is final: a boot that is not known must not be taken for the same. */
static void a_task_of_another_boot_has_no_other_end(void **state)
{
    fixture *f = *state;
    static const int os_errors[] = {EMFILE, ENFILE, EIO, ENOMEM};
    static const char *const statuses[] = {"running", "killing"};
    json_t *record = new_record(f);
    for (size_t i = 0; i < 2 * sizeof os_errors / sizeof os_errors[0]; i++) {
        bool reached = true;
        for (int nth = 1; reached; nth++) {
            plant_rebooted(f, record, statuses[i % 2]);
            failing_calls_arm(nth, os_errors[i / 2]);
            check_rebooted(f, true, statuses[i % 2], nth);
            reached = failing_calls_disarm();
            check_rebooted(f, false, statuses[i % 2], nth);
            ASSERT_OK(tether_completion_ack(f->registry, task, NULL, &f->error), f->error);
            ASSERT_OK(tether_cleanup_finished(f->registry, 0, NULL, &f->error), f->error);
            assert_false(test_exists(test_exit_path(f, task)));
        }
    }
    json_decref(record);
}

/* Else a task would have no boot, and after a reboot count as one of that boot. */
static void each_birth_has_the_boot(void **state)
{
    fixture *f = *state;
    char boot_id[TETHER__BOOT_ID_SIZE], id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    const tether_spec spec = {.argv = argv};
    const tether_proxy_spec work = {.command = "work"};
    tether__os_boot_id(boot_id);
    for (int proxies = 0; proxies < 2; proxies++) {
        bool reached = true;
        for (int nth = 1; reached; nth++) {
            tether_proxy *proxy = NULL;
            f->registry = test_open(f); /* a new one, which has not asked yet */
            failing_calls_arm(nth, EMFILE);
            int code = proxies ? tether_proxy_open(f->registry, &work, id, &proxy, &f->error)
                               : tether_spawn(f->registry, &spec, id, &f->error);
            reached = failing_calls_disarm();
            if (code == TETHER_OK) {
                char *stored = test_record_text(f, id, "boot_id");
                if (stored == NULL || strcmp(stored, boot_id) != 0)
                    fail_msg("call %d: the boot is %s", nth, stored != NULL ? stored : "missing");
                free(stored);
            }
            if (code == TETHER_OK && proxies)
                ASSERT_OK(tether_proxy_finish(proxy, 0, 0, &f->error), f->error);
            else if (code == TETHER_OK)
                tether_snapshot_free(test_wait(f->registry, id));
            ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
            f->registry = NULL;
            assert_true(reached || code == TETHER_OK);
        }
    }
}

/* --- Limits, ages and live tasks --- */

static void a_limit_is_kept_when_the_tasks_cannot_be_counted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy *running, *another;
    tether_proxy_spec spec = {.command = "work"};
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .no_gc = 1, .max_running = 1};
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
    ASSERT_OK(tether_proxy_open(f->registry, &spec, id, &running, &f->error), f->error);
    bool reached = true;
    for (int nth = 1; reached; nth++) {
        failing_calls_arm(nth, EMFILE);
        int code = tether_proxy_open(f->registry, &spec, id, &another, &f->error);
        reached = failing_calls_disarm();
        if (reached)
            assert_int_not_equal(code, TETHER_OK);
        else
            assert_int_equal(code, TETHER_EQUOTA);
        assert_null(another);
        /* Removes the lifeline that is left if the failed call was one of the removal. */
        ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
        assert_int_equal(test_count_names(test_session_path(f, "tasks")), 1);
    }
    ASSERT_OK(tether_proxy_finish(running, 0, 0, &f->error), f->error);
}

/* By this moment the wall clock has been set: no age by it is believed. A collection that cannot
 * read that must not forget it. */
static void what_is_known_of_the_clock_is_not_forgotten(void **state)
{
    fixture *f = *state;
    static const char known[] = "{\"schema_version\": 1, \"believed\": {\"wall_ms\": 946684800000, "
                                "\"uptime_ms\": 1000, \"boot_id\": \"another\"}}";
    bool reached = true;
    f->registry = test_open(f);
    for (int nth = 1; reached; nth++) {
        test_write_file(test_path(f, "gc.json"), known, strlen(known));
        failing_calls_arm(nth, EMFILE);
        int code = tether_gc(f->registry, NULL, NULL, &f->error);
        reached = failing_calls_disarm();
        char *text = test_read_file(test_path(f, "gc.json"), NULL);
        assert_non_null(strstr(text, "946684800000"));
        free(text);
        assert_true(reached || code == TETHER_OK);
    }
}

/* Another process's ephemeral store, whose owner has died and whose task lives. */
static void a_live_task_keeps_its_ephemeral_store(void **state)
{
    fixture *f = *state;
    static const char *const folders[] = {
        "tether-ephemeral", "tether-ephemeral/0123456789abcdef",
        "tether-ephemeral/0123456789abcdef/0123456789abcdef",
        "tether-ephemeral/0123456789abcdef/0123456789abcdef/exits"};
    tether__dir *exits;
    tether__lifeline lifeline;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        test_make_directory(test_work_path(f, "%s", folders[i]));
    const char *before = getenv("XDG_RUNTIME_DIR");
    char *saved = before != NULL ? strdup(before) : NULL;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", f->work, 1), 0);
    ASSERT_OK(
        tether__os_dir_open_root(test_work_path(f, "%s", folders[3]), false, &exits, &f->error),
        f->error);
    ASSERT_OK(tether__os_lifeline_create(exits, "talive", &lifeline, &f->error), f->error);
    bool reached = true;
    for (int nth = 1; reached; nth++) {
        tether_registry *registry;
        tether_open_options options = {.ephemeral = true, .reaper = test_reaper_mode()};
        failing_calls_arm(nth, EMFILE);
        int code = tether_open(&options, &registry, &f->error);
        reached = failing_calls_disarm();
        if (code == TETHER_OK)
            assert_int_equal(tether_close(registry, TETHER_SHUTDOWN, NULL), TETHER_OK);
        assert_true(test_exists(test_work_path(f, "%s/talive", folders[3])));
    }
    tether__os_lifeline_close(&lifeline);
    tether__os_dir_close(exits);
    if (saved != NULL)
        assert_int_equal(setenv("XDG_RUNTIME_DIR", saved, 1), 0);
    else
        unsetenv("XDG_RUNTIME_DIR");
    free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failed_read_leaves_the_answer_open, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_task_that_is_removed_meanwhile_does_not_fail_a_list,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_marker_is_lost_after_failed_reads, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_task_of_another_boot_has_no_other_end, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(each_birth_has_the_boot, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_limit_is_kept_when_the_tasks_cannot_be_counted,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(what_is_known_of_the_clock_is_not_forgotten, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_live_task_keeps_its_ephemeral_store, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
