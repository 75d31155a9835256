/* Owns the quoting of arguments in Windows command lines.
 * Must not: handle cmd, which parses a line before the program does; cmd_line.h does that.
 * Thread: any. */
#include "shell/argv_quote.h"

#include <string.h>

bool tether__argv_is_plain(const char *argument)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./\\:+=,";
    return *argument != '\0' && argument[strspn(argument, plain)] == '\0';
}

static void add_backslashes(tether__text *text, size_t count)
{
    for (; count > 0; count--)
        tether__text_add_string(text, "\\");
}

/* A backslash is literal, except in a run of backslashes that ends at a quote: there each of them
 * must be doubled. The closing quote counts too. */
void tether__argv_add_in_quotes(tether__text *text, const char *argument)
{
    tether__text_add_string(text, "\"");
    for (;;) {
        size_t backslashes = strspn(argument, "\\");
        argument += backslashes;
        add_backslashes(text,
                        *argument == '"' || *argument == '\0' ? 2 * backslashes : backslashes);
        if (*argument == '\0')
            break;
        tether__text_add_string(text, *argument == '"' ? "\\" : "");
        tether__text_add(text, argument++, 1);
    }
    tether__text_add_string(text, "\"");
}

void tether__argv_add_quoted(tether__text *text, const char *argument)
{
    if (tether__argv_is_plain(argument))
        tether__text_add_string(text, argument);
    else
        tether__argv_add_in_quotes(text, argument);
}

void tether__argv_add_program(tether__text *text, const char *program)
{
    tether__text_add_string(text, "\"");
    while (*program != '\0') {
        size_t size = strcspn(program, "\"");
        tether__text_add(text, program, size);
        program += size + (program[size] == '"' ? 1 : 0);
    }
    tether__text_add_string(text, "\"");
}

void tether__argv_join(const char *const *argv, tether__text *text)
{
    tether__argv_add_program(text, argv[0]);
    for (size_t i = 1; argv[i] != NULL; i++) {
        tether__text_add_string(text, " ");
        tether__argv_add_quoted(text, argv[i]);
    }
}
