/* The wall clock is set a day back or ten years ahead while tasks run, end and are collected. */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "support/elsewhere.h"
#include "support/fake_clock.h"
#include "care/gc_state.h"
#include "care/removable.h"
#include "engine/core.h"

static const int64_t hour_ms = 60 * 60 * 1000;
static const int64_t day_ms = 24 * 60 * 60 * 1000;
static const int64_t ten_years_ms = (int64_t)3652 * 24 * 60 * 60 * 1000;

/* How far the clock is ahead of the system's before and after it is set. The times of files always
 * follow the system's clock: they agree with the set clock only after a jump back to 0. */
typedef struct jump {
    int64_t from_ms;
    int64_t to_ms;
} jump;

enum { JUMPS = 4 };

static jump jump_at(size_t i)
{
    const jump jumps[JUMPS] = {{0, -day_ms}, {0, ten_years_ms}, {-day_ms, 0}, {ten_years_ms, 0}};
    return jumps[i];
}

static int setup(void **state)
{
    fake_clock_set(0);
    if (test_setup(state) != 0)
        return -1;
    fixture *f = *state;
    tether_open_options options = {
        .size = sizeof options, .store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    return tether_open(&options, &f->registry, &f->error);
}

static int teardown(void **state)
{
    fake_clock_set(0);
    return test_teardown(state);
}

/* Starts a task and sets the clock after its first output. Returns when it was started. */
static int64_t start_and_jump(fixture *f, jump j, const tether_spec *spec, char id[TETHER_ID_SIZE])
{
    fake_clock_set(j.from_ms);
    int64_t before = test_now_ms();
    test_start(f->registry, spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 1);
    fake_clock_set(j.to_ms);
    return before;
}

static void durations_do_not_follow_the_wall_clock(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < JUMPS; i++) {
        char id[TETHER_ID_SIZE];
        const tether_spec spec = {.command = CHILD_TEXT " out begun sleep 300"};
        int64_t before = start_and_jump(f, jump_at(i), &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        int64_t passed = test_now_ms() - before;
        assert_int_equal(snapshot->status, TETHER_STATUS_COMPLETED);
        assert_in_range(snapshot->duration_ms, 280, passed + 20);
        tether_snapshot_free(snapshot);
    }
}

/* A killed supervisor may leave no marker that says when the task ended. */
static void duration_of_a_killed_task_does_not_follow_the_wall_clock(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < JUMPS; i++) {
        char id[TETHER_ID_SIZE];
        const tether_spec spec = {.command = CHILD_TEXT " out begun forever"};
        int64_t before = start_and_jump(f, jump_at(i), &spec, id);
        ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
        assert_in_range(snapshot->duration_ms, 0, test_now_ms() - before + 20);
        tether_snapshot_free(snapshot);
    }
}

static void timeouts_do_not_follow_the_wall_clock(void **state)
{
    fixture *f = *state;
    char ids[JUMPS][TETHER_ID_SIZE];
    for (size_t i = 0; i < JUMPS; i++) {
        const tether_spec spec = {.command = CHILD_TEXT " out begun forever", .timeout_ms = 2000};
        int64_t before = start_and_jump(f, jump_at(i), &spec, ids[i]);

        /* This wait times out on time, and before the task does. */
        const char *const id = ids[i];
        int64_t begin = test_now_ms();
        assert_int_equal(tether_wait(f->registry, &id, 1, TETHER_WAIT_ALL, 200, NULL, &f->error),
                         TETHER_ETIMEDOUT);
        assert_in_range(test_now_ms() - begin, 195, 1500);

        tether_snapshot *snapshot = test_wait(f->registry, ids[i]);
        assert_in_range(test_now_ms() - before, 1995, PATIENCE_MS / 2);
        assert_int_equal(snapshot->status, TETHER_STATUS_TIMED_OUT);
        assert_int_equal(snapshot->exit_code, 124);
        assert_in_range(snapshot->duration_ms, 1980, PATIENCE_MS / 2);
        tether_snapshot_free(snapshot);
    }
}

/* The next host keeps the deadline of a task whose host is gone, by the monotonic clock. */
static void deadline_outlives_its_host_and_a_jump(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int64_t before = test_now_ms();
    START_ELSEWHERE(f, id, "--timeout", "2s", "--", CHILD, "forever");
    fake_clock_set(ten_years_ms);
    f->registry = test_open(f);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_in_range(test_now_ms() - before, 1995, PATIENCE_MS / 2);
    assert_int_equal(snapshot->status, TETHER_STATUS_TIMED_OUT);
    tether_snapshot_free(snapshot);
}

/* Changes the record to that of a task which ended in an earlier boot, age_ms ago by the system's
 * clock. */
static void age_across_boots(fixture *f, const char *id, int64_t age_ms)
{
    tether__moment now;
    fake_clock_set(0);
    tether__moment_now(&f->registry->store.here, &now);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "boot_id", json_string("another"));
    json_object_set_new(record, "finished_at", json_integer(now.wall_ms - age_ms));
    test_save_record(f, id, record);
}

static tether_gc_result collect(fixture *f, int64_t older_than_ms)
{
    tether_gc_result result = {0};
    tether_gc_options options = {.older_than_ms = older_than_ms};
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    return result;
}

static void ages_of_this_boot_go_by_uptime(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < JUMPS; i++) {
        char id[TETHER_ID_SIZE];
        jump j = jump_at(i);
        fake_clock_set(j.from_ms);
        removable_create(f->registry, id);
        int64_t ended = test_now_ms();
        fake_clock_set(j.to_ms);
        assert_int_equal(collect(f, 0).removed, 0);
        assert_int_equal(collect(f, hour_ms).removed, 0);
        assert_true(removable_exists(f, id));
        /* The age counts from the end, by a clock that may advance in steps of 16 ms. */
        WAIT_UNTIL(test_now_ms() - ended > 200);
        assert_int_equal(collect(f, 100).removed, 1);
        assert_false(removable_exists(f, id));
    }
}

static void ages_of_other_boots_need_a_right_clock(void **state)
{
    fixture *f = *state;
    char young[TETHER_ID_SIZE], old[TETHER_ID_SIZE];
    collect(f, 0); /* stores the right clock while no age depends on it */
    removable_create(f->registry, young);
    removable_create(f->registry, old);
    age_across_boots(f, young, hour_ms);
    age_across_boots(f, old, 2 * day_ms);
    static const int turns = 2; /* the second collection does not trust the clock either */
    for (size_t i = 0; i < JUMPS; i++) {
        jump j = jump_at(i);
        fake_clock_set(j.from_ms != 0 ? j.from_ms : j.to_ms);
        for (int turn = 0; turn < turns; turn++) {
            assert_int_equal(collect(f, 0).removed, 0);
            tether_gc_result result = {0};
            ASSERT_OK(tether_cleanup_finished(f->registry, day_ms, &result, &f->error), f->error);
            assert_int_equal(result.removed, 0);
            assert_int_equal(result.kept, 2);
        }
    }
    fake_clock_set(0);
    assert_int_equal(collect(f, 0).removed, 1);
    assert_true(removable_exists(f, young));
    assert_false(removable_exists(f, old));

    /* A collection of tasks of any age needs no clock. */
    fake_clock_set(-day_ms);
    assert_int_equal(collect(f, -1).removed, 1);
    assert_false(removable_exists(f, young));
}

/* The same where the machine has rebooted since the clock was last trusted. */
static void ages_after_a_reboot_with_a_wrong_clock(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether__gc_state gc;
    collect(f, 0);
    removable_create(f->registry, id);
    age_across_boots(f, id, hour_ms);
    tether__gc_state_load(&f->registry->store, &gc, NULL);
    strcpy(gc.clock.believed.boot_id, "another");
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &gc, &f->error), f->error);
    fake_clock_set(ten_years_ms);
    assert_int_equal(collect(f, 0).removed, 0);
    assert_int_equal(collect(f, 0).removed, 0);
    fake_clock_set(-day_ms);
    assert_int_equal(collect(f, 0).removed, 0);
    fake_clock_set(0);
    assert_int_equal(collect(f, 2 * hour_ms).removed, 0);
    assert_int_equal(collect(f, hour_ms).removed, 1);
}

/* A new store has no earlier reading to check the clock against. */
static void store_without_history_trusts_no_clock(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    removable_create(f->registry, id);
    age_across_boots(f, id, 2 * day_ms);
    assert_int_equal(collect(f, 0).removed, 0);
    assert_int_equal(collect(f, 0).removed, 0);
    assert_true(removable_exists(f, id));
}

/* Creates a quarantine folder that claims to be age_ms old by the system's clock. Its reason.txt
 * names this boot (boot_id NULL) or another one. */
static void add_to_quarantine(fixture *f, const char *task_id, int64_t age_ms, const char *boot_id)
{
    char name[100], text[300];
    tether__moment now;
    tether__dir *quarantine, *folder;
    fake_clock_set(0);
    tether__moment_now(&f->registry->store.here, &now);
    snprintf(name, sizeof name, "%s-%lld", task_id, (long long)(now.wall_ms - age_ms));
    snprintf(text, sizeof text, "session: default\nuptime: %lld boot: %s\nreason: a test\n",
             (long long)now.uptime_ms, boot_id != NULL ? boot_id : now.boot_id);
    ASSERT_OK(tether__store_quarantine(&f->registry->store, &quarantine, &f->error), f->error);
    ASSERT_OK(tether__os_dir_open(quarantine, name, true, &folder, &f->error), f->error);
    ASSERT_OK(tether__os_file_replace(folder, "reason.txt", text, strlen(text), false, &f->error),
              f->error);
    tether__os_dir_close(folder);
    tether__os_dir_close(quarantine);
}

static bool is_quarantined(fixture *f, const char *task_id)
{
    return test_find_name(test_path(f, "quarantine"), task_id) != NULL;
}

static void quarantine_expires_after_thirty_days_of_a_right_clock(void **state)
{
    fixture *f = *state;
    collect(f, 0);
    add_to_quarantine(f, "fresh", 0, NULL);
    add_to_quarantine(f, "young", 29 * day_ms, "another");
    add_to_quarantine(f, "old", 31 * day_ms, "another");
    add_to_quarantine(
        f, "strange", 31 * day_ms,
        "a-boot-id-that-is-longer-than-any-that-a-system-of-this-world-has-had-so-far");
    /* Quarantined during this boot, while the clock was wrong. */
    add_to_quarantine(f, "confused", 31 * day_ms, NULL);
    test_write_file(test_path(f, "quarantine/no-valid-time"), "", 0);
    for (size_t i = 0; i < JUMPS; i++) {
        jump j = jump_at(i);
        fake_clock_set(j.from_ms != 0 ? j.from_ms : j.to_ms);
        assert_int_equal(collect(f, 0).expired, 0);
        assert_int_equal(collect(f, -1).expired, 0);
    }
    assert_int_equal(test_count_names(test_path(f, "quarantine")), 6);
    fake_clock_set(0);
    assert_int_equal(collect(f, 0).expired, 2);
    assert_false(is_quarantined(f, "old"));
    assert_false(is_quarantined(f, "strange"));
    assert_true(is_quarantined(f, "fresh"));
    assert_true(is_quarantined(f, "young"));
    assert_true(is_quarantined(f, "confused"));
    assert_true(is_quarantined(f, "no-valid"));
}

#define WITH_CLOCK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLOCK(durations_do_not_follow_the_wall_clock),
        WITH_CLOCK(duration_of_a_killed_task_does_not_follow_the_wall_clock),
        WITH_CLOCK(timeouts_do_not_follow_the_wall_clock),
        cmocka_unit_test_setup_teardown(deadline_outlives_its_host_and_a_jump, test_setup,
                                        teardown),
        WITH_CLOCK(ages_of_this_boot_go_by_uptime),
        WITH_CLOCK(ages_of_other_boots_need_a_right_clock),
        WITH_CLOCK(ages_after_a_reboot_with_a_wrong_clock),
        WITH_CLOCK(store_without_history_trusts_no_clock),
        WITH_CLOCK(quarantine_expires_after_thirty_days_of_a_right_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
