/* The search of one watch: its pattern, and how far it has searched each output. Pure; one thread
 * at a time per search. */
#ifndef TETHER_SEARCH_H
#define TETHER_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/kept_watch.h"
#include "search/matcher.h"
#include "tether/error.h"
#include "tether/event.h"
#include "tether/watch.h"

typedef struct tether__search {
    int number;
    bool kept; /* the watch is stored in the record */
    bool once; /* the search is over after the first match */
    bool whole_lines;
    bool partial;            /* matches at the present end of the output are reported too */
    bool searched[2];        /* whether stdout and stderr are searched */
    uint64_t next[2];        /* offset of the next byte to feed */
    uint64_t position[2];    /* no match in front of it is delivered again */
    uint64_t truncations[2]; /* kept by users of the search: how many truncations it knows of */
    bool unsaved;            /* the positions have changed since they were stored */
    bool over;               /* it delivers nothing any more */
    tether__pattern *pattern;
    tether__matcher *matchers[2];
} tether__search;

/* Compiles the pattern of a watch and starts at the watch's positions. Free the search with
 * tether__search_free. Errors: TETHER_EPATTERN, TETHER_ENOMEM. */
int tether__search_new(const tether__kept_watch *what, bool kept, tether__search **search,
                       tether_error *error);

/* NULL is allowed. */
void tether__search_free(tether__search *search);

typedef enum tether__delivery {
    TETHER__DELIVERED,
    TETHER__DELIVERED_LAST, /* stop at once */
    TETHER__UNDELIVERED     /* stop, and treat the match as not found yet */
} tether__delivery;

/* Delivers one match. */
typedef tether__delivery (*tether__search_deliver)(const tether_match *match, void *userdata);

/* Feeds bytes of a stream that begin at search->next[stream]. `last` says that no more will follow.
 * Errors, after which the search is over: TETHER_EPATTERN, TETHER_ENOMEM. */
int tether__search_feed(tether__search *search, tether_stream stream, const char *bytes,
                        size_t size, bool last, tether__search_deliver deliver, void *userdata,
                        tether_error *error);

/* Call this when all bytes that are there now were fed. With `partial`, delivers matches that
 * further bytes could change, as if the stream ended here; it may go on. */
void tether__search_settle(tether__search *search, tether_stream stream,
                           tether__search_deliver deliver, void *userdata);

/* Begins again at offset, because the stream was truncated. Same errors as tether__search_feed. */
int tether__search_restart(tether__search *search, tether_stream stream, uint64_t offset,
                           tether_error *error);

/* Skips bytes that were dropped, and continues at offset. Same errors as tether__search_feed. */
int tether__search_skip(tether__search *search, tether_stream stream, uint64_t offset,
                        tether_error *error);

#endif
