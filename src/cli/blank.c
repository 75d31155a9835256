/* Owns what counts as a blank in the files that "tether run" reads.
 * Must not: read a file.
 * Thread: any; pure functions. */
#include "cli/blank.h"

bool blank_is(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

size_t blank_trim(const char *text, size_t size)
{
    while (size > 0 && blank_is(text[size - 1]))
        size--;
    return size;
}
