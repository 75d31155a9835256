/* Owns the records and outputs of tasks as resources of MCP.
 * Must not: change anything.
 * Thread: the main one. */
#include "mcp/rpc_resources.h"

#include <string.h>

#include "mcp/address.h"
#include "mcp/reply.h"
#include "mcp/rpc_pages.h"
#include "mcp/shown.h"

enum { PAGE = 50, OUTPUT_BYTES = 256 * 1024, TTL_MS = 3600 * 1000 };

/* What may be kept, and for how long, the modern era wants to know. */
static void answer(const rpc_request *request, json_t *result, int ttl_ms)
{
    if (request->modern && result != NULL) {
        json_object_set_new(result, "ttlMs", json_integer(ttl_ms));
        json_object_set_new(result, "cacheScope", json_string(ttl_ms > 0 ? "public" : "private"));
    }
    rpc_result(request, result);
}

static json_t *describe(const tether_snapshot *task, bool output)
{
    mcp_buffer title = {0};
    buffer_text(&title, output ? "Output of " : "Task ");
    reply_word(&title,
               task->name != NULL      ? task->name
               : task->command != NULL ? task->command
                                       : "",
               80);
    json_t *value = json_pack("{s:o, s:o, s:o, s:s}", "uri",
                              address_uri(task->session_id, task->task_id, output), "name",
                              json_sprintf("%s%s", task->task_id, output ? "/output" : ""), "title",
                              json_stringn(title.bytes, title.used), "mimeType",
                              output ? "text/plain" : "application/json");
    buffer_dispose(&title);
    return value;
}

void rpc_resources_list(const rpc_request *request)
{
    rpc_page page;
    if (!rpc_page_open(request, PAGE, &page))
        return;
    json_t *resources = json_array();
    for (size_t i = page.first; i < page.end; i++) {
        json_array_append_new(resources, describe(page.list->items[i], false));
        json_array_append_new(resources, describe(page.list->items[i], true));
    }
    json_t *result = json_pack("{s:o}", "resources", resources);
    rpc_page_close(&page, result);
    answer(request, result, 0);
}

void rpc_resources_templates(const rpc_request *request)
{
    answer(request,
           json_pack("{s:[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]}", "resourceTemplates",
                     "uriTemplate", "tether://{session}/{task_id}", "name", "task", "description",
                     "The record of a task", "mimeType", "application/json", "uriTemplate",
                     "tether://{session}/{task_id}/output", "name", "output", "description",
                     "The end of what a task has written, 256 KiB at most", "mimeType",
                     "text/plain"),
           TTL_MS);
}

void rpc_resources_unknown(const rpc_request *request, const char *uri, const tether_error *error)
{
    rpc_error_with(request, request->modern ? RPC_PARAMS : RPC_NO_RESOURCE,
                   error->code != 0 ? error->message
                                    : "there is no such resource; resources/list has them",
                   json_pack("{s:o}", "uri", reply_bytes(uri, strlen(uri))));
}

static json_t *read_output(const mcp_host *host, const char *task_id, tether_error *error)
{
    shown_part part = {.view = TETHER_VIEW_BOTH, .bytes = OUTPUT_BYTES};
    json_t *text = NULL;
    if (shown_tail(host->registry, task_id, &part, error) == TETHER_OK)
        text = reply_bytes(part.text, part.size);
    shown_dispose(&part);
    return text;
}

static json_t *read_record(const mcp_host *host, const char *task_id, tether_error *error)
{
    tether_snapshot *snapshot;
    if (tether_status_get(host->registry, task_id, &snapshot, error) != TETHER_OK)
        return NULL;
    char *json = tether_snapshot_json(snapshot);
    json_t *text = json != NULL ? json_string(json) : NULL;
    tether_free(json);
    tether_snapshot_free(snapshot);
    return text;
}

void rpc_resources_read(const rpc_request *request)
{
    const char *uri = rpc_param(request, "uri");
    tether_error error = {0};
    mcp_address address;
    mcp_host *host;
    json_t *text = NULL;
    if (uri == NULL) {
        rpc_error(request, RPC_PARAMS, "resources/read needs a uri; resources/list has them");
        return;
    }
    if (address_of_uri(uri, &address) &&
        hosts_get(&request->calls->hosts, address.session, &host, &error) == TETHER_OK)
        text = address.output ? read_output(host, address.task_id, &error)
                              : read_record(host, address.task_id, &error);
    if (text == NULL) {
        rpc_resources_unknown(request, uri, &error);
        return;
    }
    answer(request,
           json_pack("{s:[{s:s, s:s, s:o}]}", "contents", "uri", uri, "mimeType",
                     address.output ? "text/plain" : "application/json", "text", text),
           0);
}
