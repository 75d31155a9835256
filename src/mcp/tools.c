/* Owns finding and describing the tools, and the begin of each call.
 * Must not: do what a tool does, or know a protocol.
 * Thread: the main one. */
#include "mcp/tools.h"

#include <string.h>

#include "mcp/arguments.h"
#include "mcp/reply.h"
#include "mcp/stdio_os.h"
#include "mcp/tool_answers.h"
#include "mcp/tool_steps.h"
#include "mcp/tool_table.h"

/* The schema of one argument, but for its description. */
static json_t *describe_type(tool_type type)
{
    switch (type) {
    case TYPE_TEXTS:
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
    case TYPE_FLAG:
        return json_pack("{s:s}", "type", "boolean");
    case TYPE_NUMBER:
    case TYPE_COUNT:
        return json_pack("{s:s, s:i}", "type", "integer", "minimum", type == TYPE_COUNT ? 1 : 0);
    case TYPE_VARIABLES:
        /* Clients with a dialect of their own know anyOf, but no list of types. */
        return json_pack("{s:s, s:{s:[{s:s}, {s:s}]}}", "type", "object", "additionalProperties",
                         "anyOf", "type", "string", "type", "null");
    case TYPE_STREAM:
        return json_pack("{s:s, s:[s,s,s]}", "type", "string", "enum", "both", "stdout", "stderr");
    case TYPE_MODE:
        return json_pack("{s:s, s:[s,s]}", "type", "string", "enum", "any", "all");
    default:
        return json_pack("{s:s}", "type", "string");
    }
}

static json_t *describe_states(void)
{
    return json_pack("{s:s, s:{s:s, s:o}}", "type", "array", "items", "type", "string", "enum",
                     reply_states());
}

static json_t *describe_arguments(const mcp_tool *tool)
{
    json_t *properties = json_object(), *needed = json_array();
    for (const tool_argument *at = tool->arguments; at->name != NULL; at++) {
        json_t *value = at->type == TYPE_STATES ? describe_states() : describe_type(at->type);
        json_object_set_new(value, "description", json_string(at->description));
        json_object_set_new(properties, at->name, value);
        if (at->needed)
            json_array_append_new(needed, json_string(at->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     needed, "additionalProperties", 0);
}

bool tools_open(void)
{
    bool good = true;
    for (size_t i = 0; i < tool_table_count; i++) {
        tool_table[i].schema = describe_arguments(&tool_table[i]);
        tool_table[i].answer_schema = answer_schema(tool_table[i].answer);
        good = good && tool_table[i].schema != NULL && tool_table[i].answer_schema != NULL;
    }
    return good;
}

void tools_close(void)
{
    for (size_t i = 0; i < tool_table_count; i++) {
        json_decref(tool_table[i].schema);
        json_decref(tool_table[i].answer_schema);
        tool_table[i].schema = tool_table[i].answer_schema = NULL;
    }
}

static bool is_permitted(const mcp_policy *policy, const mcp_tool *tool)
{
    return !policy->read_only || tool->kind == TOOL_READS;
}

const mcp_tool *tools_find(const mcp_policy *policy, const char *name)
{
    for (size_t i = 0; i < tool_table_count; i++) {
        if (strcmp(tool_table[i].name, name) == 0)
            return is_permitted(policy, &tool_table[i]) ? &tool_table[i] : NULL;
    }
    return NULL;
}

static json_t *describe(const mcp_tool *tool)
{
    bool reads = tool->kind == TOOL_READS;
    bool destroys = tool->kind == TOOL_DESTROYS || tool->begin == tool_run;
    json_t *hints = json_pack("{s:s, s:b, s:b, s:b, s:b}", "title", tool->title, "readOnlyHint",
                              (int)reads, "destructiveHint", (int)destroys, "idempotentHint",
                              (int)(tool->kind != TOOL_ADDS), "openWorldHint",
                              (int)(tool->begin == tool_run || tool->begin == tool_input));
    return json_pack("{s:s, s:s, s:s, s:O, s:O, s:o, s:{s:s}}", "name", tool->name, "title",
                     tool->title, "description", tool->description, "inputSchema", tool->schema,
                     "outputSchema", tool->answer_schema, "annotations", hints, "execution",
                     "taskSupport", tool->begin == tool_run ? "optional" : "forbidden");
}

json_t *tools_list(const mcp_policy *policy)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tool_table_count; i++) {
        if (is_permitted(policy, &tool_table[i]))
            json_array_append_new(list, describe(&tool_table[i]));
    }
    return list;
}

int tools_begin(mcp_call *call, mcp_hosts *hosts, mcp_result *result, tether_error *error)
{
    const char *session = NULL;
    int code = TETHER_OK;
    if (call->tool->schema != NULL)
        code = arguments_check(call->arguments, call->tool->schema, error);
    if (code == TETHER_OK)
        code = arguments_text(call->arguments, "session", &session, error);
    if (code == TETHER_OK)
        code = hosts_get(hosts, session, &call->host, error);
    if (code != TETHER_OK)
        return code;
    call->began_ms = stdio_os_now_ms();
    call->until_ms = call->began_ms;
    return call->tool->begin(call, false, result, error);
}
