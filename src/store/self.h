/* The identity of this process, in the form in which supervisors write theirs. */
#ifndef TETHER_SELF_H
#define TETHER_SELF_H

#include "os/process.h"

/* Stores the identity of the calling process. Any thread. */
void tether__self(tether__identity *self);

#endif
