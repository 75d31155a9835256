/* The command, once the platform has its arguments as UTF-8. */
#ifndef TETHER_CLI_MAIN_H
#define TETHER_CLI_MAIN_H

/* Runs the command; returns its exit code. argv[argc] is NULL. Standard output and error take bytes
 * as they are. */
int cli_main(int argc, char **argv);

#endif
