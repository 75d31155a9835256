/* Durations, sizes and counts as text. */
#ifndef TETHER_CLI_DURATION_H
#define TETHER_CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* The forms that duration_parse accepts, for messages. */
#define DURATION_FORMS "500ms, 30s, 5m, 1h30m, 7d, or a number of seconds such as 0.5"

/* The forms that size_parse accepts, for messages. */
#define SIZE_FORMS "a number of bytes, or one with K, M or G after it, such as 64K"

/* The longest duration that duration_parse accepts, about 1,000 years. Adding it to a point in time
 * does not overflow. */
#define DURATION_MAX_MS ((int64_t)1000 * 366 * 24 * 3600 * 1000)

/* Parses "500ms", "30s", "5m", "2h", "7d", "1.5h", and several such parts from the largest unit to
 * the smallest, as "1h30m", into milliseconds; a bare number is seconds, such as "0.5". Rounds up,
 * so that only a zero becomes 0, which has a meaning of its own in most options. Returns false and
 * sets *ms to 0 for any other text. */
bool duration_parse(const char *text, int64_t *ms);

/* Parses a grace for tether_kill_options: as duration_parse, but none is -1 there. */
bool grace_parse(const char *text, int64_t *ms);

/* Parses "4096", "64K", "5M", "1G" into bytes (powers of 1024). Returns false and sets *bytes to 0
 * for any other text. */
bool size_parse(const char *text, uint64_t *bytes);

/* Parses a plain decimal number. Returns false and sets *count to 0 for any other text. */
bool count_parse(const char *text, uint64_t *count);

/* Buffer size for duration_format. */
#define DURATION_TEXT_SIZE 32

/* Formats a duration for people: "350ms", "4.2s", "5m03s", "2h05m", "3d04h"; "-" if negative. */
void duration_format(int64_t ms, char text[DURATION_TEXT_SIZE]);

#endif
