/* The content of the command's file for PowerShell: the caller's text, and around its end what
 * makes PowerShell exit with the code of the last statement. Pure, so that every platform tests it;
 * any thread. */
#ifndef TETHER_COMMAND_PS1_H
#define TETHER_COMMAND_PS1_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Returns whether nothing may be added behind a text: it is signed, or consists of named blocks
 * (begin, process, end, clean), behind which PowerShell accepts no statement. */
bool tether__command_ps1_is_closed(const char *command, size_t size);

/* Returns whether a text has a signature, which covers every byte of it. */
bool tether__command_ps1_is_signed(const char *command, size_t size);

/* Finds a `return` without a value that is the last statement of a text. Returns the offset behind
 * the word, or 0 where the text ends otherwise. */
size_t tether__command_ps1_return(const char *command, size_t size);

/* Adds the content of the file. Changes no byte of the text and no number of a line. */
void tether__command_ps1_render(const char *command, size_t size, tether__text *text);

#endif
