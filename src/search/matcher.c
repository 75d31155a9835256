/* Owns where and how often a match is attempted in a stream, and what that may cost.
 * Must not: use PCRE2 directly, or decide which bytes are kept.
 * Thread: one at a time per matcher. */
#include "search/matcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "search/window.h"

enum { SLICE = 512 /* see find_next_start */ };

_Static_assert(TETHER__WINDOW_SIZE == TETHER__MATCH_LIMIT, "a window is as long as a match can be");

/* Limits of the cost of a pattern. A step is one of PCRE2's matching engine, or a scan over a few
 * bytes; it takes some nanoseconds. PCRE2 can only limit the steps from one start, and a line has
 * many starts. So the matcher has a budget of steps, to which each byte of the stream adds.
 * Attempts with few steps do not reduce it. */
enum {
    STEPS_UNCOUNTED = 256, /* steps of the first attempt at a start; each next attempt gets 4 times
                              as many, up to STEPS_LIMIT */
    STEPS_LIMIT = 1 << 20,
    BYTES_PER_STEP = 8,
    STEPS_PER_BYTE = 256,    /* added to the budget */
    STEPS_BUDGET = 16777216, /* initial and largest budget */
    STEPS_SETTLE = 1 << 16,  /* of each tether__matcher_settle */
    /* The same for bytes that are searched again because more bytes have arrived. */
    REPEATS_PER_BYTE = 64,
    REPEATS_BUDGET = 1 << 20
};

struct tether__matcher {
    const tether__pattern *pattern;
    tether__pattern_scratch *scratch;
    tether__window window;
    bool whole_lines;
    bool finished;
    bool one_by_one; /* try starts one by one: a match at `at` is undecided, or starts are costly */
    size_t tried; /* an attempt with this many bytes from `at` on was undecided; 0: none was made */
    uint64_t costly_end; /* an offset in the stream; up to it starts are tried one by one */
    size_t settled;      /* the bytes from `at` on at the last settle */
    int64_t step_budget;
    int64_t repeat_budget;
    tether__matcher_found found;
    void *userdata;
};

typedef enum progress {
    CONTINUE,
    WAIT,
    STOP,
    TOO_MANY_STEPS,
    TOO_MUCH_MEMORY,
    OUT_OF_MEMORY
} progress;

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
        return tether__fail_memory(error, "start search");
    made->pattern = pattern;
    made->whole_lines = whole_lines;
    uint64_t first = tether__matcher_lookback(position);
    tether__window_init(&made->window, first, (size_t)(position - first));
    made->step_budget = STEPS_BUDGET;
    made->repeat_budget = REPEATS_BUDGET;
    made->scratch = tether__pattern_scratch_new(pattern);
    if (made->scratch == NULL) {
        tether__matcher_free(made);
        return tether__fail_memory(error, "start search");
    }
    *matcher = made;
    return TETHER_OK;
}

void tether__matcher_free(tether__matcher *matcher)
{
    if (matcher == NULL)
        return;
    tether__pattern_scratch_free(matcher->scratch);
    tether__window_dispose(&matcher->window);
    free(matcher);
}

uint64_t tether__matcher_position(const tether__matcher *matcher)
{
    return matcher->window.offset + matcher->window.at;
}

/* --- Bytes ----------------------------------------------------------------------------------- */

static void move_to(tether__matcher *matcher, size_t at)
{
    tether__window_move(&matcher->window, at);
    matcher->tried = 0;
    matcher->settled = 0;
    matcher->one_by_one = matcher->window.offset + at < matcher->costly_end;
}

static void begin_line(tether__matcher *matcher, size_t at)
{
    tether__window_begin_line(&matcher->window, at);
    move_to(matcher, at);
}

static int64_t refill(int64_t step_budget, size_t bytes, int64_t each, int64_t most)
{
    int64_t sum = step_budget + (int64_t)bytes * each;
    return sum < most ? sum : most;
}

static bool append(tether__matcher *matcher, const char *bytes, size_t size)
{
    if (size == 0)
        return true;
    if (!tether__window_append(&matcher->window, bytes, size))
        return false;
    matcher->step_budget = refill(matcher->step_budget, size, STEPS_PER_BYTE, STEPS_BUDGET);
    matcher->repeat_budget = refill(matcher->repeat_budget, size, REPEATS_PER_BYTE, REPEATS_BUDGET);
    return true;
}

/* --- A match --------------------------------------------------------------------------------- */

static progress report_match(tether__matcher *matcher, const tether__line_part *part, size_t begin,
                             size_t end)
{
    const char *bytes = matcher->window.bytes;
    size_t left = begin - matcher->window.line;
    size_t from = matcher->window.line;
    if (left > TETHER__MATCH_CONTEXT) {
        from = begin - TETHER__MATCH_CONTEXT;
        from += tether__utf8_skip_tail(bytes + from, TETHER__MATCH_CONTEXT);
    }
    size_t right = tether__utf8_cut(bytes + end, part->raw_end - end, TETHER__MATCH_CONTEXT);
    const tether__found found = {
        .offset = matcher->window.offset + begin,
        .size = end - begin,
        .text = bytes + begin,
        .text_size = tether__utf8_cut(bytes + begin, end - begin, TETHER__MATCH_TEXT),
        .context = bytes + from,
        .context_size = end + right - from,
        .context_offset = matcher->window.offset + from,
    };
    move_to(matcher, end);
    return matcher->found(&found, matcher->userdata) ? CONTINUE : STOP;
}

static progress find_fixed(tether__matcher *matcher, const tether__line_part *part)
{
    size_t begin;
    const char *from = matcher->window.bytes + matcher->window.at;
    size_t size = part->end - matcher->window.at;
    if (tether__pattern_find_fixed(matcher->pattern, from, size, &begin))
        return report_match(matcher, part, matcher->window.at + begin,
                            matcher->window.at + begin + tether__pattern_size(matcher->pattern));
    move_to(matcher, part->line_complete ? part->end : matcher->window.at + begin);
    return WAIT;
}

/* --- Attempts -------------------------------------------------------------------------------- */

static bool charge(tether__matcher *matcher, int64_t steps)
{
    matcher->step_budget -= steps;
    return matcher->step_budget >= 0;
}

static tether__attempt attempt_up_to(const tether__matcher *matcher, const tether__line_part *part,
                                     size_t end)
{
    bool decides = part->end_final && end == part->end;
    /* Includes the byte that is not UTF-8, so that PCRE2 does not see the end of the line there. */
    size_t more = decides && end < part->raw_end ? 1 : 0;
    return (tether__attempt){.bytes = matcher->window.bytes + matcher->window.line,
                             .size = end + more - matcher->window.line,
                             .from = matcher->window.at - matcher->window.line,
                             .unfinished = !decides,
                             .mid_line = matcher->window.mid_line,
                             .steps = STEPS_UNCOUNTED};
}

/* Returns the next start that can match after the one at `at` has failed. */
static size_t next_start(const tether__matcher *matcher, const tether__line_part *part)
{
    const char *bytes = matcher->window.bytes;
    tether__starts starts = tether__pattern_starts(matcher->pattern);
    size_t at = matcher->window.at + 1;
    if (starts == TETHER__STARTS_ANYWHERE) {
        while (at < part->end && tether__window_is_continuation(bytes[at]))
            at++;
        return at;
    }
    const char *end = NULL;
    if (starts == TETHER__STARTS_LINES)
        end = memchr(bytes + matcher->window.at, '\r', part->end - matcher->window.at);
    return end != NULL ? (size_t)(end - bytes) + 1 : part->end;
}

/* As next_start, for an `at` where the attempt stayed undecided with a full window, and then failed
 * with the text cut at the end of the window. */
static size_t next_start_after_window(const tether__matcher *matcher, const tether__line_part *part)
{
    if (tether__pattern_starts(matcher->pattern) == TETHER__STARTS_ANYWHERE)
        return next_start(matcher, part);
    /* A pattern such as .*foo matches from any start or from none. Continues with the bytes that
     * were not searched yet, and the bytes in front of them to which the pattern may look back. */
    const size_t skip = TETHER__WINDOW_SIZE - TETHER__PATTERN_LOOKBACK;
    const char *from = matcher->window.bytes + matcher->window.at;
    const char *end = tether__pattern_starts(matcher->pattern) == TETHER__STARTS_LINES
                          ? memchr(from, '\r', skip)
                          : NULL;
    return matcher->window.at + (end != NULL ? (size_t)(end - from) + 1 : skip);
}

/* Attempts a match at `at` only, with as many steps as it needs and the budget allows. */
static tether__attempt_result attempt_here(tether__matcher *matcher, tether__attempt *attempt)
{
    attempt->only_there = true;
    int64_t cost = (int64_t)((attempt->size - attempt->from) / BYTES_PER_STEP);
    for (;;) {
        if (!charge(matcher, cost))
            return TETHER__ATTEMPT_STEPS;
        tether__attempt_result result =
            tether__pattern_try(matcher->pattern, matcher->scratch, attempt);
        if (result != TETHER__ATTEMPT_STEPS || attempt->steps >= STEPS_LIMIT)
            return result;
        cost = attempt->steps;
        attempt->steps *= 4;
    }
}

static progress failure(tether__attempt_result result)
{
    return result == TETHER__ATTEMPT_STEPS    ? TOO_MANY_STEPS
           : result == TETHER__ATTEMPT_MEMORY ? TOO_MUCH_MEMORY
                                              : OUT_OF_MEMORY;
}

/* Returns whether to repeat the attempt at an undecided start now that more bytes have arrived. */
static bool may_repeat(tether__matcher *matcher, const tether__line_part *part)
{
    size_t size = part->end - matcher->window.at;
    size_t fresh = size - matcher->tried;
    if (matcher->tried == 0 || part->end_final ||
        tether__window_is_exceeded(&matcher->window, part))
        return true;
    if (fresh == 0)
        return false;
    if (matcher->repeat_budget < (int64_t)size)
        return fresh >= matcher->tried / 8;
    matcher->repeat_budget -= (int64_t)size;
    return true;
}

/* Decides whether a match starts at `at`, with more bytes of the line at each call. */
static progress decide_start(tether__matcher *matcher, const tether__line_part *part)
{
    if (!may_repeat(matcher, part))
        return WAIT;
    const tether__window *window = &matcher->window;
    bool window_full = part->end_final ? part->end - window->at > TETHER__WINDOW_SIZE
                                       : tether__window_is_exceeded(window, part);
    size_t most = part->end;
    if (window_full)
        most = tether__window_before_incomplete(window, window->at + TETHER__WINDOW_SIZE);
    size_t size = 2 * matcher->tried > SLICE ? 2 * matcher->tried : SLICE;
    size_t end = most;
    if (size < most - window->at)
        end = tether__window_before_incomplete(window, window->at + size);
    tether__attempt attempt = attempt_up_to(matcher, part, end);
    tether__attempt_result result = attempt_here(matcher, &attempt);
    if (result == TETHER__ATTEMPT_UNSURE && end == most && window_full) {
        attempt = attempt_up_to(matcher, part, end);
        attempt.unfinished = false;
        attempt.cut = true;
        result = attempt_here(matcher, &attempt);
        if (result == TETHER__ATTEMPT_NONE) {
            move_to(matcher, next_start_after_window(matcher, part));
            return CONTINUE;
        }
    }
    switch (result) {
    case TETHER__ATTEMPT_MATCH:
        return report_match(matcher, part, window->line + attempt.start,
                            window->line + attempt.end);
    case TETHER__ATTEMPT_NONE:
        move_to(matcher, next_start(matcher, part));
        return CONTINUE;
    case TETHER__ATTEMPT_UNSURE:
        matcher->tried = end - window->at;
        return end < most ? CONTINUE : WAIT;
    default:
        return failure(result);
    }
}

/* Searches a slice of the line for the next start. PCRE2 validates all bytes that it gets, again
 * for each match: without slices, a long line with many short matches would take quadratic time. */
static progress find_next_start(tether__matcher *matcher, const tether__line_part *part)
{
    size_t end = part->end;
    if (end - matcher->window.at > SLICE)
        end = tether__window_before_incomplete(&matcher->window, matcher->window.at + SLICE);
    tether__attempt attempt = attempt_up_to(matcher, part, end);
    tether__attempt_result result =
        tether__pattern_try(matcher->pattern, matcher->scratch, &attempt);
    switch (result) {
    case TETHER__ATTEMPT_MATCH:
        return report_match(matcher, part, matcher->window.line + attempt.start,
                            matcher->window.line + attempt.end);
    case TETHER__ATTEMPT_NONE:
        move_to(matcher, end);
        return CONTINUE;
    case TETHER__ATTEMPT_UNSURE:
        move_to(matcher, matcher->window.line + attempt.start);
        matcher->one_by_one = true;
        matcher->tried = end - matcher->window.at;
        return CONTINUE;
    case TETHER__ATTEMPT_STEPS:
        matcher->costly_end = matcher->window.offset + end;
        matcher->one_by_one = true;
        return CONTINUE;
    default:
        return failure(result);
    }
}

/* --- The stream ------------------------------------------------------------------------------ */

static progress search_step(tether__matcher *matcher, bool last)
{
    if (matcher->window.at >= matcher->window.size)
        return WAIT;
    tether__line_part part =
        tether__window_line(&matcher->window, last, !tether__pattern_fixed(matcher->pattern));
    if (matcher->window.at >= part.end) {
        if (part.end < part.raw_end && part.end_final) {
            /* No match begins at a byte that is not UTF-8. */
            move_to(matcher, part.end + 1);
            return CONTINUE;
        }
        if (!part.line_complete || part.raw_end >= matcher->window.size)
            return WAIT;
        begin_line(matcher, part.raw_end + 1);
        return CONTINUE;
    }
    if (matcher->whole_lines && !part.line_complete &&
        !tether__window_is_exceeded(&matcher->window, &part))
        return WAIT;
    if (tether__pattern_fixed(matcher->pattern)) {
        progress fixed = find_fixed(matcher, &part);
        return fixed == WAIT && part.raw_end < matcher->window.size ? CONTINUE : fixed;
    }
    bool one_by_one =
        matcher->one_by_one || tether__pattern_starts(matcher->pattern) != TETHER__STARTS_ANYWHERE;
    return one_by_one ? decide_start(matcher, &part) : find_next_start(matcher, &part);
}

static int search(tether__matcher *matcher, bool last, tether_error *error)
{
    progress now = CONTINUE;
    while (now == CONTINUE)
        now = search_step(matcher, last);
    if (now == WAIT)
        return TETHER_OK;
    matcher->finished = true;
    if (now == STOP)
        return TETHER_OK;
    if (now == OUT_OF_MEMORY)
        return tether__fail_memory(error, "match pattern");
    return tether__fail(error, TETHER_EPATTERN, 0, "match pattern",
                        "the pattern needs too %s for the line at offset %llu of the output; "
                        "use fewer nested repetitions, or begin it with ^ or \\b",
                        now == TOO_MANY_STEPS ? "many steps" : "much memory",
                        (unsigned long long)tether__matcher_position(matcher));
}

int tether__matcher_feed(tether__matcher *matcher, const char *bytes, size_t size, bool last,
                         tether__matcher_found found, void *userdata, tether_error *error)
{
    int result = TETHER_OK;
    size_t fed = 0;
    matcher->found = found;
    matcher->userdata = userdata;
    while (result == TETHER_OK && !matcher->finished) {
        size_t piece = size - fed < TETHER__WINDOW_PIECE ? size - fed : TETHER__WINDOW_PIECE;
        if (!append(matcher, bytes + fed, piece)) {
            matcher->finished = true;
            return tether__fail_memory(error, "match pattern");
        }
        fed += piece;
        result = search(matcher, last && fed == size, error);
        if (fed == size)
            break;
    }
    if (last)
        matcher->finished = true;
    return result;
}

/* Returns whether to settle: not again for the same bytes, and within the budget for bytes that are
 * searched again and again, or if they have grown by an eighth. */
static bool may_settle(tether__matcher *matcher)
{
    size_t size = matcher->window.size - matcher->window.at;
    size_t fresh = size - matcher->settled;
    if (matcher->finished || matcher->window.at >= matcher->window.size || fresh == 0)
        return false;
    if (matcher->repeat_budget < (int64_t)size)
        return fresh >= matcher->settled / 8;
    matcher->repeat_budget -= (int64_t)size;
    return true;
}

typedef struct settling {
    bool any;
    tether__matcher_found found;
    void *userdata;
} settling;

/* Stops at the first match, so that the next one is searched for with a state of its own. */
static bool found_one(const tether__found *found, void *userdata)
{
    settling *s = userdata;
    s->any = s->found(found, s->userdata);
    return false;
}

/* Searches for one match in what is there, and restores the state if there is none: nothing is
 * decided then. It has a budget of its own. A pattern that exceeds it is not reported early, and
 * tried again only when the line has grown. */
static bool settle_one(tether__matcher *matcher, settling *s)
{
    tether__matcher before = *matcher;
    s->any = false;
    matcher->found = found_one;
    matcher->userdata = s;
    matcher->step_budget = STEPS_SETTLE;
    int code = search(matcher, true, NULL);
    bool stopped = code == TETHER_OK && matcher->finished;
    if (!stopped) {
        int64_t repeat_budget = code == TETHER_OK ? matcher->repeat_budget : 0;
        *matcher = before;
        matcher->repeat_budget = repeat_budget;
        matcher->settled = matcher->window.size - matcher->window.at;
    }
    matcher->step_budget = before.step_budget;
    matcher->finished = stopped && !s->any;
    return s->any;
}

void tether__matcher_settle(tether__matcher *matcher, tether__matcher_found found, void *userdata)
{
    settling s = {false, found, userdata};
    while (may_settle(matcher) && settle_one(matcher, &s)) {
    }
}
