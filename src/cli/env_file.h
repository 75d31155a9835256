/* Files with variables, as --env-file reads them. Pure. */
#ifndef TETHER_CLI_ENV_FILE_H
#define TETHER_CLI_ENV_FILE_H

#include <stddef.h>

/* Returns how many entries a text can have at most. */
size_t env_file_capacity(const char *text);

/* Splits a text into "NAME=VALUE" entries, which point into it; changes the text. Lines that are
 * empty or begin with '#' are skipped, and so is "export " before a name. A value in a pair of
 * single or double quotes loses them; nothing else in it has a meaning. Returns the number of
 * entries. *bad_line receives the number of the first line that is no entry, else 0. */
size_t env_file_split(char *text, const char **entries, size_t *bad_line);

#endif
