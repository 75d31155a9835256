/* Owns parsing and formatting durations, sizes, counts and points in time.
 * Must not: read a clock, a time zone or a locale.
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
    {"", 1000},       {"ms", 1},          {"s", 1000},
    {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000},
};

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

bool duration_parse(const char *text, int64_t *ms)
{
    uint64_t value;
    bool valid = parse(text, duration_units, sizeof duration_units / sizeof duration_units[0],
                       (uint64_t)DURATION_MAX_MS, &value);

    *ms = (int64_t)value;
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

/* Converts a day number (0: 1970-01-01) to a date of the Gregorian calendar. Years start in March,
 * so that the leap day is the last day of a year and the months need no table. C's gmtime returns
 * one buffer shared by the whole process, and its thread-safe variants differ between platforms. */
static void civil_date(int64_t day, int64_t *year, int64_t *month, int64_t *day_of_month)
{
    int64_t shifted = day + 719468; /* days since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;

    *day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void time_format(int64_t unix_ms, char text[TIME_TEXT_SIZE])
{
    const int64_t day_ms = 24 * 3600 * 1000;
    int64_t day = unix_ms / day_ms;
    int64_t rest = unix_ms % day_ms;
    int64_t year, month, day_of_month;

    if (rest < 0) {
        rest += day_ms;
        day--;
    }
    /* A damaged record may contain any number. Outside the years 0 to 9999, print the number. */
    if (day < -719468 || day > 2932896) {
        snprintf(text, TIME_TEXT_SIZE, "%" PRId64, unix_ms);
        return;
    }
    civil_date(day, &year, &month, &day_of_month);
    snprintf(text, TIME_TEXT_SIZE,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64
             ".%03" PRId64 "Z",
             year, month, day_of_month, rest / 3600000, rest / 60000 % 60, rest / 1000 % 60,
             rest % 1000);
}
