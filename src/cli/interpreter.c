/* Owns the line by which a script names its interpreter.
 * Must not: look for a program.
 * Thread: any. */
#include "cli/interpreter.h"

#include <string.h>

#include "cli/blank.h"

bool interpreter_read(const char *text, size_t size, interpreter *found)
{
    char line[INTERPRETER_LINE_MAX + 1];
    const char *newline = memchr(text, '\n', size);
    size_t length = newline != NULL ? (size_t)(newline - text) : size;
    *found = (interpreter){0};
    if (length < 2 || length > INTERPRETER_LINE_MAX || memcmp(text, "#!", 2) != 0 ||
        memchr(text, '\0', length) != NULL)
        return false;
    memcpy(line, text, length);
    line[blank_trim(line, length)] = '\0';

    const char *path = line + 2 + strspn(line + 2, " \t");
    size_t path_length = strcspn(path, " \t");
    const char *argument = path + path_length + strspn(path + path_length, " \t");
    memcpy(found->path, path, path_length);
    strcpy(found->argument, argument);
    return path_length > 0;
}

void interpreter_by_name(interpreter *found)
{
    const char *slash = strrchr(found->path, '/');
    if (slash != NULL)
        memmove(found->path, slash + 1, strlen(slash + 1) + 1);
    if (strcmp(found->path, "env") != 0 || found->argument[0] == '\0')
        return;
    size_t length = strcspn(found->argument, " \t");
    memcpy(found->path, found->argument, length);
    found->path[length] = '\0';
    const char *rest = found->argument + length;
    rest += strspn(rest, " \t");
    memmove(found->argument, rest, strlen(rest) + 1);
}
