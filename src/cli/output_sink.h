/* Where "tether output" puts the bytes of a task: unchanged, reduced to the last frames of lines,
 * or as JSON. One thread at a time. */
#ifndef TETHER_CLI_OUTPUT_SINK_H
#define TETHER_CLI_OUTPUT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "tether.h"

#include "cli/escape.h"
#include "text/frames.h"
#include "cli/stream.h"

typedef enum output_form {
    OUTPUT_BYTES,
    OUTPUT_TEXT,   /* the inside of a JSON string */
    OUTPUT_OBJECTS /* one JSON object for each piece */
} output_form;

/* One stream on its way to standard output. */
typedef struct output_channel {
    struct output_sink *sink;
    tether_stream stream;
    uint64_t offset; /* of the next byte of the task; with last frames unknown */
    frames frames;
    escape_state text;
    char cut[4]; /* the first bytes of a character whose rest comes with the next piece */
    size_t cut_size;
} output_channel;

typedef struct output_sink {
    const char *task_id;
    output_form form;
    bool last_frames;
    bool timestamps; /* begin each line with `time`, or add it to each object */
    int64_t time;    /* of the bytes that are put next; Unix milliseconds */
    bool inside_line;
    tether_stream line_of;     /* the stream whose line that is */
    output_channel channel[2]; /* indexed by tether_stream */
} output_sink;

/* Starts a sink. It is too large for the stack. */
void output_sink_init(output_sink *sink, const char *task_id, output_form form, bool last_frames);

/* Puts the next bytes of a stream, which begin at this offset. */
void output_sink_put(output_sink *sink, tether_stream stream, uint64_t offset, const char *bytes,
                     size_t size);

/* Puts that the task has truncated a stream; what follows begins at its start. */
void output_sink_truncated(output_sink *sink, tether_stream stream);

/* Ends a stream: puts what was held back. */
void output_sink_end(output_sink *sink, tether_stream stream);

#endif
