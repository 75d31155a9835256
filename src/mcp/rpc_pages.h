/* Lists of the tasks of the client's session that are answered in pages. The main thread. */
#ifndef TETHER_MCP_RPC_PAGES_H
#define TETHER_MCP_RPC_PAGES_H

#include "mcp/rpc_reply.h"

typedef struct rpc_page {
    tether_snapshot_list *list; /* of all tasks */
    size_t first, end;          /* what the page has of it */
} rpc_page;

/* Lists the tasks, and finds the page that the request's cursor names. Returns false after it has
 * answered with an error: that of the library, or RPC_PARAMS for a cursor that no page has given.
 */
bool rpc_page_open(const rpc_request *request, size_t most, rpc_page *page);

/* Adds the cursor of the next page to the result, if there is one, and frees the page. */
void rpc_page_close(rpc_page *page, json_t *result);

#endif
