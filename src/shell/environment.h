/* The environment of a task: what it is made of, and whether the system will take it. Pure; any
 * thread. */
#ifndef TETHER_ENVIRONMENT_H
#define TETHER_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"

#include "base/text.h"

/* Whether two names mean one variable on a platform: Windows takes Path and PATH for the same. */
typedef bool tether__same_name(const char *a, size_t a_size, const char *b, size_t b_size);

typedef struct tether__environment {
    tether__same_name *same_name;
    const char **entries; /* NULL-terminated; the strings belong to the caller */
    size_t count;
    size_t bytes; /* of all strings with their terminating zeros */
    size_t added; /* by tether__environment_add */
} tether__environment;

/* Makes an environment of base with the entries of set and last put over it; set and last may be
 * NULL. Names are compared by same_name here and in the calls below. The strings are not copied.
 * TETHER_EINVAL names an entry without '=' or with an empty name. */
int tether__environment_make(const char *const *base, const char *const *set, const char *last,
                             tether__same_name *same_name, tether__environment *environment,
                             tether_error *error);

/* Puts one more entry over it, of at most so many in all; the string is not copied, and is not
 * counted in `bytes`. */
#define TETHER__ENVIRONMENT_SPARE 8
void tether__environment_add(tether__environment *environment, const char *entry);

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

/* Adds the block that CreateProcess takes, still in UTF-8: the entries in the order of their names,
 * which Windows compares without regard to the case of (here: ASCII) letters, each with a zero
 * behind it, and one more zero. Of entries whose names are the same then, the last stays. */
void tether__environment_block(const tether__environment *environment, tether__text *text);

#endif
