/* Owns the plain protocol: {"id", "verb", "args"} in, {"id", "result"} or {"id", "error"} out, and
 * {"event"} in between once a client has subscribed.
 * Must not: do what a verb does: those are the tools.
 * Thread: the main one. */
#include "mcp/jsonl.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"
#include "mcp/message.h"
#include "mcp/reply.h"
#include "mcp/tools.h"

#define STEP "read request"

typedef struct mcp_jsonl {
    mcp_calls *calls;
    mcp_host **subscribed; /* sessions whose events the client wants */
    size_t count;
    uint64_t missed; /* events that were left out because the client does not read */
} mcp_jsonl;

static void send_result(mcp_calls *calls, json_t *id, json_t *result)
{
    outlet_put(&calls->out, json_pack("{s:O, s:o}", "id", id, "result", result));
}

static void send_error(mcp_calls *calls, json_t *id, const tether_error *error)
{
    outlet_put(&calls->out, json_pack("{s:O?, s:o}", "id", id, "error", reply_error(error)));
}

static void answer(mcp_call *call, const mcp_result *result, const tether_error *error)
{
    if (error->code != 0)
        send_error(call->protocol, call->id, error);
    else
        send_result(call->protocol, call->id, json_incref(result->value));
}

/* --- Verbs of the protocol itself --- */

static const char *const own_verbs[] = {"cancel", "subscribe", "verbs"};

static void cancel(mcp_jsonl *state, json_t *id, json_t *args)
{
    const json_t *which = json_object_get(args, "id");
    mcp_call *found = which != NULL ? calls_find(state->calls, which) : NULL;
    if (found != NULL)
        calls_drop(state->calls, found);
    else if (which != NULL)
        hosts_untell(&state->calls->hosts, which);
    send_result(state->calls, id, json_pack("{s:b}", "cancelled", (int)(found != NULL)));
}

static bool is_subscribed(const mcp_jsonl *state, const mcp_host *host)
{
    for (size_t i = 0; i < state->count; i++) {
        if (state->subscribed[i] == host)
            return true;
    }
    return false;
}

static void subscribe(mcp_jsonl *state, json_t *id, json_t *args)
{
    tether_error error = {0};
    const char *session = NULL;
    mcp_host *wanted = NULL;
    int code = arguments_text(args, "session", &session, &error);
    if (code == TETHER_OK)
        code = hosts_get(&state->calls->hosts, session, &wanted, &error);
    if (code != TETHER_OK) {
        send_error(state->calls, id, &error);
        return;
    }
    if (!is_subscribed(state, wanted))
        state->subscribed[state->count++] = wanted;
    send_result(state->calls, id, json_pack("{s:s}", "session", wanted->session));
}

static void list_verbs(mcp_jsonl *state, json_t *id)
{
    json_t *verbs = tools_list(state->calls->policy);
    for (size_t i = 0; i < sizeof own_verbs / sizeof own_verbs[0]; i++)
        json_array_append_new(verbs, json_pack("{s:s}", "name", own_verbs[i]));
    send_result(state->calls, id,
                json_pack("{s:s, s:o}", "version", tether_version(), "verbs", verbs));
}

/* Returns whether it was such a verb. */
static bool handle_own(mcp_jsonl *state, json_t *id, const char *verb, json_t *args)
{
    if (strcmp(verb, "cancel") == 0)
        cancel(state, id, args);
    else if (strcmp(verb, "subscribe") == 0)
        subscribe(state, id, args);
    else if (strcmp(verb, "verbs") == 0)
        list_verbs(state, id);
    else
        return false;
    return true;
}

/* --- Requests --- */

static void begin(mcp_jsonl *state, const mcp_tool *tool, json_t *id, json_t *args)
{
    tether_error error = {0};
    mcp_call *made = call_new(tool, state->calls->policy, json_incref(id),
                              args != NULL ? json_incref(args) : json_object());
    if (made == NULL) {
        failure_memory(&error, "read request");
        send_error(state->calls, id, &error);
        return;
    }
    made->protocol = state->calls;
    made->answer = answer;
    calls_begin(state->calls, made);
}

static bool check(mcp_jsonl *state, const json_t *message, tether_error *error)
{
    const json_t *id = json_object_get(message, "id"), *args = json_object_get(message, "args");
    if (!json_is_object(message))
        failure(error, TETHER_EINVAL, STEP, "a request is one object; write one on each line");
    else if (!json_is_string(id) && !json_is_integer(id))
        failure(error, TETHER_EINVAL, STEP, "the request has no id; give a text or a whole number");
    else if (!json_is_string(json_object_get(message, "verb")))
        failure(error, TETHER_EINVAL, STEP,
                "the request has no verb; use the verb \"verbs\" to see them");
    else if (args != NULL && !json_is_object(args))
        failure(error, TETHER_EINVAL, STEP, "args is no object; give one");
    else if (calls_find(state->calls, id) != NULL)
        failure(error, TETHER_EINVAL, STEP,
                "a request with this id is not answered yet; use another id");
    return error->code == 0;
}

static void handle(mcp_jsonl *state, json_t *message)
{
    tether_error error = {0};
    json_t *id = json_object_get(message, "id"), *args = json_object_get(message, "args");
    const char *verb = json_string_value(json_object_get(message, "verb"));
    if (!check(state, message, &error)) {
        send_error(state->calls, json_is_string(id) || json_is_integer(id) ? id : NULL, &error);
        return;
    }
    const mcp_tool *tool = tools_find(state->calls->policy, verb);
    if (tool != NULL) {
        begin(state, tool, id, args);
    } else if (!handle_own(state, id, verb, args)) {
        failure(&error, TETHER_EINVAL, "read request",
                "there is no verb %.60s; use the verb \"verbs\" to see them", verb);
        send_error(state->calls, id, &error);
    }
}

static void handle_line(void *userdata, const char *line, size_t size)
{
    mcp_jsonl *state = userdata;
    tether_error error = {0};
    char why[MESSAGE_WHY];
    json_t *message = message_parse(line, size, why);
    if (message != NULL) {
        handle(state, message);
    } else {
        failure(&error, TETHER_EINVAL, "read request",
                "the line is no JSON (%s); write one object on each line", why);
        send_error(state->calls, NULL, &error);
    }
    json_decref(message);
}

static void handle_too_long(void *userdata, size_t limit)
{
    tether_error error = {0};
    failure(&error, TETHER_EINVAL, "read request",
            "a line is longer than %zu bytes; give a shorter one", limit);
    send_error(((mcp_jsonl *)userdata)->calls, NULL, &error);
}

/* --- Events --- */

static void note(void *userdata, mcp_host *host, const tether_event *event)
{
    mcp_jsonl *state = userdata;
    bool ended = event->kind == TETHER_EVENT_COMPLETION;
    if ((!ended && event->kind != TETHER_EVENT_STARTED) || !is_subscribed(state, host))
        return;
    if (outlet_waiting(&state->calls->out) >= OUTLET_NOTICES) {
        state->missed++;
        return;
    }
    if (state->missed > 0)
        outlet_put(&state->calls->out,
                   json_pack("{s:s, s:I}", "event", "missed", "count", (json_int_t)state->missed));
    state->missed = 0;
    outlet_put(&state->calls->out,
               json_pack("{s:s, s:s, s:o}", "event", ended ? "ended" : "started", "session",
                         host->session, "task", reply_snapshot(event->snapshot)));
}

static bool needs(void *userdata, const mcp_host *host)
{
    return is_subscribed(userdata, host);
}

static void *open_jsonl(mcp_calls *all)
{
    mcp_jsonl *state = calloc(1, sizeof *state);
    if (state == NULL)
        return NULL;
    state->subscribed = calloc(HOSTS_MOST, sizeof(mcp_host *));
    if (state->subscribed == NULL) {
        free(state);
        return NULL;
    }
    state->calls = all;
    all->note = note;
    all->needs = needs;
    all->protocol = state;
    return state;
}

static void close_jsonl(void *userdata)
{
    mcp_jsonl *state = userdata;
    free((void *)state->subscribed);
    free(state);
}

const mcp_protocol jsonl_protocol = {open_jsonl, handle_line, handle_too_long, NULL, close_jsonl};
