/* What tools answer: values as JSON, and texts for a model. */
#ifndef TETHER_MCP_REPLY_H
#define TETHER_MCP_REPLY_H

#include <jansson.h>
#include <stddef.h>

#include "tether/task.h"
#include "mcp/buffer.h"

/* Return a value, or NULL if memory is short. The caller releases it. The first is what the command
 * prints with --json. */
json_t *reply_snapshot(const tether_snapshot *snapshot);
json_t *reply_error(const tether_error *error);

/* The names of all states of a task, as a list. */
json_t *reply_states(void);

/* Bytes of a task as a text: what is not UTF-8, and NUL, becomes U+FFFD. */
json_t *reply_bytes(const char *bytes, size_t size);

/* Adds a line about a task: its id, command, state, and times. */
void reply_line(mcp_buffer *to, const tether_snapshot *snapshot);

/* Adds text of a task between fences that it cannot forge, cleaned of control characters but tab
 * and line feed. */
void reply_fenced(mcp_buffer *to, const char *bytes, size_t size);

/* Adds a word or name of a task as one line of bounded length, cleaned in the same way. */
void reply_word(mcp_buffer *to, const char *text, size_t most);

#endif
