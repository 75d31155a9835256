/* Owns the columns of lists of tasks: their texts, widths and colours.
 * Must not: choose tasks or their order.
 * Thread: the main one. */
#include "cli/table.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/escape.h"
#include "cli/moment.h"
#include "cli/stream.h"

/* Columns on a terminal. A label is a name or a session. */
enum {
    LABEL_MOST = 30,
    LABEL_LEAST = 8,
    COMMAND_LEAST = 8,   /* a line with less room for the command is wrapped, not cut more */
    COMMAND_COLUMNS = 20 /* for these a label becomes shorter; a wrapped line has as many */
};

enum { ID, STATUS, STARTED, DURATION, CELLS };

/* The cells before the command. */
typedef struct cells {
    char text[CELLS][TETHER_ID_SIZE];
} cells;

static const char *const headers[CELLS] = {"ID", "STATUS", "STARTED", "DURATION"};

void table_status(const tether_snapshot *task, char *text, size_t size)
{
    const char *status = tether_status_text(task->status);

    if (task->signal_name != NULL)
        snprintf(text, size, "%s (%s)", status, task->signal_name);
    else if (task->signal != 0)
        snprintf(text, size, "%s (signal %d)", status, task->signal);
    else if (task->exit_code > 0)
        snprintf(text, size, "%s (%" PRId64 ")", status, task->exit_code);
    else
        snprintf(text, size, "%s", status);
}

/* Formats a past moment by its distance: "3h ago". If the clock was set back since, the start is in
 * the future, and the text is the point in time. */
static void format_started(int64_t started_at, int64_t now, char *text, size_t size)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    int64_t age = (now - started_at) / 1000;
    char time[TETHER_TIME_SIZE];
    size_t i = 0;

    if (started_at == 0) {
        snprintf(text, size, "-");
    } else if (now < started_at) {
        snprintf(text, size, "%s", tether_time_text(started_at, time) ? time : "-");
    } else {
        while (i < 3 && age < units[i].seconds)
            i++;
        snprintf(text, size, "%" PRId64 "%s ago", age / units[i].seconds, units[i].unit);
    }
}

static void fill(const tether_snapshot *task, int64_t now, cells *row)
{
    const size_t size = sizeof row->text[0];

    snprintf(row->text[ID], size, "%s", task->task_id);
    table_status(task, row->text[STATUS], size);
    format_started(task->started_at, now, row->text[STARTED], size);
    duration_format(task->duration_ms, row->text[DURATION]);
}

const char *table_colour(tether_status status)
{
    switch (status) {
    case TETHER_STATUS_STARTING:
    case TETHER_STATUS_RUNNING:
        return "\033[32m"; /* green */
    case TETHER_STATUS_PAUSED:
    case TETHER_STATUS_KILLING:
        return "\033[33m"; /* yellow */
    case TETHER_STATUS_COMPLETED:
        return "\033[2m"; /* faint */
    default:
        return "\033[31m"; /* red */
    }
}

/* Writes the cells, padded to the widths, and returns how many columns they take. The colour (NULL:
 * none) is that of the status. */
static size_t write_cells(const char *const *text, const int *widths, const char *colour)
{
    cli_stream *to = stream_stdout();
    size_t used = 0;
    int i;

    for (i = 0; i < CELLS; i++) {
        size_t length = strlen(text[i]);
        int padded = widths[i] > (int)length ? widths[i] : (int)length;

        if (i == STATUS && colour != NULL)
            stream_text(to, colour);
        stream_format(to, i == DURATION ? "%*s" : "%-*s", padded, text[i]);
        if (i == STATUS && colour != NULL)
            stream_text(to, "\033[0m");
        stream_text(to, "  ");
        used += (size_t)padded + 2;
    }
    return used;
}

/* SIZE_MAX: the line is not cut. */
static size_t columns_left(size_t columns, size_t used)
{
    if (columns == SIZE_MAX)
        return SIZE_MAX;
    return columns > used ? columns - used : 0;
}

/* Returns how many columns a label may take where this many are left in the line. */
static size_t label_columns(size_t left)
{
    if (left == SIZE_MAX)
        return SIZE_MAX;
    if (left > COMMAND_COLUMNS + LABEL_MOST)
        return LABEL_MOST;
    return left > COMMAND_COLUMNS + LABEL_LEAST ? left - COMMAND_COLUMNS : LABEL_LEAST;
}

/* Writes a name or a session before the command, and takes its columns off those that are left in
 * the line. */
static void write_label(const char *open, const char *text, const char *close, size_t *left)
{
    cli_stream *to = stream_stdout();
    size_t around = strlen(open) + strlen(close), used;

    if (text == NULL)
        return;
    stream_text(to, open);
    used = around + escape_line(to, text, label_columns(columns_left(*left, around)));
    stream_text(to, close);
    *left = columns_left(*left, used);
}

static void write_row(const tether_snapshot *task, const cells *row, const int *widths,
                      const char *colour, size_t columns, bool sessions)
{
    const char *const text[CELLS] = {row->text[ID], row->text[STATUS], row->text[STARTED],
                                     row->text[DURATION]};
    size_t left = columns_left(columns, write_cells(text, widths, colour));

    if (sessions)
        write_label("", task->session_id, ": ", &left);
    write_label("[", task->name, "] ", &left);
    if (task->command != NULL)
        escape_line(stream_stdout(), task->command, left >= COMMAND_LEAST ? left : COMMAND_COLUMNS);
    stream_text(stream_stdout(), "\n");
}

void table_print(const cli_options *cli, const tether_snapshot *const *tasks, size_t count,
                 bool sessions)
{
    cli_stream *to = stream_stdout();
    size_t columns = stream_columns(to), i;
    bool colours = !cli->plain && stream_has_colours(to);
    int64_t now = moment_wall_ms();
    int widths[CELLS];
    cells row;
    int cell;

    for (cell = 0; cell < CELLS; cell++)
        widths[cell] = (int)strlen(headers[cell]);
    for (i = 0; i < count; i++) {
        fill(tasks[i], now, &row);
        for (cell = 0; cell < CELLS; cell++) {
            int width = (int)strlen(row.text[cell]);

            widths[cell] = width > widths[cell] ? width : widths[cell];
        }
    }
    write_cells(headers, widths, NULL);
    stream_text(to, sessions ? "SESSION: COMMAND\n" : "COMMAND\n");
    for (i = 0; i < count; i++) {
        fill(tasks[i], now, &row);
        write_row(tasks[i], &row, widths, colours ? table_colour(tasks[i]->status) : NULL, columns,
                  sessions);
    }
}

void table_row(const tether_snapshot *task, bool sessions)
{
    static const int widths[CELLS] = {0, 0, 0, 0};
    cells row;

    fill(task, moment_wall_ms(), &row);
    write_row(task, &row, widths, NULL, stream_columns(stream_stdout()), sessions);
}
