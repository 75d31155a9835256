/* All calls that wait, and what they share: the sessions, the policy and the output. */
#ifndef TETHER_MCP_CALLS_H
#define TETHER_MCP_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mcp/call.h"
#include "mcp/hosts.h"
#include "mcp/outlet.h"
#include "mcp/policy.h"

/* The most calls that wait at a time. */
enum { CALLS_MOST = 4096, CALLS_BYTES = 64 * 1024 * 1024 };

/* All zero at the start, except for what the server sets. */
typedef struct mcp_calls {
    mcp_hosts hosts;
    const mcp_policy *policy;
    mcp_outlet out;
    mcp_call **items;
    size_t count, room;
    size_t bytes;      /* of the arguments of all */
    int64_t asked_at;  /* when those without events were asked last */
    int64_t swept_at;  /* when all were */
    hosts_event *note; /* of the protocol: receives all events; NULL: wants none */
    bool (*needs)(void *protocol, const mcp_host *host); /* whether the protocol needs a session */
    void *protocol;
    int64_t protocol_at; /* when the turn of the protocol is due; 0: after events only */
} mcp_calls;

void calls_open(mcp_calls *all);

/* Begins a call and answers it, or keeps it until it can be answered. Takes the call. */
void calls_begin(mcp_calls *all, mcp_call *call);

/* Answers the calls that can be answered, and those whose time is over; sends notices of progress.
 * While the output is full, it only forgets nothing. */
void calls_turn(mcp_calls *all, int64_t now_ms);

/* Returns after how many milliseconds calls_turn is due; -1: after an event. */
int64_t calls_due(const mcp_calls *all, int64_t now_ms);

/* Finds a call that waits by the id of its request; NULL: there is none. */
mcp_call *calls_find(const mcp_calls *all, const json_t *id);

/* Gives up a call without an answer. */
void calls_drop(mcp_calls *all, mcp_call *call);

void calls_close(mcp_calls *all);

#endif
