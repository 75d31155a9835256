/* Owns the way from a registry to what this room added to it.
 * Must not: change either.
 * Thread: any. */
#include "task/tasks.h"

tether__tasks *tether__tasks_of(tether_registry *registry)
{
    /* registry/ makes every registry, and makes it whole. */
    return (tether__tasks *)(void *)registry;
}
