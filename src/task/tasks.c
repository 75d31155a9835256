/* Owns the conversion from a registry to the struct with this room's members.
 * Must not: change either.
 * Thread: any. */
#include "task/tasks.h"

tether__tasks *tether__tasks_of(tether_registry *registry)
{
    /* Valid, because registry/ allocates every registry as the whole struct. */
    return (tether__tasks *)(void *)registry;
}
