/* The files that options of "tether run" name. */
#ifndef TETHER_CLI_RUN_FILES_H
#define TETHER_CLI_RUN_FILES_H

#include "cli/options.h"
#include "cli/run_request.h"

/* Reads the command from request->file. If its first line names an interpreter and no shell was
 * chosen, that runs the command. Returns 0, or an exit code after a message. */
int run_files_command(const cli_options *cli, run_request *request);

/* Adds the variables in a file. The same result. */
int run_files_env(const cli_options *cli, run_request *request, const char *path);

#endif
