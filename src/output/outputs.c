/* Owns the way from a registry to what this room added to it.
 * Must not: change either.
 * Thread: any. */
#include "output/outputs.h"

tether__outputs *tether__outputs_of(tether_registry *registry)
{
    /* registry/ makes every registry, and makes it whole. */
    return (tether__outputs *)(void *)registry;
}
