/* Kept watches: watches that are stored in a record and so outlive their host. docs/format.md
 * defines their form. Pure; any thread, one record at a time. */
#ifndef TETHER_KEPT_WATCH_H
#define TETHER_KEPT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "tether/watch.h"

typedef struct tether__kept_watch {
    int number;
    char *pattern; /* owned; NUL-terminated, and may contain NUL bytes */
    size_t pattern_size;
    bool fixed;
    bool once;
    bool whole_lines;
    tether_view view;
    uint64_t position[2];        /* for stdout and stderr: no match that begins before this offset
                                    is delivered again */
    char holder[TETHER_ID_SIZE]; /* empty: no holder */
} tether__kept_watch;

void tether__kept_watch_dispose(tether__kept_watch *watch);

/* Returns how many entries the list of a record has, and sets *largest to the largest number of a
 * watch in it (0: none). */
size_t tether__kept_watches_count(const tether__record *record, int *largest);

/* Reads the entry at an index into *watch, which the caller disposes of. Returns false where there
 * is no entry, or where this version does not understand it; then *watch owns nothing. */
bool tether__kept_watch_get(const tether__record *record, size_t index, tether__kept_watch *watch);

/* Adds a watch, or replaces the one with the same number. Returns false when out of memory. */
bool tether__kept_watch_put(tether__record *record, const tether__kept_watch *watch);

/* Whether the record has a watch with this number. */
bool tether__kept_watch_has(const tether__record *record, int number);

/* Removes the watch with this number. Returns false where there is none. */
bool tether__kept_watch_drop(tether__record *record, int number);

#endif
