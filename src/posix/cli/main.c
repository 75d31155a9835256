/* Owns the entry of the command where arguments are bytes.
 * Must not: look at them.
 * Thread: the main one. */
#include "cli/cli_main.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
