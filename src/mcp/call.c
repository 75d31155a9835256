/* Owns the life of one call of a tool, and what of events concerns it.
 * Must not: know a protocol or a tool.
 * Thread: the main one. */
#include "mcp/call.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/reply.h"
#include "mcp/work.h"

mcp_call *call_new(const struct mcp_tool *tool, const mcp_policy *policy, json_t *id,
                   json_t *arguments)
{
    mcp_call *made = arguments != NULL ? calloc(1, sizeof *made) : NULL;
    if (made == NULL)
        return NULL;
    made->tool = tool;
    made->policy = policy;
    made->id = id;
    made->arguments = arguments;
    return made;
}

void call_free(mcp_call *call)
{
    if (call->watch != 0 && call->ended == 0 && call->id_count > 0)
        tether_watch_remove(call->host->registry, call->ids[0], call->watch, NULL);
    if (call->work != NULL)
        work_forget(call->work);
    json_decref(call->id);
    json_decref(call->arguments);
    json_decref(call->token);
    json_decref(call->match);
    free(call->ids);
    free(call);
}

bool call_set_ids(mcp_call *call, const char *const *ids, size_t count)
{
    free(call->ids);
    call->id_count = 0;
    call->ids = calloc(count > 0 ? count : 1, sizeof *call->ids);
    if (call->ids == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strlen(ids[i]) < TETHER_ID_SIZE)
            strcpy(call->ids[call->id_count++], ids[i]);
    }
    return true;
}

static bool concerns(const mcp_call *call, const char *task_id)
{
    for (size_t i = 0; i < call->id_count; i++) {
        if (strcmp(call->ids[i], task_id) == 0)
            return true;
    }
    return call->any_end;
}

static void note_match(mcp_call *call, const tether_match *match)
{
    size_t size = match->context_size;
    while (size > 0 && (match->context[size - 1] == '\n' || match->context[size - 1] == '\r'))
        size--;
    json_decref(call->match);
    call->match = json_pack(
        "{s:s, s:I, s:o, s:o}", "stream", match->stream == TETHER_STDERR ? "stderr" : "stdout",
        "offset", (json_int_t)match->offset, "match", reply_bytes(match->text, match->text_size),
        "line", reply_bytes(match->context, size));
    call->ended = 1;
}

static void note_watch_end(mcp_call *call, const tether_error *error)
{
    if (call->ended != 0)
        return;
    call->ended = 2;
    if (error != NULL)
        call->failed = *error;
}

void call_note(mcp_call *call, const mcp_host *host, const tether_event *event)
{
    if (call->next == NULL || call->host != host || event->task_id == NULL)
        return;
    bool of_watch = call->watch != 0 && event->watch == call->watch &&
                    strcmp(event->task_id, call->ids[0]) == 0;
    if (event->kind == TETHER_EVENT_COMPLETION && call->watch == 0)
        call->due = call->due || concerns(call, event->task_id);
    if (!of_watch || (event->kind != TETHER_EVENT_MATCH && event->kind != TETHER_EVENT_WATCH_END))
        return;
    if (event->kind == TETHER_EVENT_MATCH)
        note_match(call, event->match);
    else
        note_watch_end(call, event->error);
    call->due = true;
}
