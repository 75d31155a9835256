/* Owns the window over a stream: which bytes are kept, where an attempt is made and how often.
 * Must not: know PCRE2, read files.
 * Thread: one at a time. */
#include "search/matcher.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum {
    WINDOW = TETHER__MATCH_LIMIT,
    PIECE = 65536, /* of what is fed, taken in at once */
    TORN = 4,      /* so many bytes tell whether a character at the window's edge is one */
    ROOM = TETHER__PATTERN_LOOKBACK + WINDOW + TORN + PIECE,
    SLICE = 512 /* see look_ahead */
};

/* What a pattern may cost. A step is one of PCRE2's (it goes on with a part of the pattern), or a
 * few bytes that are run over: some nanoseconds. PCRE2 limits the steps from one start on, which is
 * no limit for a line of many starts: so steps are paid from a purse, which each byte of the stream
 * fills a little. What takes few steps is not counted. */
enum {
    STEPS_UNCOUNTED = 256, /* per start; a quarter of what the next attempt gets, and so on up to */
    STEPS_LIMIT = 1 << 20, /* this */
    BYTES_PER_STEP = 8,
    STEPS_PER_BYTE = 256,   /* earned */
    STEPS_PURSE = 16777216, /* at most and at first */
    /* Bytes that may be looked at again because one more has come. */
    REPEATS_PER_BYTE = 64,
    REPEATS_PURSE = 1 << 20
};

/* All places are indexes into bytes. */
/* PCRE2 10.42 goes back over bytes that look like the middle of a character without asking where
 * the text begins, when that is not valid: it finds one here that is none, and no line end, which
 * would mean something. */
enum { GUARD = 8 };

struct tether__matcher {
    const tether__pattern *pattern;
    tether__pattern_scratch *scratch;
    bool whole_lines;
    bool over;
    bool started;  /* the bytes from before the position are there */
    bool mid_line; /* `line` is not the first byte of its line: that is not there any more */
    bool single;   /* the start `at` is unsure, or so dear that starts are tried one by one */
    char *memory;  /* the bytes between two guards */
    char *bytes;
    size_t room;
    size_t size;
    uint64_t offset; /* of bytes[0] in the stream */
    size_t at;       /* where the next match may begin; all before it is settled */
    size_t line;     /* the line of `at` */
    size_t seen;     /* no newline from `at` up to here */
    size_t valid;    /* UTF-8 from `at` up to here */
    size_t tried; /* so many bytes from `at` on did not decide about a match there; 0: not tried */
    size_t dear;  /* up to here starts are tried one by one */
    int64_t purse;
    int64_t repeats;
    tether__matcher_found found;
    void *userdata;
};

/* What is there of the line of `at`. */
typedef struct stretch {
    size_t raw;   /* where its bytes end, */
    size_t end;   /* and where those that can be matched together do: before a byte that is no UTF-8
                     or a character that is not all there */
    bool whole;   /* the line ends at raw */
    bool settled; /* further bytes do not add to those up to end */
} stretch;

typedef enum progress { GO_ON, WAIT, STOP, TOO_DEAR, TOO_BIG, NO_MEMORY } progress;

uint64_t tether__matcher_lookback(uint64_t position)
{
    return position > TETHER__PATTERN_LOOKBACK ? position - TETHER__PATTERN_LOOKBACK : 0;
}

int tether__matcher_new(const tether__pattern *pattern, bool whole_lines, uint64_t position,
                        tether__matcher **matcher, tether_error *error)
{
    *matcher = NULL;
    tether__matcher *made = calloc(1, sizeof *made);
    if (made == NULL)
        return tether__fail_memory(error, "make matcher");
    made->pattern = pattern;
    made->whole_lines = whole_lines;
    made->offset = tether__matcher_lookback(position);
    made->at = (size_t)(position - made->offset);
    made->purse = STEPS_PURSE;
    made->repeats = REPEATS_PURSE;
    made->scratch = tether__pattern_scratch_new(pattern);
    if (made->scratch == NULL) {
        tether__matcher_free(made);
        return tether__fail_memory(error, "make matcher");
    }
    *matcher = made;
    return TETHER_OK;
}

void tether__matcher_free(tether__matcher *matcher)
{
    if (matcher == NULL)
        return;
    tether__pattern_scratch_free(matcher->scratch);
    free(matcher->memory);
    free(matcher);
}

uint64_t tether__matcher_position(const tether__matcher *matcher)
{
    return matcher->offset + matcher->at;
}

/* --- The window ------------------------------------------------------------------------------ */

static void move_to(tether__matcher *matcher, size_t at)
{
    matcher->at = at;
    matcher->tried = 0;
    matcher->single = at < matcher->dear;
    if (matcher->seen < at)
        matcher->seen = at;
}

static void begin_line(tether__matcher *matcher, size_t at)
{
    matcher->line = at;
    matcher->mid_line = false;
    move_to(matcher, at);
}

/* Once the bytes from before the position are there: which line it is in. */
static void start(tether__matcher *matcher)
{
    size_t line = matcher->at;
    while (line > 0 && matcher->bytes[line - 1] != '\n')
        line--;
    matcher->line = line;
    matcher->mid_line = line == 0 && matcher->offset > 0;
    matcher->seen = matcher->at;
    matcher->started = true;
}

/* Drops what no attempt needs any more. */
static void slide(tether__matcher *matcher)
{
    if (!matcher->started || matcher->at <= TETHER__PATTERN_LOOKBACK)
        return;
    size_t drop = matcher->at - TETHER__PATTERN_LOOKBACK;
    memmove(matcher->bytes, matcher->bytes + drop, matcher->size - drop);
    matcher->offset += drop;
    matcher->size -= drop;
    matcher->at -= drop;
    matcher->seen -= drop;
    matcher->valid = matcher->valid > drop ? matcher->valid - drop : 0;
    matcher->dear = matcher->dear > drop ? matcher->dear - drop : 0;
    matcher->mid_line = matcher->mid_line || matcher->line < drop;
    matcher->line = matcher->line > drop ? matcher->line - drop : 0;
}

static bool make_room(tether__matcher *matcher, size_t more)
{
    if (matcher->room - matcher->size >= more)
        return true;
    slide(matcher);
    if (matcher->room - matcher->size >= more)
        return true;
    size_t room = matcher->room < 8192 ? 8192 : matcher->room;
    while (room - matcher->size < more)
        room *= 2;
    /* Doubling may go beyond it by a half, and what was not decided never needs more. */
    if (room > ROOM)
        room = ROOM;
    char *memory = realloc(matcher->memory, GUARD + room + GUARD);
    if (memory == NULL)
        return false;
    memset(memory, 0, GUARD);
    memset(memory + GUARD + room, 0, GUARD);
    matcher->memory = memory;
    matcher->bytes = memory + GUARD;
    matcher->room = room;
    assert(matcher->room - matcher->size >= more);
    return true;
}

static int64_t earn(int64_t purse, size_t bytes, int64_t each, int64_t most)
{
    int64_t sum = purse + (int64_t)bytes * each;
    return sum < most ? sum : most;
}

static bool take_in(tether__matcher *matcher, const char *bytes, size_t size)
{
    if (size == 0)
        return true;
    if (!make_room(matcher, size))
        return false;
    memcpy(matcher->bytes + matcher->size, bytes, size);
    matcher->size += size;
    matcher->purse = earn(matcher->purse, size, STEPS_PER_BYTE, STEPS_PURSE);
    matcher->repeats = earn(matcher->repeats, size, REPEATS_PER_BYTE, REPEATS_PURSE);
    if (!matcher->started && matcher->size >= matcher->at)
        start(matcher);
    return true;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Where a character is cut off at `end`, where it begins. */
static size_t before_torn_character(const tether__matcher *matcher, size_t end)
{
    size_t at = end;
    while (at > matcher->at && end - at < 3 && is_continuation(matcher->bytes[at - 1]))
        at--;
    if (at == matcher->at)
        return end;
    unsigned char lead = (unsigned char)matcher->bytes[at - 1];
    size_t need = lead < 0xc2 || lead > 0xf4 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return end - (at - 1) < need ? at - 1 : end;
}

/* PCRE2 would take the bytes of a character that is not all there for no UTF-8, and not wait for
 * its rest; and before bytes that are none it would forget what may become a match. So both end
 * what it gets. */
static void find_end(tether__matcher *matcher, stretch *there)
{
    if (matcher->valid < matcher->at)
        matcher->valid = matcher->at;
    matcher->valid +=
        tether__utf8_valid_size(matcher->bytes + matcher->valid, there->raw - matcher->valid);
    there->end = matcher->valid;
    if (there->end < there->raw)
        there->settled = there->whole || before_torn_character(matcher, there->raw) != there->end;
}

static stretch find_stretch(tether__matcher *matcher, bool last)
{
    stretch there = {.raw = matcher->size, .whole = last};
    size_t ahead = matcher->size - matcher->seen;
    const char *newline = ahead > 0 ? memchr(matcher->bytes + matcher->seen, '\n', ahead) : NULL;
    if (newline != NULL) {
        there.raw = (size_t)(newline - matcher->bytes);
        there.whole = true;
    }
    matcher->seen = there.raw;
    there.end = there.raw;
    there.settled = there.whole;
    if (!tether__pattern_fixed(matcher->pattern))
        find_end(matcher, &there);
    return there;
}

/* --- A match --------------------------------------------------------------------------------- */

static progress tell_match(tether__matcher *matcher, const stretch *there, size_t begin, size_t end)
{
    const char *bytes = matcher->bytes;
    size_t left = begin - matcher->line;
    size_t from = matcher->line;
    if (left > TETHER__MATCH_CONTEXT) {
        from = begin - TETHER__MATCH_CONTEXT;
        from += tether__utf8_skip_tail(bytes + from, TETHER__MATCH_CONTEXT);
    }
    size_t right = tether__utf8_cut(bytes + end, there->raw - end, TETHER__MATCH_CONTEXT);
    const tether__found found = {
        .offset = matcher->offset + begin,
        .size = end - begin,
        .text = bytes + begin,
        .text_size = tether__utf8_cut(bytes + begin, end - begin, TETHER__MATCH_TEXT),
        .context = bytes + from,
        .context_size = end + right - from,
        .context_offset = matcher->offset + from,
    };
    move_to(matcher, end);
    return matcher->found(&found, matcher->userdata) ? GO_ON : STOP;
}

static progress look_for_fixed(tether__matcher *matcher, const stretch *there)
{
    size_t begin;
    const char *from = matcher->bytes + matcher->at;
    size_t size = there->end - matcher->at;
    if (tether__pattern_find_fixed(matcher->pattern, from, size, &begin))
        return tell_match(matcher, there, matcher->at + begin,
                          matcher->at + begin + tether__pattern_size(matcher->pattern));
    move_to(matcher, there->whole ? there->end : matcher->at + begin);
    return WAIT;
}

/* --- Attempts -------------------------------------------------------------------------------- */

static bool pay(tether__matcher *matcher, int64_t steps)
{
    matcher->purse -= steps;
    return matcher->purse >= 0;
}

static tether__attempt attempt_up_to(const tether__matcher *matcher, const stretch *there,
                                     size_t end)
{
    bool decides = there->settled && end == there->end;
    /* With the byte that is no UTF-8 PCRE2 knows that this is no line's end. */
    size_t more = decides && end < there->raw ? 1 : 0;
    return (tether__attempt){.bytes = matcher->bytes + matcher->line,
                             .size = end + more - matcher->line,
                             .from = matcher->at - matcher->line,
                             .unfinished = !decides,
                             .mid_line = matcher->mid_line,
                             .steps = STEPS_UNCOUNTED};
}

/* Where the next attempt is worth it after one from `at` on has failed. */
static size_t next_start(const tether__matcher *matcher, const stretch *there)
{
    const char *bytes = matcher->bytes;
    tether__starts starts = tether__pattern_starts(matcher->pattern);
    size_t at = matcher->at + 1;
    if (starts == TETHER__STARTS_ANYWHERE) {
        while (at < there->end && is_continuation(bytes[at]))
            at++;
        return at;
    }
    const char *end = NULL;
    if (starts == TETHER__STARTS_LINES)
        end = memchr(bytes + matcher->at, '\r', there->end - matcher->at);
    return end != NULL ? (size_t)(end - bytes) + 1 : there->end;
}

/* The same where all of the window was not enough to decide, and it did not match as it was. */
static size_t next_start_after_window(const tether__matcher *matcher, const stretch *there)
{
    if (tether__pattern_starts(matcher->pattern) == TETHER__STARTS_ANYWHERE)
        return next_start(matcher, there);
    /* Such as .*foo, which matches from everywhere if at all: on with what was not looked at yet,
     * and some bytes before it. */
    const size_t skip = WINDOW - TETHER__PATTERN_LOOKBACK;
    const char *from = matcher->bytes + matcher->at;
    const char *end = tether__pattern_starts(matcher->pattern) == TETHER__STARTS_LINES
                          ? memchr(from, '\r', skip)
                          : NULL;
    return matcher->at + (end != NULL ? (size_t)(end - from) + 1 : skip);
}

/* One attempt at `at` alone, with as many steps as it needs. */
static tether__attempt_result insist(tether__matcher *matcher, tether__attempt *attempt)
{
    attempt->only_there = true;
    int64_t cost = (int64_t)((attempt->size - attempt->from) / BYTES_PER_STEP);
    for (;;) {
        if (!pay(matcher, cost))
            return TETHER__ATTEMPT_STEPS;
        tether__attempt_result result =
            tether__pattern_try(matcher->pattern, matcher->scratch, attempt);
        if (result != TETHER__ATTEMPT_STEPS || attempt->steps >= STEPS_LIMIT)
            return result;
        cost = attempt->steps;
        attempt->steps *= 4;
    }
}

static progress failed(tether__attempt_result result)
{
    return result == TETHER__ATTEMPT_STEPS    ? TOO_DEAR
           : result == TETHER__ATTEMPT_MEMORY ? TOO_BIG
                                              : NO_MEMORY;
}

/* Whether it is worth it to look again from an unsure start on. */
static bool may_repeat(tether__matcher *matcher, const stretch *there)
{
    size_t size = there->end - matcher->at;
    size_t fresh = size - matcher->tried;
    if (matcher->tried == 0 || there->settled || there->raw - matcher->at > WINDOW + TORN)
        return true;
    if (fresh == 0)
        return false;
    if (matcher->repeats < (int64_t)size)
        return fresh >= matcher->tried / 8;
    matcher->repeats -= (int64_t)size;
    return true;
}

/* Decides about the start `at`, with ever more of the bytes. */
static progress look_here(tether__matcher *matcher, const stretch *there)
{
    if (!may_repeat(matcher, there))
        return WAIT;
    bool window_full = there->settled ? there->end - matcher->at > WINDOW
                                      : there->raw - matcher->at > WINDOW + TORN;
    size_t most = window_full ? before_torn_character(matcher, matcher->at + WINDOW) : there->end;
    size_t size = 2 * matcher->tried > SLICE ? 2 * matcher->tried : SLICE;
    size_t end = most;
    if (size < most - matcher->at)
        end = before_torn_character(matcher, matcher->at + size);
    tether__attempt attempt = attempt_up_to(matcher, there, end);
    tether__attempt_result result = insist(matcher, &attempt);
    if (result == TETHER__ATTEMPT_UNSURE && end == most && window_full) {
        attempt = attempt_up_to(matcher, there, end);
        attempt.unfinished = false;
        attempt.cut = true;
        result = insist(matcher, &attempt);
        if (result == TETHER__ATTEMPT_NONE) {
            move_to(matcher, next_start_after_window(matcher, there));
            return GO_ON;
        }
    }
    switch (result) {
    case TETHER__ATTEMPT_MATCH:
        return tell_match(matcher, there, matcher->line + attempt.start,
                          matcher->line + attempt.end);
    case TETHER__ATTEMPT_NONE:
        move_to(matcher, next_start(matcher, there));
        return GO_ON;
    case TETHER__ATTEMPT_UNSURE:
        matcher->tried = end - matcher->at;
        return end < most ? GO_ON : WAIT;
    default:
        return failed(result);
    }
}

/* Looks for the next start in a slice of the line: PCRE2 checks all bytes that it gets, for each
 * match, so that a long line of short matches would take quadratic time. */
static progress look_ahead(tether__matcher *matcher, const stretch *there)
{
    size_t end = there->end;
    if (end - matcher->at > SLICE)
        end = before_torn_character(matcher, matcher->at + SLICE);
    tether__attempt attempt = attempt_up_to(matcher, there, end);
    tether__attempt_result result =
        tether__pattern_try(matcher->pattern, matcher->scratch, &attempt);
    switch (result) {
    case TETHER__ATTEMPT_MATCH:
        return tell_match(matcher, there, matcher->line + attempt.start,
                          matcher->line + attempt.end);
    case TETHER__ATTEMPT_NONE:
        move_to(matcher, end);
        return GO_ON;
    case TETHER__ATTEMPT_UNSURE:
        move_to(matcher, matcher->line + attempt.start);
        matcher->single = true;
        matcher->tried = end - matcher->at;
        return GO_ON;
    case TETHER__ATTEMPT_STEPS:
        matcher->dear = end;
        matcher->single = true;
        return GO_ON;
    default:
        return failed(result);
    }
}

/* --- The stream ------------------------------------------------------------------------------ */

static progress look_once(tether__matcher *matcher, bool last)
{
    if (matcher->at >= matcher->size)
        return WAIT;
    stretch there = find_stretch(matcher, last);
    if (matcher->at >= there.end) {
        if (there.end < there.raw && there.settled) {
            /* The byte that is no UTF-8: no match begins there. */
            move_to(matcher, there.end + 1);
            return GO_ON;
        }
        if (!there.whole || there.raw >= matcher->size)
            return WAIT;
        begin_line(matcher, there.raw + 1);
        return GO_ON;
    }
    if (matcher->whole_lines && !there.whole && there.raw - matcher->at <= WINDOW + TORN)
        return WAIT;
    if (tether__pattern_fixed(matcher->pattern)) {
        progress fixed = look_for_fixed(matcher, &there);
        return fixed == WAIT && there.raw < matcher->size ? GO_ON : fixed;
    }
    bool single =
        matcher->single || tether__pattern_starts(matcher->pattern) != TETHER__STARTS_ANYWHERE;
    return single ? look_here(matcher, &there) : look_ahead(matcher, &there);
}

static int search(tether__matcher *matcher, bool last, tether_error *error)
{
    progress now = GO_ON;
    while (now == GO_ON)
        now = look_once(matcher, last);
    if (now == WAIT)
        return TETHER_OK;
    matcher->over = true;
    if (now == STOP)
        return TETHER_OK;
    if (now == NO_MEMORY)
        return tether__fail_memory(error, "match pattern");
    return tether__fail(error, TETHER_EPATTERN, 0, "match pattern",
                        "the pattern needs too %s for the line at offset %llu of the output; "
                        "write it with fewer repetitions in each other, or begin it with ^ or \\b",
                        now == TOO_DEAR ? "many steps" : "much memory",
                        (unsigned long long)tether__matcher_position(matcher));
}

int tether__matcher_feed(tether__matcher *matcher, const char *bytes, size_t size, bool last,
                         tether__matcher_found found, void *userdata, tether_error *error)
{
    int result = TETHER_OK;
    size_t fed = 0;
    matcher->found = found;
    matcher->userdata = userdata;
    while (result == TETHER_OK && !matcher->over) {
        size_t piece = size - fed < PIECE ? size - fed : PIECE;
        if (!take_in(matcher, bytes + fed, piece)) {
            matcher->over = true;
            return tether__fail_memory(error, "match pattern");
        }
        fed += piece;
        result = search(matcher, last && fed == size, error);
        if (fed == size)
            break;
    }
    if (last)
        matcher->over = true;
    return result;
}
