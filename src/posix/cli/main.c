/* Owns the entry point of the command on systems where arguments are byte strings.
 * Must not: interpret them.
 * Thread: the main one. */
#include "cli/cli_main.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
