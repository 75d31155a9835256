/* The names of files that are being written. Any thread. */
#ifndef TETHER_TEMPORARY_H
#define TETHER_TEMPORARY_H

#include "os/file.h"
#include "tether/error.h"

/* Draws a name that nobody else has. TETHER_ESYSTEM where the system has no entropy. */
int tether__temporary_choose(char temporary[TETHER__TEMPORARY_SIZE], tether_error *error);

#endif
