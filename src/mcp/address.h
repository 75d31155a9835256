/* Names of tasks outside the arguments of tools: as ids of MCP's tasks and as URIs. */
#ifndef TETHER_MCP_ADDRESS_H
#define TETHER_MCP_ADDRESS_H

#include <jansson.h>
#include <stdbool.h>

#include "mcp/hosts.h"

/* What an address means. */
typedef struct mcp_address {
    char session[129];
    char task_id[TETHER_ID_SIZE];
    bool output; /* a URI: the output of the task, else its record */
} mcp_address;

/* The id of a task for MCP: tether's own in the server's session, else SESSION/ID. */
json_t *address_id(const mcp_hosts *hosts, const char *session, const char *task_id);
bool address_of_id(const mcp_hosts *hosts, const char *text, mcp_address *address);

/* tether://SESSION/ID and tether://SESSION/ID/output, with the session percent-encoded. */
json_t *address_uri(const char *session, const char *task_id, bool output);
bool address_of_uri(const char *text, mcp_address *address);

#endif
