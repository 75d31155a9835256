/* Owns the subscriptions of a client, and the notices for them. The growth of an output is no
 * event, so each thing is looked at once a second, and at once after an event of its task. Must
 * not: remember anything that the client does not want any more. Thread: the main one. */
#include "mcp/rpc_listeners.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/address.h"
#include "mcp/rpc_resources.h"
#include "mcp/rpc_tasks.h"

enum { TOPICS_MOST = 256, LOOK_MS = 1000 };

/* One thing that a client listens to. */
typedef struct topic {
    json_t *stream; /* the id of the request that listens; NULL: resources/subscribe */
    json_t *name;   /* the URI or the id of MCP's task, as the client has given it */
    bool task;      /* else a resource */
    bool output;
    mcp_host *host;
    char task_id[TETHER_ID_SIZE];
    uint64_t seen; /* the state or the size that was told last */
    bool over;     /* nothing will change any more */
} topic;

struct rpc_listeners {
    mcp_calls *calls;
    topic topics[TOPICS_MOST];
    size_t count;
    json_t *streams; /* the ids of the streams that are open */
};

rpc_listeners *listeners_new(mcp_calls *calls)
{
    rpc_listeners *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    all->calls = calls;
    all->streams = json_array();
    return all;
}

static void take_out(rpc_listeners *all, size_t i)
{
    json_decref(all->topics[i].stream);
    json_decref(all->topics[i].name);
    all->topics[i] = all->topics[--all->count];
}

void listeners_free(rpc_listeners *all)
{
    while (all->count > 0)
        take_out(all, all->count - 1);
    json_decref(all->streams);
    free(all);
}

/* A number that changes with what is told. */
static int look(const topic *t, uint64_t *seen, bool *over)
{
    tether_snapshot *snapshot;
    uint64_t sizes[2] = {0, 0};
    int code = tether_status_get(t->host->registry, t->task_id, &snapshot, NULL);
    if (code != TETHER_OK)
        return code;
    *over = tether_status_ended(snapshot->status);
    *seen = (uint64_t)snapshot->status;
    tether_snapshot_free(snapshot);
    for (int stream = 0; t->output && stream < 2; stream++)
        tether_output_size(t->host->registry, t->task_id, (tether_stream)stream, &sizes[stream],
                           NULL);
    if (t->output)
        *seen = sizes[0] + sizes[1];
    return TETHER_OK;
}

/* Twice is as once. */
static bool is_there(const rpc_listeners *all, const json_t *stream, const json_t *name, bool task)
{
    for (size_t i = 0; i < all->count; i++) {
        const topic *t = &all->topics[i];
        if (t->task == task && json_equal(t->name, name) &&
            (t->stream == stream || json_equal(t->stream, stream)))
            return true;
    }
    return false;
}

/* Adds a topic. Returns false if there is no such task, or no room. */
static bool add(rpc_listeners *all, json_t *stream, json_t *name, bool task, tether_error *error)
{
    mcp_address address;
    topic *t = &all->topics[all->count];
    const char *text = json_string_value(name);
    if (is_there(all, stream, name, task))
        return true;
    if (all->count == TOPICS_MOST || text == NULL ||
        !(task ? address_of_id(&all->calls->hosts, text, &address)
               : address_of_uri(text, &address)) ||
        hosts_get(&all->calls->hosts, address.session, &t->host, error) != TETHER_OK)
        return false;
    strcpy(t->task_id, address.task_id);
    t->task = task;
    t->output = address.output;
    t->over = false;
    if (look(t, &t->seen, &t->over) != TETHER_OK)
        return false;
    /* A task that ended before the client could listen is told once. */
    if (task && t->over)
        t->seen = UINT64_MAX;
    t->over = false;
    t->stream = json_incref(stream);
    t->name = json_incref(name);
    all->count++;
    all->calls->protocol_at = 1;
    return true;
}

void rpc_resources_subscribe(const rpc_request *request)
{
    json_t *uri = json_object_get(request->params, "uri");
    tether_error error = {0};
    if (!json_is_string(uri))
        rpc_error(request, RPC_PARAMS, "resources/subscribe needs a uri; resources/list has them");
    else if (!add(request->listeners, NULL, uri, false, &error))
        rpc_resources_unknown(request, json_string_value(uri), &error);
    else
        rpc_result(request, json_object());
}

void rpc_resources_unsubscribe(const rpc_request *request)
{
    rpc_listeners *all = request->listeners;
    json_t *uri = json_object_get(request->params, "uri");
    for (size_t i = all->count; i-- > 0;) {
        if (all->topics[i].stream == NULL && uri != NULL && json_equal(all->topics[i].name, uri))
            take_out(all, i);
    }
    rpc_result(request, json_object());
}

/* Adds what there is of a list, and returns that. */
static json_t *add_list(rpc_listeners *all, json_t *stream, const json_t *names, bool task)
{
    json_t *added = json_array();
    tether_error error = {0};
    for (size_t i = 0; i < json_array_size(names); i++) {
        json_t *name = json_array_get(names, i);
        if (add(all, stream, name, task, &error))
            json_array_append(added, name);
    }
    return added;
}

/* The stream is open until the client cancels the request: it gets no answer. */
void rpc_subscriptions_listen(const rpc_request *request)
{
    rpc_listeners *all = request->listeners;
    const json_t *wanted = json_object_get(request->params, "notifications");
    const json_t *tasks = json_object_get(wanted, "taskIds");
    const json_t *uris = json_object_get(wanted, "resourceSubscriptions");
    if (!json_is_object(wanted)) {
        rpc_error(request, RPC_PARAMS, "subscriptions/listen needs notifications; give an object");
        return;
    }
    if (tasks != NULL && !rpc_tasks_known(request))
        return;
    if (json_array_size(all->streams) >= TOPICS_MOST) {
        rpc_error(request, RPC_INTERNAL, "%d streams are open; cancel some", (int)TOPICS_MOST);
        return;
    }
    json_array_append(all->streams, request->id);
    json_t *agreed = json_object();
    if (uris != NULL)
        json_object_set_new(agreed, "resourceSubscriptions",
                            add_list(all, request->id, uris, false));
    if (tasks != NULL)
        json_object_set_new(agreed, "taskIds", add_list(all, request->id, tasks, true));
    rpc_notice(request->calls, "notifications/subscriptions/acknowledged",
               json_pack("{s:{s:O}, s:o}", "_meta", "io.modelcontextprotocol/subscriptionId",
                         request->id, "notifications", agreed));
}

bool listeners_have(const rpc_listeners *all, const json_t *id)
{
    for (size_t i = 0; i < json_array_size(all->streams); i++) {
        if (json_equal(json_array_get(all->streams, i), id))
            return true;
    }
    return false;
}

void listeners_cancel(rpc_listeners *all, const json_t *id)
{
    for (size_t i = json_array_size(all->streams); i-- > 0;) {
        if (!json_equal(json_array_get(all->streams, i), id))
            continue;
        for (size_t t = all->count; t-- > 0;) {
            if (all->topics[t].stream != NULL && json_equal(all->topics[t].stream, id))
                take_out(all, t);
        }
        json_array_remove(all->streams, i);
        return;
    }
}

static void tell(rpc_listeners *all, const topic *t)
{
    json_t *params = t->task ? rpc_task_detailed(all->calls, t->host, t->task_id)
                             : json_pack("{s:O}", "uri", t->name);
    if (params != NULL && t->stream != NULL)
        json_object_set_new(
            params, "_meta",
            json_pack("{s:O}", "io.modelcontextprotocol/subscriptionId", t->stream));
    rpc_notice(all->calls, t->task ? "notifications/tasks" : "notifications/resources/updated",
               params);
}

/* While the client does not read, nothing is told: what has changed until it does is told then. */
void listeners_turn(rpc_listeners *all, int64_t now_ms)
{
    if (all->calls->protocol_at == 0 || now_ms < all->calls->protocol_at)
        return;
    all->calls->protocol_at = 0;
    for (size_t i = 0; i < all->count; i++) {
        topic *t = &all->topics[i];
        uint64_t seen = t->seen;
        if (t->over)
            continue;
        all->calls->protocol_at = now_ms + LOOK_MS;
        if (outlet_waiting(&all->calls->out) >= OUTLET_NOTICES ||
            look(t, &seen, &t->over) != TETHER_OK || seen == t->seen)
            continue;
        t->seen = seen;
        tell(all, t);
    }
}

void listeners_note(rpc_listeners *all, const mcp_host *host, const tether_event *event)
{
    for (size_t i = 0; i < all->count; i++) {
        const topic *t = &all->topics[i];
        if (t->host == host && event->task_id != NULL && strcmp(t->task_id, event->task_id) == 0)
            all->calls->protocol_at = 1;
    }
}

bool listeners_need(const rpc_listeners *all, const mcp_host *host)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->topics[i].host == host)
            return true;
    }
    return false;
}
