/* The state of the view of "tether top", which its keys change and its drawing shows. */
#ifndef TETHER_CLI_TOP_STATE_H
#define TETHER_CLI_TOP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/top_rows.h"
#include "cli/top_worker.h"

/* What the keys go to. */
typedef enum top_mode {
    TOP_TABLE,
    TOP_HELP,
    TOP_SESSIONS, /* a session is chosen */
    TOP_CONFIRM,  /* y or n, for pending_job */
    TOP_ASK_TIME, /* how long the task may go on */
    TOP_ASK_FILTER
} top_mode;

/* A session of the store. */
typedef struct top_session {
    char *id;
    size_t tasks, running;
} top_session;

typedef struct top_state {
    top_rows rows;
    top_mode mode;
    char *session;
    top_worker *reader, *actor;
    size_t height, width; /* of the screen */
    size_t list_height;   /* rows of tasks on it */
    char message[512];    /* of the last action; empty: none */
    bool message_is_error;
    char input[128]; /* of TOP_ASK_... */
    top_job_kind pending_kind;
    char target[TETHER_ID_SIZE]; /* the task that the question is about */
    top_session *sessions;
    size_t session_count, session_cursor;
    bool follows; /* the pane is shown */
    char *tail;   /* the output in the pane; NULL: none yet */
    size_t tail_size;
    uint64_t tail_seen;
    char tail_id[TETHER_ID_SIZE]; /* whose output it is */
    bool loaded;                  /* the first list has come */
    bool wants_all;               /* the list of all tasks is out of date */
    bool quits;
    bool switches; /* to the session at session_cursor */
    int64_t now;
} top_state;

void top_state_dispose(top_state *state);

/* Shows a text at the bottom of the screen. */
void top_state_tell(top_state *state, bool is_error, const char *format, ...);

/* Gives a job to one of the workers; if memory runs out, tells so. */
void top_state_give(top_state *state, top_worker *worker, top_job *job);

/* Takes a list of the tasks of all sessions. The current session is among the sessions, also
 * without a task. */
void top_state_take_sessions(top_state *state, const tether_snapshot_list *list);

/* Returns what a job does, for messages: "kill". */
const char *top_state_verb(top_job_kind kind);

/* How a task is called in messages: its name, else its id. */
const char *top_state_label(const top_state *state, const char *id);

#endif
