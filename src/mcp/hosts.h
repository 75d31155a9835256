/* The sessions that a server has open: a registry for each, in the server's loop. */
#ifndef TETHER_MCP_HOSTS_H
#define TETHER_MCP_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether.h"

/* The most sessions that are open at a time. */
enum { HOSTS_MOST = 32 };

/* An open session. */
typedef struct mcp_host {
    char session[129];
    tether_registry *registry;
    intptr_t pollable;
    int64_t due_ms; /* when to run it again; -1: only when it is ready */
    int64_t used_ms;
    char (*told)[TETHER_ID_SIZE]; /* ended tasks that the client was told of: acknowledged next */
    size_t told_count, told_room;
    struct json_t *told_for; /* the id of the last request that told of ends; NULL: none */
    size_t told_from;        /* the first of what it told of */
} mcp_host;

/* Receives the events of all sessions, inside hosts_turn. */
typedef void hosts_event(void *userdata, mcp_host *host, const tether_event *event);

typedef struct mcp_hosts {
    const char *store;
    const char *session; /* the one that is meant if none is named; NULL: "default" */
    uint64_t max_running;
    bool read_only; /* create no session, and collect no garbage */
    hosts_event *on_event;
    bool (*is_busy)(void *userdata, const mcp_host *host); /* a call needs it */
    void *userdata;
    mcp_host *items[HOSTS_MOST];
    size_t count;
    int64_t now_ms; /* of this turn */
} mcp_hosts;

/* Finds an open session, or opens it. NULL: the default one. *found is NULL on failure. */
int hosts_get(mcp_hosts *all, const char *session, mcp_host **found, tether_error *error);

/* Stores what the loop waits for, at most HOSTS_MOST. Returns how many. */
size_t hosts_pollables(const mcp_hosts *all, intptr_t pollables[HOSTS_MOST]);

/* Returns after how many milliseconds hosts_turn is due; -1: when one is ready. */
int64_t hosts_due(const mcp_hosts *all, int64_t now_ms);

/* Lets every session do what is due. */
void hosts_turn(mcp_hosts *all, int64_t now_ms);

/* Notes a task whose end the client was told. A failure means that it is told again. */
void host_tell(mcp_host *host, const char *task_id);

/* Notes for which request the tasks are told that follow. */
void host_tell_for(mcp_host *host, struct json_t *id);

/* Takes back what was told for a request that the client has cancelled meanwhile: it ignores the
 * answer, so that the same ends are told again. */
void hosts_untell(mcp_hosts *all, const struct json_t *id);

/* Acknowledges the tasks that were noted, and forgets them. */
void host_acknowledge(mcp_host *host);

/* Closes all; leases end with that. */
void hosts_close(mcp_hosts *all);

#endif
