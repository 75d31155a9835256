/* Owns the format of files with variables.
 * Must not: read a file, or expand anything in a value.
 * Thread: any. */
#include "cli/env_file.h"

#include <stdbool.h>
#include <string.h>

#include "cli/blank.h"

static char *skip_blanks(char *at)
{
    while (blank_is(*at))
        at++;
    return at;
}

size_t env_file_capacity(const char *text)
{
    size_t lines = 1;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* Removes the quotes around a value, and the blanks after its end. */
static void trim_value(char *value)
{
    size_t size = blank_trim(value, strlen(value));
    value[size] = '\0';
    bool quoted = size >= 2 && (value[0] == '"' || value[0] == '\'') && value[size - 1] == value[0];
    if (!quoted)
        return;
    memmove(value, value + 1, size - 2);
    value[size - 2] = '\0';
}

/* Returns the entry in a line, NULL if it is none. */
static char *take_entry(char *line)
{
    if (strncmp(line, "export", 6) == 0 && blank_is(line[6]))
        line = skip_blanks(line + 6);
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line || strcspn(line, " \t") < (size_t)(equals - line))
        return NULL;
    trim_value(equals + 1);
    return line;
}

size_t env_file_split(char *text, const char **entries, size_t *bad_line)
{
    size_t count = 0, number = 0;
    *bad_line = 0;
    for (char *line = text, *next; line != NULL; line = next) {
        char *end = strchr(line, '\n');
        next = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        number++;
        line = skip_blanks(line);
        if (*line == '\0' || *line == '#')
            continue;
        entries[count] = take_entry(line);
        if (entries[count] == NULL) {
            *bad_line = number;
            return count;
        }
        count++;
    }
    return count;
}
