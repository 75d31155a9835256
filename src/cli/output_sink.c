/* Owns the forms in which the bytes of a task are printed.
 * Must not: read output, or hold back more of it than one frame and one character.
 * Thread: the main one. */
#include "cli/output_sink.h"

#include <inttypes.h>
#include <string.h>

#include "cli/stream_json.h"
#include "cli/truncated.h"
#include "text/utf8.h"

static void put_time(const output_sink *sink)
{
    char text[TETHER_TIME_SIZE];
    bool known = tether_time_text(sink->time, text);

    stream_format(stream_stdout(), ",\"time\":%" PRId64 ",\"time_rfc3339\":", sink->time);
    stream_format(stream_stdout(), known ? "\"%s\"" : "null", text);
}

/* Prints one object, which may begin with a character that the last piece had cut. Its offset is
 * null if only the last frames of lines are printed. */
static void put_object(output_channel *channel, const char *bytes, size_t size)
{
    cli_stream *to = stream_stdout();
    escape_state text = {{0}, 0};
    size_t whole = channel->cut_size + size;

    if (whole == 0)
        return;
    stream_json_begin("output", channel->sink->task_id, channel->stream);
    if (channel->sink->last_frames)
        stream_text(to, ",\"offset\":null");
    else
        stream_format(to, ",\"offset\":%" PRIu64, channel->offset);
    if (channel->sink->timestamps)
        put_time(channel->sink);
    stream_format(to, ",\"size\":%" PRIu64 ",\"data\":\"", (uint64_t)whole);
    escape_json_part(to, &text, channel->cut, channel->cut_size);
    escape_json_part(to, &text, bytes, size);
    escape_json_end(to, &text);
    stream_text(to, "\"}\n");
    channel->offset += whole;
    channel->cut_size = 0;
}

/* Holds back an incomplete character, so that each object has whole ones. */
static void put_objects(output_channel *channel, const char *bytes, size_t size)
{
    char joined[8];
    size_t cut;

    /* Of a short piece all bytes may belong to a character that began before it. */
    if (channel->cut_size + size <= sizeof joined) {
        memcpy(joined, channel->cut, channel->cut_size);
        memcpy(joined + channel->cut_size, bytes, size);
        bytes = joined;
        size += channel->cut_size;
        channel->cut_size = 0;
    }
    cut = utf8_incomplete_end(bytes, size);
    put_object(channel, bytes, size - cut);
    memcpy(channel->cut, bytes + size - cut, cut);
    channel->cut_size = cut;
}

/* Begins each line with the time. A line that another stream interrupts is ended. */
static void put_lines(output_channel *channel, const char *bytes, size_t size)
{
    output_sink *sink = channel->sink;
    cli_stream *to = stream_stdout();

    if (sink->inside_line && sink->line_of != channel->stream) {
        stream_write(to, "\n", 1);
        sink->inside_line = false;
    }
    sink->line_of = channel->stream;
    while (size > 0) {
        const char *newline = memchr(bytes, '\n', size);
        size_t length = newline != NULL ? (size_t)(newline - bytes) + 1 : size;
        char text[TETHER_TIME_SIZE];

        if (!sink->inside_line)
            stream_format(to, "%s ", tether_time_text(sink->time, text) ? text : "-");
        stream_write(to, bytes, length);
        sink->inside_line = newline == NULL;
        bytes += length;
        size -= length;
    }
}

static void put_form(void *userdata, const char *bytes, size_t size)
{
    output_channel *channel = userdata;

    switch (channel->sink->form) {
    case OUTPUT_TEXT:
        escape_json_part(stream_stdout(), &channel->text, bytes, size);
        return;
    case OUTPUT_OBJECTS:
        put_objects(channel, bytes, size);
        return;
    default:
        if (channel->sink->timestamps)
            put_lines(channel, bytes, size);
        else
            stream_write(stream_stdout(), bytes, size);
    }
}

void output_sink_init(output_sink *sink, const char *task_id, output_form form, bool last_frames)
{
    int i;

    memset(sink, 0, sizeof *sink);
    sink->task_id = task_id;
    sink->form = form;
    sink->last_frames = last_frames;
    for (i = 0; i < 2; i++) {
        output_channel *channel = &sink->channel[i];

        channel->sink = sink;
        channel->stream = (tether_stream)i;
        channel->frames.put = put_form;
        channel->frames.userdata = channel;
    }
}

void output_sink_put(output_sink *sink, tether_stream stream, uint64_t offset, const char *bytes,
                     size_t size)
{
    output_channel *channel = &sink->channel[stream];

    if (sink->last_frames) {
        frames_feed(&channel->frames, bytes, size);
        return;
    }
    channel->offset = offset - channel->cut_size;
    put_form(channel, bytes, size);
}

void output_sink_end(output_sink *sink, tether_stream stream)
{
    output_channel *channel = &sink->channel[stream];

    frames_end(&channel->frames);
    if (sink->form == OUTPUT_OBJECTS)
        put_object(channel, "", 0);
    else if (sink->form == OUTPUT_TEXT)
        escape_json_end(stream_stdout(), &channel->text);
}

void output_sink_truncated(output_sink *sink, tether_stream stream)
{
    output_sink_end(sink, stream);
    if (sink->form == OUTPUT_OBJECTS)
        stream_json_truncated(sink->task_id, stream);
    else
        truncated_tell(sink->task_id, stream);
}
