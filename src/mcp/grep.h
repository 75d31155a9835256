/* Lines of an output that contain a text. */
#ifndef TETHER_MCP_GREP_H
#define TETHER_MCP_GREP_H

#include "mcp/shown.h"
#include "tether.h"

/* Searches the streams of the view, from the part's offset on if it is a page (then of one stream),
 * and makes the lines that contain the pattern the text of the part, up to its bytes. What one call
 * does not look through, the next one does from next_offset on. Returns a code. */
int grep_output(tether_registry *registry, const char *task_id, shown_part *part,
                tether_error *error);

#endif
