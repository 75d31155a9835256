/* Owns the growing text buffer and shell quoting.
 * Must not: know the meaning of what callers write into it.
 * Thread: one at a time per buffer. */
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tether/registry.h"

static bool reserve(tether__text *text, size_t more)
{
    if (more < text->capacity - text->size)
        return true;
    size_t capacity = text->capacity < 256 ? 256 : text->capacity;
    while (capacity - text->size <= more) {
        if (capacity > (size_t)-1 / 2)
            return false;
        capacity *= 2;
    }
    char *bytes = realloc(text->bytes, capacity);
    if (bytes == NULL)
        return false;
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void tether__text_add(tether__text *text, const void *bytes, size_t size)
{
    if (text->failed || !reserve(text, size)) {
        text->failed = true;
        return;
    }
    if (size > 0)
        memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void tether__text_add_string(tether__text *text, const char *string)
{
    tether__text_add(text, string, strlen(string));
}

void tether__text_add_quoted(tether__text *text, const char *string)
{
    /* Inside single quotes every byte except the quote is literal. A quote becomes '\'': it ends
     * the quoted part, adds an escaped quote and begins a new quoted part. */
    tether__text_add_string(text, "'");
    for (const char *quote; (quote = strchr(string, '\'')) != NULL; string = quote + 1) {
        tether__text_add(text, string, (size_t)(quote - string));
        tether__text_add_string(text, "'\\''");
    }
    tether__text_add_string(text, string);
    tether__text_add_string(text, "'");
}

void tether__text_add_shown(tether__text *text, const char *string)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    size_t size = strlen(string);
    if (size > 0 && strspn(string, plain) == size)
        tether__text_add(text, string, size);
    else
        tether__text_add_quoted(text, string);
}

char *tether__text_copy(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, string, size);
    return copy;
}

/* Recognises absolute Windows paths such as "C:\x" and "\\server\x". No absolute path of another
 * system begins like that. */
static bool is_windows_path(const char *path)
{
    bool drive = ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) &&
                 path[1] == ':' && path[2] == '\\';
    return drive || (path[0] == '\\' && path[1] == '\\');
}

char *tether__text_join(const char *folder, const char *name)
{
    tether__text path = {0};
    tether__text_add_string(&path, folder);
    /* cmd would read a slash as the start of an option. */
    tether__text_add_string(&path, is_windows_path(folder) ? "\\" : "/");
    tether__text_add_string(&path, name);
    if (path.failed)
        tether__text_dispose(&path);
    return path.bytes;
}

bool tether__text_same_word(const char *a, const char *b)
{
    for (; *a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b); a++, b++)
        ;
    return *a == '\0' && *b == '\0';
}

void tether__text_dispose(tether__text *text)
{
    free(text->bytes);
    *text = (tether__text){0};
}

void tether_free(void *memory)
{
    free(memory);
}
