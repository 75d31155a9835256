/* What this room adds to a registry: its taps and the host's compressor. */
#ifndef TETHER_OUTPUTS_H
#define TETHER_OUTPUTS_H

#include "engine/core.h"
#include "output/tap.h"

typedef struct tether__outputs {
    tether_registry core; /* first, so that a pointer to it is also a pointer to the whole */
    tether__taps *taps;
    tether_compress_cb compress; /* NULL: none */
    void *compress_userdata;
} tether__outputs;

/* Returns the same registry as the struct with this room's members. */
tether__outputs *tether__outputs_of(tether_registry *registry);

#endif
