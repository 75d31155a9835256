/* The environment of a task: what it is made of, and whether the system will take it. Pure; any
 * thread. */
#ifndef TETHER_ENVIRONMENT_H
#define TETHER_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"

typedef struct tether__environment {
    const char **entries; /* NULL-terminated; the strings belong to the caller */
    size_t count;
    size_t bytes; /* of all strings with their terminating zeros */
} tether__environment;

/* Makes an environment of base with the entries of set and last put over it; set and last may be
 * NULL. The strings are not copied. TETHER_EINVAL names an entry without '=' or with an empty name.
 */
int tether__environment_make(const char *const *base, const char *const *set, const char *last,
                             tether__environment *environment, tether_error *error);

void tether__environment_dispose(tether__environment *environment);

/* The value of a variable; NULL: not set. */
const char *tether__environment_get(const tether__environment *environment, const char *name);

/* Whether all names are such that every shell passes the variable on; the smallest ones drop
 * others, such as those of exported bash functions. */
bool tether__environment_portable(const tether__environment *environment);

/* TETHER_ETOOBIG, naming the culprit, where a string or the sum of arguments (NULL-terminated; may
 * be NULL) and environment is over the system's limits. */
int tether__environment_check(const tether__environment *environment, const char *const *argv,
                              size_t string_limit, size_t total_limit, tether_error *error);

#endif
