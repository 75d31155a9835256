/* Searches an arbitrary stream for an arbitrary pattern. Checks that the matches are in the stream
 * and in order, and that they do not depend on how the stream is cut into pieces. The first input
 * byte holds the options and the size of the pieces, the second the size of the pattern, which
 * follows; the rest is the stream. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "search/matcher.h"

enum { FOUND_LIMIT = 1024 };

typedef struct results {
    const char *stream;
    size_t size;
    size_t count;
    uint64_t end;
    bool too_costly;
    uint64_t offsets[FOUND_LIMIT];
    uint64_t sizes[FOUND_LIMIT];
} results;

static results whole;
static results pieces;
static results rest;

/* Not assert(), which does nothing in release builds. */
static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool collect(const tether__found *found, void *userdata)
{
    results *to = userdata;
    require(found->size > 0 && found->size <= TETHER__MATCH_LIMIT);
    require(found->offset >= to->end && found->offset + found->size <= to->size);
    require(found->text_size <= found->size && found->text_size <= TETHER__MATCH_TEXT);
    require(memcmp(found->text, to->stream + found->offset, found->text_size) == 0);
    require(memchr(to->stream + found->offset, '\n', (size_t)found->size) == NULL);
    require(found->context_offset <= found->offset);
    require(found->context_offset + found->context_size >= found->offset + found->size);
    require(memcmp(found->context, to->stream + found->context_offset, found->context_size) == 0);
    require(memchr(found->context, '\n', found->context_size) == NULL);
    to->end = found->offset + found->size;
    to->offsets[to->count] = found->offset;
    to->sizes[to->count] = found->size;
    return ++to->count < FOUND_LIMIT;
}

/* Feeds the stream up to `limit` and returns the matcher's position after that. */
static uint64_t search(const tether__pattern *pattern, bool whole_lines, size_t piece,
                       uint64_t position, size_t limit, results *to)
{
    tether__matcher *matcher;
    to->count = 0;
    to->end = position;
    to->too_costly = false;
    require(tether__matcher_new(pattern, whole_lines, position, &matcher, NULL) == TETHER_OK);
    size_t fed = (size_t)tether__matcher_lookback(position);
    int result = TETHER_OK;
    while (fed < limit && result == TETHER_OK) {
        size_t now = limit - fed < piece ? limit - fed : piece;
        result = tether__matcher_feed(matcher, to->stream + fed, now, fed + now == to->size,
                                      collect, to, NULL);
        fed += now;
    }
    require(result == TETHER_OK || result == TETHER_EPATTERN);
    to->too_costly = result != TETHER_OK;
    position = tether__matcher_position(matcher);
    require(position >= to->end && position <= to->size);
    tether__matcher_free(matcher);
    return position;
}

static void require_same(const results *one, const results *other, size_t skipped)
{
    /* A search that runs into its step limit may depend on the pieces. */
    if (one->too_costly || other->too_costly || one->count == FOUND_LIMIT)
        return;
    require(one->count == skipped + other->count);
    for (size_t i = 0; i < other->count; i++) {
        require(one->offsets[i + skipped] == other->offsets[i]);
        require(one->sizes[i + skipped] == other->sizes[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tether__pattern *pattern;
    if (size < 2 || size - 2 < data[1])
        return 0;
    bool fixed = (data[0] & 1) != 0;
    bool whole_lines = (data[0] & 2) != 0;
    size_t piece = 1 + (data[0] >> 2);
    size_t length = data[1];
    if (tether__pattern_compile((const char *)data + 2, length, fixed, &pattern, NULL) != TETHER_OK)
        return 0;
    const char *stream = (const char *)data + 2 + length;
    size = size - 2 - length;
    whole.stream = pieces.stream = rest.stream = stream;
    whole.size = pieces.size = rest.size = size;
    search(pattern, whole_lines, size + 1, 0, size, &whole);
    search(pattern, false, piece, 0, size, &pieces);
    require_same(&whole, &pieces, 0);
    /* A new matcher resumes at the position that the first one had after half of the stream. */
    if (size > 0) {
        uint64_t position = search(pattern, whole_lines, piece, 0, size / 2, &pieces);
        size_t before = pieces.count;
        bool known = !pieces.too_costly;
        search(pattern, false, piece, position, size, &rest);
        if (known)
            require_same(&whole, &rest, before);
    }
    tether__pattern_free(pattern);
    return 0;
}
