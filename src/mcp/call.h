/* A call of a tool, from its request to its answer, for any protocol. */
#ifndef TETHER_MCP_CALL_H
#define TETHER_MCP_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "mcp/buffer.h"
#include "mcp/hosts.h"
#include "mcp/policy.h"
#include "tether.h"

typedef struct mcp_call mcp_call;

/* What a tool answers. The call owns it. */
typedef struct mcp_result {
    json_t *value;   /* an object */
    mcp_buffer text; /* the same for a model */
} mcp_result;

/* What a step of a call returns besides the code of an error. */
enum { CALL_DONE = 0, CALL_WAITS = 1 };

/* A step of a call: answers (CALL_DONE with the result), fails with the code of the error, or goes
 * on later (CALL_WAITS). `over`: the time to wait has passed, so it must not go on. */
typedef int call_step(mcp_call *call, bool over, mcp_result *result, tether_error *error);

/* Sends the answer: the error, if it has a code, else the result. */
typedef void call_answer(mcp_call *call, const mcp_result *result, const tether_error *error);

/* Tells the client that the call still waits. */
typedef void call_progress(mcp_call *call);

/* A blocking function of the library that a thread runs for a call. */
typedef struct mcp_work mcp_work;

struct mcp_call {
    const struct mcp_tool *tool;
    const mcp_policy *policy;
    json_t *arguments; /* an object */
    size_t bytes;      /* of the arguments, as text */
    mcp_host *host;    /* the session that the arguments name */

    /* Of the protocol. */
    json_t *id;    /* of the request */
    json_t *token; /* of the client for notices of progress; NULL: none wanted */
    call_answer *answer;
    call_progress *progress;
    void *protocol;
    int form; /* how the protocol answers: it knows */

    /* While the call waits. */
    call_step *next;  /* called when something has happened; NULL: the call does not wait */
    int64_t until_ms; /* when the wait is over, by stdio_os_now_ms */
    bool due;         /* something has happened that concerns it */
    bool polled;      /* a task has no events, so ask at intervals */
    bool any_end;     /* the end of any task concerns it */
    char (*ids)[TETHER_ID_SIZE]; /* the tasks that concern it */
    size_t id_count;
    int watch; /* the number of its watch; 0: none */
    int ended; /* of the watch: 1 matched, 2 ended */
    json_t *match;
    tether_error failed; /* of the watch */
    mcp_work *work;      /* NULL: no thread works for it */
    int64_t began_ms;
    int64_t progress_at; /* when the next notice of progress is due */
};

/* Makes a call; takes the references. NULL: memory is short, also for the arguments, which are NULL
 * then; and nothing was taken. */
mcp_call *call_new(const struct mcp_tool *tool, const mcp_policy *policy, json_t *id,
                   json_t *arguments);

/* Frees it, with its watch. A work that runs goes on and tells nobody. */
void call_free(mcp_call *call);

/* Sets the tasks that concern the call. */
bool call_set_ids(mcp_call *call, const char *const *ids, size_t count);

/* Notes an event of a session; sets due if it concerns the call. */
void call_note(mcp_call *call, const mcp_host *host, const tether_event *event);

#endif
