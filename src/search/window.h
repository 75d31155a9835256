/* The part of a stream that a search keeps: the bytes around the next possible start of a match,
 * its line, and how far they can be matched together. Pure; one thread at a time per window. */
#ifndef TETHER_SEARCH_WINDOW_H
#define TETHER_SEARCH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TETHER__WINDOW_SIZE 65536  /* the bytes from a start on that are searched for a match */
#define TETHER__WINDOW_PIECE 65536 /* the most that is appended at once */
/* Bytes after the window that can belong to a character at its end. */
#define TETHER__WINDOW_CHARACTER 4

/* All positions are indexes into bytes. Initialise it by tether__window_init. */
typedef struct tether__window {
    char *memory; /* a guard, the bytes, and a guard */
    char *bytes;
    size_t capacity;
    size_t size;
    uint64_t offset;  /* of bytes[0] in the stream */
    size_t at;        /* the next possible start of a match; all bytes before it are decided */
    size_t line;      /* the first byte of the line of `at` */
    size_t scanned;   /* there is no newline from `at` up to here */
    size_t valid_end; /* the bytes from `at` up to here are UTF-8 */
    bool started;     /* the bytes in front of the first position have arrived */
    bool mid_line;    /* the first byte of the line of `at` was dropped: `line` is a later one */
} tether__window;

/* The bytes of the line of `at` that have arrived. */
typedef struct tether__line_part {
    size_t raw_end;     /* their end */
    size_t end;         /* the end of those that can be matched together: in front of a byte that is
                           not UTF-8, or of an incomplete character */
    bool line_complete; /* the line ends at raw_end */
    bool end_final;     /* further bytes do not move `end` */
} tether__line_part;

/* Prepares an empty window for a stream whose first byte has this offset, and whose first start of
 * a match is at `at`. Free its memory by tether__window_dispose. */
void tether__window_init(tether__window *window, uint64_t offset, size_t at);
void tether__window_dispose(tether__window *window);

/* Adds bytes, at most TETHER__WINDOW_PIECE, and may drop old ones, which moves all positions.
 * Returns false when memory is short. */
bool tether__window_append(tether__window *window, const char *bytes, size_t size);

/* Moves the next possible start of a match forward. */
void tether__window_move(tether__window *window, size_t at);

/* Likewise, to the first byte of a line. */
void tether__window_begin_line(tether__window *window, size_t at);

/* Returns the part of the line that has arrived. `last`: no more bytes will; utf8: only UTF-8 can
 * be matched. */
tether__line_part tether__window_line(tether__window *window, bool last, bool utf8);

/* Returns whether the line goes on after the window, and after a character at its end. */
bool tether__window_is_exceeded(const tether__window *window, const tether__line_part *part);

/* Returns the start of the character that is incomplete at `end`, or `end` if there is none. */
size_t tether__window_before_incomplete(const tether__window *window, size_t end);

/* Returns whether a byte continues a character of UTF-8. */
bool tether__window_is_continuation(char c);

#endif
