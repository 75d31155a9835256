/* Owns what a picture of tasks shows.
 * Must not: choose the form of bars and texts; svg.c does.
 * Thread: any; pure functions. */
#include "cli/timeline_svg.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/duration.h"

enum {
    BARS = 600,   /* pixels from the first moment to the last one */
    RESULT = 150, /* pixels for the texts after the bars */
    RESULT_COLUMNS = 24,
    STEPS_MOST = 8,
    BAR_LEAST = 2, /* a task that took no time is seen */
    TEXT_SIZE = 1024
};

static svg_colour colour_of(const timeline_item *item)
{
    switch (item->task->status) {
    case TETHER_STATUS_STARTING:
    case TETHER_STATUS_RUNNING:
        return SVG_LIVE;
    case TETHER_STATUS_PAUSED:
    case TETHER_STATUS_KILLING:
        return SVG_HELD;
    case TETHER_STATUS_COMPLETED:
        return SVG_MAIN;
    default:
        return SVG_BAD;
    }
}

/* "failed (3), 4.2s"; a completed task has exit code 0. */
static void make_result(const timeline_item *item, char *text, size_t size)
{
    const tether_snapshot *task = item->task;
    char duration[DURATION_TEXT_SIZE] = "", code[32] = "";

    if (task->signal_name != NULL)
        snprintf(code, sizeof code, " (%.24s)", task->signal_name);
    else if (task->signal != 0)
        snprintf(code, sizeof code, " (signal %d)", task->signal);
    else if (task->exit_code != TETHER_EXIT_UNKNOWN)
        snprintf(code, sizeof code, " (%" PRId64 ")", task->exit_code);
    if (item->end_known || (item->start != 0 && !tether_status_ended(task->status)))
        duration_format(item->end - item->start, duration);
    snprintf(text, size, "%s%s%s%s", tether_status_text(task->status), code,
             duration[0] != '\0' ? ", " : "", duration);
}

static void make_tip(const timeline_item *item, const char *result, char *text, size_t size)
{
    char start[TETHER_TIME_SIZE], end[TETHER_TIME_SIZE];

    tether_time_text(item->start, start);
    tether_time_text(item->end, end);
    snprintf(text, size, "%s %s: %s to %s: %.600s", item->task->task_id, result, start,
             item->end_known                           ? end
             : tether_status_ended(item->task->status) ? "?"
                                                       : "now",
             item->task->command != NULL ? item->task->command : "");
}

static void draw_item(const svg *to, const timeline *plan, const timeline_item *item, double y,
                      bool sessions)
{
    const tether_snapshot *task = item->task;
    const char *name = task->name != NULL ? task->name : task->command;
    double from = SVG_LEFT + timeline_place(plan, item->start, BARS);
    double until = SVG_LEFT + timeline_place(plan, item->end, BARS);
    char text[TEXT_SIZE], result[128];

    snprintf(text, sizeof text, "%s%s%.600s", sessions && task->session_id ? task->session_id : "",
             sessions && task->session_id ? ": " : "", name != NULL ? name : "");
    svg_text_before(to, SVG_LEFT - 6, y + 13, SVG_INK, text, SVG_NAME_COLUMNS);
    make_result(item, result, sizeof result);
    make_tip(item, result, text, sizeof text);
    if (item->start != 0)
        svg_bar(to, from, until < from + BAR_LEAST ? from + BAR_LEAST : until, y, colour_of(item),
                text);
    svg_text(to, SVG_LEFT + BARS + 6, y + 13, SVG_FAINT, result, RESULT_COLUMNS);
}

static void draw_axis(const svg *to, timeline *plan, double bottom)
{
    int64_t mark;

    timeline_set_steps(plan, STEPS_MOST);
    for (mark = plan->from; mark <= plan->to; mark += plan->step) {
        char label[TIMELINE_LABEL_SIZE];

        timeline_label(plan, mark - plan->from, label);
        svg_tick(to, SVG_LEFT + timeline_place(plan, mark, BARS), bottom, label);
    }
}

void timeline_svg(const svg *to, timeline *plan, bool sessions)
{
    double bottom = SVG_TOP + (double)SVG_ROW * (double)plan->count;
    char title[128], from[TETHER_TIME_SIZE], until[TETHER_TIME_SIZE];
    size_t i;

    tether_time_text(plan->from, from);
    tether_time_text(plan->to, until);
    snprintf(title, sizeof title, "%zu %s, %s to %s", plan->count,
             plan->count == 1 ? "task" : "tasks", from, until);
    if (plan->count == 0)
        snprintf(title, sizeof title, "no tasks");
    svg_begin(to, SVG_LEFT + BARS + RESULT + SVG_MARGIN, bottom + 24, title);
    if (plan->count > 0)
        draw_axis(to, plan, bottom);
    for (i = 0; i < plan->count; i++)
        draw_item(to, plan, &plan->items[i], SVG_TOP + (double)SVG_ROW * (double)i, sessions);
    svg_end(to);
}
