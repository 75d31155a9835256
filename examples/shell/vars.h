/* Variables and their export. */
#ifndef SHELL_VARS_H
#define SHELL_VARS_H

#include "text.h"

struct var;

struct vars {
    struct var *first;
};

/* Takes over the environment. */
void vars_init(struct vars *vars, char *const *environment);
void vars_free(struct vars *vars);
/* NULL if it is not set. Valid until the variable changes. */
const char *vars_get(const struct vars *vars, const char *name);
void vars_set(struct vars *vars, const char *name, const char *value);
/* Takes "NAME=value" apart. */
void vars_assign(struct vars *vars, const char *assignment);
/* A variable that is not set yet is exported once it is. */
void vars_export(struct vars *vars, const char *name);
void vars_unset(struct vars *vars, const char *name);
bool vars_is_name(const char *name, size_t size);
/* Adds "NAME=value" of all exported variables. */
void vars_environment(const struct vars *vars, struct list *environment);
/* Adds the commands that set all others. */
void vars_state(const struct vars *vars, struct text *commands);

#endif
