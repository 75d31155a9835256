/* Owns the compilation of patterns and single attempts to match them. All use of PCRE2 is here.
 * Must not: know about streams, or keep bytes between attempts.
 * Thread: any for a pattern, one at a time for a scratch. */
#include "search/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/error.h"

enum {
    LOOKBEHIND_LIMIT = 1000, /* characters */
    HEAP_LIMIT_KIB = 8192    /* of one attempt; enough for about 60,000 backtracking points */
};

struct tether__pattern {
    pcre2_code *code; /* NULL: plain bytes */
    tether__starts starts;
    char *bytes;
    uint16_t *borders; /* [i]: size of the longest proper prefix of bytes[0..i] that is also its
                          suffix */
    size_t size;
};

struct tether__pattern_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

static const char step[] = "compile pattern";

static int refuse(tether_error *error, const char *what, size_t offset, const char *instead)
{
    return tether__fail(error, TETHER_EPATTERN, 0, step,
                        "the pattern cannot be used: %s (at byte %zu); %s", what, offset, instead);
}

/* --- Plain bytes ----------------------------------------------------------------------------- */

/* Computes the table of the algorithm of Knuth, Morris and Pratt. */
static void find_borders(tether__pattern *pattern)
{
    size_t border = 0;
    pattern->borders[0] = 0;
    for (size_t i = 1; i < pattern->size; i++) {
        while (border > 0 && pattern->bytes[border] != pattern->bytes[i])
            border = pattern->borders[border - 1];
        if (pattern->bytes[border] == pattern->bytes[i])
            border++;
        pattern->borders[i] = (uint16_t)border;
    }
}

static int compile_fixed(tether__pattern *pattern, const char *bytes, size_t size,
                         tether_error *error)
{
    const char *newline = memchr(bytes, '\n', size);
    if (newline != NULL)
        return refuse(error, "a newline", (size_t)(newline - bytes),
                      "leave it out: the search goes line by line, and would never match");
    pattern->bytes = malloc(size);
    pattern->borders = malloc(size * sizeof *pattern->borders);
    if (pattern->bytes == NULL || pattern->borders == NULL)
        return tether__fail_memory(error, step);
    memcpy(pattern->bytes, bytes, size);
    pattern->size = size;
    find_borders(pattern);
    return TETHER_OK;
}

bool tether__pattern_find_fixed(const tether__pattern *pattern, const char *bytes, size_t size,
                                size_t *start)
{
    size_t matched = 0;
    for (size_t i = 0; i < size; i++) {
        if (matched == 0) {
            const char *first = memchr(bytes + i, pattern->bytes[0], size - i);
            if (first == NULL)
                break;
            i = (size_t)(first - bytes);
        }
        while (matched > 0 && pattern->bytes[matched] != bytes[i])
            matched = pattern->borders[matched - 1];
        if (pattern->bytes[matched] == bytes[i])
            matched++;
        if (matched == pattern->size) {
            *start = i + 1 - matched;
            return true;
        }
    }
    *start = size - matched;
    return false;
}

/* --- PCRE2 ----------------------------------------------------------------------------------- */

/* Returns whether the options that follow "(?" turn multiline off. */
static bool ends_multiline(const char *bytes, size_t size)
{
    bool off = false;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '^' || (off && bytes[i] == 'm'))
            return true;
        if (bytes[i] == '-')
            off = true;
        else if (bytes[i] < 'A' || bytes[i] > 'z')
            return false;
    }
    return false;
}

/* Refuses patterns that cannot be searched for in a stream. Does not recognise character classes,
 * quotes and comments, and so refuses a few harmless patterns too; the message names the bytes. */
static int refuse_unstreamable(const char *bytes, size_t size, tether_error *error)
{
    for (size_t i = 0; i + 1 < size; i++) {
        const char *rest = bytes + i;
        size_t left = size - i;
        if (rest[0] == '\\') {
            if (rest[1] == 'G')
                return refuse(error, "\\G", i, "begin with ^ for the start of a line");
            if (rest[1] == 'Z')
                return refuse(error, "\\Z", i, "use $ for the end of a line");
            i++;
        } else if (left > 2 && rest[0] == '(' && rest[1] == '*' &&
                   ((rest[2] >= 'A' && rest[2] <= 'Z') || rest[2] == ':')) {
            return refuse(error, "a verb, (*...)", i,
                          "it does not work on a stream; write \\(\\* to match these characters");
        } else if (rest[0] == '(' && rest[1] == '?' && ends_multiline(rest + 2, left - 2)) {
            return refuse(error, "an option that turns multiline off", i,
                          "leave it out: ^ and $ are always the start and end of a line");
        }
    }
    return TETHER_OK;
}

static pcre2_code *compile_with(const char *bytes, size_t size, uint32_t more, int *code,
                                size_t *offset)
{
    /* Without ALT_CIRCUMFLEX, ^ would not match after a \r at the end of the bytes so far, and
     * PCRE2 would not report a partial match either. */
    const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_MULTILINE |
                             PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        *code = PCRE2_ERROR_HEAP_FAILED;
        return NULL;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    pcre2_code *made =
        pcre2_compile((PCRE2_SPTR)bytes, size, options | more, code, offset, context);
    pcre2_compile_context_free(context);
    return made;
}

/* PCRE2 knows that .*foo need not be tried at every byte. Compiles the pattern once more to get
 * this information, because a pattern that uses it gives wrong results when an attempt begins
 * inside a line. */
static int find_starts(tether__pattern *pattern, const char *bytes, size_t size,
                       tether_error *error)
{
    int code = 0;
    size_t offset = 0;
    uint32_t options = 0;
    uint32_t first = 0;
    pcre2_code *optimised = compile_with(bytes, size, 0, &code, &offset);
    if (optimised == NULL)
        return tether__fail_memory(error, step);
    pcre2_pattern_info(optimised, PCRE2_INFO_ALLOPTIONS, &options);
    pcre2_pattern_info(optimised, PCRE2_INFO_FIRSTCODETYPE, &first);
    pcre2_code_free(optimised);
    pattern->starts = options & PCRE2_ANCHORED ? TETHER__STARTS_ONCE
                      : first == 2             ? TETHER__STARTS_LINES
                                               : TETHER__STARTS_ANYWHERE;
    return TETHER_OK;
}

static int compile_code(tether__pattern *pattern, const char *bytes, size_t size,
                        tether_error *error)
{
    int result = refuse_unstreamable(bytes, size, error);
    if (result != TETHER_OK)
        return result;
    int code = 0;
    size_t offset = 0;
    pattern->code = compile_with(bytes, size, PCRE2_NO_DOTSTAR_ANCHOR, &code, &offset);
    if (pattern->code == NULL && code == PCRE2_ERROR_HEAP_FAILED)
        return tether__fail_memory(error, step);
    if (pattern->code == NULL) {
        PCRE2_UCHAR text[256] = "unknown";
        pcre2_get_error_message(code, text, sizeof text);
        return refuse(error, (const char *)text, offset,
                      "correct it, or search for plain bytes (fixed; tether watch --fixed)");
    }
    uint32_t lookbehind = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_MAXLOOKBEHIND, &lookbehind);
    if (lookbehind > LOOKBEHIND_LIMIT)
        return refuse(error, "it looks back over more than 1000 characters", 0, "use fewer");
    return find_starts(pattern, bytes, size, error);
}

int tether__pattern_compile(const char *bytes, size_t size, bool fixed, tether__pattern **pattern,
                            tether_error *error)
{
    *pattern = NULL;
    if (size == 0)
        return tether__fail(error, TETHER_EPATTERN, 0, step,
                            "the pattern is empty; give the text to search for");
    if (size > TETHER__PATTERN_LIMIT)
        return tether__fail(error, TETHER_EPATTERN, 0, step,
                            "the pattern has %zu bytes, and the limit is %d; use a shorter one",
                            size, TETHER__PATTERN_LIMIT);
    tether__pattern *made = calloc(1, sizeof *made);
    if (made == NULL)
        return tether__fail_memory(error, step);
    int result =
        fixed ? compile_fixed(made, bytes, size, error) : compile_code(made, bytes, size, error);
    if (result == TETHER_OK)
        *pattern = made;
    else
        tether__pattern_free(made);
    return result;
}

void tether__pattern_free(tether__pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    free(pattern->bytes);
    free(pattern->borders);
    free(pattern);
}

bool tether__pattern_fixed(const tether__pattern *pattern)
{
    return pattern->code == NULL;
}

size_t tether__pattern_size(const tether__pattern *pattern)
{
    return pattern->size;
}

tether__starts tether__pattern_starts(const tether__pattern *pattern)
{
    return pattern->starts;
}

tether__pattern_scratch *tether__pattern_scratch_new(const tether__pattern *pattern)
{
    tether__pattern_scratch *scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL || pattern->code == NULL)
        return scratch;
    /* One pair, for the position of the match; the positions of groups are not needed. */
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    if (scratch->data == NULL || scratch->context == NULL) {
        tether__pattern_scratch_free(scratch);
        return NULL;
    }
    pcre2_set_heap_limit(scratch->context, HEAP_LIMIT_KIB);
    return scratch;
}

void tether__pattern_scratch_free(tether__pattern_scratch *scratch)
{
    if (scratch == NULL)
        return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    free(scratch);
}

static uint32_t match_options(const tether__attempt *attempt)
{
    return PCRE2_NOTEMPTY | (attempt->only_there ? PCRE2_ANCHORED : 0) |
           (attempt->unfinished ? PCRE2_PARTIAL_HARD : 0) | (attempt->mid_line ? PCRE2_NOTBOL : 0) |
           (attempt->cut ? PCRE2_NOTEOL : 0);
}

tether__attempt_result tether__pattern_try(const tether__pattern *pattern,
                                           tether__pattern_scratch *scratch,
                                           tether__attempt *attempt)
{
    pcre2_set_match_limit(scratch->context, attempt->steps);
    pcre2_set_depth_limit(scratch->context, attempt->steps);
    int code = pcre2_match(pattern->code, (PCRE2_SPTR)attempt->bytes, attempt->size, attempt->from,
                           match_options(attempt), scratch->data, scratch->context);
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(scratch->data);
    switch (code) {
    case PCRE2_ERROR_NOMATCH:
        return TETHER__ATTEMPT_NONE;
    case PCRE2_ERROR_PARTIAL:
        attempt->start = found[0];
        /* PCRE2 restarts behind bytes that are not UTF-8, even if the attempt is anchored. */
        return attempt->only_there && attempt->start != attempt->from ? TETHER__ATTEMPT_NONE
                                                                      : TETHER__ATTEMPT_UNSURE;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_RECURSELOOP:
        return TETHER__ATTEMPT_STEPS;
    case PCRE2_ERROR_HEAPLIMIT:
        return TETHER__ATTEMPT_MEMORY;
    default:
        break;
    }
    if (code < 0)
        return TETHER__ATTEMPT_FAILED;
    attempt->start = found[0];
    attempt->end = found[1];
    if (attempt->only_there && pcre2_get_startchar(scratch->data) != attempt->from)
        return TETHER__ATTEMPT_NONE;
    return TETHER__ATTEMPT_MATCH;
}
