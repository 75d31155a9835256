/* Owns the form of tether's tasks as tasks of MCP. Their ids are tether's, so that they outlive the
 * server.
 * Must not: look at the store.
 * Thread: any; pure functions. */
#include "mcp/rpc_task.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mcp/address.h"
#include "mcp/reply.h"

enum { POLL_MS = 2000 };

/* The modern era has `failed` for errors of JSON-RPC only. */
static const char *status_of(const char *status, bool modern)
{
    if (strcmp(status, "completed") == 0)
        return "completed";
    if (strcmp(status, "killed") == 0)
        return "cancelled";
    if (strcmp(status, "failed") == 0 || strcmp(status, "timed_out") == 0 ||
        strcmp(status, "lost") == 0)
        return modern ? "completed" : "failed";
    return "working";
}

static json_t *time_of(const json_t *snapshot, bool last)
{
    char text[TETHER_TIME_SIZE];
    int64_t at = json_integer_value(json_object_get(snapshot, "started_at"));
    int64_t finished = json_integer_value(json_object_get(snapshot, "finished_at"));
    if (last)
        at = finished > 0 ? finished
                          : at + json_integer_value(json_object_get(snapshot, "duration_ms"));
    tether_time_text(at, text);
    return json_string(text);
}

static json_t *message_of(const json_t *snapshot)
{
    char text[160];
    const json_t *code = json_object_get(snapshot, "exit_code");
    const char *reason = json_string_value(json_object_get(snapshot, "reason"));
    const char *status = json_string_value(json_object_get(snapshot, "status"));
    if (json_is_integer(code))
        snprintf(text, sizeof text, "%s with exit code %" PRId64, status,
                 (int64_t)json_integer_value(code));
    else
        snprintf(text, sizeof text, "%s%s%.100s", status, reason != NULL ? ": " : "",
                 reason != NULL ? reason : "");
    return reply_bytes(text, strlen(text));
}

json_t *rpc_task(const mcp_hosts *hosts, const json_t *snapshot, bool modern)
{
    const char *id = json_string_value(json_object_get(snapshot, "task_id"));
    const char *session = json_string_value(json_object_get(snapshot, "session_id"));
    const char *status = json_string_value(json_object_get(snapshot, "status"));
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:n, s:i}", "taskId",
                     address_id(hosts, session, id), "status", status_of(status, modern),
                     "statusMessage", message_of(snapshot), "createdAt", time_of(snapshot, false),
                     "lastUpdatedAt", time_of(snapshot, true), modern ? "ttlMs" : "ttl",
                     modern ? "pollIntervalMs" : "pollInterval", POLL_MS);
}
