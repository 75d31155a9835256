/* Owns what the keys of "tether top" do.
 * Must not: draw, or wait for a task.
 * Thread: the main one. */
#include "cli/top_keys.h"

#include <string.h>

#include "cli/duration.h"
#include "cli/top_columns.h"
#include "cli/top_draw.h"
#include "text/utf8.h"

enum { WHEEL_ROWS = 3, LAST_CHARACTER = 0x10FFFF };

static void arrange(top_state *state)
{
    if (!top_rows_arrange(&state->rows))
        top_state_tell(state, true, "out of memory: end other programs, then try again");
    top_rows_scroll(&state->rows, state->list_height);
}

static void move(top_state *state, long by)
{
    top_rows_move(&state->rows, by);
    top_rows_scroll(&state->rows, state->list_height);
}

/* --- The selected task --- */

static const char *why_not(top_job_kind kind, const top_row *row)
{
    bool ended = tether_status_ended(row->status);

    switch (kind) {
    case TOP_JOB_PAUSE:
    case TOP_JOB_RESUME:
    case TOP_JOB_EXTEND:
        return ended ? "has ended: that is for running tasks" : NULL;
    case TOP_JOB_ACKNOWLEDGE:
        if (!ended)
            return "has not ended: acknowledge its end once there is one";
        return row->pending ? NULL : "has no pending end: it was acknowledged or not requested";
    case TOP_JOB_REMOVE:
        return ended ? NULL : "has not ended: kill it first";
    default:
        return NULL;
    }
}

/* Begins what a key does to the selected task: at once, or after a question. */
static void begin(top_state *state, top_job_kind kind, top_mode question)
{
    const top_row *row = top_rows_selected(&state->rows);
    const char *refusal = row == NULL ? NULL : why_not(kind, row);

    if (row == NULL) {
        top_state_tell(state, true, "no task is selected");
    } else if (refusal != NULL) {
        top_state_tell(state, true, "%.200s %s", top_state_label(state, row->id), refusal);
    } else if (question == TOP_TABLE) {
        top_state_give(state, state->actor, top_job_new(kind, row->id));
    } else {
        state->pending_kind = kind;
        state->mode = question;
        state->input[0] = '\0';
        memcpy(state->target, row->id, sizeof state->target);
    }
}

static void toggle_pane(top_state *state)
{
    state->follows = !state->follows;
    state->tail_id[0] = '\0';
    top_draw_place(state);
}

/* --- The table --- */

static void ask_filter(top_state *state)
{
    state->mode = TOP_ASK_FILTER;
    memcpy(state->input, state->rows.filter, sizeof state->input);
}

static void clear_filter(top_state *state)
{
    state->rows.filter[0] = '\0';
    arrange(state);
}

static void sort_by(top_state *state, top_sort sort)
{
    if (sort == TOP_SORTS)
        return;
    state->rows.reverse = sort == state->rows.sort && !state->rows.reverse;
    state->rows.sort = sort;
    arrange(state);
}

static void sort_next(top_state *state)
{
    state->rows.sort = (top_sort)((state->rows.sort + 1) % TOP_SORTS);
    state->rows.reverse = false;
    arrange(state);
}

static void turn_order(top_state *state)
{
    state->rows.reverse = !state->rows.reverse;
    arrange(state);
}

static void toggle_ended(top_state *state)
{
    state->rows.running_only = !state->rows.running_only;
    arrange(state);
}

static void ask_session(top_state *state)
{
    top_state_tell(state, false, "looking for sessions ...");
    top_state_give(state, state->reader, top_job_new(TOP_JOB_SESSIONS, NULL));
}

static void click(top_state *state, const screen_key *key)
{
    top_place places[TOP_COLUMNS];
    size_t number = state->rows.first + key->row - TOP_FIRST_ROW;
    bool again;
    int i;

    top_columns_place(state->width, places);
    for (i = 0; key->row + 1 == TOP_FIRST_ROW && i < TOP_COLUMNS; i++) {
        if (key->column >= places[i].at && key->column < places[i].at + places[i].width)
            sort_by(state, top_columns_sort((top_column)i));
    }
    if (key->row < TOP_FIRST_ROW || key->row >= TOP_FIRST_ROW + state->list_height ||
        number >= state->rows.shown_count)
        return;
    again = number == state->rows.cursor;
    top_rows_select(&state->rows, number);
    if (again || key->code == SCREEN_DOUBLE_CLICK)
        toggle_pane(state);
}

static bool move_by_key(top_state *state, uint32_t code)
{
    long page = state->list_height > 1 ? (long)state->list_height - 1 : 1;

    switch (code) {
    case SCREEN_UP:
    case 'u':
        move(state, -1);
        return true;
    case SCREEN_DOWN:
    case 'j':
    case 'n':
        move(state, 1);
        return true;
    case SCREEN_PAGE_UP:
        move(state, -page);
        return true;
    case SCREEN_PAGE_DOWN:
        move(state, page);
        return true;
    case SCREEN_WHEEL_UP:
        move(state, -WHEEL_ROWS);
        return true;
    case SCREEN_WHEEL_DOWN:
        move(state, WHEEL_ROWS);
        return true;
    case SCREEN_HOME:
    case 'g':
        move(state, -(long)state->rows.shown_count);
        return true;
    case SCREEN_END:
    case 'G':
        move(state, (long)state->rows.shown_count);
        return true;
    default:
        return false;
    }
}

/* What a key does to the selected task; TOP_TABLE: without a question before. */
static const struct {
    uint32_t code;
    top_job_kind kind;
    top_mode question;
} control_keys[] = {
    {'k', TOP_JOB_KILL, TOP_CONFIRM},
    {'p', TOP_JOB_PAUSE, TOP_TABLE},
    {'r', TOP_JOB_RESUME, TOP_TABLE},
    {'e', TOP_JOB_EXTEND, TOP_ASK_TIME},
    {'a', TOP_JOB_ACKNOWLEDGE, TOP_TABLE},
    {'d', TOP_JOB_REMOVE, TOP_CONFIRM},
    {SCREEN_DELETE, TOP_JOB_REMOVE, TOP_CONFIRM},
};

static bool control_by_key(top_state *state, uint32_t code)
{
    size_t i;

    for (i = 0; i < sizeof control_keys / sizeof control_keys[0]; i++) {
        if (control_keys[i].code != code)
            continue;
        begin(state, control_keys[i].kind, control_keys[i].question);
        return true;
    }
    return false;
}

typedef void key_function(top_state *state);

static void quit(top_state *state)
{
    state->quits = true;
}

static void show_help(top_state *state)
{
    state->mode = TOP_HELP;
}

static const struct {
    uint32_t code;
    key_function *function;
} table_keys[] = {
    {SCREEN_ENTER, toggle_pane},
    {'f', toggle_pane},
    {'/', ask_filter},
    {SCREEN_ESCAPE, clear_filter},
    {'s', sort_next},
    {'i', turn_order},
    {'A', toggle_ended},
    {'S', ask_session},
    {'h', show_help},
    {'?', show_help},
    {'q', quit},
};

static void handle_table(top_state *state, const screen_key *key)
{
    size_t i;

    state->message[0] = '\0';
    if (key->code == SCREEN_CLICK || key->code == SCREEN_DOUBLE_CLICK)
        click(state, key);
    if (move_by_key(state, key->code) || control_by_key(state, key->code))
        return;
    for (i = 0; i < sizeof table_keys / sizeof table_keys[0]; i++) {
        if (table_keys[i].code == key->code)
            table_keys[i].function(state);
    }
}

/* --- Questions --- */

static void confirm(top_state *state, const screen_key *key)
{
    state->mode = TOP_TABLE;
    if (key->code != 'y' && key->code != 'Y') {
        top_state_tell(state, false, "nothing was done");
        return;
    }
    top_state_tell(state, false, "%s %.200s ...", top_state_verb(state->pending_kind),
                   top_state_label(state, state->target));
    top_state_give(state, state->actor, top_job_new(state->pending_kind, state->target));
}

static void extend(top_state *state)
{
    int64_t timeout_ms = TETHER_NO_TIMEOUT;
    top_job *job;

    if (strcmp(state->input, "none") != 0 &&
        (!duration_parse(state->input, &timeout_ms) || timeout_ms == 0)) {
        top_state_tell(state, true, "%.40s is no duration: give " DURATION_FORMS ", or none",
                       state->input);
        return;
    }
    job = top_job_new(TOP_JOB_EXTEND, state->target);
    if (job != NULL)
        job->timeout_ms = timeout_ms;
    top_state_give(state, state->actor, job);
}

static void use_filter(top_state *state)
{
    memcpy(state->rows.filter, state->input, sizeof state->rows.filter);
    arrange(state);
}

static void erase_last(char *text)
{
    size_t size = strlen(text);

    while (size > 0 && ((unsigned char)text[size - 1] & 0xC0) == 0x80)
        size--;
    text[size > 0 ? size - 1 : 0] = '\0';
}

static void append(char *text, size_t room, uint32_t c)
{
    size_t size = strlen(text);

    if (size + UTF8_MOST + 1 > room)
        return;
    size += utf8_of_character(c, text + size);
    text[size] = '\0';
}

static void edit(top_state *state, const screen_key *key)
{
    top_mode mode = state->mode;

    if (key->code == SCREEN_ESCAPE)
        state->input[0] = '\0';
    else if (key->code == SCREEN_BACKSPACE)
        erase_last(state->input);
    else if (key->code >= ' ' && key->code <= LAST_CHARACTER)
        append(state->input, sizeof state->input, key->code);
    if (key->code == SCREEN_ESCAPE || key->code == SCREEN_ENTER)
        state->mode = TOP_TABLE;
    if (mode == TOP_ASK_FILTER)
        use_filter(state);
    else if (key->code == SCREEN_ENTER)
        extend(state);
}

static void choose(top_state *state, const screen_key *key)
{
    size_t last = state->session_count > 0 ? state->session_count - 1 : 0;

    if ((key->code == SCREEN_UP || key->code == SCREEN_WHEEL_UP) && state->session_cursor > 0)
        state->session_cursor--;
    else if ((key->code == SCREEN_DOWN || key->code == SCREEN_WHEEL_DOWN) &&
             state->session_cursor < last)
        state->session_cursor++;
    else if (key->code == SCREEN_ESCAPE || key->code == 'q')
        state->mode = TOP_TABLE;
    else if (key->code == SCREEN_ENTER && state->session_count > 0)
        state->switches = true;
}

void top_keys_handle(top_state *state, const screen_key *key)
{
    switch (state->mode) {
    case TOP_TABLE:
        handle_table(state, key);
        break;
    case TOP_HELP:
        state->mode = TOP_TABLE;
        break;
    case TOP_SESSIONS:
        choose(state, key);
        break;
    case TOP_CONFIRM:
        confirm(state, key);
        break;
    default:
        edit(state, key);
        break;
    }
}
