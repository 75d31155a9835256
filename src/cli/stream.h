/* The command's standard streams, and reading files whole. */
#ifndef TETHER_CLI_STREAM_H
#define TETHER_CLI_STREAM_H

#include <stdbool.h>
#include <stddef.h>

/* A buffered output stream. It keeps its first failure; later writes do nothing. */
typedef struct cli_stream cli_stream;

typedef struct stream_failure {
    int code;     /* libuv's error code; 0: none */
    int os_error; /* errno, or the Windows error code */
} stream_failure;

/* Opens descriptors 0, 1 and 2 if the caller has closed them. Call it before anything else. */
void stream_init(void);

cli_stream *stream_stdout(void);
cli_stream *stream_stderr(void);

/* Standard error once more, for the thread on which events arrive. */
cli_stream *stream_stderr_events(void);

/* Standard error once more, for a line that makes way for what all other streams write: no guard is
 * called for it. */
cli_stream *stream_stderr_line(void);

/* Sets functions that are called before and after each write to standard output and standard error,
 * with its descriptor, on the thread that writes. Set them before there are other threads. */
typedef void stream_before(int descriptor);
typedef void stream_after(int descriptor, const char *bytes, size_t size);
void stream_guard(stream_before *before, stream_after *after);

bool stream_is_terminal(const cli_stream *stream);

/* Returns whether another program reads what is written. */
bool stream_is_pipe(const cli_stream *stream);

/* Returns the width of the terminal; SIZE_MAX if the stream is no terminal or its width is unknown:
 * then lines are not cut. */
size_t stream_columns(const cli_stream *stream);

/* Returns true if the stream is a terminal that understands escape sequences for colours. */
bool stream_has_colours(const cli_stream *stream);

/* Writes bytes unchanged, on every platform; to a console of Windows, the characters that they are
 * in UTF-8. */
void stream_write(cli_stream *stream, const void *bytes, size_t size);
void stream_text(cli_stream *stream, const char *text);

/* For short text: cut to 255 bytes. */
void stream_format(cli_stream *stream, const char *format, ...);

/* Begins a new line on a stream before a message of the command itself: writes a newline if what
 * was copied last to it, or to the other stream where both go to the same place, ends without one.
 */
void stream_begin_line(cli_stream *stream);

/* Sets a function that is called when a write finds that nobody reads the stream any more. */
void stream_on_broken(cli_stream *stream, void (*broken)(void));

/* Writes out the buffer. Returns false if this or an earlier write failed. */
bool stream_flush(cli_stream *stream);

/* Nothing is written any more, and all was flushed: shows the beginning of a character whose rest
 * did not come. */
void stream_end(cli_stream *stream);

/* Returns the first failure of a stream; its code is 0 if there was none. */
const stream_failure *stream_failed(const cli_stream *stream);

typedef enum stream_read_result {
    STREAM_READ_OK,
    STREAM_READ_FAILED, /* *failure says why */
    STREAM_READ_TOO_BIG,
    STREAM_READ_NO_MEMORY
} stream_read_result;

/* Reads a whole file, or standard input if the path is "-", and appends a zero byte. The caller
 * frees *data with free(); it is NULL on failure. */
stream_read_result stream_read_file(const char *path, size_t limit, char **data, size_t *size,
                                    stream_failure *failure);

#endif
