/* Builds the environment of a task, and checks whether it exceeds the limits of the system. Pure;
 * any thread. */
#ifndef TETHER_ENVIRONMENT_H
#define TETHER_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"

#include "base/text.h"

/* Returns whether two names denote the same variable on a platform, as Path and PATH on Windows. */
typedef bool tether__same_name(const char *a, size_t a_size, const char *b, size_t b_size);

typedef struct tether__environment {
    tether__same_name *same_name;
    const char **entries; /* NULL-terminated; the strings belong to the caller */
    size_t count;
    size_t bytes; /* of all strings with their NULs, without those that were added later */
    size_t added; /* by tether__environment_add */
} tether__environment;

/* What an environment is built from. Each part may be NULL. */
typedef struct tether__environment_parts {
    const char *const *base; /* entries */
    const char *const
        *unset; /* names that are removed from base; those it does not have are ignored */
    const char *const *set; /* entries that override those of base */
    const char *last;       /* one more, which overrides all */
} tether__environment_parts;

/* Builds an environment. This call and those below compare names by same_name. Does not copy
 * strings. The message of TETHER_EINVAL names the entry of `set` that has no '=' or an empty name,
 * or the name in `unset` that is empty or has a '='. */
int tether__environment_make(const tether__environment_parts *parts, tether__same_name *same_name,
                             tether__environment *environment, tether_error *error);

/* Adds one more entry, or overrides those of its name; at most TETHER__ENVIRONMENT_SPARE times.
 * Does not copy the string or count it in `bytes`. */
#define TETHER__ENVIRONMENT_SPARE 11
void tether__environment_add(tether__environment *environment, const char *entry);

void tether__environment_dispose(tether__environment *environment);

/* Returns the value of a variable, or NULL if it is not set. */
const char *tether__environment_get(const tether__environment *environment, const char *name);

/* Returns whether all names are identifiers: every shell passes such variables on. Minimal shells
 * drop other names, such as those of exported bash functions. */
bool tether__environment_portable(const tether__environment *environment);

/* Returns TETHER_ETOOBIG if a string, or the sum of arguments and environment, exceeds the limits
 * of the system. The message names the string that is too long, or the largest variable. argv is
 * NULL-terminated and may be NULL. */
int tether__environment_check(const tether__environment *environment, const char *const *argv,
                              size_t string_limit, size_t total_limit, tether_error *error);

/* Adds the environment block for CreateProcess, in UTF-8: the entries sorted by name, ignoring the
 * case of ASCII letters, each followed by a NUL, and one more NUL at the end. Of several entries
 * with the same name, ignoring case, keeps the last. */
void tether__environment_block(const tether__environment *environment, tether__text *text);

#endif
