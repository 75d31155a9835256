/* Owns the search for the programs that belong to tether.
 * Must not: start any.
 * Thread: any. */
#include "os/companion.h"

#include "base/error.h"

/* None of those that this looks for runs on Windows yet. */
int tether__os_find_companion(const char *name, const char *variable, char **path,
                              tether_error *error)
{
    (void)variable;
    *path = NULL;
    return tether__fail(error, TETHER_ENOPROGRAM, 0, "find program",
                        "%s is not part of tether on Windows", name);
}
