/* Splits what was typed into bash up to the cursor. Pure; any thread. */
#ifndef TETHER_CLI_COMPLETE_LINE_H
#define TETHER_CLI_COMPLETE_LINE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct complete_line {
    char *text;   /* holds the words */
    char **words; /* count of them, then NULL; the last one is the word to complete, perhaps "" */
    int count; /* at least 1: the name of the command is left out, and so are variables before it */
    char quote;  /* the quote that is open in the last word: ' or ", or 0 */
    size_t kept; /* this many bytes of the last word stay: readline replaces what follows them */
} complete_line;

/* Splits the line without expanding anything: nothing in it is ever run. breaks is bash's
 * COMP_WORDBREAKS. Returns false if memory runs out. */
bool complete_line_read(complete_line *line, const char *typed, const char *breaks);
void complete_line_dispose(complete_line *line);

/* Writes a value to `quoted`, which has room for 2 * strlen(value) + 1 bytes, so that bash reads it
 * as this word behind what it keeps. Returns false if the open quote cannot hold it. */
bool complete_line_quote(const complete_line *line, const char *value, char *quoted);

#endif
