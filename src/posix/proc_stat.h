/* The file stat of a process in Linux's /proc, and what only some callers want to know of it: the
 * others use proc.h. Any thread. */
#ifndef TETHER_PROC_STAT_H
#define TETHER_PROC_STAT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/control.h"

enum { TETHER__PROC_STAT_SIZE = 1024 };

/* Reads the file of a process ("stat") or of one of its threads ("task/TID/stat") into `text`.
 * *fields is what stands there behind the program's name, beginning with the state. Returns 0 or
 * errno; ESRCH also if it is no such text. */
int tether__proc_stat(int64_t pid, const char *entry, char text[TETHER__PROC_STAT_SIZE],
                      const char **fields);

/* Stores the processor time of a process, with that of the children for which it has waited, and
 * its resident memory; 1 process. False: it cannot be read, or there is none. */
bool tether__proc_using(int64_t pid, tether__using *used);

/* Stores the status, as wait tells it, of a process that has ended and for which nobody has waited.
 * False: this one may not see it, or there is no such process. */
bool tether__proc_wait_status(int64_t pid, int *status);

#endif
