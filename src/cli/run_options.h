/* The options of "tether run". */
#ifndef TETHER_CLI_RUN_OPTIONS_H
#define TETHER_CLI_RUN_OPTIONS_H

#include "cli/args.h"
#include "cli/options.h"
#include "cli/run_request.h"

/* Parses the verb's options and reads the files that they name. Returns 0, or an exit code after a
 * message. Free the request with run_request_dispose in any case. */
int run_options_parse(cli_options *cli, cli_args *args, run_request *request);

#endif
