/* Owns the stand-in for systems without time namespaces.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

int tether__os_clock_frame(tether__clock_frame *own, tether_error *error)
{
    (void)error;
    *own = (tether__clock_frame){0};
    return TETHER_OK;
}

int tether__os_child_clock_frame(tether__clock_frame *childrens, tether_error *error)
{
    return tether__os_clock_frame(childrens, error);
}
