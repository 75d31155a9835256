/* Owns what the screen of "tether top" looks like.
 * Must not: change the state beyond its sizes, or call the library about a task.
 * Thread: the main one. */
#include "cli/top_draw.h"

#include <stdio.h>
#include <string.h>

#include "cli/fit.h"
#include "cli/screen_os.h"
#include "cli/top_columns.h"

/* Rows beside those of tasks: header, titles, and the line at the bottom. */
enum { OTHER_ROWS = 3, PANE_FROM = 10 };

void top_draw_place(top_state *state)
{
    size_t left;

    screen_os_size(&state->height, &state->width);
    left = state->height > OTHER_ROWS ? state->height - OTHER_ROWS : 0;
    if (state->follows && state->height >= PANE_FROM)
        state->list_height = left / 3;
    else if (state->follows && left > 1)
        state->list_height = 1;
    else
        state->list_height = left;
    top_rows_scroll(&state->rows, state->list_height);
}

/* Puts a text, made harmless and cut at the edge. Returns the column after it. */
static size_t put(const top_state *state, size_t row, size_t column, const char *text, size_t size,
                  screen_style style)
{
    char shown[TOP_CELL_SIZE];
    size_t used;

    if (row >= state->height || column >= state->width)
        return column;
    used = fit_text(text, size, state->width - column, shown, sizeof shown);
    screen_os_put(row, column, shown, style);
    return column + used;
}

static void put_line(const top_state *state, size_t row, const char *text, screen_style style)
{
    char shown[TOP_CELL_SIZE];

    if (row >= state->height)
        return;
    fit_text(text, strlen(text), state->width, shown, sizeof shown);
    screen_os_fill(row, 0, style);
    screen_os_put(row, 0, shown, style);
}

static void draw_header(const top_state *state)
{
    static const char *const sorts[TOP_SORTS] = {"state", "age", "CPU", "memory", "output", "name"};
    const top_rows *rows = &state->rows;
    char text[1024];
    int used;

    used = snprintf(text, sizeof text, "tether top - %s: %zu running, %zu tasks", state->session,
                    top_rows_running(rows), rows->count);
    if (rows->running_only)
        used += snprintf(text + used, sizeof text - (size_t)used, " (running only)");
    used += snprintf(text + used, sizeof text - (size_t)used, ", by %s%s", sorts[rows->sort],
                     rows->reverse ? ", reversed" : "");
    if (rows->filter[0] != '\0')
        snprintf(text + used, sizeof text - (size_t)used, ", with \"%s\" (%zu)", rows->filter,
                 rows->shown_count);
    put_line(state, 0, text, SCREEN_STRONG);
}

static void draw_titles(const top_state *state, const top_place *places)
{
    int i;

    screen_os_fill(1, 0, SCREEN_TITLE);
    for (i = 0; i < TOP_COLUMNS; i++) {
        const char *title = top_columns_title((top_column)i);
        bool right = i >= TOP_AGE && i <= TOP_RATE;
        size_t length = strlen(title), gap;
        char shown[64];

        if (places[i].width == 0)
            continue;
        gap = right && places[i].width > length ? places[i].width - length : 0;
        fit_text(title, length, places[i].width, shown, sizeof shown);
        screen_os_put(1, places[i].at + gap, shown,
                      top_columns_sort((top_column)i) == state->rows.sort ? SCREEN_SELECTED
                                                                          : SCREEN_TITLE);
    }
}

static screen_style style_of(tether_status status)
{
    switch (status) {
    case TETHER_STATUS_STARTING:
    case TETHER_STATUS_RUNNING:
        return SCREEN_GOOD;
    case TETHER_STATUS_PAUSED:
    case TETHER_STATUS_KILLING:
        return SCREEN_WARNING;
    case TETHER_STATUS_COMPLETED:
        return SCREEN_FAINT;
    default:
        return SCREEN_BAD;
    }
}

static void draw_row(const top_state *state, const top_place *places, size_t number, size_t at)
{
    const top_row *row = state->rows.shown[number];
    bool selected = number == state->rows.cursor;
    char text[TOP_CELL_SIZE];
    int i;

    if (selected)
        screen_os_fill(at, 0, SCREEN_TITLE);
    for (i = 0; i < TOP_COLUMNS; i++) {
        screen_style style = i == TOP_STATE ? style_of(row->status) : SCREEN_PLAIN;

        if (places[i].width == 0)
            continue;
        top_columns_cell(&state->rows, row, (top_column)i, places[i].width, state->now, text);
        screen_os_put(at, places[i].at, text, selected ? SCREEN_TITLE : style);
    }
}

static const char *why_empty(const top_state *state)
{
    if (!state->loaded)
        return "reading the store ...";
    if (state->rows.count == 0)
        return "no tasks in this session: tether run starts one, S chooses another session";
    return state->rows.filter[0] != '\0' ? "no task matches the filter: press Esc to clear it"
                                         : "no task runs: A shows the ended ones";
}

static void draw_list(const top_state *state)
{
    const top_rows *rows = &state->rows;
    top_place places[TOP_COLUMNS];
    size_t i;

    top_columns_place(state->width, places);
    if (state->height > 1)
        draw_titles(state, places);
    for (i = 0; i < state->list_height && rows->first + i < rows->shown_count; i++)
        draw_row(state, places, rows->first + i, TOP_FIRST_ROW + i);
    if (rows->shown_count == 0 && state->list_height > 0)
        put_line(state, TOP_FIRST_ROW, why_empty(state), SCREEN_FAINT);
}

/* Returns where the last lines of a text begin, at most so many. */
static size_t last_lines(const char *text, size_t size, size_t lines)
{
    size_t at = size;

    if (at > 0 && text[at - 1] == '\n')
        at--;
    while (at > 0 && (text[at - 1] != '\n' || --lines > 0))
        at--;
    return lines == 0 ? at : 0;
}

static void draw_tail(const top_state *state, size_t top, size_t bottom)
{
    const char *text = state->tail;
    size_t at = last_lines(text, state->tail_size, bottom - top), row;

    for (row = top; row < bottom && at < state->tail_size; row++) {
        const char *end = memchr(text + at, '\n', state->tail_size - at);
        size_t length = end == NULL ? state->tail_size - at : (size_t)(end - text) - at, size;
        const char *line = fit_last_line(text + at, length, &size);

        put(state, row, 0, line, size, SCREEN_PLAIN);
        at += length + 1;
    }
}

static void draw_pane(const top_state *state)
{
    size_t top = TOP_FIRST_ROW + state->list_height, bottom = state->height - 1;
    const char *id = state->rows.selected;
    char title[1200];

    if (top >= bottom)
        return;
    snprintf(title, sizeof title, "output of %s",
             id[0] == '\0' ? "no task" : top_state_label(state, id));
    put_line(state, top, title, SCREEN_TITLE);
    if (strcmp(state->tail_id, id) != 0 || top + 1 >= bottom)
        return;
    if (state->tail != NULL)
        draw_tail(state, top + 1, bottom);
    else
        put_line(state, top + 1, "(nothing yet)", SCREEN_FAINT);
}

static const char *const help[] = {
    "Keys of tether top",
    "",
    "Up Down PgUp PgDn Home End   select a task (also j, n: Down; u: Up)",
    "Enter, f   show or hide the output of the selected task",
    "k          kill it, with all its processes",
    "p, r       pause it, resume it",
    "e          extend its deadline",
    "a          acknowledge its end",
    "d, Del     remove it, with its output",
    "/          filter by name, command, id or state; Esc clears it",
    "s, i       sort by the next column; turn the order round",
    "A          show only running tasks, or all",
    "S          choose a session",
    "h, ?       this help",
    "q          quit; tasks go on",
    "",
    "A click selects a task, a second one shows its output; a click on a title",
    "sorts. Press any key to go back.",
};

static void draw_help(const top_state *state)
{
    size_t i;

    for (i = 0; i < sizeof help / sizeof help[0] && i < state->height; i++)
        put_line(state, i, help[i], i == 0 ? SCREEN_STRONG : SCREEN_PLAIN);
}

static void draw_sessions(const top_state *state)
{
    size_t room = state->height > 1 ? state->height - 1 : 0, i;
    size_t first = state->session_cursor >= room ? state->session_cursor - room + 1 : 0;
    char text[512];

    put_line(state, 0, "Choose a session: Up, Down, Enter; Esc goes back", SCREEN_STRONG);
    for (i = 0; i < room && first + i < state->session_count; i++) {
        const top_session *session = &state->sessions[first + i];

        snprintf(text, sizeof text, "%s: %zu running, %zu tasks", session->id, session->running,
                 session->tasks);
        put_line(state, i + 1, text,
                 first + i == state->session_cursor ? SCREEN_SELECTED : SCREEN_PLAIN);
    }
}

/* Returns the question, and in *column where its answer goes; SIZE_MAX: nowhere. */
static void draw_question(const top_state *state, size_t row, size_t *column)
{
    const char *label = top_state_label(state, state->target);
    char text[1400];

    if (state->mode == TOP_CONFIRM)
        snprintf(text, sizeof text, "%s %.200s? y/n", top_state_verb(state->pending_kind), label);
    else if (state->mode == TOP_ASK_TIME)
        snprintf(text, sizeof text, "time from now (30m, 2h, none): %s", state->input);
    else
        snprintf(text, sizeof text, "filter: %s", state->input);
    screen_os_fill(row, 0, SCREEN_TITLE);
    *column = put(state, row, 0, text, strlen(text), SCREEN_TITLE);
    if (*column >= state->width)
        *column = state->width > 0 ? state->width - 1 : SIZE_MAX;
}

static void draw_bottom(const top_state *state, size_t *column)
{
    size_t row = state->height - 1;

    if (state->mode >= TOP_CONFIRM)
        draw_question(state, row, column);
    else if (state->message[0] != '\0')
        put_line(state, row, state->message, state->message_is_error ? SCREEN_BAD : SCREEN_PLAIN);
    else
        put_line(state, row,
                 state->width < 40 ? "h help  q quit"
                                   : "Enter output  k kill  p pause  r resume  / filter  s sort  "
                                     "h help  q quit",
                 SCREEN_FAINT);
}

void top_draw(const top_state *state)
{
    size_t column = SIZE_MAX;

    screen_os_clear();
    if (state->height == 0 || state->width == 0)
        return;
    if (state->mode == TOP_HELP) {
        draw_help(state);
    } else if (state->mode == TOP_SESSIONS) {
        draw_sessions(state);
    } else {
        draw_header(state);
        draw_list(state);
        if (state->follows)
            draw_pane(state);
        draw_bottom(state, &column);
    }
    screen_os_show(state->height - 1, column);
}
