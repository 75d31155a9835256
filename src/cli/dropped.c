/* Owns the message that an output limit has dropped some of a task's output.
 * Must not: decide what was dropped.
 * Thread: the one that writes standard error. */
#include "cli/dropped.h"

#include <inttypes.h>

#include "cli/stream.h"

void dropped_tell(const char *task_id, tether_stream stream, uint64_t bytes)
{
    cli_stream *to = stream_stderr();

    stream_flush(stream_stdout());
    stream_begin_line(to);
    stream_text(to, "tether: the output limit of task ");
    stream_text(to, task_id);
    stream_format(to, " has dropped %" PRIu64 " bytes of its standard %s here\n", bytes,
                  stream == TETHER_STDERR ? "error" : "output");
    stream_flush(to);
}
