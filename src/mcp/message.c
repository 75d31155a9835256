/* Owns what is accepted as a message.
 * Must not: know what a message means.
 * Thread: any; pure functions. */
#include "mcp/message.h"

#include <stdbool.h>
#include <stdio.h>

/* Looks before anything is built: the parser and the writer recurse. */
static bool is_too_deep(const char *line, size_t size)
{
    bool in_text = false;
    size_t depth = 0;
    for (size_t i = 0; i < size; i++) {
        char c = line[i];
        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '[' || c == '{') && ++depth > MESSAGE_DEPTH)
            return true;
        else if (!in_text && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return false;
}

json_t *message_parse(const char *line, size_t size, char why[MESSAGE_WHY])
{
    json_error_t problem;
    if (is_too_deep(line, size)) {
        snprintf(why, MESSAGE_WHY, "nested deeper than %d", MESSAGE_DEPTH);
        return NULL;
    }
    json_t *value = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (value == NULL)
        snprintf(why, MESSAGE_WHY, "%.140s", problem.text);
    return value;
}
