/* What the tests of the matcher share: a search in random pieces, which checks what it is told. */
#ifndef TETHER_TEST_MATCHER_SUPPORT_H
#define TETHER_TEST_MATCHER_SUPPORT_H

#include "support/unit.h"

#include "search/matcher.h"

enum { FOUND_LIMIT = 4096 };

/* The matches that a search reported. */
typedef struct results {
    const char *stream;
    size_t stream_size;
    size_t stop_after; /* stop after this many; 0: never */
    size_t count;
    bool too_costly; /* the search ended with TETHER_EPATTERN */
    uint64_t offsets[FOUND_LIMIT];
    uint64_t sizes[FOUND_LIMIT];
} results;

/* Adds a match to results, for tether__matcher_feed. Fails if it is not what the stream has there.
 */
bool matcher_collect(const tether__found *found, void *userdata);

tether__pattern *matcher_compile(const char *bytes, size_t size, bool fixed);

/* Searches a stream from `position` on, in random pieces of up to `most` bytes (0: in one piece).
 * Returns the final position. */
uint64_t matcher_search(const tether__pattern *pattern, bool whole_lines, const char *stream,
                        size_t size, size_t most, uint64_t position, uint64_t *random, results *to);

/* Fails if `other` has not the matches of `one` after the first `skipped`, and shows both, with the
 * name of the pattern. */
void matcher_assert_same(const char *pattern, const results *one, const results *other,
                         size_t skipped);

#endif
