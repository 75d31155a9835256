/* The command line's words: options, operands and what follows "--". */
#ifndef TETHER_CLI_ARGS_H
#define TETHER_CLI_ARGS_H

#include <stdbool.h>

typedef enum args_kind {
    ARGS_FLAG,  /* takes no value */
    ARGS_VALUE, /* takes one: "--x V", "--x=V", "-x V" */
    ARGS_MAYBE  /* takes one only as "--x=V" */
} args_kind;

/* A table of these ends with a NULL name. The name has its dashes. */
typedef struct args_option {
    const char *name;
    args_kind kind;
    int id;
} args_option;

/* Called for an option that every verb has; true ends the parsing. */
typedef bool args_common_cb(int id, const char *value, void *userdata);

typedef struct cli_args {
    int argc;
    char **argv; /* argv[argc] is NULL */
    int next;    /* the next word to look at */
    const char *verb;
    const args_option *options; /* the verb's own */
    const args_option *common;  /* those that every verb has */
    args_common_cb *on_common;
    void *userdata;
    bool operands_only; /* "--" was met */
    char message[256];  /* after ARGS_ERROR; empty when the common callback ended the parsing */
} cli_args;

typedef enum args_result { ARGS_END, ARGS_OPTION, ARGS_OPERAND, ARGS_ERROR } args_result;

/* Takes the next word. ARGS_OPTION fills *id and *value (NULL without one), ARGS_OPERAND *value.
 * Values point into argv. Options of the common table go to their callback and are not returned. */
args_result args_next(cli_args *args, int *id, const char **value);

/* Whether a word stands among those not taken yet, before any "--". */
bool args_ahead(const cli_args *args, const char *word);

#endif
