/* Owns the open sessions of a server, and which ends the client of each was told.
 * Must not: keep anything that a new server would need: the store has it.
 * Thread: the main one; works call functions of the library on the registries. */
#include "mcp/hosts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/failure.h"

/* Of a client that never asks for completions. What is beyond is reported when it does. */
enum { TOLD_MOST = 1024 };

typedef struct host_owner {
    mcp_host host; /* first, so that one is the other */
    mcp_hosts *all;
} host_owner;

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    host_owner *owner = userdata;
    (void)registry;
    owner->all->on_event(owner->all->userdata, &owner->host, event);
}

static void close_host(mcp_host *host)
{
    tether_close(host->registry, TETHER_DETACH, NULL);
    free(host->told);
    json_decref(host->told_for);
    free(host);
}

/* Closes the session that was not used for longest and that nobody needs. Its leases are given
 * back, so one with told ends is kept. */
static bool make_room(mcp_hosts *all)
{
    size_t oldest = SIZE_MAX;
    for (size_t i = 0; i < all->count; i++) {
        const mcp_host *item = all->items[i];
        if (item->told_count == 0 && !all->is_busy(all->userdata, item) &&
            (oldest == SIZE_MAX || item->used_ms < all->items[oldest]->used_ms))
            oldest = i;
    }
    if (oldest == SIZE_MAX)
        return false;
    close_host(all->items[oldest]);
    all->items[oldest] = all->items[--all->count];
    return true;
}

static int open_host(mcp_hosts *all, const char *session, mcp_host **opened, tether_error *error)
{
    host_owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL)
        return failure_memory(error, "open session");
    const tether_open_options options = {.size = sizeof options,
                                         .store = all->store,
                                         .session = session,
                                         .on_event = on_event,
                                         .userdata = owner,
                                         .reminder_ms = TETHER_NO_REMINDER,
                                         .max_running = (size_t)all->max_running,
                                         .leave_watches = 1,
                                         .no_gc = all->read_only,
                                         .existing = all->read_only,
                                         .dispatch = 1};
    owner->all = all;
    int code = tether_open(&options, &owner->host.registry, error);
    if (code == TETHER_OK)
        code = tether_pollable(owner->host.registry, &owner->host.pollable, error);
    if (code != TETHER_OK) {
        tether_close(owner->host.registry, TETHER_DETACH, NULL);
        free(owner);
        return code;
    }
    strcpy(owner->host.session, session);
    *opened = &owner->host;
    return TETHER_OK;
}

int hosts_get(mcp_hosts *all, const char *session, mcp_host **found, tether_error *error)
{
    const char *name = session != NULL ? session : all->session != NULL ? all->session : "default";
    *found = NULL;
    for (size_t i = 0; i < all->count && *found == NULL; i++) {
        if (strcmp(all->items[i]->session, name) == 0)
            *found = all->items[i];
    }
    if (*found == NULL && strlen(name) >= sizeof(*found)->session)
        return failure(error, TETHER_EINVAL, "open session",
                       "the name of the session is longer than 128 bytes; choose a shorter one");
    if (*found == NULL && all->count == HOSTS_MOST && !make_room(all))
        return failure(
            error, TETHER_ELIMIT, "open session",
            "this server has %d sessions in use; acknowledge their completions, or start "
            "another server",
            (int)HOSTS_MOST);
    if (*found == NULL) {
        int code = open_host(all, name, found, error);
        if (code != TETHER_OK)
            return code;
        all->items[all->count++] = *found;
    }
    (*found)->used_ms = all->now_ms;
    return TETHER_OK;
}

size_t hosts_pollables(const mcp_hosts *all, intptr_t pollables[HOSTS_MOST])
{
    for (size_t i = 0; i < all->count; i++)
        pollables[i] = all->items[i]->pollable;
    return all->count;
}

int64_t hosts_due(const mcp_hosts *all, int64_t now_ms)
{
    int64_t least = -1;
    for (size_t i = 0; i < all->count; i++) {
        int64_t due = all->items[i]->due_ms;
        if (due < 0)
            continue;
        int64_t left = due > now_ms ? due - now_ms : 0;
        if (least < 0 || left < least)
            least = left;
    }
    return least;
}

/* A turn too many does no harm, so nobody asks which registry is ready. */
void hosts_turn(mcp_hosts *all, int64_t now_ms)
{
    all->now_ms = now_ms;
    for (size_t i = 0; i < all->count; i++) {
        mcp_host *item = all->items[i];
        int64_t next_ms = -1;
        /* After a failure, try again in a while. */
        if (tether_dispatch(item->registry, &next_ms, NULL) != TETHER_OK)
            next_ms = 1000;
        item->due_ms = next_ms < 0 ? -1 : now_ms + next_ms;
    }
}

void host_tell(mcp_host *host, const char *task_id)
{
    if (host->told_count == TOLD_MOST)
        return;
    if (host->told_count == host->told_room) {
        size_t room = host->told_room > 0 ? 2 * host->told_room : 16;
        char(*grown)[TETHER_ID_SIZE] = realloc(host->told, room * sizeof *grown);
        if (grown == NULL)
            return;
        host->told = grown;
        host->told_room = room;
    }
    strcpy(host->told[host->told_count++], task_id);
}

void host_tell_for(mcp_host *host, json_t *id)
{
    json_decref(host->told_for);
    host->told_for = json_incref(id);
    host->told_from = host->told_count;
}

/* A completion whose lease cannot be ended is told by the next server. */
static void untell(mcp_host *host)
{
    for (size_t i = host->told_from; i < host->told_count; i++)
        tether_completion_release(host->registry, host->told[i], NULL);
    host->told_count = host->told_from;
    host_tell_for(host, NULL);
}

void hosts_untell(mcp_hosts *all, const json_t *id)
{
    for (size_t i = 0; i < all->count; i++) {
        mcp_host *host = all->items[i];
        if (host->told_for != NULL && json_equal(host->told_for, (json_t *)(uintptr_t)id))
            untell(host);
    }
}

/* What cannot be acknowledged is reported again, by this server or the next. */
void host_acknowledge(mcp_host *host)
{
    for (size_t i = 0; i < host->told_count; i++)
        tether_completion_ack(host->registry, host->told[i], NULL, NULL);
    host->told_count = 0;
    host_tell_for(host, NULL);
}

void hosts_close(mcp_hosts *all)
{
    while (all->count > 0)
        close_host(all->items[--all->count]);
}
