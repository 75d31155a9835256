/* Owns the table of all calls that wait, which events and time complete.
 * Must not: use a thread per call, or know a protocol or a tool.
 * Thread: the main one. */
#include "mcp/calls.h"

#include <stdlib.h>

#include "mcp/failure.h"
#include "mcp/tools.h"
#include "mcp/work.h"

/* Tasks without events are asked for; and all calls look once more now and then, because an event
 * may be lost when memory is short. */
enum { ASK_MS = 250, SWEEP_MS = 5000, PROGRESS_MS = 1000 };

static void on_event(void *userdata, mcp_host *host, const tether_event *event)
{
    mcp_calls *all = userdata;
    for (size_t i = 0; i < all->count; i++)
        call_note(all->items[i], host, event);
    if (all->note != NULL)
        all->note(all->protocol, host, event);
}

static bool is_busy(void *userdata, const mcp_host *host)
{
    const mcp_calls *all = userdata;
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i]->host == host)
            return true;
    }
    return work_busy(host) || (all->needs != NULL && all->needs(all->protocol, host));
}

void calls_open(mcp_calls *all)
{
    all->hosts.on_event = on_event;
    all->hosts.is_busy = is_busy;
    all->hosts.userdata = all;
}

static bool keep(mcp_calls *all, mcp_call *call)
{
    if (all->count == all->room) {
        size_t room = all->room > 0 ? 2 * all->room : 16;
        struct mcp_call **grown = realloc((void *)all->items, room * sizeof *grown);
        if (grown == NULL)
            return false;
        all->items = grown;
        all->room = room;
    }
    all->items[all->count++] = call;
    all->bytes += call->bytes;
    return true;
}

/* Sends the answer of a step that does not wait, and frees the call. */
static void answer(mcp_call *call, int code, mcp_result *result, tether_error *error)
{
    const tether_error none = {0};
    if (code == TETHER_OK && (result->value == NULL || result->text.failed))
        code = failure_memory(error, "answer");
    call->answer(call, result, code == TETHER_OK ? &none : error);
    call_free(call);
}

static void dispose(mcp_result *result)
{
    json_decref(result->value);
    buffer_dispose(&result->text);
}

static bool is_room(const mcp_calls *all, const mcp_call *call, tether_error *error)
{
    if (all->count < CALLS_MOST && all->bytes + call->bytes <= CALLS_BYTES)
        return true;
    failure(
        error, TETHER_ELIMIT, "wait",
        "%llu calls wait already, with %llu bytes of arguments; wait until some are answered, or "
        "cancel them",
        (unsigned long long)all->count, (unsigned long long)all->bytes);
    return false;
}

/* Forgets a call that waits, which may be freed already. */
static void remove_at(mcp_calls *all, size_t place, size_t bytes)
{
    all->bytes -= bytes;
    all->items[place] = all->items[--all->count];
}

void calls_begin(mcp_calls *all, mcp_call *call)
{
    mcp_result result = {0};
    tether_error error = {0};
    int code = TETHER_ELIMIT;
    call->bytes = json_dumpb(call->arguments, NULL, 0, JSON_COMPACT);
    if (is_room(all, call, &error))
        code = tools_begin(call, &all->hosts, &result, &error);
    if (code == CALL_WAITS) {
        dispose(&result);
        call->progress_at = call->began_ms + PROGRESS_MS;
        if (keep(all, call))
            return;
        result = (struct mcp_result){0};
        code = failure_memory(&error, "wait");
    }
    answer(call, code, &result, &error);
    dispose(&result);
}

/* Takes the next step of a call. Returns whether it was answered. */
static bool step(mcp_call *call, int64_t now_ms)
{
    mcp_result result = {0};
    tether_error error = {0};
    bool over = now_ms >= call->until_ms;
    call->due = false;
    int code = call->next(call, over, &result, &error);
    if (code != CALL_WAITS)
        answer(call, code, &result, &error);
    dispose(&result);
    return code != CALL_WAITS;
}

static void tell_progress(mcp_call *call, int64_t now_ms)
{
    if (call->token == NULL || call->progress == NULL || now_ms < call->progress_at)
        return;
    call->progress_at = now_ms + PROGRESS_MS;
    call->progress(call);
}

static bool is_wanted(const mcp_call *call, bool ask, bool sweep, int64_t now_ms)
{
    return call->due || now_ms >= call->until_ms || (ask && call->polled) ||
           (sweep && call->work == NULL && call->watch == 0);
}

void calls_turn(mcp_calls *all, int64_t now_ms)
{
    bool ask = now_ms >= all->asked_at + ASK_MS, sweep = now_ms >= all->swept_at + SWEEP_MS;
    if (ask)
        all->asked_at = now_ms;
    if (sweep)
        all->swept_at = now_ms;
    for (size_t i = 0; i < all->count && outlet_waiting(&all->out) < OUTLET_FULL;) {
        mcp_call *item = all->items[i];
        size_t bytes = item->bytes;
        if (is_wanted(item, ask, sweep, now_ms) && step(item, now_ms)) {
            remove_at(all, i, bytes);
            continue;
        }
        if (outlet_waiting(&all->out) < OUTLET_NOTICES)
            tell_progress(item, now_ms);
        i++;
    }
}

int64_t calls_due(const mcp_calls *all, int64_t now_ms)
{
    int64_t at = INT64_MAX;
    if (all->count == 0 || outlet_waiting(&all->out) >= OUTLET_FULL)
        return -1;
    for (size_t i = 0; i < all->count; i++) {
        const mcp_call *item = all->items[i];
        at = item->due ? now_ms : at;
        at = item->until_ms < at ? item->until_ms : at;
        if (item->token != NULL && item->progress != NULL && item->progress_at < at)
            at = item->progress_at;
        if (item->polled && all->asked_at + ASK_MS < at)
            at = all->asked_at + ASK_MS;
    }
    if (all->swept_at + SWEEP_MS < at)
        at = all->swept_at + SWEEP_MS;
    return at > now_ms ? at - now_ms : 0;
}

mcp_call *calls_find(const mcp_calls *all, const json_t *id)
{
    for (size_t i = 0; i < all->count; i++) {
        if (json_equal(all->items[i]->id, (json_t *)(uintptr_t)id))
            return all->items[i];
    }
    return NULL;
}

void calls_drop(mcp_calls *all, mcp_call *call)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i] != call)
            continue;
        remove_at(all, i, call->bytes);
        call_free(call);
        return;
    }
}

void calls_close(mcp_calls *all)
{
    while (all->count > 0)
        call_free(all->items[--all->count]);
    free((void *)all->items);
    hosts_close(&all->hosts);
    outlet_dispose(&all->out);
}
