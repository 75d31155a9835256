/* Owns the layout of the columns of "tether top" and the texts of its cells.
 * Must not: draw, or know of a terminal.
 * Thread: any; pure functions. */
#include "cli/top_columns.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/fit.h"

static const struct {
    const char *title;
    size_t width; /* 0: it shares what is left */
    size_t from;  /* the narrowest screen that has it */
    bool right;   /* numbers */
    top_sort sort;
} columns[TOP_COLUMNS] = {
    [TOP_STATE] = {"STATE", 11, 0, false, TOP_SORT_STATE},
    [TOP_AGE] = {"AGE", 6, 30, true, TOP_SORT_AGE},
    [TOP_CPU] = {"CPU%", 5, 40, true, TOP_SORT_CPU},
    [TOP_MEMORY] = {"MEM", 5, 46, true, TOP_SORT_MEMORY},
    [TOP_RATE] = {"OUT/S", 5, 54, true, TOP_SORT_RATE},
    [TOP_ID] = {"ID", 12, 100, false, TOP_SORTS},
    [TOP_TASK] = {"TASK", 0, 0, false, TOP_SORT_NAME},
    [TOP_LINE] = {"LAST OUTPUT", 0, 66, false, TOP_SORTS},
};

/* The state has room for "failed VTALRM" there, and for "killed TERM" else. */
enum { WIDE_SCREEN = 120, WIDE_STATE = 14, NARROW_SCREEN = 24, NARROW_STATE = 7 };

static size_t width_on(top_column column, size_t screen)
{
    if (column == TOP_STATE && screen >= WIDE_SCREEN)
        return WIDE_STATE;
    if (column == TOP_STATE && screen < NARROW_SCREEN)
        return NARROW_STATE;
    return columns[column].width;
}

/* Returns how many columns of the screen those of a fixed width leave. */
static size_t left_for_texts(size_t screen)
{
    size_t used = 0;
    int i;

    for (i = 0; i < TOP_COLUMNS; i++) {
        if (screen >= columns[i].from && columns[i].width > 0)
            used += width_on((top_column)i, screen) + 1;
    }
    return screen > used ? screen - used : 0;
}

void top_columns_place(size_t width, top_place places[TOP_COLUMNS])
{
    size_t left = left_for_texts(width), at = 0;
    bool both = width >= columns[TOP_LINE].from;
    int i;

    for (i = 0; i < TOP_COLUMNS; i++) {
        size_t wanted = width_on((top_column)i, width);

        if (i == TOP_TASK)
            wanted = both ? (left - 1) * 9 / 20 : left;
        if (i == TOP_LINE)
            wanted = both ? left - 1 - (left - 1) * 9 / 20 : 0;
        if (width < columns[i].from)
            wanted = 0;
        places[i] = (top_place){at, at + wanted <= width ? wanted : width > at ? width - at : 0};
        at += wanted > 0 ? wanted + 1 : 0;
    }
}

const char *top_columns_title(top_column column)
{
    return columns[column].title;
}

top_sort top_columns_sort(top_column column)
{
    return columns[column].sort;
}

void top_columns_size(int64_t bytes, char *text, size_t size)
{
    static const char units[] = "KMGTPE";
    double value = (double)bytes;
    int unit = -1;

    if (bytes < 0) {
        snprintf(text, size, "-");
        return;
    }
    while (value >= 999.5 && unit < 5) {
        value /= 1024;
        unit++;
    }
    if (unit < 0)
        snprintf(text, size, "%" PRId64, bytes);
    else
        snprintf(text, size, value < 9.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

static void format_state(const top_row *row, char *text, size_t size)
{
    const char *status = tether_status_text(row->status);
    const char *signal = row->signal_name;

    if (signal != NULL && strncmp(signal, "SIG", 3) == 0)
        snprintf(text, size, "%s %s", status, signal + 3);
    else if (signal != NULL)
        snprintf(text, size, "%s %s", status, signal);
    else if (row->exit_code > 0 && row->status == TETHER_STATUS_FAILED)
        snprintf(text, size, "%s %" PRId64, status, row->exit_code);
    else
        snprintf(text, size, "%s", status);
}

/* The cell has six columns: tenths of a second would only flicker. */
static void format_age(int64_t ms, char *text, size_t size)
{
    char whole[DURATION_TEXT_SIZE];

    if (ms >= 0 && ms < 60000) {
        snprintf(text, size, "%" PRId64 "s", ms / 1000);
        return;
    }
    duration_format(ms, whole);
    snprintf(text, size, "%s", whole);
}

static void format_percent(int64_t permille, char *text, size_t size)
{
    if (permille < 0)
        snprintf(text, size, "-");
    else if (permille < 10000)
        snprintf(text, size, "%" PRId64 ".%" PRId64, permille / 10, permille % 10);
    else
        snprintf(text, size, "%" PRId64, permille / 10);
}

static void format_task(const top_row *row, char *text, size_t size)
{
    const char *command = row->command != NULL ? row->command : "";

    if (row->name != NULL)
        snprintf(text, size, "[%s] %s", row->name, command);
    else
        snprintf(text, size, "%s", command);
}

static void format_cell(const top_rows *rows, const top_row *row, top_column column, int64_t now,
                        char *text, size_t size)
{
    switch (column) {
    case TOP_STATE:
        format_state(row, text, size);
        break;
    case TOP_AGE:
        format_age(top_rows_age(rows, row, now), text, size);
        break;
    case TOP_CPU:
        format_percent(row->cpu_permille, text, size);
        break;
    case TOP_MEMORY:
        top_columns_size(row->memory, text, size);
        break;
    case TOP_RATE:
        top_columns_size(row->rate, text, size);
        break;
    case TOP_ID:
        snprintf(text, size, "%s", row->id);
        break;
    case TOP_TASK:
        format_task(row, text, size);
        break;
    default:
        snprintf(text, size, "%s", row->last_line != NULL ? row->last_line : "");
        break;
    }
}

void top_columns_cell(const top_rows *rows, const top_row *row, top_column column, size_t width,
                      int64_t now, char text[TOP_CELL_SIZE])
{
    char whole[TOP_CELL_SIZE];
    size_t length;

    format_cell(rows, row, column, now, whole, sizeof whole);
    length = strlen(whole);
    if (columns[column].right && length < width)
        snprintf(text, TOP_CELL_SIZE, "%*s", (int)width, whole);
    else
        fit_text(whole, length, width, text, TOP_CELL_SIZE);
}
