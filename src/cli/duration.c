/* Owns parsing and formatting durations, sizes and counts.
 * Must not: read a clock or a locale.
 * Thread: any; pure functions. */
#include "cli/duration.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct unit {
    const char *text;
    uint64_t factor;
} unit;

static const unit duration_units[] = {
    {"d", 24 * 3600 * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1},
};

enum { DURATION_UNITS = sizeof duration_units / sizeof duration_units[0] };

static const unit size_units[] = {
    {"", 1},         {"K", 1u << 10}, {"k", 1u << 10}, {"M", 1u << 20},
    {"m", 1u << 20}, {"G", 1u << 30}, {"g", 1u << 30},
};

/* Accepts digits followed by one of the units, and nothing else. strtoull would also accept blanks,
 * signs and "0x". */
static bool parse(const char *text, const unit *units, size_t unit_count, uint64_t max,
                  uint64_t *result)
{
    uint64_t number = 0;
    size_t i;

    *result = 0;
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    for (i = 0; i < unit_count; i++) {
        if (strcmp(text, units[i].text) == 0)
            break;
    }
    if (i == unit_count || number > max / units[i].factor)
        return false;
    *result = number * units[i].factor;
    return true;
}

#define BILLION ((uint64_t)1000 * 1000 * 1000)

/* A number with decimals: whole + billionths / 10^9. */
typedef struct decimal {
    uint64_t whole;
    uint64_t billionths; /* rounded up */
} decimal;

/* Reads the digits after the decimal point. Returns the first character after them. */
static const char *read_fraction(const char *text, decimal *number)
{
    uint64_t weight = BILLION;
    bool more = false;

    for (; *text >= '0' && *text <= '9'; text++) {
        weight /= 10;
        number->billionths += weight * (uint64_t)(*text - '0');
        more = more || (weight == 0 && *text != '0');
    }
    if (more)
        number->billionths++;
    return text;
}

/* Reads "12" or "1.5". Returns the first character after it; NULL if there is no number, or one
 * above DURATION_MAX_MS. */
static const char *read_decimal(const char *text, decimal *number)
{
    const char *begin = text;

    *number = (decimal){0, 0};
    for (; *text >= '0' && *text <= '9'; text++) {
        if (number->whole > (uint64_t)DURATION_MAX_MS / 10)
            return NULL;
        number->whole = number->whole * 10 + (uint64_t)(*text - '0');
    }
    if (text == begin)
        return NULL;
    if (*text != '.')
        return text;
    begin = text + 1;
    text = read_fraction(begin, number);
    return text != begin ? text : NULL;
}

/* Adds number * factor milliseconds. Returns false if the sum exceeds DURATION_MAX_MS. */
static bool add_part(const decimal *number, uint64_t factor, uint64_t *sum)
{
    uint64_t max = (uint64_t)DURATION_MAX_MS;
    uint64_t fraction = (number->billionths * factor + BILLION - 1) / BILLION;

    if (number->whole > (max - *sum) / factor)
        return false;
    *sum += number->whole * factor + fraction;
    return *sum <= max;
}

/* Parses numbers that each have a unit, which is smaller than the one before. */
static bool parse_parts(const char *text, uint64_t *sum)
{
    size_t next = 0;

    while (*text != '\0') {
        decimal number;
        size_t size;

        text = read_decimal(text, &number);
        if (text == NULL)
            return false;
        size = strspn(text, "dhms");
        while (next < DURATION_UNITS && (strlen(duration_units[next].text) != size ||
                                         memcmp(duration_units[next].text, text, size) != 0))
            next++;
        if (next == DURATION_UNITS || !add_part(&number, duration_units[next].factor, sum))
            return false;
        next++;
        text += size;
    }
    return true;
}

bool duration_parse(const char *text, int64_t *ms)
{
    uint64_t sum = 0;
    decimal number;
    const char *end = read_decimal(text, &number);
    bool valid =
        end != NULL && (*end == '\0' ? add_part(&number, 1000, &sum) : parse_parts(text, &sum));

    *ms = valid ? (int64_t)sum : 0;
    return valid;
}

bool grace_parse(const char *text, int64_t *ms)
{
    bool valid = duration_parse(text, ms);

    if (valid && *ms == 0)
        *ms = -1;
    return valid;
}

bool size_parse(const char *text, uint64_t *bytes)
{
    return parse(text, size_units, sizeof size_units / sizeof size_units[0], UINT64_MAX, bytes);
}

bool count_parse(const char *text, uint64_t *count)
{
    return parse(text, size_units, 1, UINT64_MAX, count);
}

void duration_format(int64_t ms, char text[DURATION_TEXT_SIZE])
{
    int64_t seconds = ms / 1000;

    if (ms < 0)
        snprintf(text, DURATION_TEXT_SIZE, "-");
    else if (ms < 1000)
        snprintf(text, DURATION_TEXT_SIZE, "%" PRId64 "ms", ms);
    else if (seconds < 60)
        snprintf(text, DURATION_TEXT_SIZE, "%" PRId64 ".%" PRId64 "s", seconds, ms % 1000 / 100);
    else if (seconds < 3600)
        snprintf(text, DURATION_TEXT_SIZE, "%" PRId64 "m%02" PRId64 "s", seconds / 60,
                 seconds % 60);
    else if (seconds < 86400)
        snprintf(text, DURATION_TEXT_SIZE, "%" PRId64 "h%02" PRId64 "m", seconds / 3600,
                 seconds % 3600 / 60);
    else
        snprintf(text, DURATION_TEXT_SIZE, "%" PRId64 "d%02" PRId64 "h", seconds / 86400,
                 seconds % 86400 / 3600);
}
