/* A growing text buffer. It remembers when memory ran out, so that callers can check once, after
 * the last addition. One thread at a time per buffer. */
#ifndef TETHER_TEXT_H
#define TETHER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct tether__text {
    char *bytes; /* NULL until something was added; else NUL-terminated */
    size_t size; /* without the NUL */
    size_t capacity;
    bool failed; /* memory ran out once: the text is incomplete, and additions do nothing */
} tether__text;

void tether__text_add(tether__text *text, const void *bytes, size_t size);
void tether__text_add_string(tether__text *text, const char *string);

/* Adds a string in quotes: every shell of the Bourne family reads it as one word of exactly these
 * bytes. */
void tether__text_add_quoted(tether__text *text, const char *string);

/* Adds a string for display: like tether__text_add_quoted, but without quotes where none are
 * needed. */
void tether__text_add_shown(tether__text *text, const char *string);

/* Returns a copy of the string, or NULL when out of memory. Free it with free(). */
char *tether__text_copy(const char *string);

/* Returns whether two words are the same but for the case of the letters A to Z. */
bool tether__text_same_word(const char *a, const char *b);

/* Returns "folder/name", or "folder\name" where folder is an absolute Windows path; NULL when out
 * of memory. Free it with free(). */
char *tether__text_join(const char *folder, const char *name);

/* Frees the bytes and resets the buffer to its empty state. */
void tether__text_dispose(tether__text *text);

#endif
