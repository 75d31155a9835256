/* A wall clock that is set while tasks run, end and are cared for: a day back and ten years ahead.
 */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_clock.h"
#include "care/gc_state.h"
#include "os/lifeline.h"
#include "engine/core.h"

static const int64_t hour_ms = 60 * 60 * 1000;
static const int64_t day_ms = 24 * 60 * 60 * 1000;
static const int64_t ten_years_ms = (int64_t)3652 * 24 * 60 * 60 * 1000;

/* From where to where the clock is set. File times are the system's: coming back shows what a file
 * looks like that was written after the clock was set. */
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

static void durations_do_not_follow_the_wall_clock(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < JUMPS; i++) {
        char id[TETHER_ID_SIZE];
        jump j = jump_at(i);
        fake_clock_set(j.from_ms);
        int64_t before = test_now_ms();
        test_run(f, CHILD_TEXT " out begun sleep 300", id);
        test_wait_output(f->registry, id, TETHER_STDOUT, 1);
        fake_clock_set(j.to_ms);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        int64_t passed = test_now_ms() - before;
        assert_int_equal(snapshot->status, TETHER_STATUS_COMPLETED);
        assert_in_range(snapshot->duration_ms, 280, passed + 20);
        tether_snapshot_free(snapshot);
    }
}

/* One that is found ended, with no marker to tell when. */
static void duration_of_a_killed_task(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < JUMPS; i++) {
        char id[TETHER_ID_SIZE];
        jump j = jump_at(i);
        fake_clock_set(j.from_ms);
        int64_t before = test_now_ms();
        test_run(f, CHILD_TEXT " out begun forever", id);
        test_wait_output(f->registry, id, TETHER_STDOUT, 1);
        fake_clock_set(j.to_ms);
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
        jump j = jump_at(i);
        fake_clock_set(j.from_ms);
        tether_spec spec = {.command = CHILD_TEXT " out begun forever", .timeout_ms = 2000};
        int64_t before = test_now_ms();
        ASSERT_OK(tether_spawn(f->registry, &spec, ids[i], &f->error), f->error);
        test_wait_output(f->registry, ids[i], TETHER_STDOUT, 1);
        fake_clock_set(j.to_ms);

        /* So long a wait is over first, and in its time. */
        const char *const id = ids[i];
        int64_t asked = test_now_ms();
        assert_int_equal(tether_wait(f->registry, &id, 1, TETHER_WAIT_ALL, 200, NULL, &f->error),
                         TETHER_ETIMEDOUT);
        assert_in_range(test_now_ms() - asked, 195, 1500);

        tether_snapshot *snapshot = test_wait(f->registry, ids[i]);
        assert_in_range(test_now_ms() - before, 1995, PATIENCE_MS / 2);
        assert_int_equal(snapshot->status, TETHER_STATUS_TIMED_OUT);
        assert_int_equal(snapshot->exit_code, 124);
        assert_in_range(snapshot->duration_ms, 1980, PATIENCE_MS / 2);
        tether_snapshot_free(snapshot);
    }
}

/* The deadline of a task whose host is gone is the next one's to keep, by the same clock. */
static void deadline_outlives_host_and_jump(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *out;
    const char *const run[] = {COMMAND, "--store", f->store, "run",     "--timeout",
                               "2s",    "--",      CHILD,    "forever", NULL};
    int64_t before = test_now_ms();
    assert_int_equal(test_command(run, &out, NULL), 0);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(out, "\r\n"), out);
    free(out);
    fake_clock_set(ten_years_ms);
    f->registry = test_open(f);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_in_range(test_now_ms() - before, 1995, PATIENCE_MS / 2);
    assert_int_equal(snapshot->status, TETHER_STATUS_TIMED_OUT);
    tether_snapshot_free(snapshot);
}

/* A task that ended and that nobody needs; nobody holds its lifeline any more. */
static void run_silently(fixture *f, char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.command = "exit 0", .no_notify = true};
    ASSERT_OK(tether_spawn(f->registry, &spec, id, &f->error), f->error);
    tether_snapshot_free(test_wait(f->registry, id));
    bool held = true;
    WAIT_UNTIL((tether__os_lifeline_held(f->registry->session.exits, id, &held, NULL), !held));
    /* From then on no registry looks at it by itself. */
    WAIT_UNTIL(tether__os_lifeline_marked_ended(f->registry->session.exits, id));
}

/* Makes it one of an earlier boot that ended so long ago by the system's clock. */
static void age_across_boots(fixture *f, const char *id, int64_t age_ms)
{
    tether__moment now;
    fake_clock_set(0);
    tether__moment_now(&now);
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

static bool has_task(fixture *f, const char *id)
{
    return test_exists(test_bundle_path(f, id, "record.json"));
}

static void ages_of_this_boot_go_by_uptime(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < JUMPS; i++) {
        char id[TETHER_ID_SIZE];
        jump j = jump_at(i);
        fake_clock_set(j.from_ms);
        run_silently(f, id);
        int64_t ended = test_now_ms();
        fake_clock_set(j.to_ms);
        assert_int_equal(collect(f, 0).removed, 0);
        assert_int_equal(collect(f, hour_ms).removed, 0);
        assert_true(has_task(f, id));
        /* Its age is counted from its last line: a moment before the end was seen here. */
        WAIT_UNTIL(test_now_ms() - ended > 100);
        assert_int_equal(collect(f, 100).removed, 1);
        assert_false(has_task(f, id));
    }
}

static void ages_of_other_boots_wait_for_a_right_clock(void **state)
{
    fixture *f = *state;
    char young[TETHER_ID_SIZE], old[TETHER_ID_SIZE];
    collect(f, 0); /* the clock is noted while nothing depends on it */
    run_silently(f, young);
    run_silently(f, old);
    age_across_boots(f, young, hour_ms);
    age_across_boots(f, old, 2 * day_ms);
    static const int turns = 2; /* asking again is no reason to believe a clock */
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
    assert_true(has_task(f, young));
    assert_false(has_task(f, old));

    /* Whatever its age needs no clock. */
    fake_clock_set(-day_ms);
    assert_int_equal(collect(f, -1).removed, 1);
    assert_false(has_task(f, young));
}

/* The same where the machine was started anew after the clock was last believed. */
static void ages_after_a_reboot_with_a_wrong_clock(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether__gc_state seen;
    collect(f, 0);
    run_silently(f, id);
    age_across_boots(f, id, hour_ms);
    tether__gc_state_load(&f->registry->store, &seen);
    strcpy(seen.clock.believed.boot_id, "another");
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &seen, &f->error), f->error);
    fake_clock_set(ten_years_ms);
    assert_int_equal(collect(f, 0).removed, 0);
    assert_int_equal(collect(f, 0).removed, 0);
    fake_clock_set(-day_ms);
    assert_int_equal(collect(f, 0).removed, 0);
    fake_clock_set(0);
    assert_int_equal(collect(f, 2 * hour_ms).removed, 0);
    assert_int_equal(collect(f, hour_ms).removed, 1);
}

/* Without any history nothing tells that a clock is right, where ages depend on it. */
static void store_without_history_believes_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_silently(f, id);
    age_across_boots(f, id, 2 * day_ms);
    assert_int_equal(collect(f, 0).removed, 0);
    assert_int_equal(collect(f, 0).removed, 0);
    assert_true(has_task(f, id));
}

/* A folder in the quarantine that says it came there so long ago, by the system's clock; its reason
 * names the uptime of this boot, or of another one. */
static void quarantine_since(fixture *f, const char *task_id, int64_t age_ms, const char *boot_id)
{
    char name[100], text[300];
    tether__moment now;
    tether__dir *quarantine, *folder;
    fake_clock_set(0);
    tether__moment_now(&now);
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

static void quarantine_goes_after_thirty_days_of_a_right_clock(void **state)
{
    fixture *f = *state;
    collect(f, 0);
    quarantine_since(f, "fresh", 0, NULL);
    quarantine_since(f, "young", 29 * day_ms, "another");
    quarantine_since(f, "old", 31 * day_ms, "another");
    /* Put there during this boot, when the clock was wrong. */
    quarantine_since(f, "confused", 31 * day_ms, NULL);
    test_write_file(test_path(f, "quarantine/no-time-of-ours"), "", 0);
    for (size_t i = 0; i < JUMPS; i++) {
        jump j = jump_at(i);
        fake_clock_set(j.from_ms != 0 ? j.from_ms : j.to_ms);
        assert_int_equal(collect(f, 0).expired, 0);
        assert_int_equal(collect(f, -1).expired, 0);
    }
    assert_int_equal(test_count_names(test_path(f, "quarantine")), 5);
    fake_clock_set(0);
    assert_int_equal(collect(f, 0).expired, 1);
    assert_false(is_quarantined(f, "old"));
    assert_true(is_quarantined(f, "fresh"));
    assert_true(is_quarantined(f, "young"));
    assert_true(is_quarantined(f, "confused"));
    assert_true(is_quarantined(f, "no-time"));
}

#define WITH_CLOCK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLOCK(durations_do_not_follow_the_wall_clock),
        WITH_CLOCK(duration_of_a_killed_task),
        WITH_CLOCK(timeouts_do_not_follow_the_wall_clock),
        cmocka_unit_test_setup_teardown(deadline_outlives_host_and_jump, test_setup, teardown),
        WITH_CLOCK(ages_of_this_boot_go_by_uptime),
        WITH_CLOCK(ages_of_other_boots_wait_for_a_right_clock),
        WITH_CLOCK(ages_after_a_reboot_with_a_wrong_clock),
        WITH_CLOCK(store_without_history_believes_nothing),
        WITH_CLOCK(quarantine_goes_after_thirty_days_of_a_right_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
