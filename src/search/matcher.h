/* Searches a stream that arrives in pieces for one pattern. Pure; one thread at a time per matcher.
 *
 * Searches line by line. A line ends with its newline, and no match contains one. How the stream is
 * cut into pieces affects when a match is reported, but not which matches are found, except for a
 * pattern that is near its limits of steps and memory. For a match that begins at a given byte,
 * the matcher reads up to 64 KiB of the line from there. A longer match is cut there if the pattern
 * matches the cut text, and missed otherwise. However long a line is, the matcher uses at most
 * about 200 KiB, and PCRE2 at most 8 MiB for one attempt. */
#ifndef TETHER_MATCHER_H
#define TETHER_MATCHER_H

#include "search/pattern.h"

#define TETHER__MATCH_LIMIT 65536 /* no match is longer */
#define TETHER__MATCH_TEXT 4096
#define TETHER__MATCH_CONTEXT 1024 /* either side of the match */

/* Valid during the call of tether__matcher_found only. */
typedef struct tether__found {
    uint64_t offset; /* of its first byte in the stream */
    uint64_t size;   /* never 0 */
    const char *text;
    size_t text_size;    /* at most TETHER__MATCH_TEXT */
    const char *context; /* the line around the match, up to TETHER__MATCH_CONTEXT on either side,
                            as far as it has arrived */
    size_t context_size;
    uint64_t context_offset;
} tether__found;

/* Receives a match. Returns false to stop the search. */
typedef bool (*tether__matcher_found)(const tether__found *found, void *userdata);

typedef struct tether__matcher tether__matcher;

/* Returns the offset of the first byte to feed to a search from `position` on. It lies in front of
 * the position, so that the context and the bytes to which the pattern may look back are there. */
uint64_t tether__matcher_lookback(uint64_t position);

/* Starts a search that reports no match in front of `position`. With whole_lines, reports a match
 * when the newline of its line arrives, at the end of the stream, or when the line is known to go
 * on for more than 64 KiB; without, as soon as further bytes cannot change the match. The pattern
 * must outlive the matcher. Free it with tether__matcher_free. Errors: TETHER_ENOMEM. */
int tether__matcher_new(const tether__pattern *pattern, bool whole_lines, uint64_t position,
                        tether__matcher **matcher, tether_error *error);
void tether__matcher_free(tether__matcher *matcher);

/* Feeds the next bytes of the stream. `last` says that no more will follow; size may be 0 then.
 * Calls found() for every match that is certain, in order. The search is finished after found()
 * returned false, after `last`, or after an error; later calls do nothing. Errors: TETHER_EPATTERN
 * if the pattern needs too many steps or too much memory for this stream; TETHER_ENOMEM.
 *
 * If a line of many KiB arrives in many small pieces and a match in it stays undecided, the matcher
 * does not try again after each piece, but at the latest when the undecided text has grown by an
 * eighth, or the line ends. */
int tether__matcher_feed(tether__matcher *matcher, const char *bytes, size_t size, bool last,
                         tether__matcher_found found, void *userdata, tether_error *error);

/* Reports, in order, matches that further bytes could change, as if the stream ended after the
 * bytes that were fed; what follows is searched from the end of the last of them, so that a longer
 * match becomes several. Where nothing matches yet, nothing is decided. A pattern that needs many
 * steps is not reported early, and in a long line not after each piece; see tether__matcher_feed.
 */
void tether__matcher_settle(tether__matcher *matcher, tether__matcher_found found, void *userdata);

/* Returns a position from which a new matcher reports exactly the matches that this one has not
 * reported yet. Within found(), it is the end of that match. */
uint64_t tether__matcher_position(const tether__matcher *matcher);

#endif
