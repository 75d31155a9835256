/* Owns the answer about a task with its output.
 * Must not: acknowledge its end.
 * Thread: the main one. */
#include "mcp/outcome.h"

#include "mcp/reply.h"
#include "mcp/shown.h"

enum { TAIL_BYTES = 16 * 1024 };

static void advise(mcp_buffer *text, const tether_snapshot *snapshot)
{
    buffer_format(
        text,
        "It goes on in the background. Do other work, or call wait with task_ids [\"%s\"]; "
        "do not poll, and do not start it again.\n",
        snapshot->task_id);
}

int outcome_answer(mcp_host *host, const tether_snapshot *snapshot, bool readable,
                   mcp_result *result, tether_error *error)
{
    shown_part part = {.view = TETHER_VIEW_BOTH, .bytes = TAIL_BYTES, .readable = readable};
    int code = shown_tail(host->registry, snapshot->task_id, &part, error);
    if (code == TETHER_OK) {
        result->value = reply_snapshot(snapshot);
        reply_line(&result->text, snapshot);
        if (!tether_status_ended(snapshot->status))
            advise(&result->text, snapshot);
        shown_put(&part, result);
    }
    shown_dispose(&part);
    return code;
}
