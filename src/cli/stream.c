/* Owns writing the standard streams and reading files that the command line names.
 * Must not: use stdio for them (it translates line ends on Windows and loses bytes on EAGAIN).
 * Thread: one at a time per stream. */
#include "cli/stream.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/console_os.h"
#include "cli/utf16.h"

struct cli_stream {
    uv_file file;
    utf16_state console;    /* of a console that takes characters */
    stream_failure failure; /* of the first write that failed */
    void (*broken)(void);   /* called when a write finds no reader; may be NULL */
    bool inside_line;       /* the last byte was no newline */
    bool unguarded;         /* the guards are not called for its writes */
    size_t used;
    char buffer[32 * 1024];
};

static cli_stream standard_output = {.file = 1};
static cli_stream standard_error = {.file = 2};
static cli_stream events_error = {.file = 2};
static cli_stream line_error = {.file = 2, .unguarded = true};
static stream_before *guard_before;
static stream_after *guard_after;

/* If the caller closed one of these descriptors, the next open() would return its number, and our
 * output could end up in a file of the store. Put the null device there, opened in the wrong
 * direction: using it then fails, as using a closed descriptor should. Windows has no /dev/null,
 * but does not reuse closed standard descriptors. */
void stream_init(void)
{
    int fd;

    for (fd = 0; fd <= 2; fd++) {
        uv_fs_t request;
        int result = uv_fs_fstat(NULL, &request, fd, NULL);

        uv_fs_req_cleanup(&request);
        if (result != UV_EBADF)
            continue;
        uv_fs_open(NULL, &request, "/dev/null", fd == 0 ? UV_FS_O_WRONLY : UV_FS_O_RDONLY, 0, NULL);
        uv_fs_req_cleanup(&request);
    }
}

cli_stream *stream_stdout(void)
{
    return &standard_output;
}

cli_stream *stream_stderr(void)
{
    return &standard_error;
}

cli_stream *stream_stderr_events(void)
{
    return &events_error;
}

cli_stream *stream_stderr_line(void)
{
    return &line_error;
}

void stream_guard(stream_before *before, stream_after *after)
{
    guard_before = before;
    guard_after = after;
}

bool stream_is_terminal(const cli_stream *stream)
{
    return uv_guess_handle(stream->file) == UV_TTY;
}

bool stream_is_pipe(const cli_stream *stream)
{
    uv_handle_type type = uv_guess_handle(stream->file);

    return type == UV_NAMED_PIPE || type == UV_TCP;
}

size_t stream_columns(const cli_stream *stream)
{
    size_t columns = stream_is_terminal(stream) ? console_os_columns(stream->file) : 0;

    return columns > 0 ? columns : SIZE_MAX;
}

/* On Windows, libuv finds out what a terminal understands when it opens one. */
static void open_terminal(const cli_stream *stream)
{
    uv_loop_t loop;
    uv_tty_t terminal;

    if (uv_loop_init(&loop) != 0)
        return;
    if (uv_tty_init(&loop, &terminal, stream->file, 0) == 0) {
        uv_close((uv_handle_t *)&terminal, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&loop);
}

bool stream_has_colours(const cli_stream *stream)
{
    uv_tty_vtermstate_t state;

    if (!stream_is_terminal(stream))
        return false;
    /* Only Windows has terminals that cannot; elsewhere the question is not supported. */
    if (uv_tty_get_vterm_state(&state) == UV_ENOTSUP)
        return true;
    open_terminal(stream);
    return uv_tty_get_vterm_state(&state) != 0 || state == UV_TTY_SUPPORTED;
}

static void write_units(cli_stream *stream, const uint16_t *units, size_t count)
{
    int os_error = console_os_write(stream->file, units, count);

    if (os_error == 0)
        return;
    stream->failure.code = UV_EIO;
    stream->failure.os_error = os_error;
}

/* A character that is cut at the end is written with its rest. */
static void write_characters(cli_stream *stream, const char *bytes, size_t size)
{
    uint16_t units[1024];

    while (size > 0 && stream->failure.code == 0) {
        size_t taken;
        size_t count = utf16_convert(&stream->console, bytes, size, units,
                                     sizeof units / sizeof units[0], &taken);

        write_units(stream, units, count);
        bytes += taken;
        size -= taken;
    }
}

static void write_bytes(cli_stream *stream, const char *bytes, size_t size)
{
    unsigned pause_ms = 1;

    while (size > 0 && stream->failure.code == 0) {
        size_t part = size < 1024 * 1024 ? size : 1024 * 1024;
        uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)part);
        uv_fs_t request;
        int result = uv_fs_write(NULL, &request, stream->file, &buffer, 1, -1, NULL);
        int os_error = result < 0 ? uv_fs_get_system_error(&request) : 0;

        uv_fs_req_cleanup(&request);
        if (result == UV_EAGAIN) {
            /* Another process has set the shared terminal or pipe to non-blocking: retry. */
            uv_sleep(pause_ms);
            pause_ms = pause_ms < 32 ? pause_ms * 2 : 50;
        } else if (result <= 0) {
            if ((result == UV_EPIPE || result == UV_EOF) && stream->broken != NULL)
                stream->broken();
            stream->failure.code = result < 0 ? result : UV_EIO;
            stream->failure.os_error = os_error;
        } else {
            bytes += result;
            size -= (size_t)result;
            pause_ms = 1;
        }
    }
}

static void write_out(cli_stream *stream, const char *bytes, size_t size)
{
    bool guarded = size > 0 && guard_before != NULL && !stream->unguarded;

    if (guarded)
        guard_before(stream->file);
    if (size > 0 && console_os_takes_utf16(stream->file))
        write_characters(stream, bytes, size);
    else
        write_bytes(stream, bytes, size);
    if (guarded)
        guard_after(stream->file, bytes, size);
}

void stream_end(cli_stream *stream)
{
    uint16_t unit[1];
    size_t count = utf16_end(&stream->console, unit);

    if (count > 0 && stream->failure.code == 0)
        write_units(stream, unit, count);
}

bool stream_flush(cli_stream *stream)
{
    size_t used = stream->used;

    stream->used = 0;
    write_out(stream, stream->buffer, used);
    return stream->failure.code == 0;
}

const stream_failure *stream_failed(const cli_stream *stream)
{
    return &stream->failure;
}

void stream_write(cli_stream *stream, const void *bytes, size_t size)
{
    if (size > 0)
        stream->inside_line = ((const char *)bytes)[size - 1] != '\n';
    if (size > sizeof stream->buffer - stream->used)
        stream_flush(stream);
    if (size > sizeof stream->buffer) {
        write_out(stream, bytes, size);
        return;
    }
    memcpy(stream->buffer + stream->used, bytes, size);
    stream->used += size;
}

void stream_on_broken(cli_stream *stream, void (*broken)(void))
{
    stream->broken = broken;
}

static bool identify(const cli_stream *stream, uint64_t *device, uint64_t *node)
{
    uv_fs_t request;
    bool found = uv_fs_fstat(NULL, &request, stream->file, NULL) == 0;

    *device = found ? request.statbuf.st_dev : 0;
    *node = found ? request.statbuf.st_ino : 0;
    uv_fs_req_cleanup(&request);
    return *node != 0;
}

/* Returns whether both streams go to the same file, pipe or terminal. */
static bool same_place(void)
{
    uint64_t device[2], node[2];

    if (stream_is_terminal(&standard_output) && stream_is_terminal(&standard_error))
        return true;
    /* Windows numbers no pipes, but passes on one handle for both. */
    if (uv_get_osfhandle(standard_output.file) == uv_get_osfhandle(standard_error.file))
        return true;
    return identify(&standard_output, &device[0], &node[0]) &&
           identify(&standard_error, &device[1], &node[1]) && device[0] == device[1] &&
           node[0] == node[1];
}

void stream_begin_line(cli_stream *stream)
{
    cli_stream *other = stream == &standard_output ? &standard_error : &standard_output;
    bool both = other->inside_line && same_place();

    if (!stream->inside_line && !both)
        return;
    stream_write(stream, "\n", 1);
    if (both)
        other->inside_line = false;
}

void stream_text(cli_stream *stream, const char *text)
{
    stream_write(stream, text, strlen(text));
}

void stream_format(cli_stream *stream, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    stream_text(stream, text);
}

/* Reads to the end of a file. Fails with STREAM_READ_TOO_BIG once more than limit bytes were read.
 */
static stream_read_result read_all(uv_file file, size_t limit, char **data, size_t *size,
                                   stream_failure *failure)
{
    size_t room = 64 * 1024;
    char *bytes = malloc(room + 1);
    size_t used = 0;

    while (bytes != NULL) {
        uv_buf_t buffer = uv_buf_init(bytes + used, (unsigned)(room - used));
        uv_fs_t request;
        int got = uv_fs_read(NULL, &request, file, &buffer, 1, -1, NULL);

        failure->code = got < 0 ? got : 0;
        failure->os_error = got < 0 ? uv_fs_get_system_error(&request) : 0;
        uv_fs_req_cleanup(&request);
        if (got == UV_EAGAIN) {
            uv_sleep(10);
            continue;
        }
        if (got < 0 || used + (size_t)got > limit) {
            free(bytes);
            return got < 0 ? STREAM_READ_FAILED : STREAM_READ_TOO_BIG;
        }
        if (got == 0) {
            bytes[used] = '\0';
            *data = bytes;
            *size = used;
            return STREAM_READ_OK;
        }
        used += (size_t)got;
        if (used == room) {
            char *grown = realloc(bytes, room * 2 + 1);

            if (grown == NULL)
                free(bytes);
            bytes = grown;
            room *= 2;
        }
    }
    return STREAM_READ_NO_MEMORY;
}

stream_read_result stream_read_file(const char *path, size_t limit, char **data, size_t *size,
                                    stream_failure *failure)
{
    stream_read_result result;
    uv_fs_t request;
    uv_file file;

    *data = NULL;
    *size = 0;
    memset(failure, 0, sizeof *failure);
    if (strcmp(path, "-") == 0)
        return read_all(0, limit, data, size, failure);
    file = uv_fs_open(NULL, &request, path, UV_FS_O_RDONLY, 0, NULL);
    if (file < 0) {
        failure->code = file;
        failure->os_error = uv_fs_get_system_error(&request);
    }
    uv_fs_req_cleanup(&request);
    if (file < 0)
        return STREAM_READ_FAILED;
    result = read_all(file, limit, data, size, failure);
    uv_fs_close(NULL, &request, file, NULL);
    uv_fs_req_cleanup(&request);
    return result;
}
