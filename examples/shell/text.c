/* Owns texts that grow and lists of strings.
 * Must not: know what is in them.
 * Thread: the only one. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *shell_realloc(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (grown == NULL) {
        fputs("tether-shell: no memory left\n", stderr);
        exit(2);
    }
    return grown;
}

void *shell_alloc(size_t size)
{
    return memset(shell_realloc(NULL, size), 0, size);
}

char *shell_copy_part(const char *string, size_t size)
{
    char *copy = shell_alloc(size + 1);
    memcpy(copy, string, size);
    return copy;
}

char *shell_copy(const char *string)
{
    return shell_copy_part(string, strlen(string));
}

void text_add(struct text *text, const char *bytes, size_t size)
{
    if (text->size + size + 1 > text->room) {
        text->room = 2 * (text->size + size) + 32;
        text->bytes = shell_realloc(text->bytes, text->room);
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_add(text, &c, 1);
}

void text_add_quoted(struct text *text, const char *string)
{
    text_add_char(text, '\'');
    for (; *string != '\0'; string++) {
        if (*string == '\'')
            text_add_string(text, "'\\''");
        else
            text_add_char(text, *string);
    }
    text_add_char(text, '\'');
}

char *text_take(struct text *text)
{
    text_add(text, "", 0);
    char *bytes = text->bytes;
    *text = (struct text){0};
    return bytes;
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void list_add(struct list *list, char *string)
{
    list_items(list);
    if (list->count + 2 > list->room) {
        list->room *= 2;
        list->items = shell_realloc(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = string;
    list->items[list->count] = NULL;
}

void list_remove(struct list *list, size_t index)
{
    free(list->items[index]);
    memmove(list->items + index, list->items + index + 1,
            (list->count - index) * sizeof *list->items);
    list->count--;
}

char **list_items(struct list *list)
{
    if (list->items == NULL) {
        list->room = 8;
        list->items = shell_alloc(list->room * sizeof *list->items);
    }
    return list->items;
}

void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct list){0};
}
