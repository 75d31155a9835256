/* Owns the search for lines that contain a text.
 * Must not: keep the loop for longer than a bounded part of an output takes, or hold more than one
 * piece. Thread: the main one. */
#include "mcp/grep.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/failure.h"

/* What one call looks through of each stream; a longer line is cut there. */
enum { SEARCH_MOST = 32 * 1024 * 1024, PIECE = 256 * 1024 };

/* One search in one stream. */
typedef struct search {
    tether_registry *registry;
    const char *task_id;
    tether_stream stream;
    shown_part *part;
    mcp_buffer *found;
    char *piece;
    size_t held; /* bytes of an unfinished line at the start of the piece */
    uint64_t at; /* the offset of the piece */
} search;

static const char *find(const char *bytes, size_t size, const char *pattern, size_t length)
{
    while (size >= length) {
        const char *first = memchr(bytes, pattern[0], size - length + 1);
        if (first == NULL || memcmp(first, pattern, length) == 0)
            return first;
        size -= (size_t)(first + 1 - bytes);
        bytes = first + 1;
    }
    return NULL;
}

/* Takes a line with its end. Returns false if there is no room for it. */
static bool take_line(search *s, const char *line, size_t size)
{
    const char *pattern = s->part->pattern;
    if (find(line, size, pattern, strlen(pattern)) == NULL)
        return true;
    if (s->found->used > 0 && s->found->used + size > s->part->bytes)
        return false;
    buffer_add(s->found, line, size < s->part->bytes ? size : (size_t)s->part->bytes);
    s->part->matching++;
    return true;
}

/* Takes the lines of the piece that are complete; the last one too if it is over or fills the
 * piece. Returns false when there is no room for more. */
static bool take_lines(search *s, size_t size, bool last)
{
    size_t begin = 0;
    while (begin < size) {
        const char *end = memchr(s->piece + begin, '\n', size - begin);
        size_t length = end != NULL ? (size_t)(end - s->piece) - begin + 1 : size - begin;
        if (end == NULL && !last && begin > 0)
            break;
        if (end == NULL && !last && size < PIECE)
            break;
        if (!take_line(s, s->piece + begin, length)) {
            s->at += begin;
            return false;
        }
        begin += length;
    }
    s->held = size - begin;
    memmove(s->piece, s->piece + begin, s->held);
    s->at += begin;
    return true;
}

static int skip_gap(search *s, tether_error *error)
{
    uint64_t at, size, from = s->at + s->held;
    int code = tether_output_gap(s->registry, s->task_id, s->stream, &at, &size, error);
    if (code == TETHER_OK && from >= at && from < at + size) {
        s->part->dropped += at + size - from;
        s->held = 0;
        s->at = at + size;
    }
    return code;
}

/* Searches one stream from s->at on. */
static int search_stream(search *s, tether_error *error)
{
    uint64_t first = s->at;
    size_t got = 1;
    bool room = true;
    int code = TETHER_OK;
    while (code == TETHER_OK && room && got > 0 && s->at - first < SEARCH_MOST) {
        code = skip_gap(s, error);
        if (code == TETHER_OK)
            code = tether_output_read(s->registry, s->task_id, s->stream, s->at + s->held,
                                      s->piece + s->held, PIECE - s->held, &got, error);
        if (code == TETHER_OK)
            room = take_lines(s, s->held + got, got == 0);
    }
    s->part->next[s->stream] = s->at;
    s->part->more = s->part->more || s->at < s->part->written[s->stream];
    return code;
}

int grep_output(tether_registry *registry, const char *task_id, shown_part *part,
                tether_error *error)
{
    mcp_buffer found = {0};
    search s = {.registry = registry, .task_id = task_id, .part = part, .found = &found};
    int code = TETHER_OK;
    s.piece = malloc(PIECE);
    if (s.piece == NULL)
        return failure_memory(error, "search output");
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++) {
        if (!shown_has(part, (tether_stream)stream))
            continue;
        s.stream = (tether_stream)stream;
        s.at = part->offset;
        s.held = 0;
        code = tether_output_size(registry, task_id, s.stream, &part->written[stream], error);
        if (code == TETHER_OK)
            code = search_stream(&s, error);
    }
    free(s.piece);
    part->text = found.bytes;
    part->size = found.used;
    part->owned = true;
    return code == TETHER_OK && found.failed ? failure_memory(error, "search output") : code;
}
