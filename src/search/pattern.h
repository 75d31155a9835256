/* A compiled pattern and one attempt to find it in the bytes of a line. Pure.
 *
 * PCRE2 with ^ and $ at lines (\r, \n and \r\n end one), UTF-8 where the bytes are; nothing that
 * matches is empty. A few things are refused, because what they mean depends on where a search
 * began or on where the bytes end that are there so far: \G, \Z, verbs such as (*SKIP), turning
 * multiline off, and looking back over more than 1000 characters. */
#ifndef TETHER_PATTERN_H
#define TETHER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"

#define TETHER__PATTERN_LIMIT 4096
/* Bytes before the start of an attempt that it may look at: 1000 characters of four bytes, and what
 * tells whether a line begins there. */
#define TETHER__PATTERN_LOOKBACK 4096

/* Immutable: any number of scratches and threads may use one. */
typedef struct tether__pattern tether__pattern;

/* What attempts need to work on: one thread at a time. */
typedef struct tether__pattern_scratch tether__pattern_scratch;

/* Freed with tether__pattern_free. Errors: TETHER_EPATTERN, whose message says what is wrong and at
 * which byte; TETHER_ENOMEM. */
int tether__pattern_compile(const char *bytes, size_t size, bool fixed, tether__pattern **pattern,
                            tether_error *error);
void tether__pattern_free(tether__pattern *pattern);

/* Plain bytes: see tether__pattern_find_fixed; else see tether__pattern_try. */
bool tether__pattern_fixed(const tether__pattern *pattern);

/* Of a fixed pattern, in bytes. */
size_t tether__pattern_size(const tether__pattern *pattern);

typedef enum tether__starts {
    TETHER__STARTS_ANYWHERE,
    /* Such as ^foo and .*foo: where one attempt failed, the next is worth it after a \r. */
    TETHER__STARTS_LINES,
    TETHER__STARTS_ONCE /* such as \Afoo and (?s).*foo: nowhere else in the same bytes */
} tether__starts;

tether__starts tether__pattern_starts(const tether__pattern *pattern);

/* The first place where the bytes of a fixed pattern are: true, and *start is it. False: *start is
 * where they begin that are at the end so far, `size` where none do. Linear in size. */
bool tether__pattern_find_fixed(const tether__pattern *pattern, const char *bytes, size_t size,
                                size_t *start);

/* NULL when memory is short. */
tether__pattern_scratch *tether__pattern_scratch_new(const tether__pattern *pattern);
void tether__pattern_scratch_free(tether__pattern_scratch *scratch);

typedef enum tether__attempt_result {
    TETHER__ATTEMPT_MATCH,
    TETHER__ATTEMPT_NONE,
    TETHER__ATTEMPT_UNSURE, /* unfinished: further bytes decide about a match from `start` on */
    TETHER__ATTEMPT_STEPS,  /* more than `steps` */
    TETHER__ATTEMPT_MEMORY, /* more than is allowed to one attempt */
    TETHER__ATTEMPT_FAILED  /* memory is short */
} tether__attempt_result;

typedef struct tether__attempt {
    const char *bytes; /* without a newline; UTF-8 from `from` on, but for the last byte of what is
                          not unfinished */
    size_t size;
    size_t from;     /* the first byte of a match is at it or after it; never inside a character */
    bool only_there; /* at it */
    bool unfinished; /* more bytes may come behind them */
    bool mid_line;   /* their first byte is not the first of its line */
    bool cut;        /* their last byte is not the last of its line, but that is all to be seen */
    uint32_t steps;  /* how many one start may take */
    /* What was found; for UNSURE only the start. */
    size_t start;
    size_t end;
} tether__attempt;

tether__attempt_result tether__pattern_try(const tether__pattern *pattern,
                                           tether__pattern_scratch *scratch,
                                           tether__attempt *attempt);

#endif
