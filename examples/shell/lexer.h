/* Splits the text of commands into tokens. */
#ifndef SHELL_LEXER_H
#define SHELL_LEXER_H

#include "text.h"

enum token_kind {
    TOKEN_END, /* of the text */
    TOKEN_NEWLINE,
    TOKEN_WORD,      /* with its quotes */
    TOKEN_IO_NUMBER, /* the 2 of 2> */
    TOKEN_OPERATOR,
    TOKEN_UNFINISHED, /* a quote or a parenthesis is not closed */
};

struct token {
    enum token_kind kind;
    const char *start;
    size_t size;
};

/* Reads the token at *at, and moves *at behind it. Comments, blanks and continued lines are
 * skipped. */
struct token lexer_next(const char **at);

/* Where a construct ends that begins at `at` with a quote, a backslash or a dollar sign: behind its
 * last character. NULL: it is not closed. */
const char *lexer_skip(const char *at);

#endif
