/* Watches that outlive their host: the "watches" of a record. Pure. docs/format.md defines them. */
#ifndef TETHER_KEPT_WATCH_H
#define TETHER_KEPT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "tether/watch.h"

typedef struct tether__kept_watch {
    int number;
    char *pattern; /* owned; with a zero after its end */
    size_t pattern_size;
    bool fixed;
    bool once;
    bool whole_lines;
    tether_view view;
    uint64_t position[2]; /* of each output: nothing before it is told again */
    char holder[TETHER_ID_SIZE];
} tether__kept_watch;

void tether__kept_watch_dispose(tether__kept_watch *watch);

/* How many a record has, and the largest number among them (0: none). */
size_t tether__kept_watches_count(const tether__record *record, int *largest);

/* Reads one by its place; false where it is none that this version understands. */
bool tether__kept_watch_get(const tether__record *record, size_t place, tether__kept_watch *watch);

/* Adds it, or replaces the one with its number; false when memory is short. */
bool tether__kept_watch_put(tether__record *record, const tether__kept_watch *watch);

/* Removes it; false where there is none of this number. */
bool tether__kept_watch_drop(tether__record *record, int number);

#endif
