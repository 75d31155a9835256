/* Owns reading the help texts of verbs: completions say what they say, and cannot differ.
 * Must not: know any verb, print, or allocate.
 * Thread: any; pure functions. */
#include "cli/complete_help.h"

#include <string.h>

static void copy_word(char *to, const char *from, size_t length)
{
    if (length >= HELP_WORD_SIZE)
        length = HELP_WORD_SIZE - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* Returns the end of the first column, which two blanks or the end of the line follow. */
static const char *column_end(const char *at)
{
    while (*at != '\0' && *at != '\n' && !(at[0] == ' ' && at[1] == ' '))
        at++;
    return at;
}

/* Finds a name among those of a line, and returns what follows it; NULL if it is not there. */
static const char *after_name(const char *line, const char *name)
{
    const char *at = line + 2, *end = column_end(at);
    size_t length = strlen(name);

    while (at < end && *at == '-') {
        size_t word = strcspn(at, " ,[\n");

        if (word == length && memcmp(at, name, length) == 0)
            return at + word;
        at += word;
        at += strcspn(at, " \n");
        at += *at == ' ' ? 1 : 0;
    }
    return NULL;
}

/* Copies a description: the rest of its line, and the indented lines that follow. */
static void copy_text(const char *at, char text[HELP_TEXT_SIZE])
{
    size_t used = 0;

    for (;;) {
        at += strspn(at, " ");
        while (*at != '\0' && *at != '\n' && used < HELP_TEXT_SIZE - 2)
            text[used++] = *at++;
        at += strcspn(at, "\n");
        if (strncmp(at, "\n   ", 4) != 0)
            break;
        text[used++] = ' ';
        at++;
        if (used >= HELP_TEXT_SIZE - 2)
            break;
    }
    text[used] = '\0';
}

/* Reads what follows the name: the word for the value, and the description. */
static void read_entry(const char *at, const args_option *option, help_entry *entry)
{
    const char *end = column_end(at);

    while (*at == ',') /* other names: "-t, --timeout DUR" */
        at += 2 + strcspn(at + 2, " ,\n");
    if (option->kind == ARGS_VALUE && *at == ' ')
        copy_word(entry->value, at + 1, strcspn(at + 1, " ,\n"));
    if (*end == ' ')
        copy_text(end, entry->text);
    else if (option->kind == ARGS_FLAG && *at == ' ')
        copy_text(at, entry->text);
}

bool help_find(const char *help, const args_option *option, help_entry *entry)
{
    const char *line = help;

    memset(entry, 0, sizeof *entry);
    for (; line != NULL; line = strchr(line, '\n'), line = line != NULL ? line + 1 : NULL) {
        const char *after = strncmp(line, "  -", 3) == 0 ? after_name(line, option->name) : NULL;

        if (after == NULL)
            continue;
        read_entry(after, option, entry);
        return true;
    }
    return false;
}

/* Returns true if the value of this option is the next word of a usage line. */
static bool takes_next(const args_option *options, const char *word, size_t length)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->kind == ARGS_VALUE && strlen(options->name) == length &&
            memcmp(options->name, word, length) == 0)
            return true;
    }
    return false;
}

/* Returns true for words of a usage line that are typed as they stand, or are none. */
static bool is_no_operand(const char *word, size_t length)
{
    return length == 0 || *word == '-' || (length == 7 && memcmp(word, "options", 7) == 0);
}

/* Finds the operand of one usage line. */
static bool operand_of_line(const char *line, const args_option *options, size_t index,
                            char found[HELP_WORD_SIZE])
{
    const char *end = line + strcspn(line, "\n");
    bool skip = false;
    const char *at = line;

    while (at < end) {
        size_t length;

        at += strspn(at, " []");
        length = strcspn(at, " []\n");
        if (length == 1 && *at == '|') {
            at++;
            continue;
        }
        if (!skip && !is_no_operand(at, length)) {
            bool repeated = length > 3 && memcmp(at + length - 3, "...", 3) == 0;

            copy_word(found, at, repeated ? length - 3 : length);
            if (index == 0 || repeated)
                return true;
            index--;
        }
        skip = takes_next(options, at, length);
        at += length;
    }
    return false;
}

bool help_operand(const char *help, const args_option *options, size_t index,
                  char word[HELP_WORD_SIZE])
{
    /* The usage ends with an empty line. */
    while (*help != '\n' && *help != '\0') {
        const char *line = help;

        if (strncmp(line, "tether ", 7) == 0) {
            line += 7;
            line += strcspn(line, " \n");
        }
        if (operand_of_line(line, options, index, word))
            return true;
        help += strcspn(help, "\n");
        help += *help == '\n' ? 1 : 0;
    }
    word[0] = '\0';
    return false;
}
