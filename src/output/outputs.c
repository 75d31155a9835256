/* Owns the conversion from a registry to the struct with this room's members.
 * Must not: change either.
 * Thread: any. */
#include "output/outputs.h"

tether__outputs *tether__outputs_of(tether_registry *registry)
{
    /* Valid, because registry/ allocates every registry as the whole struct. */
    return (tether__outputs *)(void *)registry;
}
