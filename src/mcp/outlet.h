/* What waits to be written to standard output, and the limit above which nothing more is begun. One
 * thread at a time per object. */
#ifndef TETHER_MCP_OUTLET_H
#define TETHER_MCP_OUTLET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "mcp/buffer.h"

/* While more than this waits, no message is read and no wait is answered; while more than the other
 * limit waits, notices are dropped. */
enum { OUTLET_FULL = 1024 * 1024, OUTLET_NOTICES = 256 * 1024 };

/* All zero at the start. */
typedef struct mcp_outlet {
    mcp_buffer text;
    size_t written; /* of the text */
    bool gone;      /* nobody reads any more */
} mcp_outlet;

/* Adds a message as one line. Takes the reference. NULL, as of a failed json_pack: nothing. */
void outlet_put(mcp_outlet *out, json_t *message);

/* Returns how many bytes wait. */
size_t outlet_waiting(const mcp_outlet *out);

/* Writes what standard output takes now. */
void outlet_flush(mcp_outlet *out);

void outlet_dispose(mcp_outlet *out);

#endif
