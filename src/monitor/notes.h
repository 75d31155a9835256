/* The monitor's notes of when the outputs had which sizes. One thread. */
#ifndef TETHER_NOTES_H
#define TETHER_NOTES_H

#include <stdint.h>

/* The notes go into the file of this path, once there are two: a task whose output comes at once
 * has no file. The path stays valid; NULL: no notes. */
void tether__notes_open(const char *path);

/* Notes that the outputs have these sizes now. */
void tether__notes_add(const uint64_t size[2]);

/* Writes what was noted last, if there is a file. */
void tether__notes_flush(void);

#endif
