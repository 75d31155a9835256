/* The search of one stream, which comes in pieces, for one pattern. Pure; one thread at a time.
 *
 * The stream is searched line by line; the end of a line is its newline, and no match has one in
 * it. How the bytes are cut into pieces changes when a match is told, never which (a pattern at the
 * edge of what it may cost excepted). A match that begins at a byte is looked for in that byte's
 * line and its next 64 KiB: one that would be longer is cut there if the pattern matches what is
 * there of it, and missed if not. Memory does not grow beyond about 200 KiB and what PCRE2 needs
 * for one attempt (8 MiB), however long the line. */
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
    const char *context; /* its line, as far as it is there and not further away than allowed */
    size_t context_size;
    uint64_t context_offset;
} tether__found;

/* Returns false to stop. */
typedef bool (*tether__matcher_found)(const tether__found *found, void *userdata);

typedef struct tether__matcher tether__matcher;

/* Where the first piece for a search from `position` on begins: a little earlier, so that context
 * and what the pattern looks back at are there. */
uint64_t tether__matcher_lookback(uint64_t position);

/* A search from `position` on: no match that begins before it is told. With whole_lines a match
 * is told when its newline is there, at the end of the stream, or when it is certain that the line
 * goes on for more than 64 KiB; else as soon as further bytes cannot change it. The pattern must
 * live longer. Freed with tether__matcher_free. Errors: TETHER_ENOMEM. */
int tether__matcher_new(const tether__pattern *pattern, bool whole_lines, uint64_t position,
                        tether__matcher **matcher, tether_error *error);
void tether__matcher_free(tether__matcher *matcher);

/* The next bytes of the stream; `last`: no more will come (size may be 0 then). Calls found() for
 * every sure match, in order. After found() returned false, `last` or an error it is over: later
 * calls do nothing. Errors: TETHER_EPATTERN where the pattern needs too many steps or too much
 * memory for what is in the stream; TETHER_ENOMEM.
 *
 * Where a line of many KiB comes in very many small pieces and a match in it remains unsure, it is
 * not looked at after each piece, but at the latest after an eighth more and at the line's end. */
int tether__matcher_feed(tether__matcher *matcher, const char *bytes, size_t size, bool last,
                         tether__matcher_found found, void *userdata, tether_error *error);

/* A new matcher at this position tells what this one has not told yet, all of it and nothing else.
 * Within found(): right behind that match. */
uint64_t tether__matcher_position(const tether__matcher *matcher);

#endif
