/* Owns the message that a task has truncated its output.
 * Must not: decide whether it has.
 * Thread: one at a time: the one that writes standard error. */
#include "cli/truncated.h"

#include "cli/stream.h"

void truncated_tell(const char *task_id, tether_stream stream)
{
    cli_stream *to = stream_stderr();

    stream_flush(stream_stdout());
    stream_begin_line(to);
    stream_text(to, "tether: task ");
    stream_text(to, task_id);
    stream_format(to,
                  " has truncated its standard %s, as >/dev/stderr does in a script; what follows "
                  "is read from the start of the file\n",
                  stream == TETHER_STDERR ? "error" : "output");
    stream_flush(to);
}
