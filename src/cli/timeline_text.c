/* Owns the columns of a timeline of text.
 * Must not: place bars; timeline.c does.
 * Thread: the main one. */
#include "cli/timeline_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/escape.h"
#include "cli/stream.h"
#include "cli/table.h"

enum {
    LABEL_LEAST = 8,
    LABEL_MOST = 40,
    BARS_LEAST = 10, /* with less room, the texts after the bars are left out */
    BARS_MOST = 1000,
    MARK_COLUMNS = 10, /* from one mark of the axis to the next, at least */
    STATUS_SIZE = 40,
    DURATION_COLUMNS = 7
};

/* The widths of the columns; 0: left out. */
typedef struct layout {
    size_t id, label, bars, status, duration;
} layout;

/* The session, if it is shown, and the name, or else the command. */
static void make_label(const tether_snapshot *task, bool sessions, char *text, size_t size)
{
    const char *label = task->name != NULL ? task->name : task->command;

    snprintf(text, size, "%s%s%s", sessions && task->session_id != NULL ? task->session_id : "",
             sessions && task->session_id != NULL ? ": " : "", label != NULL ? label : "");
}

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

static layout measure(const timeline *plan, size_t columns, bool sessions)
{
    layout widths = {0, LABEL_LEAST, 0, 0, DURATION_COLUMNS + 1};
    size_t rest, most, i;

    for (i = 0; i < plan->count; i++) {
        char text[512];
        size_t width;

        table_status(plan->items[i].task, text, STATUS_SIZE);
        width = strlen(text) + 1;
        widths.status = width > widths.status ? width : widths.status;
        make_label(plan->items[i].task, sessions, text, sizeof text);
        width = escape_width(text) + 1;
        widths.label = width > widths.label ? width : widths.label;
        width = strlen(plan->items[i].task->task_id) + 1;
        widths.id = width > widths.id ? width : widths.id;
    }
    if (columns < 120)
        widths.id = 0;
    most = at_most(columns / 4, LABEL_MOST);
    widths.label = at_most(widths.label, most > LABEL_LEAST ? most : LABEL_LEAST);
    rest = widths.id + widths.label + widths.status + widths.duration;
    if (columns < rest + BARS_LEAST) {
        widths.status = widths.duration = 0;
        rest = widths.id + widths.label;
    }
    widths.bars = at_most(columns > rest + BARS_LEAST ? columns - rest : BARS_LEAST, BARS_MOST);
    return widths;
}

static void print_range(const timeline *plan, size_t columns)
{
    char line[2 * TETHER_TIME_SIZE + DURATION_TEXT_SIZE + 8];
    char from[TETHER_TIME_SIZE], until[TETHER_TIME_SIZE], duration[DURATION_TEXT_SIZE];

    tether_time_text(plan->from, from);
    tether_time_text(plan->to, until);
    duration_format(plan->to - plan->from, duration);
    snprintf(line, sizeof line, "%s to %s, %s", from, until, duration);
    escape_line(stream_stdout(), line, columns);
    stream_text(stream_stdout(), "\n");
}

static void pad(size_t columns)
{
    while (columns-- > 0)
        stream_text(stream_stdout(), " ");
}

/* Nothing follows: takes off the blanks at the end. */
static void trim(char *cells)
{
    size_t size = strlen(cells);

    while (size > 0 && cells[size - 1] == ' ')
        cells[--size] = '\0';
}

static void print_axis(const timeline *plan, const layout *widths)
{
    char cells[BARS_MOST + 1];

    timeline_axis(plan, cells, widths->bars);
    trim(cells);
    pad(widths->id + widths->label);
    stream_text(stream_stdout(), cells);
    stream_text(stream_stdout(), "\n");
}

/* Writes the row, with the colour of the status around its bar and its result. */
static void print_cells(const char *cells, const char *colour)
{
    cli_stream *to = stream_stdout();
    size_t first = strspn(cells, " ."), size = strcspn(cells + first, " .");

    stream_write(to, cells, first);
    if (colour != NULL && size > 0)
        stream_text(to, colour);
    stream_write(to, cells + first, size);
    if (colour != NULL && size > 0)
        stream_text(to, "\033[0m");
    stream_text(to, cells + first + size);
}

static void print_result(const timeline_item *item, const layout *widths, const char *colour)
{
    cli_stream *to = stream_stdout();
    char status[STATUS_SIZE], duration[DURATION_TEXT_SIZE];
    int64_t ms = item->end - item->start;

    table_status(item->task, status, sizeof status);
    if (item->start == 0 || (tether_status_ended(item->task->status) && !item->end_known))
        ms = -1;
    duration_format(ms, duration);
    stream_text(to, " ");
    if (colour != NULL)
        stream_text(to, colour);
    stream_text(to, status);
    if (colour != NULL)
        stream_text(to, "\033[0m");
    pad(widths->status - 1 - strlen(status));
    stream_format(to, " %*s", DURATION_COLUMNS, duration);
}

static void print_item(const timeline *plan, const timeline_item *item, const layout *widths,
                       const char *colour, bool sessions)
{
    cli_stream *to = stream_stdout();
    char label[512], cells[BARS_MOST + 1];
    size_t used;

    if (widths->id > 0) {
        stream_text(to, item->task->task_id);
        pad(widths->id - at_most(strlen(item->task->task_id), widths->id));
    }
    make_label(item->task, sessions, label, sizeof label);
    used = escape_line(to, label, widths->label - 1);
    pad(widths->label - used);
    timeline_cells(plan, item, cells, widths->bars);
    if (widths->status == 0)
        trim(cells);
    print_cells(cells, colour);
    if (widths->status > 0)
        print_result(item, widths, colour);
    stream_text(to, "\n");
}

void timeline_text(const cli_options *cli, timeline *plan, size_t columns, bool sessions)
{
    bool colours = !cli->plain && stream_has_colours(stream_stdout());
    layout widths = measure(plan, columns, sessions);
    size_t i;

    timeline_set_steps(plan, (int64_t)(widths.bars / MARK_COLUMNS));
    print_range(plan, columns);
    print_axis(plan, &widths);
    for (i = 0; i < plan->count; i++)
        print_item(plan, &plan->items[i], &widths,
                   colours ? table_colour(plan->items[i].task->status) : NULL, sessions);
}
