/* Owns points in time as text.
 * Must not: read a clock, a time zone or a locale.
 * Thread: any. */
#include <inttypes.h>
#include <stdio.h>

#include "tether/task.h"

/* Converts a day number (0: 1970-01-01) to a date of the Gregorian calendar. Years start in March,
 * so that the leap day is the last day of a year and the months need no table. C's gmtime returns
 * one buffer shared by the whole process, and its thread-safe variants differ between platforms. */
static void civil_date(int64_t day, int *year, int *month, int *day_of_month)
{
    int64_t shifted = day + 719468; /* days since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    *day_of_month = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = (int)(year_of_era + era * 400) + (*month <= 2 ? 1 : 0);
}

bool tether_time_text(int64_t unix_ms, char text[TETHER_TIME_SIZE])
{
    const int64_t day_ms = 24 * 3600 * 1000;
    const int64_t first_day = -719528, last_day = 2932896; /* 0000-01-01 and 9999-12-31 */
    int64_t day = unix_ms / day_ms;
    int rest = (int)(unix_ms % day_ms);
    if (rest < 0) {
        rest += (int)day_ms;
        day--;
    }
    text[0] = '\0';
    if (day < first_day || day > last_day)
        return false;
    int year, month, day_of_month;
    civil_date(day, &year, &month, &day_of_month);
    char all[96];
    snprintf(all, sizeof all, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day_of_month,
             rest / 3600000, rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
    snprintf(text, TETHER_TIME_SIZE, "%.*s", TETHER_TIME_SIZE - 1, all);
    return true;
}
