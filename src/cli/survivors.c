/* Owns the words for processes that live on after the end of a task.
 * Must not: look for processes.
 * Thread: any that may write to the stream. */
#include "cli/survivors.h"

#include <inttypes.h>

#include "cli/escape.h"

static void print_names(cli_stream *to, const tether_snapshot *snapshot)
{
    size_t i;

    for (i = 0; i < snapshot->survivor_count; i++) {
        stream_format(to, "%s%" PRId64, i > 0 ? ", " : "", snapshot->survivors[i]);
        if (snapshot->survivor_names[i] != NULL) {
            stream_text(to, " ");
            escape_terminal(to, snapshot->survivor_names[i]);
        }
    }
}

void survivors_print(cli_stream *to, const char *before, const tether_snapshot *snapshot)
{
    int64_t total = snapshot->survivor_total;
    int64_t others = total - (int64_t)snapshot->survivor_count;

    if (!snapshot->survivors_known || total <= 0)
        return;
    stream_format(to, "%s%" PRId64 " %s", before, total,
                  total == 1 ? "process still runs" : "processes still run");
    if (snapshot->survivor_count > 0)
        stream_text(to, ": ");
    print_names(to, snapshot);
    if (others > 0 && snapshot->survivor_count > 0)
        stream_format(to, " and %" PRId64 " more", others);
    if (tether_status_ended(snapshot->status))
        stream_format(to, "; end %s with: tether kill %s", total == 1 ? "it" : "them",
                      snapshot->task_id);
    stream_text(to, "\n");
}
