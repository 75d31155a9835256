/* Seam: the reader of standard output. Implemented in posix/cli/reader_os.c and
 * win32/cli/reader_os.c. */
#ifndef TETHER_CLI_READER_OS_H
#define TETHER_CLI_READER_OS_H

/* Starts a thread that calls reader_os_end when the reader is gone, if that can be known. Without
 * one, the next write notices it. */
void reader_os_watch(void);

/* Ends this process at once. Any thread. */
_Noreturn void reader_os_end(void);

#endif
