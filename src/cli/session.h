/* What the command line chose for every verb, and the registry that it opens. */
#ifndef TETHER_CLI_SESSION_H
#define TETHER_CLI_SESSION_H

#include <stdbool.h>

#include "tether.h"

#include "cli/args.h"

typedef struct cli_options {
    const char *store;   /* NULL: the user's own */
    const char *session; /* NULL: "default" */
    bool json;
    bool help;     /* --help was met: show the verb's help and do nothing else */
    bool version;  /* --version was met */
    bool collects; /* garbage may be collected meanwhile: a short call must not wait for it */
    const cli_args *args; /* where a --json may stand that has not been met yet */
    char *store_from_env;
    char *session_from_env;
} cli_options;

/* Reads TETHER_STORE and TETHER_SESSION; an empty one is as good as none. False: no memory. */
bool session_init(cli_options *cli);
void session_dispose(cli_options *cli);

/* Opens the chosen session. 0, or an exit code after the reason was printed. */
int session_open(const cli_options *cli, tether_registry **registry);

/* The same with options of the verb's own; their size, store and session are filled in. */
int session_open_with(const cli_options *cli, tether_open_options *options,
                      tether_registry **registry);

/* Closes it, its tasks going on, and returns the exit code given, or that of a failed close where
 * the given one is 0. */
int session_close(const cli_options *cli, tether_registry *registry, int code);

#endif
