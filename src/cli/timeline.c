/* Owns where tasks are on an axis of time, and the marks of that axis.
 * Must not: print, or read a clock.
 * Thread: any; pure functions. */
#include "cli/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* In milliseconds. Longer ones are multiples of the last one. */
static const int64_t steps_of[] = {
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * (int64_t)DAY,
    7 * (int64_t)DAY,
};

/* The end of the year 9999. A damaged record may have any number. */
#define TIME_MOST ((int64_t)253402300799999)

enum { STEPS = sizeof steps_of / sizeof steps_of[0] };

static int compare(const void *left, const void *right)
{
    const timeline_item *a = left, *b = right;

    if ((a->start == 0) != (b->start == 0))
        return a->start == 0 ? 1 : -1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return strcmp(a->task->task_id, b->task->task_id);
}

/* The clock may have been set back while the task ran: then its duration tells more. */
static void place_item(timeline_item *item, const tether_snapshot *task, int64_t now)
{
    item->task = task;
    item->start = item->end = task->started_at;
    item->end_known = false;
    if (task->started_at <= 0 || task->started_at > TIME_MOST) {
        item->start = item->end = 0;
    } else if (!tether_status_ended(task->status)) {
        item->end = now > item->start ? now : item->start;
    } else if (task->finished_at >= task->started_at && task->finished_at <= TIME_MOST) {
        item->end = task->finished_at;
        item->end_known = true;
    } else if (task->duration_ms >= 0 && task->duration_ms <= TIME_MOST - task->started_at) {
        item->end = task->started_at + task->duration_ms;
        item->end_known = true;
    }
}

static void find_range(timeline *plan, int64_t since)
{
    size_t i;

    plan->from = plan->to = 0;
    for (i = 0; i < plan->count && plan->items[i].start != 0; i++) {
        if (i == 0 || plan->items[i].end > plan->to)
            plan->to = plan->items[i].end;
    }
    if (i > 0)
        plan->from = plan->items[0].start;
    if (plan->from < since)
        plan->from = since;
    if (plan->to <= plan->from)
        plan->to = plan->from + 1;
}

void timeline_set_steps(timeline *plan, int64_t steps)
{
    int64_t span = plan->to - plan->from;
    size_t i = 0;

    if (steps < 1)
        steps = 1;
    while (i + 1 < STEPS && span / steps_of[i] > steps)
        i++;
    plan->step = steps_of[i];
    while (span / plan->step > steps)
        plan->step *= 2;
}

bool timeline_init(timeline *plan, const tether_snapshot *const *tasks, size_t count, int64_t now,
                   int64_t since, int64_t steps)
{
    size_t i;

    plan->count = count;
    plan->items = calloc(count + 1, sizeof *plan->items);
    if (plan->items == NULL)
        return false;
    for (i = 0; i < count; i++)
        place_item(&plan->items[i], tasks[i], now);
    qsort(plan->items, count, sizeof *plan->items, compare);
    find_range(plan, since);
    timeline_set_steps(plan, steps);
    return true;
}

void timeline_dispose(timeline *plan)
{
    free(plan->items);
    plan->items = NULL;
    plan->count = 0;
}

/* Two units, of which the smaller one is left out if it is 0. */
static void format_units(int64_t big, const char *unit, int64_t small, const char *other,
                         char *text)
{
    if (small == 0)
        snprintf(text, TIMELINE_LABEL_SIZE, "%" PRId64 "%s", big, unit);
    else
        snprintf(text, TIMELINE_LABEL_SIZE, "%" PRId64 "%s%02" PRId64 "%s", big, unit, small,
                 other);
}

void timeline_label(const timeline *plan, int64_t ms, char text[TIMELINE_LABEL_SIZE])
{
    if (ms == 0)
        snprintf(text, TIMELINE_LABEL_SIZE, "0s");
    else if (ms < MINUTE && plan->step < 10)
        snprintf(text, TIMELINE_LABEL_SIZE, "%" PRId64 "ms", ms);
    else if (ms < MINUTE && plan->step < SECOND)
        snprintf(text, TIMELINE_LABEL_SIZE, "%" PRId64 ".%0*" PRId64 "s", ms / SECOND,
                 plan->step < 100 ? 2 : 1, ms % SECOND / (plan->step < 100 ? 10 : 100));
    else if (ms < MINUTE)
        format_units(ms / SECOND, "s", 0, "", text);
    else if (ms < HOUR)
        format_units(ms / MINUTE, "m", ms % MINUTE / SECOND, "s", text);
    else if (ms < DAY)
        format_units(ms / HOUR, "h", ms % HOUR / MINUTE, "m", text);
    else
        format_units(ms / DAY, "d", ms % DAY / HOUR, "h", text);
}

double timeline_place(const timeline *plan, int64_t moment, double length)
{
    if (moment <= plan->from)
        return 0;
    if (moment >= plan->to)
        return length;
    return (double)(moment - plan->from) / (double)(plan->to - plan->from) * length;
}

static size_t cell_of(const timeline *plan, int64_t moment, size_t columns)
{
    size_t cell = (size_t)timeline_place(plan, moment, (double)columns);

    return cell < columns ? cell : columns - 1;
}

static char end_of(const timeline_item *item)
{
    switch (item->task->status) {
    case TETHER_STATUS_COMPLETED:
        return item->end_known ? '|' : '?';
    case TETHER_STATUS_FAILED:
    case TETHER_STATUS_KILLED:
    case TETHER_STATUS_TIMED_OUT:
        return item->end_known ? 'x' : '?';
    case TETHER_STATUS_LOST:
        return '?';
    default:
        return '>';
    }
}

void timeline_cells(const timeline *plan, const timeline_item *item, char *cells, size_t columns)
{
    size_t first, last;
    int64_t mark;

    memset(cells, ' ', columns);
    cells[columns] = '\0';
    if (columns == 0)
        return;
    for (mark = plan->from; mark <= plan->to; mark += plan->step)
        cells[cell_of(plan, mark, columns)] = '.';
    if (item->start == 0)
        return;
    first = cell_of(plan, item->start, columns);
    last = cell_of(plan, item->end, columns);
    memset(cells + first, '=', last - first + 1);
    cells[first] = item->start < plan->from ? '<' : '|';
    cells[last] = end_of(item);
}

void timeline_axis(const timeline *plan, char *cells, size_t columns)
{
    size_t used = 0;
    int64_t mark;

    memset(cells, ' ', columns);
    cells[columns] = '\0';
    for (mark = plan->from; columns > 0 && mark <= plan->to; mark += plan->step) {
        char text[TIMELINE_LABEL_SIZE];
        size_t cell = cell_of(plan, mark, columns), size;

        timeline_label(plan, mark - plan->from, text);
        size = strlen(text);
        if (cell < used || cell + size > columns)
            continue;
        memcpy(cells + cell, text, size);
        used = cell + size + 1;
    }
}
