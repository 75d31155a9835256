/* The tether command, once the platform's entry point has its arguments as UTF-8. */
#ifndef TETHER_CLI_MAIN_H
#define TETHER_CLI_MAIN_H

/* Runs the command and returns its exit code. argv[argc] must be NULL. Standard output and standard
 * error must be in binary mode: they pass bytes on unchanged. */
int cli_main(int argc, char **argv);

#endif
