/* Turns text into trees, one complete command after the other. */
#ifndef SHELL_PARSER_H
#define SHELL_PARSER_H

#include "tree.h"

enum parse_result {
    PARSE_COMMAND,
    PARSE_NOTHING,    /* an empty line, or the end of the text */
    PARSE_UNFINISHED, /* the command goes on behind the end of the text */
    PARSE_ERROR
};

/* Reads the command that begins at *at, up to the end of its line, and moves *at behind it; on
 * PARSE_UNFINISHED *at stays. With `final` the text has no continuation: what is unfinished is an
 * error, but for a here-document. The caller frees *tree; *message has the reason of an error, and
 * is freed by the caller. */
enum parse_result parse_command(const char **at, bool final, struct node **tree, char **message);

#endif
