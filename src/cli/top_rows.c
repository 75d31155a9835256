/* Owns the rows of "tether top": their states, filter, order and selection.
 * Must not: call the library about a task, read a clock, or draw.
 * Thread: one at a time per object; pure functions. */
#include "cli/top_rows.h"

#include <stdlib.h>
#include <string.h>

/* No screen shows more of a command. */
enum { COMMAND_BYTES = 1024, SKIP_SAMPLES = 10 };

char *top_rows_copy(const char *text, size_t most)
{
    size_t size = text == NULL ? 0 : strlen(text);
    char *copy;

    if (text == NULL)
        return NULL;
    size = size < most ? size : most;
    copy = malloc(size + 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

static void dispose_row(top_row *row)
{
    free(row->name);
    free(row->command);
    free(row->signal_name);
    free(row->last_line);
}

static void dispose_items(top_row *items, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        dispose_row(&items[i]);
    free(items);
}

void top_rows_dispose(top_rows *rows)
{
    dispose_items(rows->items, rows->count);
    free((void *)rows->shown);
    rows->items = NULL;
    rows->shown = NULL;
    rows->count = rows->room = rows->shown_count = 0;
}

static int by_id(const void *left, const void *right)
{
    return strcmp(((const top_row *)left)->id, ((const top_row *)right)->id);
}

static int id_of_row(const void *id, const void *row)
{
    return strcmp(id, ((const top_row *)row)->id);
}

static top_row *find_in(top_row *items, size_t count, const char *id)
{
    return count == 0 ? NULL : bsearch(id, items, count, sizeof *items, id_of_row);
}

top_row *top_rows_find(const top_rows *rows, const char *id)
{
    return find_in(rows->items, rows->count, id);
}

/* Nothing of an ended task is used any more. */
static void set_state(top_row *row, const tether_snapshot *task)
{
    /* Its last output may have come since the last sample. */
    if (tether_status_ended(task->status) && !tether_status_ended(row->status))
        row->sampled = 0;
    row->status = task->status;
    row->exit_code = task->exit_code;
    row->started_at = task->started_at;
    row->duration_ms = task->duration_ms;
    row->pending = tether_status_ended(task->status) && task->notify_on_completion &&
                   !task->completion_delivered;
    if (!tether_status_ended(task->status))
        return;
    row->cpu_permille = row->memory = row->rate = -1;
    if (row->signal_name == NULL)
        row->signal_name = top_rows_copy(task->signal_name, COMMAND_BYTES);
}

static bool fill(top_row *row, const tether_snapshot *task)
{
    *row = (top_row){.cpu_permille = -1, .memory = -1, .rate = -1, .cpu_ms = -1, .output = -1};
    memcpy(row->id, task->task_id, sizeof row->id);
    row->name = top_rows_copy(task->name, COMMAND_BYTES);
    row->command = top_rows_copy(task->command, COMMAND_BYTES);
    set_state(row, task);
    if ((row->name != NULL || task->name == NULL) &&
        (row->command != NULL || task->command == NULL))
        return true;
    dispose_row(row);
    return false;
}

/* Moves what was measured from the old row of the same task. */
static void inherit(top_row *row, top_row *old)
{
    if (!tether_status_ended(row->status)) {
        row->cpu_permille = old->cpu_permille;
        row->memory = old->memory;
        row->rate = old->rate;
        row->cpu_ms = old->cpu_ms;
        row->measured = old->measured;
    }
    row->output = old->output;
    if (tether_status_ended(row->status) == tether_status_ended(old->status))
        row->sampled = old->sampled;
    row->skip = old->skip;
    row->last_line = old->last_line;
    old->last_line = NULL;
}

bool top_rows_take_all(top_rows *rows, const tether_snapshot_list *list, int64_t at)
{
    top_row *items = calloc(list->count + 1, sizeof *items);
    size_t count, i;

    if (items == NULL)
        return false;
    for (count = 0; count < list->count; count++) {
        if (!fill(&items[count], list->items[count])) {
            dispose_items(items, count);
            return false;
        }
    }
    qsort(items, count, sizeof *items, by_id);
    for (i = 0; i < count; i++) {
        top_row *old = top_rows_find(rows, items[i].id);

        if (old != NULL)
            inherit(&items[i], old);
    }
    dispose_items(rows->items, rows->count);
    rows->items = items;
    rows->count = count;
    rows->room = list->count + 1;
    rows->shown_count = 0;
    rows->at = at;
    return true;
}

static bool add(top_rows *rows, const tether_snapshot *task)
{
    if (rows->count == rows->room) {
        size_t room = rows->room * 2 + 16;
        top_row *items = realloc(rows->items, room * sizeof *items);

        if (items == NULL)
            return false;
        rows->items = items;
        rows->room = room;
    }
    if (!fill(&rows->items[rows->count], task))
        return false;
    rows->count++;
    return true;
}

/* Running tasks that the list lacks have become older too. */
static void advance(top_rows *rows, int64_t at)
{
    size_t i;

    for (i = 0; i < rows->count; i++)
        rows->items[i].duration_ms = top_rows_age(rows, &rows->items[i], at);
    rows->at = at;
}

bool top_rows_take_some(top_rows *rows, const tether_snapshot_list *list, int64_t at)
{
    size_t sorted = rows->count, i;
    bool enough = true;

    rows->shown_count = 0;
    advance(rows, at);
    for (i = 0; i < list->count && enough; i++) {
        top_row *row = find_in(rows->items, sorted, list->items[i]->task_id);

        if (row != NULL)
            set_state(row, list->items[i]);
        else
            enough = add(rows, list->items[i]);
    }
    if (rows->count > sorted)
        qsort(rows->items, rows->count, sizeof *rows->items, by_id);
    return enough;
}

void top_rows_drop(top_rows *rows, const char *id)
{
    top_row *row = top_rows_find(rows, id);
    size_t number;

    if (row == NULL)
        return;
    rows->shown_count = 0;
    number = (size_t)(row - rows->items);
    dispose_row(row);
    rows->count--;
    memmove(row, row + 1, (rows->count - number) * sizeof *row);
}

static void take_output(top_row *row, const top_sample *sample)
{
    int64_t passed = sample->at - row->sampled;

    if (tether_status_ended(row->status) || sample->output < 0 || row->output < 0)
        row->rate = -1;
    else if (row->sampled != 0 && passed > 0 && sample->output >= row->output)
        row->rate = (sample->output - row->output) * 1000 / passed;
    row->output = sample->output;
    row->sampled = sample->at;
}

static void take_usage(top_row *row, const top_sample *sample)
{
    int64_t passed = sample->at - row->measured;

    row->memory = tether_status_ended(row->status) ? -1 : sample->memory;
    if (tether_status_ended(row->status) || sample->cpu_ms < 0 || row->cpu_ms < 0)
        row->cpu_permille = -1;
    else if (row->measured != 0 && passed > 0 && sample->cpu_ms >= row->cpu_ms)
        row->cpu_permille = (sample->cpu_ms - row->cpu_ms) * 1000 / passed;
    row->cpu_ms = sample->cpu_ms;
    row->measured = sample->at;
    row->skip = sample->no_answer ? SKIP_SAMPLES : row->skip > 0 ? row->skip - 1 : 0;
}

void top_rows_take_sample(top_rows *rows, top_sample *sample)
{
    top_row *row = top_rows_find(rows, sample->id);

    if (row != NULL) {
        take_output(row, sample);
        take_usage(row, sample);
        if (sample->last_line != NULL) {
            free(row->last_line);
            row->last_line = sample->last_line;
            sample->last_line = NULL;
        }
    }
    free(sample->last_line);
    sample->last_line = NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(const char *text, const char *part)
{
    size_t i;

    for (; text != NULL && *text != '\0'; text++) {
        for (i = 0; part[i] != '\0' && lower(text[i]) == lower(part[i]); i++)
            ;
        if (part[i] == '\0')
            return true;
    }
    return false;
}

static bool is_shown(const top_rows *rows, const top_row *row)
{
    if (rows->running_only && tether_status_ended(row->status))
        return false;
    return rows->filter[0] == '\0' || contains(row->name, rows->filter) ||
           contains(row->command, rows->filter) || contains(row->id, rows->filter) ||
           contains(tether_status_text(row->status), rows->filter);
}

static int larger_first(int64_t left, int64_t right)
{
    return left > right ? -1 : left < right;
}

static int by_age(const void *left, const void *right)
{
    const top_row *a = *(const top_row *const *)left, *b = *(const top_row *const *)right;
    int order = larger_first(a->started_at, b->started_at);

    return order != 0 ? order : strcmp(a->id, b->id);
}

static int by_state(const void *left, const void *right)
{
    const top_row *a = *(const top_row *const *)left, *b = *(const top_row *const *)right;
    int order = (int)tether_status_ended(a->status) - (int)tether_status_ended(b->status);

    return order != 0 ? order : by_age(left, right);
}

/* Of equals, such as those whose number is not known, running ones come first. */
static int by_number(const void *left, const void *right, int64_t a, int64_t b)
{
    int order = larger_first(a, b);

    return order != 0 ? order : by_state(left, right);
}

static int by_cpu(const void *left, const void *right)
{
    return by_number(left, right, (*(const top_row *const *)left)->cpu_permille,
                     (*(const top_row *const *)right)->cpu_permille);
}

static int by_memory(const void *left, const void *right)
{
    return by_number(left, right, (*(const top_row *const *)left)->memory,
                     (*(const top_row *const *)right)->memory);
}

static int by_rate(const void *left, const void *right)
{
    return by_number(left, right, (*(const top_row *const *)left)->rate,
                     (*(const top_row *const *)right)->rate);
}

static const char *label_of(const top_row *row)
{
    if (row->name != NULL)
        return row->name;
    return row->command != NULL ? row->command : "";
}

static int by_name(const void *left, const void *right)
{
    const top_row *a = *(const top_row *const *)left, *b = *(const top_row *const *)right;
    int order = strcmp(label_of(a), label_of(b));

    return order != 0 ? order : by_state(left, right);
}

static int (*const orders[TOP_SORTS])(const void *, const void *) = {by_state,  by_age,  by_cpu,
                                                                     by_memory, by_rate, by_name};

static void turn_round(top_row **rows, size_t count)
{
    size_t i;

    for (i = 0; i < count / 2; i++) {
        top_row *row = rows[i];

        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = row;
    }
}

static void select_again(top_rows *rows)
{
    size_t i;

    for (i = 0; i < rows->shown_count; i++) {
        if (strcmp(rows->shown[i]->id, rows->selected) == 0) {
            rows->cursor = i;
            return;
        }
    }
    top_rows_select(rows, rows->cursor);
}

bool top_rows_arrange(top_rows *rows)
{
    top_row **shown = realloc((void *)rows->shown, (rows->count + 1) * sizeof *shown);
    size_t count = 0, i;

    if (shown == NULL)
        return false;
    rows->shown = shown;
    for (i = 0; i < rows->count; i++) {
        if (is_shown(rows, &rows->items[i]))
            shown[count++] = &rows->items[i];
    }
    qsort((void *)shown, count, sizeof *shown, orders[rows->sort]);
    if (rows->reverse)
        turn_round(shown, count);
    rows->shown_count = count;
    select_again(rows);
    return true;
}

void top_rows_select(top_rows *rows, size_t number)
{
    if (rows->shown_count == 0) {
        rows->cursor = 0;
        rows->selected[0] = '\0';
        return;
    }
    rows->cursor = number < rows->shown_count ? number : rows->shown_count - 1;
    memcpy(rows->selected, rows->shown[rows->cursor]->id, sizeof rows->selected);
}

void top_rows_move(top_rows *rows, long by)
{
    size_t distance = by < 0 ? (size_t)-by : (size_t)by;

    if (by < 0)
        top_rows_select(rows, rows->cursor > distance ? rows->cursor - distance : 0);
    else
        top_rows_select(rows,
                        distance > SIZE_MAX - rows->cursor ? SIZE_MAX : rows->cursor + distance);
}

void top_rows_scroll(top_rows *rows, size_t height)
{
    size_t last = rows->shown_count > height ? rows->shown_count - height : 0;

    if (rows->cursor < rows->first)
        rows->first = rows->cursor;
    if (height > 0 && rows->cursor >= rows->first + height)
        rows->first = rows->cursor - height + 1;
    if (rows->first > last)
        rows->first = last;
}

top_row *top_rows_selected(const top_rows *rows)
{
    return rows->cursor < rows->shown_count ? rows->shown[rows->cursor] : NULL;
}

size_t top_rows_running(const top_rows *rows)
{
    size_t count = 0, i;

    for (i = 0; i < rows->count; i++)
        count += tether_status_ended(rows->items[i].status) ? 0 : 1;
    return count;
}

int64_t top_rows_age(const top_rows *rows, const top_row *row, int64_t now)
{
    if (row->duration_ms < 0 || tether_status_ended(row->status))
        return row->duration_ms;
    return row->duration_ms + (now - rows->at);
}
