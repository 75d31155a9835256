/* Owns the decision whether the cursor of a terminal is at the beginning of an empty line.
 * Must not: ask a terminal; it knows only what was written.
 * Thread: any; pure functions. */
#include "cli/ground.h"

enum { ESCAPE = 0x1B, FINAL_FIRST = 0x40, FINAL_LAST = 0x7E };

/* Colours, and erasing the rest of a line, leave the cursor where it is. All other sequences count
 * as movements, for good: a program that draws with them knows what is on the screen, we do not. */
static void end_sequence(cli_ground *ground, unsigned char last)
{
    ground->sequence = 0;
    ground->inside_line = true;
    if (last != 'm' && last != 'K')
        ground->moved = true;
}

static void feed_sequence(cli_ground *ground, unsigned char byte)
{
    if (ground->sequence == ESCAPE && byte == '[')
        ground->sequence = '[';
    else if (ground->sequence == ESCAPE)
        end_sequence(ground, 0);
    else if (byte >= FINAL_FIRST && byte <= FINAL_LAST)
        end_sequence(ground, byte);
}

void ground_feed(cli_ground *ground, const char *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (ground->sequence != 0)
            feed_sequence(ground, byte);
        else if (byte == ESCAPE)
            ground->sequence = ESCAPE;
        else
            ground->inside_line = byte != '\n';
    }
}

bool ground_is_free(const cli_ground *ground)
{
    return !ground->inside_line && !ground->moved && ground->sequence == 0;
}
