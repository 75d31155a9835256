/* Owns reading the arguments of tools.
 * Must not: know a tool.
 * Thread: any. */
#include "mcp/arguments.h"

#include <inttypes.h>
#include <stdlib.h>

#include "mcp/buffer.h"
#include "mcp/failure.h"
#define STEP "read arguments"

/* The most texts that a list of arguments has. */
enum { TEXTS_MOST = 4096 };

/* Returns NULL if the argument is absent or null. */
static const json_t *find(const json_t *arguments, const char *name)
{
    const json_t *value = json_object_get(arguments, name);
    return json_is_null(value) ? NULL : value;
}

int arguments_text(const json_t *arguments, const char *name, const char **value,
                   tether_error *error)
{
    const json_t *found = find(arguments, name);
    if (found == NULL)
        return TETHER_OK;
    if (!json_is_string(found))
        return failure(error, TETHER_EINVAL, STEP, "%s is no text; give a string", name);
    *value = json_string_value(found);
    return TETHER_OK;
}

int arguments_flag(const json_t *arguments, const char *name, bool *value, tether_error *error)
{
    const json_t *found = find(arguments, name);
    if (found == NULL)
        return TETHER_OK;
    if (!json_is_boolean(found))
        return failure(error, TETHER_EINVAL, STEP, "%s is no truth value; give true or false",
                       name);
    *value = json_is_true(found);
    return TETHER_OK;
}

/* Whole numbers that are written as 10.0 count. */
static bool is_whole(const json_t *value, int64_t *number)
{
    double real = json_number_value(value);
    if (json_is_integer(value)) {
        *number = json_integer_value(value);
        return true;
    }
    if (!json_is_real(value) || real < -9e15 || real > 9e15 || (double)(int64_t)real != real)
        return false;
    *number = (int64_t)real;
    return true;
}

int arguments_number(const json_t *arguments, const char *name, int64_t least, int64_t most,
                     int64_t *value, tether_error *error)
{
    const json_t *found = find(arguments, name);
    int64_t number;
    if (found == NULL)
        return TETHER_OK;
    if (!is_whole(found, &number) || number < least || number > most)
        return failure(error, TETHER_EINVAL, STEP,
                       "%s is no whole number from %" PRId64 " to %" PRId64 "; give one", name,
                       least, most);
    *value = number;
    return TETHER_OK;
}

static bool are_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i)))
            return false;
    }
    return json_is_array(list);
}

int arguments_texts(const json_t *arguments, const char *name, const char ***value, size_t *count,
                    tether_error *error)
{
    const json_t *found = find(arguments, name);
    if (found == NULL)
        return TETHER_OK;
    if (!are_texts(found))
        return failure(error, TETHER_EINVAL, STEP,
                       "%s is no list of texts; give an array of strings", name);
    size_t size = json_array_size(found);
    if (size > TEXTS_MOST)
        return failure(error, TETHER_EINVAL, STEP, "%s has more than %d texts; give fewer", name,
                       TEXTS_MOST);
    const char **texts = calloc(size + 1, sizeof *texts);
    if (texts == NULL)
        return failure_memory(error, STEP);
    for (size_t i = 0; i < size; i++)
        texts[i] = json_string_value(json_array_get(found, i));
    *value = texts;
    *count = size;
    return TETHER_OK;
}

int arguments_check(const json_t *arguments, const json_t *schema, tether_error *error)
{
    const json_t *known = json_object_get(schema, "properties");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        if (json_object_get(known, name) != NULL)
            continue;
        mcp_buffer names = {0};
        const char *other;
        json_object_foreach((json_t *)(uintptr_t)known, other, value)
            buffer_format(&names, "%s%s", names.used > 0 ? ", " : "", other);
        failure(error, TETHER_EINVAL, STEP, "there is no argument %.60s; use some of: %.300s", name,
                names.bytes != NULL ? names.bytes : "none");
        buffer_dispose(&names);
        return TETHER_EINVAL;
    }
    return TETHER_OK;
}

int arguments_needed_text(const json_t *arguments, const char *name, const char **value,
                          tether_error *error)
{
    *value = NULL;
    int code = arguments_text(arguments, name, value, error);
    if (code != TETHER_OK || *value != NULL)
        return code;
    return failure(error, TETHER_EINVAL, STEP, "%s is missing; give it", name);
}
