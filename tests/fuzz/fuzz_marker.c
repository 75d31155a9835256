/* Parses arbitrary bytes as an exit marker, and checks that the result is consistent. */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "format/marker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tether__marker marker;
    if (size > TETHER__MARKER_LIMIT)
        return 0;
    tether__marker_parse((const char *)data, size, &marker);
    /* An end needs a line, so at least a newline. Codes and signals are never negative. */
    if (marker.end != TETHER__END_NONE && (size == 0 || marker.value < 0))
        abort();
    if (marker.pipestatus[0] != 0 && marker.end == TETHER__END_NONE)
        abort();
    if (marker.left.named > TETHER__LEFT_NAMED ||
        (int64_t)marker.left.named > marker.left.count + (marker.left.count < 0))
        abort();
    if (marker.identity.pid < 0)
        abort();
    return 0;
}
