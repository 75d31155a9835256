/* The options that every verb accepts, and the registry that they select. */
#ifndef TETHER_CLI_SESSION_H
#define TETHER_CLI_SESSION_H

#include <stdbool.h>

#include "tether.h"

#include "cli/args.h"

typedef struct cli_options {
    const char *store;   /* NULL: the user's default store */
    const char *session; /* NULL: "default" */
    bool json;
    bool help;            /* --help was given: print the verb's help and do nothing else */
    bool version;         /* --version was given */
    bool collect_garbage; /* in the background; short calls must not wait for it */
    const cli_args *args; /* may contain a --json that is not parsed yet */
    char *store_from_env;
    char *session_from_env;
} cli_options;

/* Reads TETHER_STORE and TETHER_SESSION; an empty variable counts as not set. Returns false if
 * memory runs out. */
bool session_init(cli_options *cli);
void session_dispose(cli_options *cli);

/* Opens the selected session. Returns 0, or reports the error and returns its exit code. */
int session_open(const cli_options *cli, tether_registry **registry);

/* Does the same with options of the verb; fills in their size, store, session and no_gc. */
int session_open_with(const cli_options *cli, tether_open_options *options,
                      tether_registry **registry);

/* Closes the registry; its tasks go on. Returns the given exit code, or that of the failed close if
 * the given one is 0. */
int session_close(const cli_options *cli, tether_registry *registry, int code);

#endif
