/* Tasks over time: what "tether list --timeline" shows, as text and as a picture. Pure. */
#ifndef TETHER_CLI_TIMELINE_H
#define TETHER_CLI_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether.h"

typedef struct timeline_item {
    const tether_snapshot *task;
    int64_t start, end; /* Unix milliseconds; both 0 if the start is not known */
    bool end_known;     /* false also for a task that runs: its bar ends now */
} timeline_item;

typedef struct timeline {
    timeline_item
        *items; /* in the order in which they started; last those whose start is unknown */
    size_t count;
    int64_t from, to; /* the shown time; from < to */
    int64_t step;     /* between two marks of the axis, of which the first is at `from` */
} timeline;

/* Lays out these tasks; `now` is the end of those that run. Nothing before `since` is shown (0: all
 * is). At most so many steps. Returns false if memory is short. */
bool timeline_init(timeline *plan, const tether_snapshot *const *tasks, size_t count, int64_t now,
                   int64_t since, int64_t steps);
void timeline_dispose(timeline *plan);

/* Changes the step, so that there are at most so many. */
void timeline_set_steps(timeline *plan, int64_t steps);

/* Formats the time since `from` of a mark: "0s", "1.5s", "2m30s". */
#define TIMELINE_LABEL_SIZE 32
void timeline_label(const timeline *plan, int64_t ms, char text[TIMELINE_LABEL_SIZE]);

/* Returns the place of a moment on an axis of this length, 0 to length. */
double timeline_place(const timeline *plan, int64_t moment, double length);

/* Fills the cells of one row, ended by a zero byte: '.' at the marks of the axis, and the bar:
 * "|====|" completed, "|===x" failed, killed or timed out, "|==>" runs, "|?" ended at an unknown
 * time. A bar that began before the shown time begins with '<'. */
void timeline_cells(const timeline *plan, const timeline_item *item, char *cells, size_t columns);

/* Fills the cells of the axis: the label of each mark, from the mark on. */
void timeline_axis(const timeline *plan, char *cells, size_t columns);

#endif
