/* A growing text buffer that remembers exhausted memory, so that a rendering checks once, at its
 * end. One thread at a time. */
#ifndef TETHER_TEXT_H
#define TETHER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct tether__text {
    char *bytes; /* NULL while empty; always with a zero after the end */
    size_t size;
    size_t room;
    bool failed; /* memory was short once: what is there is not whole */
} tether__text;

void tether__text_add(tether__text *text, const void *bytes, size_t size);
void tether__text_add_string(tether__text *text, const char *string);

/* Adds a string so that every shell of the Bourne family reads exactly its bytes as one word. */
void tether__text_add_quoted(tether__text *text, const char *string);

/* The same for people: quotes only what needs it. */
void tether__text_add_shown(tether__text *text, const char *string);

/* A copy, freed with free(); NULL when memory is short. */
char *tether__text_copy(const char *string);

/* "folder/name" (a backslash where the folder is an absolute path of Windows), freed with free();
 * NULL when memory is short. */
char *tether__text_join(const char *folder, const char *name);

/* Frees the bytes and starts anew. */
void tether__text_dispose(tether__text *text);

#endif
