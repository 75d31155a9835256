/* What is true of this process for as long as a store is open: its boot, its pid namespace, and
 * the offsets of its clocks. Asked once, because each question costs as much as a step of a start.
 * A process with several threads, as a host has, cannot change any of them; what it can change for
 * its children is in task/facts.h. Any thread. */
#ifndef TETHER_HERE_H
#define TETHER_HERE_H

#include <stdbool.h>

#include "format/identity.h"
#include "tether/error.h"

typedef struct tether__here {
    bool boot_known; /* what tether__os_boot_id returned */
    char boot_id[TETHER__BOOT_ID_SIZE];
    char pid_ns[TETHER__PID_NS_SIZE]; /* as tether__os_pid_ns */
    bool has_frame;                   /* the frame could be read */
    tether__clock_frame frame;        /* as tether__os_clock_frame */
} tether__here;

/* Asks the system. What cannot be read now is asked for again by the functions below. */
void tether__here_ask(tether__here *here);

/* As tether__os_boot_id. */
bool tether__here_boot_id(const tether__here *here, char id[TETHER__BOOT_ID_SIZE]);

/* As tether__os_pid_ns. */
void tether__here_pid_ns(const tether__here *here, char pid_ns[TETHER__PID_NS_SIZE]);

/* As tether__os_clock_frame. */
int tether__here_frame(const tether__here *here, tether__clock_frame *own, tether_error *error);

/* Returns the identity without its boot and its pid namespace where they are this process's, so
 * that tether__os_process_alive does not ask the system for them again. */
tether__identity tether__here_compared(const tether__here *here, const tether__identity *identity);

#endif
