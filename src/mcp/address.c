/* Owns the names of tasks in MCP.
 * Must not: look whether there is such a task.
 * Thread: any; pure functions. */
#include "mcp/address.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/buffer.h"

static const char scheme[] = "tether://";

static const char *own_session(const mcp_hosts *hosts)
{
    return hosts->session != NULL ? hosts->session : "default";
}

static json_t *as_text(mcp_buffer *text)
{
    json_t *value = text->failed ? NULL : json_stringn(text->bytes, text->used);
    buffer_dispose(text);
    return value;
}

json_t *address_id(const mcp_hosts *hosts, const char *session, const char *task_id)
{
    mcp_buffer text = {0};
    if (session != NULL && strcmp(session, own_session(hosts)) != 0) {
        buffer_text(&text, session);
        buffer_text(&text, "/");
    }
    buffer_text(&text, task_id);
    return as_text(&text);
}

static bool copy(char *to, size_t room, const char *from, size_t size)
{
    if (size == 0 || size >= room)
        return false;
    memcpy(to, from, size);
    to[size] = '\0';
    return true;
}

bool address_of_id(const mcp_hosts *hosts, const char *text, mcp_address *address)
{
    const char *slash = strrchr(text, '/');
    const char *id = slash != NULL ? slash + 1 : text;
    const char *session = slash != NULL ? text : own_session(hosts);
    size_t size = slash != NULL ? (size_t)(slash - text) : strlen(session);
    address->output = false;
    return copy(address->session, sizeof address->session, session, size) &&
           copy(address->task_id, sizeof address->task_id, id, strlen(id));
}

json_t *address_uri(const char *session, const char *task_id, bool output)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    mcp_buffer text = {0};
    buffer_text(&text, scheme);
    for (const char *at = session; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL)
            buffer_add(&text, at, 1);
        else
            buffer_format(&text, "%%%02X", (unsigned char)*at);
    }
    buffer_text(&text, "/");
    buffer_text(&text, task_id);
    buffer_text(&text, output ? "/output" : "");
    return as_text(&text);
}

/* Decodes the session up to the slash. Returns what follows it; NULL: it cannot be one. */
static const char *take_session(const char *at, mcp_address *address)
{
    size_t used = 0;
    for (; *at != '/'; at++) {
        char digits[3] = {0}, *end = digits;
        if (*at == '\0' || used + 1 >= sizeof address->session)
            return NULL;
        address->session[used++] = *at;
        if (*at != '%')
            continue;
        if (at[1] != '\0' && at[2] != '\0')
            memcpy(digits, at + 1, 2);
        address->session[used - 1] = (char)strtoul(digits, &end, 16);
        if (end != digits + 2)
            return NULL;
        at += 2;
    }
    address->session[used] = '\0';
    return used > 0 ? at + 1 : NULL;
}

bool address_of_uri(const char *text, mcp_address *address)
{
    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *id = take_session(text + sizeof scheme - 1, address);
    if (id == NULL)
        return false;
    const char *slash = strchr(id, '/');
    address->output = slash != NULL;
    return (slash == NULL || strcmp(slash, "/output") == 0) &&
           copy(address->task_id, sizeof address->task_id, id,
                slash != NULL ? (size_t)(slash - id) : strlen(id));
}
