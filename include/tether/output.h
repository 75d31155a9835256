/* What a task wrote. The bytes stay in the store's files until the task is removed. */
#ifndef TETHER_OUTPUT_H
#define TETHER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tether_stream {
    TETHER_STDOUT = 0, /* with merged output: both */
    TETHER_STDERR = 1  /* with merged output: always empty */
} tether_stream;

/* Which output a call is about. */
typedef enum tether_view {
    TETHER_VIEW_BOTH = 0,
    TETHER_VIEW_STDOUT = 1,
    TETHER_VIEW_STDERR = 2
} tether_view;

/* Copies up to size bytes from an offset into buffer; *got is how many, 0 at the end of what is
 * there so far. Bytes are exact, and an offset past the end is no error. Offsets count from the
 * first byte that the task wrote, whatever was dropped since by its output limit. Any thread.
 * Errors: TETHER_EDROPPED for an offset in what was dropped (tether_output_dropped tells how much);
 * TETHER_EINVAL for a stream that is none; TETHER_ENOTASK, TETHER_EIO, TETHER_EGONE. */
TETHER_EXPORT int tether_output_read(tether_registry *registry, const char *task_id,
                                     tether_stream stream, uint64_t offset, void *buffer,
                                     size_t size, size_t *got, tether_error *error);

/* How many bytes the task has written to a stream so far, dropped ones included. Any thread. Errors
 * as tether_output_read. */
TETHER_EXPORT int tether_output_size(tether_registry *registry, const char *task_id,
                                     tether_stream stream, uint64_t *size, tether_error *error);

/* How many bytes at the start of a stream were dropped by the task's output limit. Any thread.
 * Errors as tether_output_read. */
TETHER_EXPORT int tether_output_dropped(tether_registry *registry, const char *task_id,
                                        tether_stream stream, uint64_t *dropped,
                                        tether_error *error);

/* The end of what a task wrote: the last `bytes` bytes (0: 64 KiB) of the view, of these the last
 * `lines` lines (0: all), beginning at a whole UTF-8 character where the bytes are UTF-8. Both:
 * standard output, then standard error, as one text. *text has a zero after its size bytes and is
 * freed with tether_free; NULL on failure. *truncated (NULL: not wanted): there is more before it.
 * Any thread. Errors as tether_output_read, TETHER_ENOMEM. */
TETHER_EXPORT int tether_output_tail(tether_registry *registry, const char *task_id,
                                     tether_view view, uint64_t bytes, uint64_t lines, char **text,
                                     size_t *size, bool *truncated, tether_error *error);

/* Waits until a stream is longer than its seen size or the task has ended: the heart of a follower,
 * which reads to the end of both, looks whether the task ended before it read, and if not waits
 * again. timeout_ms: -1 waits for ever. Any thread but that of a host's own loop. Errors:
 * TETHER_ETIMEDOUT, TETHER_ENOTASK, TETHER_ECLOSED. */
TETHER_EXPORT int tether_output_wait(tether_registry *registry, const char *task_id,
                                     uint64_t seen_stdout, uint64_t seen_stderr, int64_t timeout_ms,
                                     tether_error *error);

/* Follows a task's output to its end. One thread at a time; any number of followers. */
typedef struct tether_follower tether_follower;

/* Starts at these offsets of standard output and standard error (NULL: the beginning, or after what
 * was dropped). *follower is freed by tether_follow_close, before the registry is closed; NULL on
 * failure. Any thread. Errors as tether_output_read; TETHER_ECLOSED. */
TETHER_EXPORT int tether_follow_open(tether_registry *registry, const char *task_id,
                                     tether_view view, const uint64_t offsets[2],
                                     tether_follower **follower, tether_error *error);

/* Waits for the next bytes, in the order in which the files grow (of an ended task: standard
 * output, then standard error). *got is how many were copied into buffer and *stream which output
 * they are of; 0: the task has ended and everything that was written by then was read. Nothing that
 * was there when the follower was opened is lost to an output limit; what was dropped earlier is
 * passed over. timeout_ms: -1 waits for ever, 0 only
 * looks; otherwise not on the thread of a host's own loop. Errors: TETHER_ETIMEDOUT,
 * TETHER_ENOTASK, TETHER_EIO, TETHER_ECLOSED. */
TETHER_EXPORT int tether_follow_read(tether_follower *follower, void *buffer, size_t size,
                                     int64_t timeout_ms, tether_stream *stream, size_t *got,
                                     tether_error *error);

/* NULL is allowed. One whose read has returned TETHER_ECLOSED may be freed after its registry. */
TETHER_EXPORT void tether_follow_close(tether_follower *follower);

/* Keeps the last `bytes` bytes (at most 16 MiB) of a task's output in memory, as they come and from
 * now on, so that tether_ring_read costs no file access. 0: stops that. Needs nothing of the
 * task's host. Any thread. Errors: TETHER_ENOTASK, TETHER_EINVAL, TETHER_ENOMEM. */
TETHER_EXPORT int tether_ring_keep(tether_registry *registry, const char *task_id, size_t bytes,
                                   tether_error *error);

/* Copies the newest bytes, at most size, from the task's ring; *got is how many. What the task
 * wrote a moment ago may be missing. Touches no file. Any thread. Errors: TETHER_ENOTASK where the
 * task has no ring. */
TETHER_EXPORT int tether_ring_read(tether_registry *registry, const char *task_id, void *buffer,
                                   size_t size, size_t *got, tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
