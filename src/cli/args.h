/* Parses the command line: options, operands and what follows "--". */
#ifndef TETHER_CLI_ARGS_H
#define TETHER_CLI_ARGS_H

#include <stdbool.h>

typedef enum args_kind {
    ARGS_FLAG,          /* takes no value */
    ARGS_VALUE,         /* needs a value: "--x V", "--x=V", "-x V" */
    ARGS_OPTIONAL_VALUE /* may have a value, only as "--x=V" */
} args_kind;

/* One entry of an option table, which ends with a NULL name. The name includes its dashes. */
typedef struct args_option {
    const char *name;
    args_kind kind;
    int id;
} args_option;

/* Called for each option of the common table. Returns true to stop the parsing. */
typedef bool args_common_cb(int id, const char *value, void *userdata);

typedef struct cli_args {
    int argc;
    char **argv;                /* argv[argc] is NULL */
    int next;                   /* index of the next argument to parse */
    const char *verb;           /* for messages; NULL until it is known */
    const args_option *options; /* options of the verb */
    const args_option *common;  /* options that every verb accepts */
    args_common_cb *on_common;
    void *userdata;
    int word_id; /* the id of a "-WORD" that is in no table, with WORD as value; 0: an error */
    bool operands_end_options; /* the first operand ends the options, as in env(1) */
    bool operands_only; /* all that follows are operands: "--" or such an operand was parsed */
    char message[256];  /* set with ARGS_ERROR; empty if the callback stopped the parsing */
} cli_args;

typedef enum args_result { ARGS_END, ARGS_OPTION, ARGS_OPERAND, ARGS_ERROR } args_result;

/* Parses the next argument. ARGS_OPTION sets *id and *value (NULL if the option has no value);
 * ARGS_OPERAND sets *value. Values point into argv. Options of the common table go to the callback
 * and are not returned. */
args_result args_next(cli_args *args, int *id, const char **value);

/* Returns true if one of the options not parsed yet is this one. Values of other options do not
 * count, nor does what follows the end of the options. */
bool args_remaining_contain(const cli_args *args, const char *name);

#endif
