/* Seam: standard input and output that nobody waits for alone, threads for calls that take their
 * time, and a clock. Implemented in posix/mcp/stdio_os.c and win32/mcp/stdio_os.c.
 *
 * All functions are for one thread, but what stdio_os_start runs. */
#ifndef TETHER_MCP_STDIO_OS_H
#define TETHER_MCP_STDIO_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stdio_os_wait waits for and reports, as bits. */
enum {
    STDIO_READABLE = 1, /* there is input, or its end */
    STDIO_WRITABLE = 2, /* standard output takes bytes, or its reader is gone */
    STDIO_WORK_DONE = 4 /* stdio_os_done has something; reported without being asked for */
};

/* What stdio_os_read and stdio_os_write return besides a number of bytes. */
enum { STDIO_NOTHING = -1, STDIO_OVER = -2 };

/* Takes standard input and output. Returns false if the system has no room for that. A write to a
 * pipe without a reader does not end this process from now on. */
bool stdio_os_open(void);

/* Waits until something that is wanted happens, one of the pollables of registries is ready, or the
 * time has passed (-1: for ever). Returns what has happened; a pollable is not told. */
unsigned stdio_os_wait(unsigned wanted, const intptr_t *pollables, size_t count,
                       int64_t timeout_ms);

/* Reads what is there, without waiting. STDIO_NOTHING: nothing now; STDIO_OVER: the end. */
long stdio_os_read(void *buffer, size_t size);

/* Writes what is taken without waiting. STDIO_NOTHING: nothing now; STDIO_OVER: nobody reads. */
long stdio_os_write(const void *bytes, size_t size);

/* Waits until what was taken is written, but not longer than this. */
void stdio_os_drain(int64_t timeout_ms);

/* Runs work(userdata) on a thread of its own. Returns false if there can be none. */
bool stdio_os_start(void (*work)(void *userdata), void *userdata);

/* Returns the userdata of a work that is done, each once; NULL: of none. */
void *stdio_os_done(void);

/* Milliseconds of a clock that only advances. */
int64_t stdio_os_now_ms(void);

/* Ends this process at once, without the work of other threads. */
_Noreturn void stdio_os_exit(int code);

#endif
