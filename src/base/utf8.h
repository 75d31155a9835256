/* Text that stays text: UTF-8 checks, repair and cutting at character boundaries. Pure; any thread.
 */
#ifndef TETHER_UTF8_H
#define TETHER_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether bytes are well-formed UTF-8 (no surrogates, nothing overlong). */
bool tether__utf8_valid(const char *bytes, size_t size);

/* How many bytes at the start are well-formed UTF-8. */
size_t tether__utf8_valid_size(const char *bytes, size_t size);

/* A copy in which each byte that is no UTF-8, and each NUL, is U+FFFD; freed with free(); NULL when
 * memory is short. */
char *tether__utf8_repair(const char *bytes, size_t size);

/* How many bytes at the start belong to a character that began earlier: 0 to 3, 0 where the bytes
 * are no UTF-8 anyway. */
size_t tether__utf8_skip_tail(const char *bytes, size_t size);

/* How many of the first `limit` bytes to keep so that no character is split. */
size_t tether__utf8_cut(const char *bytes, size_t size, size_t limit);

#endif
