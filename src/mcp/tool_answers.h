/* The schemas of what the tools answer. */
#ifndef TETHER_MCP_TOOL_ANSWERS_H
#define TETHER_MCP_TOOL_ANSWERS_H

#include <jansson.h>

/* What a tool answers: the members of one list, and those of another that it adds. */
typedef struct tool_answer {
    const struct answer_member *members;
    const struct answer_member *more; /* NULL: none */
} tool_answer;

/* A task; a task with its output; a task with what it has taken of its input. */
extern const tool_answer answer_task, answer_run, answer_input;
extern const tool_answer answer_wait, answer_list, answer_output, answer_watch, answer_completions,
    answer_ack;

/* Returns the schema: of what the tool answers, or of an error. NULL: memory is short. */
json_t *answer_schema(const tool_answer *answer);

#endif
