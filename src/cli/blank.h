/* Blanks in the lines of files that people write. Pure. */
#ifndef TETHER_CLI_BLANK_H
#define TETHER_CLI_BLANK_H

#include <stdbool.h>
#include <stddef.h>

/* A space, a tab, or the CR of a line that ends with CR and LF. */
bool blank_is(char c);

/* Returns the size of a text without the blanks at its end. */
size_t blank_trim(const char *text, size_t size);

#endif
