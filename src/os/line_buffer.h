/* Seam: a library that makes programs write whole lines at once, also into a file or a pipe. */
#ifndef TETHER_OS_LINE_BUFFER_H
#define TETHER_OS_LINE_BUFFER_H

/* Returns the path of the library that the command stdbuf preloads, if it is installed here; else
 * NULL. Static. Any thread. */
const char *tether__os_line_buffer_library(void);

#endif
