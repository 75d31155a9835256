/* Texts that grow, and lists of strings. A shell that has no memory left ends with a message. */
#ifndef SHELL_TEXT_H
#define SHELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Always ends with a zero, which `size` does not count. All zero is an empty text. */
struct text {
    char *bytes;
    size_t size, room;
};

/* Ends with NULL, which `count` does not count. All zero is an empty list. */
struct list {
    char **items;
    size_t count, room;
};

void *shell_alloc(size_t size);
void *shell_realloc(void *memory, size_t size);
char *shell_copy(const char *string);
char *shell_copy_part(const char *string, size_t size);

void text_add(struct text *text, const char *bytes, size_t size);
void text_add_string(struct text *text, const char *string);
void text_add_char(struct text *text, char c);
/* In single quotes, so that a shell reads the same string. */
void text_add_quoted(struct text *text, const char *string);
/* Takes the string out of the text; never NULL. The caller frees it. */
char *text_take(struct text *text);
void text_free(struct text *text);

/* Takes the string. */
void list_add(struct list *list, char *string);
void list_remove(struct list *list, size_t index);
/* The items, also of an empty list: an array that ends with NULL. */
char **list_items(struct list *list);
void list_free(struct list *list);

#endif
