/* What this room adds to a registry: its taps, and the host's compressor. */
#ifndef TETHER_OUTPUTS_H
#define TETHER_OUTPUTS_H

#include "engine/core.h"
#include "output/tap.h"

typedef struct tether__outputs {
    tether_registry core; /* first, so that a pointer to one is a pointer to the other */
    tether__taps *taps;
    tether_compress_cb compress; /* NULL: none */
    void *compress_userdata;
} tether__outputs;

/* The same registry with what this room knows of it. */
tether__outputs *tether__outputs_of(tether_registry *registry);

#endif
