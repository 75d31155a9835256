/* Owns what the tests of the matcher share. */
#include "search/matcher_support.h"

#include <stdlib.h>
#include <string.h>

#include "support/random.h"

bool matcher_collect(const tether__found *found, void *userdata)
{
    results *to = userdata;
    const char *stream = to->stream;
    assert_true(found->size > 0 && found->offset + found->size <= to->stream_size);
    assert_true(found->text_size <= TETHER__MATCH_TEXT && found->text_size <= found->size);
    assert_memory_equal(found->text, stream + found->offset, found->text_size);
    assert_true(found->context_offset <= found->offset);
    assert_true(found->offset - found->context_offset <= TETHER__MATCH_CONTEXT);
    uint64_t context_end = found->context_offset + found->context_size;
    assert_true(context_end >= found->offset + found->size);
    assert_true(context_end - found->offset - found->size <= TETHER__MATCH_CONTEXT);
    assert_memory_equal(found->context, stream + found->context_offset, found->context_size);
    assert_null(memchr(found->context, '\n', found->context_size));
    if (to->count > 0)
        assert_true(found->offset >= to->offsets[to->count - 1] + to->sizes[to->count - 1]);
    if (to->count < FOUND_LIMIT) {
        to->offsets[to->count] = found->offset;
        to->sizes[to->count] = found->size;
    }
    to->count++;
    return to->count != to->stop_after;
}

static void print(const char *name, const results *of)
{
    print_error("%s:", name);
    for (size_t i = 0; i < of->count && i < FOUND_LIMIT; i++)
        print_error(" %llu+%llu", (unsigned long long)of->offsets[i],
                    (unsigned long long)of->sizes[i]);
    print_error("\n");
}

static void print_stream(const char *pattern, const results *of)
{
    print_error("%s in ", pattern);
    for (size_t i = 0; i < of->stream_size; i++)
        print_error(of->stream[i] > ' ' && of->stream[i] < 127 ? "%c" : "\\x%02x",
                    (unsigned char)of->stream[i]);
    print_error("\n");
}

tether__pattern *matcher_compile(const char *bytes, size_t size, bool fixed)
{
    tether__pattern *pattern;
    tether_error error = {0};
    if (tether__pattern_compile(bytes, size, fixed, &pattern, &error) != TETHER_OK)
        fail_msg("%.*s: %s", (int)size, bytes, error.message);
    return pattern;
}

uint64_t matcher_search(const tether__pattern *pattern, bool whole_lines, const char *stream,
                        size_t size, size_t most, uint64_t position, uint64_t *random, results *to)
{
    tether__matcher *matcher;
    to->stream = stream;
    to->stream_size = size;
    to->count = 0;
    to->too_costly = false;
    assert_int_equal(tether__matcher_new(pattern, whole_lines, position, &matcher, NULL),
                     TETHER_OK);
    for (size_t fed = (size_t)tether__matcher_lookback(position);;) {
        size_t piece = most == 0 ? size : 1 + random_next(random) % most;
        if (piece > size - fed)
            piece = size - fed;
        /* A copy in a block of its own, so that a sanitizer detects reads beyond its end. */
        char *exact = malloc(piece + 1);
        assert_non_null(exact);
        memcpy(exact, stream + fed, piece);
        fed += piece;
        int result =
            tether__matcher_feed(matcher, exact, piece, fed == size, matcher_collect, to, NULL);
        if (result != TETHER_OK)
            assert_int_equal(result, TETHER_EPATTERN);
        to->too_costly = result != TETHER_OK;
        free(exact);
        if (fed == size || to->too_costly)
            break;
    }
    uint64_t at = tether__matcher_position(matcher);
    tether__matcher_free(matcher);
    return at;
}

void matcher_assert_same(const char *pattern, const results *one, const results *other,
                         size_t skipped)
{
    bool same = one->count == other->count + skipped && !one->too_costly && !other->too_costly;
    for (size_t i = 0; same && i < other->count && i + skipped < FOUND_LIMIT; i++)
        same = one->offsets[i + skipped] == other->offsets[i] &&
               one->sizes[i + skipped] == other->sizes[i];
    if (same)
        return;
    print_stream(pattern, one);
    print("expected", one);
    print("found", other);
    fail_msg("after the first %zu", skipped);
}
