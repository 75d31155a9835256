/* What a start has to know about this process, asked once per registry: each question costs as much
 * as a step of the start. */
#ifndef TETHER_FACTS_H
#define TETHER_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/here.h"

typedef struct tether__facts {
    bool asked;
    bool boot_known;                    /* what tether__os_boot_id returned */
    char boot_id[TETHER__BOOT_ID_SIZE]; /* as tether__os_boot_id */
    char pid_ns[TETHER__PID_NS_SIZE];   /* as tether__os_pid_ns */
    /* As tether__os_exec_limit. A host can raise it: ask again before a start is refused. */
    size_t exec_limit;
} tether__facts;

/* Asks the system. Any thread. */
void tether__facts_ask(const tether__here *here, tether__facts *facts);

#endif
