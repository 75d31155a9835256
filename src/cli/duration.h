/* Numbers of the command line: DUR, SIZE and plain counts. */
#ifndef TETHER_CLI_DURATION_H
#define TETHER_CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* The forms that duration_parse takes, for messages. */
#define DURATION_FORMS "500ms, 30s, 5m, 2h, 7d, or a number of seconds"

/* The forms that size_parse takes, for messages. */
#define SIZE_FORMS "a number of bytes, or one with K, M or G after it, such as 64K"

/* The longest duration that is taken, about 1,000 years: a point in time plus this still fits. */
#define DURATION_MAX_MS ((int64_t)1000 * 366 * 24 * 3600 * 1000)

/* Milliseconds of "500ms", "30s", "5m", "2h", "7d"; a bare number is seconds. False, and 0, for
 * anything else. */
bool duration_parse(const char *text, int64_t *ms);

/* Bytes of "4096", "64K", "5M", "1G" (powers of 1024). False, and 0, for anything else. */
bool size_parse(const char *text, uint64_t *bytes);

/* A plain decimal number. False, and 0, for anything else. */
bool count_parse(const char *text, uint64_t *count);

/* Room for duration_format's text. */
#define DURATION_TEXT_SIZE 32

/* A duration for people: "350ms", "4.2s", "5m03s", "2h05m", "3d04h"; "-" when negative. */
void duration_format(int64_t ms, char text[DURATION_TEXT_SIZE]);

/* Room for time_format's text. */
#define TIME_TEXT_SIZE 40

/* Unix milliseconds as "2026-01-31T12:00:00.250Z". */
void time_format(int64_t unix_ms, char text[TIME_TEXT_SIZE]);

#endif
