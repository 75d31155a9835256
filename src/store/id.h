/* New ids, from the system's entropy. */
#ifndef TETHER_ID_H
#define TETHER_ID_H

#include "tether/error.h"
#include "tether/task.h"

/* An id that nobody has: of a task, a holder, a store. Any thread. TETHER_ESYSTEM without entropy.
 */
int tether__id_choose(char id[TETHER_ID_SIZE], tether_error *error);

#endif
