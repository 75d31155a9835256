/* Owns the schemas of what the tools answer.
 * Must not: make an answer: the tools do, and tests/mcp compares the two.
 * Thread: the main one. */
#include "mcp/tool_answers.h"

#include <stddef.h>

#include "mcp/reply.h"

typedef enum answer_type {
    ANSWER_TEXT,
    ANSWER_NUMBER, /* whole */
    ANSWER_FLAG,
    ANSWER_STATE,
    ANSWER_STREAM,
    ANSWER_TEXTS,
    ANSWER_OBJECT,
    ANSWER_OBJECTS
} answer_type;

typedef enum answer_presence {
    ALWAYS,
    OR_NULL, /* always there; null: not known, or there is none */
    AT_TIMES /* not in all answers */
} answer_presence;

typedef struct answer_member {
    const char *name; /* NULL: the end */
    answer_type type;
    answer_presence presence;
    const struct answer_member *members; /* of objects */
} answer_member;

static const answer_member error_members[] = {
    {"code", ANSWER_TEXT, ALWAYS, NULL},       {"message", ANSWER_TEXT, ALWAYS, NULL},
    {"step", ANSWER_TEXT, ALWAYS, NULL},       {"cure", ANSWER_TEXT, ALWAYS, NULL},
    {"os_error", ANSWER_NUMBER, ALWAYS, NULL}, {NULL, ANSWER_TEXT, ALWAYS, NULL}};

/* Those that most clients need: all of them, in ten tools, would only fill a model's context. */
static const answer_member task_members[] = {{"task_id", ANSWER_TEXT, ALWAYS, NULL},
                                             {"session_id", ANSWER_TEXT, ALWAYS, NULL},
                                             {"name", ANSWER_TEXT, OR_NULL, NULL},
                                             {"key", ANSWER_TEXT, OR_NULL, NULL},
                                             {"project_root", ANSWER_TEXT, OR_NULL, NULL},
                                             {"status", ANSWER_STATE, ALWAYS, NULL},
                                             {"reason", ANSWER_TEXT, OR_NULL, NULL},
                                             {"exit_code", ANSWER_NUMBER, OR_NULL, NULL},
                                             {"signal_name", ANSWER_TEXT, OR_NULL, NULL},
                                             {"command", ANSWER_TEXT, OR_NULL, NULL},
                                             {"workdir", ANSWER_TEXT, OR_NULL, NULL},
                                             {"started_at_rfc3339", ANSWER_TEXT, OR_NULL, NULL},
                                             {"finished_at_rfc3339", ANSWER_TEXT, OR_NULL, NULL},
                                             {"duration_ms", ANSWER_NUMBER, OR_NULL, NULL},
                                             {"timeout_ms", ANSWER_NUMBER, OR_NULL, NULL},
                                             {"deadline_at_rfc3339", ANSWER_TEXT, OR_NULL, NULL},
                                             {"output_preview", ANSWER_TEXT, OR_NULL, NULL},
                                             {"output_truncated", ANSWER_FLAG, ALWAYS, NULL},
                                             {"output_dropped", ANSWER_NUMBER, ALWAYS, NULL},
                                             {"stderr_dropped", ANSWER_NUMBER, ALWAYS, NULL},
                                             {"completion_delivered", ANSWER_FLAG, ALWAYS, NULL},
                                             {"survivor_count", ANSWER_NUMBER, OR_NULL, NULL},
                                             {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member place_members[] = {{"written", ANSWER_NUMBER, ALWAYS, NULL},
                                              {"next_offset", ANSWER_NUMBER, ALWAYS, NULL},
                                              {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member part_members[] = {{"text", ANSWER_TEXT, ALWAYS, NULL},
                                             {"truncated", ANSWER_FLAG, ALWAYS, NULL},
                                             {"dropped", ANSWER_NUMBER, ALWAYS, NULL},
                                             {"stdout", ANSWER_OBJECT, AT_TIMES, place_members},
                                             {"stderr", ANSWER_OBJECT, AT_TIMES, place_members},
                                             {"matching", ANSWER_NUMBER, AT_TIMES, NULL},
                                             {"offset", ANSWER_NUMBER, AT_TIMES, NULL},
                                             {"next_offset", ANSWER_NUMBER, AT_TIMES, NULL},
                                             {"more", ANSWER_FLAG, AT_TIMES, NULL},
                                             {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member run_members[] = {{"output", ANSWER_OBJECT, ALWAYS, part_members},
                                            {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member input_members[] = {{"written", ANSWER_NUMBER, ALWAYS, NULL},
                                              {"taken", ANSWER_NUMBER, ALWAYS, NULL},
                                              {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member wait_members[] = {{"ended", ANSWER_OBJECTS, ALWAYS, task_members},
                                             {"running", ANSWER_TEXTS, ALWAYS, NULL},
                                             {"timed_out", ANSWER_FLAG, ALWAYS, NULL},
                                             {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member list_members[] = {{"tasks", ANSWER_OBJECTS, ALWAYS, task_members},
                                             {"total", ANSWER_NUMBER, ALWAYS, NULL},
                                             {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member output_members[] = {{"task_id", ANSWER_TEXT, ALWAYS, NULL},
                                               {"output", ANSWER_OBJECT, ALWAYS, part_members},
                                               {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member match_members[] = {{"stream", ANSWER_STREAM, ALWAYS, NULL},
                                              {"offset", ANSWER_NUMBER, ALWAYS, NULL},
                                              {"match", ANSWER_TEXT, ALWAYS, NULL},
                                              {"line", ANSWER_TEXT, ALWAYS, NULL},
                                              {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member watch_members[] = {{"matched", ANSWER_FLAG, ALWAYS, NULL},
                                              {"timed_out", ANSWER_FLAG, ALWAYS, NULL},
                                              {"match", ANSWER_OBJECT, OR_NULL, match_members},
                                              {"task", ANSWER_OBJECT, ALWAYS, task_members},
                                              {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member completions_members[] = {
    {"completions", ANSWER_OBJECTS, ALWAYS, task_members}, {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member refusal_members[] = {{"task_id", ANSWER_TEXT, ALWAYS, NULL},
                                                {"error", ANSWER_OBJECT, ALWAYS, error_members},
                                                {NULL, ANSWER_TEXT, ALWAYS, NULL}};

static const answer_member ack_members[] = {{"acknowledged", ANSWER_TEXTS, ALWAYS, NULL},
                                            {"failed", ANSWER_OBJECTS, ALWAYS, refusal_members},
                                            {NULL, ANSWER_TEXT, ALWAYS, NULL}};

const tool_answer answer_task = {task_members, NULL};
const tool_answer answer_run = {task_members, run_members};
const tool_answer answer_input = {task_members, input_members};
const tool_answer answer_wait = {wait_members, NULL};
const tool_answer answer_list = {list_members, NULL};
const tool_answer answer_output = {output_members, NULL};
const tool_answer answer_watch = {watch_members, NULL};
const tool_answer answer_completions = {completions_members, NULL};
const tool_answer answer_ack = {ack_members, NULL};

static json_t *describe_object(const answer_member *members);

static json_t *describe_value(const answer_member *member)
{
    switch (member->type) {
    case ANSWER_NUMBER:
        return json_pack("{s:s}", "type", "integer");
    case ANSWER_FLAG:
        return json_pack("{s:s}", "type", "boolean");
    case ANSWER_STATE:
        return json_pack("{s:s, s:o}", "type", "string", "enum", reply_states());
    case ANSWER_STREAM:
        return json_pack("{s:s, s:[s,s]}", "type", "string", "enum", "stdout", "stderr");
    case ANSWER_TEXTS:
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
    case ANSWER_OBJECT:
        return describe_object(member->members);
    case ANSWER_OBJECTS:
        return json_pack("{s:s, s:o}", "type", "array", "items", describe_object(member->members));
    default:
        return json_pack("{s:s}", "type", "string");
    }
}

/* Clients with a dialect of their own know anyOf, but no list of types. */
static json_t *describe(const answer_member *member)
{
    json_t *value = describe_value(member);
    if (member->presence != OR_NULL)
        return value;
    return json_pack("{s:[o, {s:s}]}", "anyOf", value, "type", "null");
}

static void add_members(json_t *properties, json_t *needed, const answer_member *at)
{
    for (; at != NULL && at->name != NULL; at++) {
        json_object_set_new(properties, at->name, describe(at));
        if (at->presence != AT_TIMES)
            json_array_append_new(needed, json_string(at->name));
    }
}

static json_t *describe_object(const answer_member *members)
{
    json_t *properties = json_object(), *needed = json_array();
    add_members(properties, needed, members);
    return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required",
                     needed);
}

/* Clients compare the answer of a call that has failed with it, too. */
json_t *answer_schema(const tool_answer *answer)
{
    json_t *properties = json_object(), *needed = json_array();
    add_members(properties, needed, answer->members);
    add_members(properties, needed, answer->more);
    json_object_set_new(properties, "error", describe_object(error_members));
    return json_pack("{s:s, s:o, s:[{s:o}, {s:[s]}]}", "type", "object", "properties", properties,
                     "anyOf", "required", needed, "required", "error");
}
