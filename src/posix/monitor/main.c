/* Owns the entry of tether-monitor on POSIX.
 * Must not: contain anything else. */
#include <stdio.h>
#include <string.h>

#include "monitor/monitor.h"
#include "posix/monitor/orders.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("tether-monitor %s\n", TETHER_MONITOR_VERSION) < 0;
    if (argc != 2 || argv[1][0] == '-') {
        fputs("tether-monitor supervises a task; tether starts it, see man tether\n", stderr);
        return 125;
    }
    tether__monitor_name_task(argv[1]);
    return tether__monitor_run();
}
