/* Names for files that are being written. Any thread. */
#ifndef TETHER_TEMPORARY_H
#define TETHER_TEMPORARY_H

#include "os/file.h"
#include "tether/error.h"

#define TETHER__TEMPORARY_PREFIX ".tmp-"

/* Chooses a unique random name. TETHER_ESYSTEM when the system gives no random numbers. */
int tether__temporary_choose(char temporary[TETHER__TEMPORARY_SIZE], tether_error *error);

#endif
