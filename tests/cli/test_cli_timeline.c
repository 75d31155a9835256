/* Tasks over time: the axis, the bars, and the picture. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/timeline.h"
#include "cli/timeline_svg.h"

/* 2026-11-28T10:00:00Z */
#define T0 ((int64_t)1795860000000)
#define UNKNOWN (-1)

typedef struct sample {
    const char *id, *name, *command;
    tether_status status;
    int64_t start, end; /* after T0; UNKNOWN */
    int64_t exit_code;
} sample;

static const sample samples[] = {
    {"tccc", NULL, "make -j4", TETHER_STATUS_RUNNING, 6000, UNKNOWN, UNKNOWN},
    {"taaa", "build", "make", TETHER_STATUS_COMPLETED, 0, 4000, 0},
    {"tbbb", "<b> & \033[2J \xff \xe6\x97\xa5", "a\nb", TETHER_STATUS_FAILED, 2000, 10000, 3},
    {"tddd", "a name that is longer than what fits there", "x", TETHER_STATUS_LOST, 8000, UNKNOWN,
     UNKNOWN},
    {"teee", "never known", NULL, TETHER_STATUS_LOST, UNKNOWN, UNKNOWN, UNKNOWN},
    {"tfff", "short", "true", TETHER_STATUS_TIMED_OUT, 5000, 5000, 124},
};

enum { SAMPLES = sizeof samples / sizeof samples[0] };

static tether_snapshot tasks[SAMPLES];
static const tether_snapshot *pointers[SAMPLES];

static const tether_snapshot *const *make(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        const sample *from = &samples[i];
        tether_snapshot *task = &tasks[i];
        memset(task, 0, sizeof *task);
        snprintf(task->task_id, sizeof task->task_id, "%s", from->id);
        task->name = (char *)from->name;
        task->command = (char *)from->command;
        task->status = from->status;
        task->started_at = from->start == UNKNOWN ? 0 : T0 + from->start;
        task->finished_at = from->end == UNKNOWN ? 0 : T0 + from->end;
        task->duration_ms = -1;
        task->exit_code = from->exit_code;
        pointers[i] = task;
    }
    return pointers;
}

static void bars_stand_where_and_as_long_as_the_tasks_ran(void **state)
{
    static const char *const rows[] = {
        "|=======|   .   .  .", ".   |==============x", ".   .   . x .   .  .",
        ".   .   .   |======>", ".   .   .   .   ?  .", ".   .   .   .   .  .",
    };
    timeline plan;
    char cells[21];
    (void)state;
    assert_true(timeline_init(&plan, make(), SAMPLES, T0 + 10000, 0, 5));
    assert_int_equal(plan.step, 2000);
    for (size_t i = 0; i < SAMPLES; i++) {
        timeline_cells(&plan, &plan.items[i], cells, 20);
        assert_string_equal(cells, rows[i]);
    }
    timeline_axis(&plan, cells, 20);
    assert_string_equal(cells, "0s  2s  4s  6s  8s  ");
    timeline_dispose(&plan);
}

static void a_bar_that_began_earlier_is_cut(void **state)
{
    timeline plan;
    char cells[11];
    (void)state;
    assert_true(timeline_init(&plan, make(), SAMPLES, T0 + 10000, T0 + 3000, 1));
    timeline_cells(&plan, &plan.items[0], cells, 10);
    assert_string_equal(cells, "<|     .  ");
    timeline_cells(&plan, &plan.items[1], cells, 10);
    assert_string_equal(cells, "<========x");
    timeline_dispose(&plan);
}

static void the_axis_has_round_steps(void **state)
{
    static const struct {
        int64_t span, steps, step;
        const char *label; /* of the second mark */
    } cases[] = {
        {1, 5, 1, "1ms"},
        {40, 5, 10, "0.01s"},
        {950, 5, 200, "0.2s"},
        {9999, 5, 2000, "2s"},
        {61000, 3, 30000, "30s"},
        {200000, 2, 120000, "2m"},
        {86400000, 8, 10800000, "3h"},
        {1000000000, 8, 172800000, "2d"},
        {1000000000000, 10, 154828800000, "1792d"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        timeline plan = {.from = T0, .to = T0 + cases[i].span};
        char label[TIMELINE_LABEL_SIZE];
        timeline_set_steps(&plan, cases[i].steps);
        timeline_label(&plan, plan.step, label);
        if (plan.step != cases[i].step || strcmp(label, cases[i].label) != 0)
            fail_msg("%lld ms: steps of %lld, \"%s\"", (long long)cases[i].span,
                     (long long)plan.step, label);
    }
}

static void damaged_times_do_no_harm(void **state)
{
    timeline plan;
    char cells[11];
    (void)state;
    make();
    tasks[0].started_at = INT64_MAX;
    tasks[1].finished_at = INT64_MAX;
    tasks[2].started_at = INT64_MIN;
    tasks[3].finished_at = 1;
    tasks[3].duration_ms = INT64_MAX;
    tasks[5].finished_at = 1;
    tasks[5].duration_ms = 2000;
    assert_true(timeline_init(&plan, pointers, SAMPLES, T0 + 10000, 0, 4));
    assert_int_equal(plan.from, T0);
    assert_int_equal(plan.to, T0 + 8000);
    for (size_t i = 0; i < SAMPLES; i++)
        timeline_cells(&plan, &plan.items[i], cells, 10);
    /* The clock was set back: the duration tells the end. */
    assert_string_equal(plan.items[1].task->task_id, "tfff");
    assert_int_equal(plan.items[1].end, T0 + 7000);
    timeline_dispose(&plan);
    assert_true(timeline_init(&plan, pointers, 0, T0, 0, 4));
    assert_true(plan.from < plan.to);
    timeline_dispose(&plan);
}

/* --- The picture --- */

static char drawn[65536];
static size_t used;

static void collect(void *userdata, const char *bytes, size_t size)
{
    (void)userdata;
    assert_true(used + size < sizeof drawn);
    memcpy(drawn + used, bytes, size);
    used += size;
    drawn[used] = '\0';
}

/* With the variable WRITE_GOLDEN, writes the file instead. */
static void the_picture_is_as_it_was(void **state)
{
    static char golden[65536];
    const svg to = {collect, NULL};
    timeline plan;
    (void)state;
    assert_true(timeline_init(&plan, make(), SAMPLES, T0 + 12000, 0, 1));
    timeline_svg(&to, &plan, false);
    timeline_dispose(&plan);
    FILE *file = fopen(GOLDEN, getenv("WRITE_GOLDEN") != NULL ? "wb" : "rb");
    assert_non_null(file);
    if (getenv("WRITE_GOLDEN") != NULL)
        assert_int_equal(fwrite(drawn, 1, used, file), used);
    else
        golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
    fclose(file);
    if (getenv("WRITE_GOLDEN") == NULL)
        assert_string_equal(drawn, golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_stand_where_and_as_long_as_the_tasks_ran),
        cmocka_unit_test(a_bar_that_began_earlier_is_cut),
        cmocka_unit_test(the_axis_has_round_steps),
        cmocka_unit_test(damaged_times_do_no_harm),
        cmocka_unit_test(the_picture_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
