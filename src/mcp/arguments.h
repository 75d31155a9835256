/* Reads the arguments of a tool. Each function leaves the value as it is if the argument is absent
 * or null, and fails with TETHER_EINVAL if it has another type or is out of range. Texts belong to
 * the arguments. */
#ifndef TETHER_MCP_ARGUMENTS_H
#define TETHER_MCP_ARGUMENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tether/error.h"

int arguments_text(const json_t *arguments, const char *name, const char **value,
                   tether_error *error);
int arguments_flag(const json_t *arguments, const char *name, bool *value, tether_error *error);
int arguments_number(const json_t *arguments, const char *name, int64_t least, int64_t most,
                     int64_t *value, tether_error *error);

/* A list of texts, terminated by NULL. The caller frees it with free(). */
int arguments_texts(const json_t *arguments, const char *name, const char ***value, size_t *count,
                    tether_error *error);

/* Fails if there is an argument that the schema of the tool does not have. */
int arguments_check(const json_t *arguments, const json_t *schema, tether_error *error);

/* A text that has to be there. */
int arguments_needed_text(const json_t *arguments, const char *name, const char **value,
                          tether_error *error);

#endif
