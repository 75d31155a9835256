/* Owns splitting text into tokens, by the rules of POSIX (2.3 Token Recognition).
 * Must not: know the grammar, or change the text.
 * Thread: the only one. */
#include "lexer.h"

#include <ctype.h>
#include <string.h>

static const char *skip_double(const char *at)
{
    for (at++; *at != '"';) {
        if (*at == '\0')
            return NULL;
        if (*at == '\\' || *at == '$') {
            at = lexer_skip(at);
            if (at == NULL)
                return NULL;
        } else {
            at++;
        }
    }
    return at + 1;
}

/* $( ... ) and ${ ... }: quotes and further such constructs stand inside. */
static const char *skip_nested(const char *at, char open, char close)
{
    int depth = 0;
    while (*at != '\0') {
        if (strchr("'\"\\$", *at) != NULL) {
            at = lexer_skip(at);
            if (at == NULL)
                return NULL;
            continue;
        }
        if (*at == '#' && open == '(' && isspace((unsigned char)at[-1])) {
            at += strcspn(at, "\n");
            continue;
        }
        depth += (*at == open) - (*at == close);
        at++;
        if (depth == 0)
            return at;
    }
    return NULL;
}

const char *lexer_skip(const char *at)
{
    switch (*at) {
    case '\\':
        return at[1] == '\0' ? NULL : at + 2;
    case '\'':
        at = strchr(at + 1, '\'');
        return at == NULL ? NULL : at + 1;
    case '"':
        return skip_double(at);
    case '$':
        if (at[1] == '(')
            return skip_nested(at + 1, '(', ')');
        return at[1] == '{' ? skip_nested(at + 1, '{', '}') : at + 1;
    default:
        return at + 1;
    }
}

static const char *skip_blanks(const char *at)
{
    for (;;) {
        if (*at == ' ' || *at == '\t' || *at == '\r')
            at++;
        else if (at[0] == '\\' && at[1] == '\n')
            at += 2;
        else if (*at == '#')
            at += strcspn(at, "\n");
        else
            return at;
    }
}

static size_t operator_size(const char *at)
{
    static const char *const operators[] = {"<<-", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>",
                                            ">|",  "<",  ">",  "&",  "|",  ";",  "(",  ")"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t size = strlen(operators[i]);
        if (strncmp(at, operators[i], size) == 0)
            return size;
    }
    return 0;
}

static struct token read_word(const char **at)
{
    struct token token = {.kind = TOKEN_WORD, .start = *at};
    const char *end = *at;
    while (*end != '\0' && strchr(" \t\n<>&|;()", *end) == NULL) {
        end = lexer_skip(end);
        if (end == NULL) {
            token.kind = TOKEN_UNFINISHED;
            return token;
        }
    }
    token.size = (size_t)(end - token.start);
    if ((*end == '<' || *end == '>') && strspn(token.start, "0123456789") == token.size)
        token.kind = TOKEN_IO_NUMBER;
    *at = end;
    return token;
}

struct token lexer_next(const char **at)
{
    *at = skip_blanks(*at);
    struct token token = {.start = *at, .size = 1};
    if (**at == '\0')
        return (struct token){.kind = TOKEN_END, .start = *at};
    if (**at == '\n') {
        token.kind = TOKEN_NEWLINE;
    } else {
        token.size = operator_size(*at);
        if (token.size == 0)
            return read_word(at);
        token.kind = TOKEN_OPERATOR;
    }
    *at += token.size;
    return token;
}
