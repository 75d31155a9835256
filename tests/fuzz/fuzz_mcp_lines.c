/* Cuts arbitrary bytes into lines in pieces of the size that the first byte says, and parses them
 * as messages and addresses. The lines must not depend on the pieces, nor take more memory than the
 * limit. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/address.h"
#include "mcp/inlet.h"
#include "mcp/message.h"
#include "mcp/readable.h"

enum { LIMIT = 200 };

typedef struct seen {
    size_t lines, bytes, long_ones;
} seen;

static void take(const char *line, size_t size)
{
    char why[MESSAGE_WHY];
    mcp_address address;
    mcp_buffer text = {0};
    json_t *value = message_parse(line, size, why);
    if (json_is_string(value) && address_of_uri(json_string_value(value), &address) &&
        (address.session[0] == '\0' || address.task_id[0] == '\0'))
        abort();
    json_decref(value);
    readable_add(&text, line, size);
    if (text.used > size)
        abort();
    buffer_dispose(&text);
}

static seen cut(const char *bytes, size_t size, size_t piece)
{
    mcp_inlet in = {.limit = LIMIT};
    seen all = {0, 0, 0};
    for (size_t at = 0; at < size; at += piece) {
        const char *line;
        size_t length;
        inlet_result result;
        if (!inlet_feed(&in, bytes + at, size - at < piece ? size - at : piece))
            abort();
        while ((result = inlet_next(&in, &line, &length)) != INLET_NOTHING) {
            all.long_ones += result == INLET_TOO_LONG;
            if (result == INLET_TOO_LONG)
                continue;
            if (length == 0 || length > LIMIT || memchr(line, '\n', length) != NULL)
                abort();
            all.lines++;
            all.bytes += length;
            take(line, length);
        }
        if (in.used - in.begin > LIMIT + 1)
            abort();
    }
    inlet_dispose(&in);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    seen whole = cut(bytes, size - 1, size), pieces = cut(bytes, size - 1, data[0] + 1u);
    if (memcmp(&whole, &pieces, sizeof whole) != 0)
        abort();
    return 0;
}
