/* The outputs of a command that writes into pipes: the monitor moves what comes to the files, and
 * notes when it came (notes.h). One thread; nothing here waits. */
#ifndef TETHER_PUMP_H
#define TETHER_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "format/orders.h"

/* Puts pipes in the place of this process's standard output and standard error, which the command
 * will get; one for both if these are the same file. Each file, empty at the start, keeps within
 * the limit of the orders, as format/gap.h describes: it keeps its size, and the space of what the
 * limit drops goes back to the disk. False: *os_error says why not. */
bool tether__pump_open(const tether__orders *orders, int *os_error);

/* Moves what is in the pipes, but of each no more than it holds now. */
void tether__pump_move(void);

/* Returns whether something was moved just now, so little that what comes next is better read
 * together, a little later. */
bool tether__pump_rests(void);

/* Returns whether an output has exceeded the limit of the orders until now. */
bool tether__pump_over_limit(void);

/* Moves what is in the pipes, gives back all the space that the limit allows, and writes all
 * notes. Returns how many bytes could not be written to the files until now. */
int64_t tether__pump_drain(void);

#endif
