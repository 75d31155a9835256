/* Owns starting tasks with a monitor.
 * Must not: assert how they end. */
#include "monitor/posix/monitored.h"

void monitored_start(tether_registry *registry, const char *command, int64_t timeout_ms,
                     char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command,
                              .shell = "sh",
                              .timeout_ms = timeout_ms,
                              .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(registry, &spec, id);
}

long monitored_pid(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(registry, id);
    long pid = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    return pid;
}
