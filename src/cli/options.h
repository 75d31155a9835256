/* The options that every verb accepts. */
#ifndef TETHER_CLI_OPTIONS_H
#define TETHER_CLI_OPTIONS_H

#include <stdbool.h>

#include "cli/args.h"

typedef struct cli_options {
    const char *store;   /* NULL: the user's default store */
    const char *session; /* NULL: "default" */
    bool json;
    bool help;            /* --help was given: print the verb's help and do nothing else */
    bool version;         /* --version was given */
    bool quiet;           /* nothing of the command itself but results and errors */
    bool plain;           /* no colours: NO_COLOR is set, or TERM is "dumb" */
    bool dumb;            /* TERM is "dumb": the terminal takes no escape sequences */
    bool collect_garbage; /* in the background; off for short verbs, whose close would wait */
    const char *timeout;  /* of tasks that run is given none for, from TETHER_TIMEOUT; NULL: none */
    const cli_args *args; /* may contain a --json that is not parsed yet */
    char *store_from_env;
    char *session_from_env;
    char *timeout_from_env;
} cli_options;

/* Reads TETHER_STORE, TETHER_SESSION, TETHER_TIMEOUT, NO_COLOR and TERM; an empty variable counts
 * as not set. Returns false if memory runs out. */
bool options_init(cli_options *cli);
void options_dispose(cli_options *cli);

#endif
