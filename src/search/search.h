/* One watch at work: its pattern, and how far each output was searched. */
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
    bool kept; /* in the record */
    bool once;
    bool whole_lines;
    bool searched[2];     /* which outputs are */
    uint64_t next[2];     /* the byte to be fed next */
    uint64_t position[2]; /* nothing before it is told again */
    bool unsaved;         /* the positions have moved since they were written down */
    bool over;
    tether__pattern *pattern;
    tether__matcher *matchers[2];
} tether__search;

/* Compiles and starts at these positions. Freed with tether__search_free. Errors: TETHER_EPATTERN,
 * TETHER_ENOMEM. */
int tether__search_new(const tether__kept_watch *what, bool kept, tether__search **search,
                       tether_error *error);

/* NULL is allowed. */
void tether__search_free(tether__search *search);

typedef enum tether__delivery {
    TETHER__DELIVERED,
    TETHER__DELIVERED_LAST, /* stop at once */
    TETHER__UNDELIVERED     /* stop, and do as if the match had not been found */
} tether__delivery;

/* Tells one match. */
typedef tether__delivery (*tether__search_tell)(const tether_match *match, void *userdata);

/* Feeds bytes of a stream that begin at search->next; `last`: no more will come.
 * Errors: TETHER_EPATTERN, TETHER_ENOMEM: it is over. */
int tether__search_feed(tether__search *search, tether_stream stream, const char *bytes,
                        size_t size, bool last, tether__search_tell tell, void *userdata,
                        tether_error *error);

/* Goes on behind bytes that were dropped. */
int tether__search_skip(tether__search *search, tether_stream stream, uint64_t offset,
                        tether_error *error);

#endif
