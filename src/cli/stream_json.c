/* Owns the common members of the objects that streams consist of.
 * Must not: decide when an object is printed.
 * Thread: one at a time: the one that writes standard output. */
#include "cli/stream_json.h"

#include "cli/escape.h"
#include "cli/print.h"
#include "cli/stream.h"

int stream_json_task(const cli_options *cli, const char *kind, const tether_snapshot *snapshot)
{
    cli_stream *to = stream_stdout();
    char *json = tether_snapshot_json(snapshot);

    if (json == NULL)
        return print_no_memory(cli);
    stream_format(to, "{\"kind\":\"%s\",", kind);
    stream_text(to, json + 1); /* without its opening brace */
    stream_text(to, "\n");
    tether_free(json);
    return 0;
}

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
