/* Texts of tasks in the cells of a screen. Pure. */
#ifndef TETHER_CLI_FIT_H
#define TETHER_CLI_FIT_H

#include <stddef.h>

/* Copies the characters of a text that fit into so many columns to out, which has room for `room`
 * bytes, and ends it with a zero. Returns the columns that they take. What is left out is shown by
 * a '~' in the last column.
 *
 * Control characters, those that reorder a line, and bytes that are not UTF-8 become U+FFFD; a tab,
 * and the line ends, become a blank. Joiners and variation selectors, whose effect on the width
 * depends on the terminal, are left out. */
size_t fit_text(const char *text, size_t size, size_t columns, char *out, size_t room);

/* Finds the last line of a text that is not blank, and in it what a carriage return has left
 * standing. Returns its start and sets *size; the text has `length` bytes. */
const char *fit_last_line(const char *text, size_t length, size_t *size);

#endif
