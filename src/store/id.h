/* New ids from the system's entropy. */
#ifndef TETHER_ID_H
#define TETHER_ID_H

#include "tether/error.h"
#include "tether/task.h"

/* Chooses a new random id for a task or a holder. Any thread. TETHER_ESYSTEM: no entropy. */
int tether__id_choose(char id[TETHER_ID_SIZE], tether_error *error);

#endif
