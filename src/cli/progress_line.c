/* Owns the words of the status line, and what is left out where it is narrow.
 * Must not: decide when it is shown.
 * Thread: any; it uses no state of its own. */
#include "cli/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/escape.h"

/* A label with less room tells nothing. */
enum { LABEL_LEAST = 8, MS_PER_MINUTE = 60000 };

typedef struct words {
    char text[256];
    size_t size;
} words;

static void add(words *line, const char *before, const char *text)
{
    int added =
        snprintf(line->text + line->size, sizeof line->text - line->size, "%s%s", before, text);

    line->size += added > 0 ? (size_t)added : 0;
    if (line->size >= sizeof line->text)
        line->size = sizeof line->text - 1;
}

/* Whole seconds: the line changes once a second. */
static void add_time(words *line, const char *before, int64_t ms)
{
    char text[DURATION_TEXT_SIZE];

    if (ms < MS_PER_MINUTE)
        snprintf(text, sizeof text, "%" PRId64 "s", ms > 0 ? ms / 1000 : 0);
    else
        duration_format(ms, text);
    add(line, before, text);
}

static void add_count(words *line, const char *before, size_t count, const char *after)
{
    char text[32];

    snprintf(text, sizeof text, "%zu%s", count, after);
    add(line, before, text);
}

void progress_line_write(cli_stream *to, const progress_state *state, size_t columns)
{
    words head = {"", 0}, tail = {"", 0};

    add(&head, "tether: ", state->doing);
    add_time(&head, ", ", state->elapsed_ms);
    if (state->total > 1) {
        add_count(&head, ", ", state->ended, "");
        add_count(&head, " of ", state->total, " ended");
    }
    if (state->limit != NULL) {
        add(&head, ", ", state->limit);
        add_time(&head, " in ", state->limit_ms);
    }
    if (state->more > 0)
        add_count(&tail, " and ", state->more, " more");
    if (state->label[0] == '\0' || head.size + 2 + LABEL_LEAST + tail.size > columns) {
        if (head.size > columns)
            head.size = columns;
        stream_write(to, head.text, head.size);
        return;
    }
    add(&head, ": ", "");
    stream_write(to, head.text, head.size);
    escape_line(to, state->label, columns == SIZE_MAX ? SIZE_MAX : columns - head.size - tail.size);
    stream_write(to, tail.text, tail.size);
}
