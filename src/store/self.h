/* Who this process is, as supervisors say it. */
#ifndef TETHER_SELF_H
#define TETHER_SELF_H

#include "os/process.h"

/* Any thread. */
void tether__self(tether__identity *self);

#endif
