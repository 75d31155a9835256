/* Where the cursor of a terminal is after what was written to it, as far as a line of our own needs
 * to know. Pure; one thread at a time per object. */
#ifndef TETHER_CLI_GROUND_H
#define TETHER_CLI_GROUND_H

#include <stdbool.h>
#include <stddef.h>

/* All zero for a terminal whose cursor is at the beginning of an empty line. */
typedef struct cli_ground {
    bool inside_line; /* what was written last has not ended its line */
    bool moved;       /* the cursor was moved by sequences: what is on its line is not known */
    char sequence;    /* the escape sequence that goes on: '[' or the ESC before it; 0: none */
} cli_ground;

/* Takes the next bytes, cut anywhere. */
void ground_feed(cli_ground *ground, const char *bytes, size_t size);

/* Returns whether a line may be shown where the cursor is, and removed again, without a loss. */
bool ground_is_free(const cli_ground *ground);

#endif
