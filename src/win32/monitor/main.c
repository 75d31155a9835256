/* Owns the entry of tether-monitor on Windows.
 * Must not: contain anything else. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor.h"
#include "tether/version.h"
#include "win32/monitor/handles.h"
#include "win32/monitor/on_end.h"

static HANDLE read_handle(const char *number)
{
    return (HANDLE)(uintptr_t)strtoull(number, NULL, 10);
}

/* A host names the task, so that people see whose monitor it is; the monitor does not need it. */
int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("tether-monitor %s\n", TETHER_VERSION) < 0;
    if (argc != 4 && argc != 5) {
        fputs("tether-monitor supervises a task; tether starts it, see man tether\n", stderr);
        return 125;
    }
    if (argc == 5 && strcmp(argv[1], TETHER__MESSENGER_WORD) == 0) {
        tether__monitor_take_handles(read_handle(argv[2]), read_handle(argv[3]), NULL);
        tether__on_end_take_pipe(read_handle(argv[4]));
        tether__monitor_run_messenger();
        return 125;
    }
    tether__monitor_take_handles(read_handle(argv[2]), read_handle(argv[3]),
                                 argc == 5 ? read_handle(argv[4]) : NULL);
    return tether__monitor_run();
}
