/* Owns the questions about this process whose answers a registry remembers.
 * Must not: ask what this process can change, unless the answer is checked or asked again.
 * Thread: any. */
#include "task/facts.h"

#include "os/host.h"

void tether__facts_ask(const tether__here *here, tether__facts *facts)
{
    facts->boot_known = tether__here_boot_id(here, facts->boot_id);
    tether__here_pid_ns(here, facts->pid_ns);
    facts->exec_limit = tether__os_exec_limit();
    /* What could not be read now may be there the next time. */
    facts->asked = facts->boot_id[0] != '\0' && facts->pid_ns[0] != '\0';
}
