/* Owns what goes into the files of clients, so that they start a server.
 * Must not: touch these files.
 * Thread: any. */
#include "mcp/config.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "mcp/buffer.h"

/* The object of the file that has the servers; NULL: a table of TOML. */
typedef struct mcp_client {
    const char *name;
    const char *member;
    const char *type; /* what an entry says about its transport; NULL: nothing */
} mcp_client;

static const mcp_client clients[] = {
    {"claude", "mcpServers", "stdio"}, {"codex", NULL, NULL},
    {"cursor", "mcpServers", NULL},    {"vscode", "servers", "stdio"},
    {"gemini", "mcpServers", NULL},    {"zed", "context_servers", NULL},
};

static const mcp_client *find(const char *name)
{
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        if (strcmp(clients[i].name, name) == 0)
            return &clients[i];
    }
    return NULL;
}

static json_t *list(const char *const *arguments, size_t count)
{
    json_t *values = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(values, json_string(arguments[i]));
    return values;
}

static char *as_json(const mcp_client *client, const char *program, const char *const *arguments,
                     size_t count)
{
    json_t *entry = json_object();
    if (client->type != NULL)
        json_object_set_new(entry, "type", json_string(client->type));
    json_object_set_new(entry, "command", json_string(program));
    json_object_set_new(entry, "args", list(arguments, count));
    json_t *file = json_pack("{s:{s:o}}", client->member, "tether", entry);
    char *text = file != NULL ? json_dumps(file, JSON_INDENT(2)) : NULL;
    json_decref(file);
    return text;
}

/* A basic string of TOML has the escapes of JSON. */
static void add_value(mcp_buffer *to, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (text != NULL)
        buffer_text(to, text);
    else
        to->failed = true;
    free(text);
    json_decref(value);
}

static char *as_toml(const char *program, const char *const *arguments, size_t count)
{
    mcp_buffer text = {0};
    buffer_text(&text, "[mcp_servers.tether]\ncommand = ");
    add_value(&text, json_string(program));
    buffer_text(&text, "\nargs = ");
    add_value(&text, list(arguments, count));
    if (text.failed)
        buffer_dispose(&text);
    return text.bytes;
}

char *config_text(const char *name, const char *program, const char *const *arguments, size_t count)
{
    const mcp_client *client = find(name);
    if (client == NULL)
        return NULL;
    return client->member != NULL ? as_json(client, program, arguments, count)
                                  : as_toml(program, arguments, count);
}
