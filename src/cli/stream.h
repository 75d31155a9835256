/* The command's standard streams, and whole files as bytes. */
#ifndef TETHER_CLI_STREAM_H
#define TETHER_CLI_STREAM_H

#include <stdbool.h>
#include <stddef.h>

/* A buffered output whose first failure is remembered: writes after it do nothing. */
typedef struct cli_stream cli_stream;

typedef struct stream_failure {
    int code;     /* libuv's code; 0: none */
    int os_error; /* the platform's own */
} stream_failure;

/* Makes sure that the descriptors 0, 1 and 2 exist. Call first of all. */
void stream_init(void);

cli_stream *stream_stdout(void);
cli_stream *stream_stderr(void);
bool stream_is_terminal(const cli_stream *stream);

/* How many columns a line has where it is a terminal; otherwise, or where the terminal does not
 * say, the number given. */
size_t stream_columns(const cli_stream *stream, size_t otherwise);

/* Bytes go out exactly as given, on every platform. */
void stream_write(cli_stream *stream, const void *bytes, size_t size);
void stream_text(cli_stream *stream, const char *text);

/* For short texts of bounded length: what does not fit in 256 bytes is cut. */
void stream_format(cli_stream *stream, const char *format, ...);

/* Writes out what is buffered. False when this or an earlier write failed. */
bool stream_flush(cli_stream *stream);
const stream_failure *stream_failed(const cli_stream *stream);

typedef enum stream_read_result {
    STREAM_READ_OK,
    STREAM_READ_FAILED, /* *failure says why */
    STREAM_READ_TOO_BIG,
    STREAM_READ_NO_MEMORY
} stream_read_result;

/* All bytes of a file, or of standard input for "-", with a zero after them. *data is freed with
 * free, NULL on failure. */
stream_read_result stream_read_file(const char *path, size_t limit, char **data, size_t *size,
                                    stream_failure *failure);

#endif
