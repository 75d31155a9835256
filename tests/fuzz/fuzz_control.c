/* Parses arbitrary bytes as a control message, and checks that what is accepted is within the
 * bytes, and is the same when it is written again. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "format/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char again[TETHER__CONTROL_LIMIT];
    const char *bytes = (const char *)data;
    tether__control message, same;
    if (tether__control_parse(bytes, size, &message) != TETHER__CONTROL_VALID)
        return 0;
    if (message.payload < bytes || message.payload + message.payload_size != bytes + size ||
        message.at_ms < 0 || message.move < 0 || message.offset < 0 || message.taken < 0)
        abort();
    size_t written = tether__control_render(&message, again, sizeof again);
    if (written == 0 || tether__control_parse(again, written, &same) != TETHER__CONTROL_VALID ||
        same.word != message.word || same.at_ms != message.at_ms || same.move != message.move ||
        same.offset != message.offset || same.place != message.place ||
        same.close != message.close || same.taken != message.taken || same.wrote != message.wrote ||
        same.payload_size != message.payload_size ||
        memcmp(same.payload, message.payload, same.payload_size) != 0)
        abort();
    return 0;
}
