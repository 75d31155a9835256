/* Command lines for the tests' own starts of programs, apart from those of the library, which are
 * what is tested. */
#ifndef TETHER_TEST_COMMAND_LINE_H
#define TETHER_TEST_COMMAND_LINE_H

#include <wchar.h>

/* A line that the C library, and CommandLineToArgvW, split into exactly these arguments (UTF-8,
 * NULL-terminated); freed with free(). Ends the program where memory is short. */
wchar_t *command_line_make(const char *const *argv);

#endif
