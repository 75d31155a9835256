/* Owns saying that Windows has no such library.
 * Must not: do anything else.
 * Thread: any. */
#include "os/line_buffer.h"

#include <stddef.h>

const char *tether__os_line_buffer_library(void)
{
    return NULL;
}
