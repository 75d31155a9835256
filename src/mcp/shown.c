/* Owns reading parts of outputs so that they can be shown.
 * Must not: cut within a character, or leave out silently.
 * Thread: the main one. */
#include "mcp/shown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/failure.h"
#include "mcp/readable.h"
#include "mcp/reply.h"
#include "text/utf8.h"

bool shown_has(const shown_part *part, tether_stream stream)
{
    return part->view == TETHER_VIEW_BOTH ||
           (part->view == TETHER_VIEW_STDERR) == (stream == TETHER_STDERR);
}

/* Returns the offset behind the whole characters of a stream. */
static uint64_t whole_end(tether_registry *registry, const char *task_id, tether_stream stream,
                          uint64_t written)
{
    char last[3];
    size_t size = written < sizeof last ? (size_t)written : sizeof last, got = 0;
    if (tether_output_read(registry, task_id, stream, written - size, last, size, &got, NULL) !=
            TETHER_OK ||
        got < size)
        return written;
    return written - utf8_incomplete_end(last, size);
}

/* Notes how much there is, before anything is read: what comes later is behind next. */
static int measure(tether_registry *registry, const char *task_id, shown_part *part,
                   tether_error *error)
{
    int code = TETHER_OK;
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++) {
        uint64_t dropped = 0, at;
        if (!shown_has(part, (tether_stream)stream))
            continue;
        code = tether_output_size(registry, task_id, (tether_stream)stream, &part->written[stream],
                                  error);
        if (code == TETHER_OK)
            code =
                tether_output_gap(registry, task_id, (tether_stream)stream, &at, &dropped, error);
        part->next[stream] =
            whole_end(registry, task_id, (tether_stream)stream, part->written[stream]);
        part->dropped += dropped;
    }
    return code;
}

int shown_tail(tether_registry *registry, const char *task_id, shown_part *part,
               tether_error *error)
{
    int code = measure(registry, task_id, part, error);
    if (code == TETHER_OK)
        code = tether_output_tail(registry, task_id, part->view, part->bytes, part->lines,
                                  &part->text, &part->size, &part->before, error);
    if (code == TETHER_OK)
        part->size -= utf8_incomplete_end(part->text, part->size);
    return code;
}

/* Goes on behind what was dropped. */
static int skip_gap(tether_registry *registry, const char *task_id, shown_part *part,
                    tether_stream stream, tether_error *error)
{
    uint64_t at, size;
    int code = tether_output_gap(registry, task_id, stream, &at, &size, error);
    if (code == TETHER_OK && part->offset >= at && part->offset < at + size) {
        part->dropped = at + size - part->offset;
        part->offset = at + size;
    }
    return code;
}

static int read_page(tether_registry *registry, const char *task_id, shown_part *part,
                     tether_stream stream, tether_error *error)
{
    size_t got = 1;
    int code = TETHER_OK;
    while (code == TETHER_OK && got > 0 && part->size < part->bytes) {
        code = tether_output_read(registry, task_id, stream, part->offset + part->size,
                                  part->text + part->size, (size_t)part->bytes - part->size, &got,
                                  error);
        part->size += code == TETHER_OK ? got : 0;
    }
    /* The gap begins here: the next page is behind it. */
    return code == TETHER_EDROPPED && part->size > 0 ? TETHER_OK : code;
}

int shown_page(tether_registry *registry, const char *task_id, shown_part *part,
               tether_error *error)
{
    tether_stream stream = part->view == TETHER_VIEW_STDERR ? TETHER_STDERR : TETHER_STDOUT;
    part->is_page = true;
    part->owned = true;
    part->text = malloc((size_t)part->bytes + 1);
    if (part->text == NULL)
        return failure_memory(error, "read output");
    int code = tether_output_size(registry, task_id, stream, &part->written[stream], error);
    if (code == TETHER_OK)
        code = skip_gap(registry, task_id, part, stream, error);
    if (code == TETHER_OK)
        code = read_page(registry, task_id, part, stream, error);
    if (code != TETHER_OK)
        return code;
    part->before = part->offset > 0;
    part->more = part->offset + part->size < part->written[stream];
    size_t skipped = part->offset > 0 ? utf8_continued_start(part->text, part->size) : 0;
    memmove(part->text, part->text + skipped, part->size - skipped);
    part->offset += skipped;
    part->size -= skipped;
    part->size -= utf8_incomplete_end(part->text, part->size);
    part->next[stream] = part->offset + part->size;
    return TETHER_OK;
}

static json_t *describe(const shown_part *part, const mcp_buffer *text)
{
    json_t *value = json_pack(
        "{s:o, s:b, s:I}", "text", reply_bytes(text->bytes != NULL ? text->bytes : "", text->used),
        "truncated", (int)(part->before || part->more), "dropped", (json_int_t)part->dropped);
    for (int stream = 0; stream < 2; stream++) {
        if (!shown_has(part, (tether_stream)stream))
            continue;
        json_t *place = json_pack("{s:I, s:I}", "written", (json_int_t)part->written[stream],
                                  "next_offset", (json_int_t)part->next[stream]);
        json_object_set_new(value, stream == 1 ? "stderr" : "stdout", place);
    }
    if (part->pattern != NULL) {
        json_object_set_new(value, "matching", json_integer((json_int_t)part->matching));
        json_object_set_new(value, "more", json_boolean(part->more));
    } else if (part->is_page) {
        int stream = part->view == TETHER_VIEW_STDERR;
        json_object_set_new(value, "offset", json_integer((json_int_t)part->offset));
        json_object_set_new(value, "next_offset", json_integer((json_int_t)part->next[stream]));
        json_object_set_new(value, "more", json_boolean(part->more));
    }
    return value;
}

static void explain(mcp_buffer *to, const shown_part *part)
{
    int stream = part->view == TETHER_VIEW_STDERR;
    if (part->dropped > 0)
        buffer_format(to, "%" PRIu64 " bytes were dropped by the output limit.\n", part->dropped);
    if (part->pattern != NULL)
        buffer_format(to, "%zu lines contain the text%s\n", part->matching,
                      part->more ? "; there is more output, from next_offset on:" : ":");
    else if (part->is_page)
        buffer_format(to, "Bytes %" PRIu64 " to %" PRIu64 " of %" PRIu64 "%s:\n", part->offset,
                      part->next[stream], part->written[stream],
                      part->more ? "; the next page begins at next_offset" : "");
    else if (part->before)
        buffer_format(to, "The end of its output (there is more before it; tool output with offset "
                          "reads it):\n");
    else
        buffer_text(to, part->size > 0 ? "Its output:\n" : "It has written nothing.\n");
}

void shown_put(const shown_part *part, mcp_result *result)
{
    mcp_buffer text = {0};
    if (part->readable)
        readable_add(&text, part->text, part->size);
    else
        buffer_add(&text, part->text, part->size);
    json_object_set_new(result->value, "output", describe(part, &text));
    explain(&result->text, part);
    /* Sequences would be gone without their first byte, which is a control character. */
    mcp_buffer plain = {0};
    if (text.used > 0)
        readable_strip(&plain, text.bytes, text.used);
    if (plain.used > 0)
        reply_fenced(&result->text, plain.bytes, plain.used);
    result->text.failed = result->text.failed || plain.failed;
    buffer_dispose(&plain);
    result->text.failed = result->text.failed || text.failed;
    buffer_dispose(&text);
}

void shown_dispose(shown_part *part)
{
    if (part->owned)
        free(part->text);
    else
        tether_free(part->text);
}
