/* Owns looking at the tasks that a verb waits for, for the status line.
 * Must not: wait, or change a task.
 * Thread: that of the status line. */
#include "cli/waited.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/moment.h"

#define NS_PER_MS ((uint64_t)1000 * 1000)

static int compare(const void *left, const void *right)
{
    const tether_snapshot *a = *(tether_snapshot *const *)left;
    const tether_snapshot *b = *(tether_snapshot *const *)right;

    return strcmp(a->task_id, b->task_id);
}

static const tether_snapshot *find(const tether_snapshot_list *list, const char *id)
{
    tether_snapshot key, *sought = &key, **found;

    if (list->count == 0)
        return NULL;
    snprintf(key.task_id, sizeof key.task_id, "%s", id);
    found = bsearch((const void *)&sought, (const void *)list->items, list->count,
                    sizeof *list->items, compare);
    return found != NULL ? *found : NULL;
}

/* The tasks that run, summed up. */
typedef struct sum {
    const tether_snapshot *first; /* started before the others; NULL: none runs */
    size_t count;
    int64_t deadline_at; /* the earliest; 0: none */
} sum;

static void add(sum *running, const tether_snapshot *task)
{
    if (running->first == NULL || task->started_at < running->first->started_at)
        running->first = task;
    if (task->deadline_at != 0 &&
        (running->deadline_at == 0 || task->deadline_at < running->deadline_at))
        running->deadline_at = task->deadline_at;
    running->count++;
}

static void fill_limit(const cli_waited *w, const sum *running, progress_state *state)
{
    int64_t left = (int64_t)(moment_left_ns(w->until) / NS_PER_MS);
    int64_t deadline = running->deadline_at - moment_wall_ms();

    if (w->limit != NULL && w->until != MOMENT_NEVER && left > 0) {
        state->limit = w->limit;
        state->limit_ms = left;
    }
    if (running->deadline_at != 0 && (state->limit == NULL || deadline < left)) {
        state->limit = "deadline";
        state->limit_ms = deadline;
    }
}

static void fill_state(const cli_waited *w, const sum *running, progress_state *state)
{
    const tether_snapshot *first = running->first;
    const char *label = NULL;

    fill_limit(w, running, state);
    if (first == NULL)
        return;
    state->more = running->count - 1;
    label = first->name != NULL ? first->name : first->command;
    if (label != NULL)
        snprintf(state->label, sizeof state->label, "%s", label);
    if (w->by_status)
        state->doing = tether_status_text(first->status);
}

static void look_at_one(const cli_waited *w, progress_state *state)
{
    tether_snapshot *snapshot;
    sum running = {NULL, 0, 0};

    if (tether_status_get(w->registry, w->ids[0], &snapshot, NULL) != 0)
        return;
    if (!tether_status_ended(snapshot->status))
        add(&running, snapshot);
    fill_state(w, &running, state);
    tether_snapshot_free(snapshot);
}

static void look_at_list(const cli_waited *w, progress_state *state)
{
    tether_list_options options = {.size = sizeof options, .without_output = true};
    tether_snapshot_list *list;
    sum running = {NULL, 0, 0};
    size_t i;

    if (tether_list_in(w->registry, &options, &list, NULL) != 0)
        return;
    for (i = 0; w->ids == NULL && i < list->count; i++)
        add(&running, list->items[i]);
    if (w->ids != NULL && list->count > 0)
        qsort((void *)list->items, list->count, sizeof *list->items, compare);
    for (i = 0; w->ids != NULL && i < w->count; i++) {
        const tether_snapshot *task = find(list, w->ids[i]);

        if (task != NULL)
            add(&running, task);
    }
    if (w->ids != NULL) {
        state->total = w->count;
        state->ended = w->count - running.count;
    }
    fill_state(w, &running, state);
    tether_snapshot_list_free(list);
}

void waited_fill(void *userdata, progress_state *state)
{
    const cli_waited *w = userdata;

    if (w->ids != NULL && w->count == 1)
        look_at_one(w, state);
    else
        look_at_list(w, state);
}
