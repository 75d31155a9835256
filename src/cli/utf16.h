/* Converts bytes that come in pieces from UTF-8 to UTF-16. A character that is cut between two
 * pieces is held back until its rest comes. Pure. */
#ifndef TETHER_CLI_UTF16_H
#define TETHER_CLI_UTF16_H

#include <stddef.h>
#include <stdint.h>

/* All zero: nothing is held back. */
typedef struct utf16_state {
    unsigned char held[4];
    size_t held_size;
} utf16_state;

/* Converts whole characters as long as 2 units of room are left; what is invalid becomes U+FFFD, as
 * utf8_decode says. Returns how many units were written, and sets *taken to how many bytes were
 * read. With at least 2 units of room it reads or writes something, or holds all back. */
size_t utf16_convert(utf16_state *state, const char *bytes, size_t size, uint16_t *units,
                     size_t room, size_t *taken);

/* Nothing comes any more: writes U+FFFD for what is held back. Returns how many units: 0 or 1. */
size_t utf16_end(utf16_state *state, uint16_t units[1]);

#endif
