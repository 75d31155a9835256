/* Owns the variables.
 * Must not: know the special parameters, such as $?.
 * Thread: the only one. */
#include "vars.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct var {
    char *name, *value; /* value: NULL if it is only marked for export */
    bool exported;
    struct var *next;
};

static struct var *find(const struct vars *vars, const char *name)
{
    struct var *var = vars->first;
    while (var != NULL && strcmp(var->name, name) != 0)
        var = var->next;
    return var;
}

static struct var *find_or_add(struct vars *vars, const char *name)
{
    struct var *var = find(vars, name);
    if (var != NULL)
        return var;
    var = shell_alloc(sizeof *var);
    var->name = shell_copy(name);
    var->next = vars->first;
    return vars->first = var;
}

bool vars_is_name(const char *name, size_t size)
{
    if (size == 0 || isdigit((unsigned char)*name))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    }
    return true;
}

void vars_init(struct vars *vars, char *const *environment)
{
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (equals == NULL || !vars_is_name(*environment, (size_t)(equals - *environment)))
            continue;
        char *name = shell_copy_part(*environment, (size_t)(equals - *environment));
        vars_set(vars, name, equals + 1);
        vars_export(vars, name);
        free(name);
    }
}

void vars_free(struct vars *vars)
{
    while (vars->first != NULL) {
        struct var *var = vars->first;
        vars->first = var->next;
        free(var->name);
        free(var->value);
        free(var);
    }
}

const char *vars_get(const struct vars *vars, const char *name)
{
    const struct var *var = find(vars, name);
    return var == NULL ? NULL : var->value;
}

void vars_set(struct vars *vars, const char *name, const char *value)
{
    struct var *var = find_or_add(vars, name);
    char *copy = shell_copy(value);
    free(var->value);
    var->value = copy;
}

void vars_assign(struct vars *vars, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    char *name = shell_copy_part(assignment, (size_t)(equals - assignment));
    vars_set(vars, name, equals + 1);
    free(name);
}

void vars_export(struct vars *vars, const char *name)
{
    find_or_add(vars, name)->exported = true;
}

void vars_unset(struct vars *vars, const char *name)
{
    for (struct var **at = &vars->first; *at != NULL; at = &(*at)->next) {
        struct var *var = *at;
        if (strcmp(var->name, name) != 0)
            continue;
        *at = var->next;
        free(var->name);
        free(var->value);
        free(var);
        return;
    }
}

void vars_environment(const struct vars *vars, struct list *environment)
{
    for (const struct var *var = vars->first; var != NULL; var = var->next) {
        if (!var->exported || var->value == NULL)
            continue;
        struct text line = {0};
        text_add_string(&line, var->name);
        text_add_char(&line, '=');
        text_add_string(&line, var->value);
        list_add(environment, text_take(&line));
    }
}

void vars_state(const struct vars *vars, struct text *commands)
{
    for (const struct var *var = vars->first; var != NULL; var = var->next) {
        if (var->exported || var->value == NULL)
            continue;
        text_add_string(commands, var->name);
        text_add_char(commands, '=');
        text_add_quoted(commands, var->value);
        text_add_char(commands, '\n');
    }
}
