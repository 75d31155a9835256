/* Owns main() on POSIX systems, where arguments are bytes.
 * Must not: interpret them.
 * Thread: the main one. */
#include "cli/cli_main.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
