/* What lets a host run a registry by calls of a turn. */
#ifndef TETHER_DISPATCHER_H
#define TETHER_DISPATCHER_H

#include <stdbool.h>

#include "os/pollable.h"

typedef struct tether__dispatcher {
    tether__pollable *pollable;
    bool running; /* inside a turn */
    bool closed;  /* inside a turn, which frees this */
} tether__dispatcher;

int tether__dispatcher_open(tether__dispatcher **dispatcher, tether_error *error);

/* Frees it at the end of the turn that is running, if there is one. Nothing else runs on its loop
 * any more. NULL is allowed. */
void tether__dispatcher_close(tether__dispatcher *dispatcher);

#endif
