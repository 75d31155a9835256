/* Validates and repairs UTF-8 and cuts it at character boundaries. Pure; any thread. */
#ifndef TETHER_UTF8_H
#define TETHER_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether bytes are well-formed UTF-8, without surrogates and overlong forms. */
bool tether__utf8_valid(const char *bytes, size_t size);

/* Returns the size of the longest prefix that is well-formed UTF-8. */
size_t tether__utf8_valid_size(const char *bytes, size_t size);

/* Returns a NUL-terminated copy in which U+FFFD replaces each NUL and each byte that is not part of
 * a well-formed character; NULL when out of memory. Free it with free(). */
char *tether__utf8_repair(const char *bytes, size_t size);

/* Replaces an owned text by a repaired copy of value (NULL: by NULL). Returns false, with the text
 * unchanged, when out of memory. */
bool tether__utf8_set(char **text, const char *value);

/* Returns how many bytes at the start, 0 to 3, are the rest of a character that began before them.
 * Returns 0 where the bytes are not UTF-8 anyway. */
size_t tether__utf8_skip_tail(const char *bytes, size_t size);

/* Returns how many of the first `limit` bytes to keep so that no character is split. */
size_t tether__utf8_cut(const char *bytes, size_t size, size_t limit);

#endif
