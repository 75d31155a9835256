/* Owns the values of parameters.
 * Must not: change any.
 * Thread: the only one. */
#include "param.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char pipestatus[] = "PIPESTATUS";

size_t param_short_size(const char *at, const char *end)
{
    size_t size = 0;
    if (at < end && (isdigit((unsigned char)*at) || strchr("@*#?$!-", *at) != NULL))
        return *at != '\0';
    while (at + size < end && vars_is_name(at, size + 1))
        size++;
    return size;
}

size_t param_name_size(const char *at, const char *end)
{
    size_t size = param_short_size(at, end);
    if (size > 0 && isdigit((unsigned char)*at)) {
        while (at + size < end && isdigit((unsigned char)at[size]))
            size++;
    } else if (size > 0 && at + size < end && at[size] == '[') {
        const char *close = memchr(at + size, ']', (size_t)(end - at) - size);
        if (close != NULL)
            size = (size_t)(close - at) + 1;
    }
    return size;
}

static char *number(long value)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    return shell_copy(text);
}

static char *positional(const struct shell *sh, const char *name)
{
    unsigned long index = strtoul(name, NULL, 10);
    if (index == 0)
        return shell_copy(sh->name);
    return index <= sh->arguments.count ? shell_copy(sh->arguments.items[index - 1]) : NULL;
}

static char *joined(struct list *elements)
{
    struct text text = {0};
    for (size_t i = 0; i < elements->count; i++) {
        if (i > 0)
            text_add_char(&text, ' ');
        text_add_string(&text, elements->items[i]);
    }
    return text_take(&text);
}

static char *special(struct shell *sh, char name)
{
    switch (name) {
    case '?':
        return number(sh->status);
    case '$':
        return number(sh->pid);
    case '#':
        return number((long)sh->arguments.count);
    case '!':
        return *sh->last_job == '\0' ? NULL : shell_copy(sh->last_job);
    case '-':
        return shell_copy(sh->interactive ? "i" : "");
    default:
        return sh->arguments.count == 0 ? NULL : joined(&sh->arguments);
    }
}

/* `rest`: behind the name PIPESTATUS. Without an index it is the first one, as in bash. */
static char *pipe_status(const struct shell *sh, const char *rest)
{
    unsigned long index = *rest == '[' ? strtoul(rest + 1, NULL, 10) : 0;
    return index < sh->pipe_count ? number(sh->pipe_statuses[index]) : NULL;
}

char *param_value(struct shell *sh, const char *name)
{
    struct list elements = {0};
    bool as_one;
    if (param_elements(sh, name, &elements, &as_one)) {
        char *value = elements.count == 0 ? NULL : joined(&elements);
        list_free(&elements);
        return value;
    }
    if (strncmp(name, pipestatus, sizeof pipestatus - 1) == 0)
        return pipe_status(sh, name + sizeof pipestatus - 1);
    if (isdigit((unsigned char)*name))
        return positional(sh, name);
    if (!vars_is_name(name, strlen(name)))
        return special(sh, *name);
    const char *value = vars_get(&sh->vars, name);
    return value == NULL ? NULL : shell_copy(value);
}

bool param_elements(struct shell *sh, const char *name, struct list *elements, bool *as_one)
{
    bool pipe = strncmp(name, pipestatus, sizeof pipestatus - 1) == 0;
    const char *sign = pipe ? name + sizeof pipestatus - 1 : name;
    if (pipe && *sign == '[')
        sign++;
    else if (pipe)
        return false;
    if (*sign != '@' && *sign != '*')
        return false;
    *as_one = *sign == '*';
    for (size_t i = 0; pipe && i < sh->pipe_count; i++)
        list_add(elements, number(sh->pipe_statuses[i]));
    for (size_t i = 0; !pipe && i < sh->arguments.count; i++)
        list_add(elements, shell_copy(sh->arguments.items[i]));
    return true;
}
