/* The servers of the command: tools for agents over standard input and output. */
#ifndef TETHER_MCP_SERVER_H
#define TETHER_MCP_SERVER_H

#include "mcp/policy.h"
#include "tether/error.h"

typedef struct server_options {
    const char *store;   /* NULL: the user's */
    const char *session; /* NULL: "default" */
    mcp_policy policy;
    bool plain; /* lines of JSON; else MCP */
} server_options;

/* Runs a server until the end of standard input. Returns TETHER_OK, or why it could not begin. One
 * per process. */
int server_run(const server_options *options, tether_error *error);

#endif
