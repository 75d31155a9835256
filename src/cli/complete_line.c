/* Owns splitting a line of bash up to the cursor, and quoting a word for it.
 * Must not: expand anything of the line, or print.
 * Thread: any; pure functions. */
#include "cli/complete_line.h"

#include <stdlib.h>
#include <string.h>

/* A walk through the line. */
typedef struct walk {
    complete_line *line;
    const char *breaks;
    char *to;     /* where the next byte of a word goes */
    char *begin;  /* of the current word; NULL: between words */
    bool command; /* the command's name was read */
} walk;

/* Returns true for NAME=VALUE, which stands before a command. */
static bool is_assignment(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t length = strspn(word, letters);

    return length > 0 && word[length] == '=';
}

static void begin_word(walk *w)
{
    if (w->begin != NULL)
        return;
    w->begin = w->to;
    w->line->kept = 0;
}

static void end_word(walk *w)
{
    if (w->begin == NULL)
        return;
    *w->to++ = '\0';
    if (w->command)
        w->line->words[w->line->count++] = w->begin;
    else
        w->command = !is_assignment(w->begin);
    w->begin = NULL;
}

/* What follows |, & or ; is another command. */
static void begin_command(walk *w)
{
    end_word(w);
    w->line->count = 0;
    w->command = false;
}

static void add(walk *w, char c)
{
    begin_word(w);
    *w->to++ = c;
}

/* Readline replaces what follows the last of its word breaks, and an @ with what follows it. */
static void add_bare(walk *w, char c)
{
    add(w, c);
    if (strchr(w->breaks, c) != NULL)
        w->line->kept = (size_t)(w->to - w->begin) - (c == '@' ? 1 : 0);
}

/* Reads what is not in quotes, and returns the byte behind it. */
static const char *read_bare(walk *w, const char *at)
{
    if (*at == '\'' || *at == '"') {
        begin_word(w);
        w->line->quote = *at;
        w->line->kept = (size_t)(w->to - w->begin);
    } else if (*at == '\\' && at[1] != '\0') {
        add(w, *++at);
    } else if (strchr(" \t\n", *at) != NULL) {
        end_word(w);
    } else if (strchr("|&;(", *at) != NULL) {
        begin_command(w);
    } else {
        add_bare(w, *at);
    }
    return at + 1;
}

static const char *read_quoted(walk *w, const char *at)
{
    if (*at == w->line->quote)
        w->line->quote = '\0';
    else if (w->line->quote == '"' && *at == '\\' && at[1] != '\0' &&
             strchr("\\\"$`", at[1]) != NULL)
        add(w, *++at);
    else
        add(w, *at);
    return at + 1;
}

bool complete_line_read(complete_line *line, const char *typed, const char *breaks)
{
    walk w = {line, breaks, NULL, NULL, false};
    size_t length = strlen(typed);

    memset(line, 0, sizeof *line);
    line->text = malloc(2 * length + 2);
    line->words = calloc(length + 3, sizeof *line->words);
    if (line->text == NULL || line->words == NULL) {
        complete_line_dispose(line);
        return false;
    }
    w.to = line->text;
    while (*typed != '\0')
        typed = line->quote != '\0' ? read_quoted(&w, typed) : read_bare(&w, typed);
    begin_word(&w);
    w.command = true;
    end_word(&w);
    line->words[line->count] = NULL;
    return true;
}

void complete_line_dispose(complete_line *line)
{
    free(line->text);
    free((void *)line->words);
    memset(line, 0, sizeof *line);
}

/* Returns the bytes before which bash needs a backslash. */
static bool is_special(const complete_line *line, char c)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=@%+,-";

    if (line->quote == '"')
        return strchr("\\\"$`", c) != NULL;
    return line->quote == '\0' && (unsigned char)c < 0x80 && strchr(plain, c) == NULL;
}

bool complete_line_quote(const complete_line *line, const char *value, char *quoted)
{
    if (line->quote == '\'' && strchr(value, '\'') != NULL)
        return false;
    for (; *value != '\0'; value++) {
        if (is_special(line, *value))
            *quoted++ = '\\';
        *quoted++ = *value;
    }
    *quoted = '\0';
    return true;
}
