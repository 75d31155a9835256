/* Seam: the reader of standard output. Implemented in posix/cli/reader_os.c and
 * win32/cli/reader_os.c. */
#ifndef TETHER_CLI_READER_OS_H
#define TETHER_CLI_READER_OS_H

/* From now on, a write to a pipe without a reader fails, and does not end this process. Starts a
 * thread that calls gone() once when the reader is gone, if that can be known; without one, the
 * next write notices it. Call it once. */
void reader_os_watch(void (*gone)(void));

/* Ends this process at once, as a write without a reader would have before reader_os_watch. */
_Noreturn void reader_os_end(void);

#endif
