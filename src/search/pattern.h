/* Compiles patterns, and attempts to match a pattern in the bytes of a line. Pure.
 *
 * Patterns are those of PCRE2. ^ and $ match at lines, which \r, \n and \r\n end. Bytes that are
 * valid UTF-8 are characters. Matches are never empty. A few constructs are refused, because their
 * meaning depends on where a search began or how many bytes have arrived: \G, \Z, verbs such as
 * (*SKIP), options that turn multiline off, and lookbehinds over more than 1000 characters. */
#ifndef TETHER_PATTERN_H
#define TETHER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"

#define TETHER__PATTERN_LIMIT 4096
/* Bytes in front of an attempt that it may read: 1000 characters of up to four bytes, and the bytes
 * that decide whether a line begins there. */
#define TETHER__PATTERN_LOOKBACK 4096

/* Immutable: any number of scratch spaces and threads may use one pattern. */
typedef struct tether__pattern tether__pattern;

/* Working memory of attempts. One thread at a time. */
typedef struct tether__pattern_scratch tether__pattern_scratch;

/* Compiles a pattern, or plain bytes if fixed. Free it with tether__pattern_free. Errors:
 * TETHER_EPATTERN, whose message says what is wrong and at which byte; TETHER_ENOMEM. */
int tether__pattern_compile(const char *bytes, size_t size, bool fixed, tether__pattern **pattern,
                            tether_error *error);
void tether__pattern_free(tether__pattern *pattern);

/* Returns whether the pattern is plain bytes, for tether__pattern_find_fixed. Other patterns are
 * for tether__pattern_try. */
bool tether__pattern_fixed(const tether__pattern *pattern);

/* Returns the size of a fixed pattern in bytes. */
size_t tether__pattern_size(const tether__pattern *pattern);

/* Where an attempt can succeed after one from an earlier start has failed. */
typedef enum tether__starts {
    TETHER__STARTS_ANYWHERE,
    TETHER__STARTS_LINES, /* only after a \r, as for ^foo and .*foo */
    TETHER__STARTS_ONCE   /* nowhere in the same bytes, as for \Afoo and (?s).*foo */
} tether__starts;

tether__starts tether__pattern_starts(const tether__pattern *pattern);

/* Finds a fixed pattern in linear time. If found, returns true and sets *start to the first
 * occurrence. Otherwise returns false; if the bytes end with the beginning of the pattern, sets
 * *start to that beginning, else to size. */
bool tether__pattern_find_fixed(const tether__pattern *pattern, const char *bytes, size_t size,
                                size_t *start);

/* Returns NULL when out of memory. Free the result with tether__pattern_scratch_free, which accepts
 * NULL. */
tether__pattern_scratch *tether__pattern_scratch_new(const tether__pattern *pattern);
void tether__pattern_scratch_free(tether__pattern_scratch *scratch);

typedef enum tether__attempt_result {
    TETHER__ATTEMPT_MATCH,
    TETHER__ATTEMPT_NONE,
    TETHER__ATTEMPT_UNSURE, /* only if unfinished: a match may begin at `start`, and further bytes
                               decide */
    TETHER__ATTEMPT_STEPS,  /* it needs more than `steps` */
    TETHER__ATTEMPT_MEMORY, /* it needs more memory than an attempt may use */
    TETHER__ATTEMPT_FAILED  /* out of memory */
} tether__attempt_result;

typedef struct tether__attempt {
    const char *bytes; /* without a newline; UTF-8 from `from` on, except for the last byte if not
                          unfinished */
    size_t size;
    size_t from;     /* no match may begin in front of this index; never inside a character */
    bool only_there; /* a match must begin at `from` */
    bool unfinished; /* more bytes of the line may follow */
    bool mid_line;   /* the first byte is not the first of its line */
    bool cut;        /* the last byte is not the last of its line, but no more bytes are searched */
    uint32_t steps;  /* limit for one start */
    /* Results. UNSURE sets only start. */
    size_t start;
    size_t end;
} tether__attempt;

/* Attempts to match a pattern that is not fixed. */
tether__attempt_result tether__pattern_try(const tether__pattern *pattern,
                                           tether__pattern_scratch *scratch,
                                           tether__attempt *attempt);

#endif
