/* Owns the state of the view of "tether top".
 * Must not: draw, read keys, or call the library about a task.
 * Thread: the main one. */
#include "cli/top_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_sessions(top_state *state)
{
    size_t i;

    for (i = 0; i < state->session_count; i++)
        free(state->sessions[i].id);
    free(state->sessions);
    state->sessions = NULL;
    state->session_count = 0;
}

void top_state_dispose(top_state *state)
{
    top_rows_dispose(&state->rows);
    free_sessions(state);
    free(state->session);
    tether_free(state->tail);
    state->session = state->tail = NULL;
}

void top_state_tell(top_state *state, bool is_error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(state->message, sizeof state->message, format, arguments);
    va_end(arguments);
    state->message_is_error = is_error;
}

void top_state_give(top_state *state, top_worker *worker, top_job *job)
{
    if (job == NULL)
        top_state_tell(state, true, "out of memory: end other programs, then try again");
    else
        top_worker_give(worker, job);
}

const char *top_state_verb(top_job_kind kind)
{
    switch (kind) {
    case TOP_JOB_KILL:
        return "kill";
    case TOP_JOB_PAUSE:
        return "pause";
    case TOP_JOB_RESUME:
        return "resume";
    case TOP_JOB_EXTEND:
        return "extend";
    case TOP_JOB_ACKNOWLEDGE:
        return "acknowledge";
    case TOP_JOB_REMOVE:
        return "remove";
    case TOP_JOB_TAIL:
        return "read the output of";
    default:
        return "list";
    }
}

const char *top_state_label(const top_state *state, const char *id)
{
    const top_row *row = top_rows_find(&state->rows, id);

    return row != NULL && row->name != NULL ? row->name : id;
}

static int by_session(const void *left, const void *right)
{
    return strcmp(((const top_session *)left)->id, ((const top_session *)right)->id);
}

static top_session *find_session(top_state *state, const char *id)
{
    size_t i;

    for (i = 0; i < state->session_count; i++) {
        if (strcmp(state->sessions[i].id, id) == 0)
            return &state->sessions[i];
    }
    return NULL;
}

static top_session *add_session(top_state *state, const char *id)
{
    top_session *sessions = realloc(state->sessions, (state->session_count + 1) * sizeof *sessions);
    char *copy = top_rows_copy(id, SIZE_MAX);

    if (sessions != NULL)
        state->sessions = sessions;
    if (sessions == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    sessions[state->session_count] = (top_session){.id = copy};
    return &sessions[state->session_count++];
}

static top_session *need_session(top_state *state, const char *id)
{
    top_session *found = find_session(state, id);

    return found != NULL ? found : add_session(state, id);
}

void top_state_take_sessions(top_state *state, const tether_snapshot_list *list)
{
    size_t i;

    free_sessions(state);
    need_session(state, state->session);
    for (i = 0; i < list->count; i++) {
        const tether_snapshot *task = list->items[i];
        top_session *session =
            task->session_id == NULL ? NULL : need_session(state, task->session_id);

        if (session == NULL)
            continue;
        session->tasks++;
        session->running += tether_status_ended(task->status) ? 0 : 1;
    }
    if (state->session_count > 0)
        qsort(state->sessions, state->session_count, sizeof *state->sessions, by_session);
    for (i = 0; i < state->session_count; i++) {
        if (strcmp(state->sessions[i].id, state->session) == 0)
            state->session_cursor = i;
    }
}
