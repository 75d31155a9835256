/* What goes into the file of a client, so that it starts a server. */
#ifndef TETHER_MCP_CONFIG_H
#define TETHER_MCP_CONFIG_H

#include <stddef.h>

/* The clients for which config_text knows a form, for messages. */
#define CONFIG_CLIENTS "claude, codex, cursor, vscode, gemini or zed"

/* Returns what goes into the file of a client: `program` with `count` arguments. NULL: the client
 * is not known, or memory is short. The caller frees it with free(). */
char *config_text(const char *client, const char *program, const char *const *arguments,
                  size_t count);

#endif
