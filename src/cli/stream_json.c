/* Owns the common members of the objects that streams consist of.
 * Must not: decide when an object is printed.
 * Thread: one at a time: the one that writes standard output. */
#include "cli/stream_json.h"

#include "cli/escape.h"
#include "cli/stream.h"

void stream_json_begin(const char *kind, const char *task_id, tether_stream stream)
{
    cli_stream *to = stream_stdout();

    stream_format(to, "{\"kind\":\"%s\",\"task_id\":", kind);
    escape_json_string(to, task_id);
    stream_format(to, ",\"stream\":\"%s\"", stream == TETHER_STDERR ? "stderr" : "stdout");
}

void stream_json_truncated(const char *task_id, tether_stream stream)
{
    stream_json_begin("truncated", task_id, stream);
    stream_text(stream_stdout(), "}\n");
}
