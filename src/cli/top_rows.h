/* The rows of "tether top": the tasks of a session, which of them are shown, and in what order.
 * Pure. */
#ifndef TETHER_CLI_TOP_ROWS_H
#define TETHER_CLI_TOP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether.h"

typedef enum top_sort {
    TOP_SORT_STATE, /* running ones first, and of those the newest */
    TOP_SORT_AGE,   /* the newest first */
    TOP_SORT_CPU,
    TOP_SORT_MEMORY,
    TOP_SORT_RATE,
    TOP_SORT_NAME,
    TOP_SORTS
} top_sort;

/* What the user sees of a task. Of numbers, -1 is: not known. */
typedef struct top_row {
    char id[TETHER_ID_SIZE];
    char *name;    /* NULL: none */
    char *command; /* its first bytes */
    char *signal_name;
    char *last_line; /* NULL: not known */
    tether_status status;
    bool pending; /* its completion is pending */
    int64_t exit_code;
    int64_t started_at;
    int64_t duration_ms; /* at the time of the rows */
    int64_t cpu_permille;
    int64_t memory;
    int64_t rate;     /* bytes of output per second */
    int64_t cpu_ms;   /* in total, at sampled_ms */
    int64_t output;   /* bytes in total, at sampled_ms */
    int64_t measured; /* when cpu_ms was, on a clock that does not go back; 0: never */
    int64_t sampled;  /* when output was; 0: never */
    unsigned skip;    /* so many samples are not asked of its monitor, which has not answered */
} top_row;

/* What one look at a task has found. Of numbers, -1 is: not known. */
typedef struct top_sample {
    char id[TETHER_ID_SIZE];
    bool measure; /* what the task uses is asked for */
    int64_t at;   /* milliseconds, on a clock that does not go back */
    int64_t cpu_ms, memory, output;
    char *last_line; /* NULL: as before */
    bool no_answer;  /* its monitor is stopped */
} top_sample;

typedef struct top_rows {
    top_row *items; /* by id */
    size_t count, room;
    top_row **shown;
    size_t shown_count;
    top_sort sort;
    bool reverse;
    bool running_only;
    char filter[128];
    char selected[TETHER_ID_SIZE]; /* empty: none */
    size_t cursor;                 /* of the selected row, in shown */
    size_t first;                  /* the first row on the screen */
    int64_t at;                    /* when the durations were as given */
} top_rows;

/* All zero is an empty set of rows. */
void top_rows_dispose(top_rows *rows);

/* Returns a copy of at most so many bytes of a text, which the caller frees; NULL for NULL, and
 * when memory is short. */
char *top_rows_copy(const char *text, size_t most);

/* Takes a complete list of the session's tasks. Rows of other tasks go; the others keep what was
 * measured. Returns false if memory runs out; the rows are then as before. */
bool top_rows_take_all(top_rows *rows, const tether_snapshot_list *list, int64_t at);

/* Takes the newer states of some tasks. */
bool top_rows_take_some(top_rows *rows, const tether_snapshot_list *list, int64_t at);

/* Removes the row of a task. */
void top_rows_drop(top_rows *rows, const char *id);

/* Takes a sample, with its last_line. A sample of a task without a row is freed. */
void top_rows_take_sample(top_rows *rows, top_sample *sample);

/* Chooses and sorts the rows to show, after any change of the rows, the filter, the order or
 * running_only. The selected task stays selected; if it is not shown any more, the one at its place
 * is. Returns false if memory runs out. */
bool top_rows_arrange(top_rows *rows);

/* Moves the selection by so many rows; the ends hold it. */
void top_rows_move(top_rows *rows, long by);

/* Selects a row of shown. A number that there is not selects the last. */
void top_rows_select(top_rows *rows, size_t number);

/* Scrolls so that the selected row is among `height` rows on the screen, and none of these is empty
 * without need. */
void top_rows_scroll(top_rows *rows, size_t height);

/* Returns the row of a task; NULL: there is none. */
top_row *top_rows_find(const top_rows *rows, const char *id);

/* Returns the selected row; NULL: none. */
top_row *top_rows_selected(const top_rows *rows);

/* Returns how many tasks have not ended. */
size_t top_rows_running(const top_rows *rows);

/* Returns how long a task has been running, or ran, in milliseconds; -1: not known. */
int64_t top_rows_age(const top_rows *rows, const top_row *row, int64_t now);

#endif
