/* Command lines for programs that the tests start themselves, independent of the library's quoting,
 * which is what is tested. */
#ifndef TETHER_TEST_COMMAND_LINE_H
#define TETHER_TEST_COMMAND_LINE_H

#include <wchar.h>

/* Makes a line that the C library and CommandLineToArgvW split into exactly these arguments (UTF-8,
 * NULL-terminated); freed with free(). Exits the program when memory is short. */
wchar_t *command_line_make(const char *const *argv);

#endif
