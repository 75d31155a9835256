/* Owns what waits to be written to standard output.
 * Must not: wait for its reader.
 * Thread: the main one. */
#include "mcp/outlet.h"

#include <string.h>

#include "mcp/stdio_os.h"

static int add(const char *bytes, size_t size, void *userdata)
{
    mcp_outlet *out = userdata;
    buffer_add(&out->text, bytes, size);
    return out->text.failed ? -1 : 0;
}

/* A message that memory is too short for is left out as a whole. */
void outlet_put(mcp_outlet *out, json_t *message)
{
    size_t before = out->text.used;
    if (message == NULL || out->gone) {
        json_decref(message);
        return;
    }
    if (json_dump_callback(message, add, out, JSON_COMPACT) != 0) {
        out->text.used = before;
        out->text.failed = false;
    } else {
        buffer_add(&out->text, "\n", 1);
    }
    json_decref(message);
}

size_t outlet_waiting(const mcp_outlet *out)
{
    return out->text.used - out->written;
}

/* A reader that always lags behind never takes all, so what it has taken is given up now and then.
 */
static void close_up(mcp_outlet *out)
{
    if (out->written < OUTLET_NOTICES)
        return;
    out->text.used -= out->written;
    memmove(out->text.bytes, out->text.bytes + out->written, out->text.used);
    out->written = 0;
}

void outlet_flush(mcp_outlet *out)
{
    while (outlet_waiting(out) > 0) {
        long taken = stdio_os_write(out->text.bytes + out->written, outlet_waiting(out));
        if (taken == STDIO_NOTHING) {
            close_up(out);
            return;
        }
        if (taken == STDIO_OVER) {
            out->gone = true;
            break;
        }
        out->written += (size_t)taken;
    }
    /* All is written, or never will be. */
    if (out->text.room > OUTLET_NOTICES)
        buffer_dispose(&out->text);
    out->text.used = 0;
    out->written = 0;
}

void outlet_dispose(mcp_outlet *out)
{
    buffer_dispose(&out->text);
}
