/* Owns the text of the file `times`.
 * Must not: read or write files.
 * Thread: any. */
#include "format/times.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t tether__times_render(const tether__point *point, char line[TETHER__TIMES_LINE_SIZE])
{
    int size = snprintf(line, TETHER__TIMES_LINE_SIZE, "%" PRId64 " %" PRIu64 " %" PRIu64 "\n",
                        point->time_ms, point->size[0], point->size[1]);
    return size > 0 ? (size_t)size : 0;
}

/* Reads digits up to `after`. */
static bool take_number(const char **at, const char *end, char after, uint64_t *number)
{
    const char *from = *at;
    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (*number > (INT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    if (*at == from || *at == end || **at != after)
        return false;
    (*at)++;
    return true;
}

/* `end` points to the newline. */
static bool read_line(const char *at, const char *end, tether__point *point)
{
    tether__point read;
    uint64_t time;
    if (!take_number(&at, end, ' ', &time) || !take_number(&at, end, ' ', &read.size[0]) ||
        !take_number(&at, end + 1, '\n', &read.size[1]) || at != end + 1)
        return false;
    read.time_ms = (int64_t)time;
    if (read.size[0] < point->size[0] || read.size[1] < point->size[1])
        return false;
    *point = read;
    return true;
}

bool tether__times_next(const char **text, const char *end, tether__point *point)
{
    while (*text < end) {
        const char *line = *text;
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        *text = newline != NULL ? newline + 1 : end;
        if (newline != NULL && read_line(line, newline, point))
            return true;
    }
    return false;
}
