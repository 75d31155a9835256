/* Output: what a task wrote to standard output and standard error. The bytes stay in the store
 * until the task is removed; a task with an output_limit keeps only a part of each stream. */
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

/* One output stream of a task. Offsets count in bytes from the first byte that the task wrote to
 * the stream, even if its output limit has dropped that byte since.
 *
 * A task whose command writes the files itself (TETHER_OUTPUT_DIRECT) can truncate the file of a
 * stream. A script does so by `echo x >/dev/stderr` or
 * `tee /dev/stderr`, which open the file behind the descriptor; `>>` and `tee -a` do not. What the
 * file had is lost, offsets count from its new start, and the task's other writes follow at its new
 * end. Followers, watches and rings then go on from the start of the file and tell so. They
 * recognise that the file is shorter than what they have read, or that the last 32 bytes that they
 * have read are others now. They cannot know of bytes that were written and truncated again between
 * two looks, nor of a truncation after which the file has grown to the same 32 bytes there. */
typedef enum tether_stream {
    TETHER_STDOUT = 0, /* with merge_output: both */
    TETHER_STDERR = 1  /* with merge_output: always empty */
} tether_stream;

/* Which streams a call covers. */
typedef enum tether_view {
    TETHER_VIEW_BOTH = 0,   /* both streams */
    TETHER_VIEW_STDOUT = 1, /* standard output */
    TETHER_VIEW_STDERR = 2  /* standard error */
} tether_view;

/* Copies up to `size` bytes of a stream, from `offset` on, into buffer. *got receives how many; 0
 * at the end of what the task has written so far. An offset beyond that is not an error; if bytes
 * were read there before, the task has truncated the file (compare with tether_output_size). The
 * bytes are exact, not converted in any way. Any thread.
 *
 * Errors: TETHER_EDROPPED if the output limit has dropped the byte at `offset` (see
 * tether_output_gap); TETHER_EINVAL for an unknown stream; TETHER_ENOTASK; TETHER_EIO;
 * TETHER_EGONE if the store was removed. */
TETHER_EXPORT int tether_output_read(tether_registry *registry, const char *task_id,
                                     tether_stream stream, uint64_t offset, void *buffer,
                                     size_t size, size_t *got, tether_error *error);

/* Returns in *size how many bytes the task has written to a stream so far, including dropped ones;
 * 0 on failure. Any thread. Errors as tether_output_read. */
TETHER_EXPORT int tether_output_size(tether_registry *registry, const char *task_id,
                                     tether_stream stream, uint64_t *size, tether_error *error);

/* Returns in *dropped how many bytes at the start of a stream the task's output limit has dropped;
 * 0 on failure, and where the first bytes are kept (tether_output_gap). Any thread. Errors as
 * tether_output_read. */
TETHER_EXPORT int tether_output_dropped(tether_registry *registry, const char *task_id,
                                        tether_stream stream, uint64_t *dropped,
                                        tether_error *error);

/* Returns which bytes of a stream the task's output limit has dropped so far: *size bytes from
 * *offset on; both are 0 on failure. Where a monitor reads the outputs from pipes
 * (TETHER_OUTPUT_PIPE) it keeps them within the limit while the task runs: about the first quarter
 * of the limit stays, and the last bytes. The gap between them then grows with the output. Else the
 * first bytes are dropped, after the end of the task. Any thread. Errors as tether_output_read. */
TETHER_EXPORT int tether_output_gap(tether_registry *registry, const char *task_id,
                                    tether_stream stream, uint64_t *offset, uint64_t *size,
                                    tether_error *error);

/* A part of a stream that was written by one time. */
typedef struct tether_piece {
    size_t size;          /* set it to sizeof(tether_piece) */
    tether_stream stream; /* which stream it is a part of */
    uint64_t offset;      /* in the stream */
    uint64_t bytes;       /* how many; never 0 */
    int64_t time; /* by when they were written: Unix milliseconds, by the wall clock, which may go
                     back */
} tether_piece;

/* What is left of a task's outputs, in the order in which the task wrote it. */
typedef struct tether_pieces tether_pieces;

/* Lists the pieces of a view, from the first bytes on, without what an output limit has dropped.
 * Where a monitor reads the outputs from pipes (TETHER_OUTPUT_PIPE), it notes their order and
 * times: to a millisecond where the streams alternate, else to 100 ms, and less exactly once the
 * notes take a megabyte. What came within one such time, and the outputs of any other task, is
 * listed as standard output followed by standard error; the times of the latter are those of the
 * last change.
 *
 * The caller frees *pieces with tether_pieces_free; it is NULL on failure. Any thread.
 *
 * Errors: TETHER_EINVAL for an unknown view; TETHER_ENOMEM; otherwise as tether_output_read. */
TETHER_EXPORT int tether_pieces_open(tether_registry *registry, const char *task_id,
                                     tether_view view, tether_pieces **pieces, tether_error *error);

/* Returns how many pieces there are. Any thread. */
TETHER_EXPORT size_t tether_pieces_count(const tether_pieces *pieces);

/* Stores a piece; the first has the number 0. Any thread. Errors: TETHER_EINVAL for a number that
 * there is not, or if piece->size is none that a version of the library had. */
TETHER_EXPORT int tether_pieces_get(const tether_pieces *pieces, size_t number,
                                    tether_piece *piece);

/* Frees pieces. NULL is allowed. Any thread. */
TETHER_EXPORT void tether_pieces_free(tether_pieces *pieces);

/* Returns the end of what a task has written so far: the last `bytes` bytes (0: 64 KiB) of the
 * view, and of these the last `lines` lines (0: all). TETHER_VIEW_BOTH has both streams in the
 * order of tether_pieces_open. A text that would begin inside a UTF-8 character begins after it.
 *
 * The caller frees *text with tether_free; it is NULL on failure. It has *size bytes and a
 * terminating zero after them. *truncated receives whether there was more output before it;
 * truncated may be NULL. Any thread.
 *
 * Errors: TETHER_EINVAL for an unknown view; TETHER_ENOMEM; otherwise as tether_output_read. */
TETHER_EXPORT int tether_output_tail(tether_registry *registry, const char *task_id,
                                     tether_view view, uint64_t bytes, uint64_t lines, char **text,
                                     size_t *size, bool *truncated, tether_error *error);

/* Waits until a stream has more bytes than the caller has seen, or fewer, because the task has
 * truncated it, or until the task has ended. UINT64_MAX: do not wait for this stream. It is the
 * building block of a follower: query whether the task has ended, read both streams to their ends,
 * and wait again if it had not. tether_follow_open and tether_follow_read do this for you.
 *
 * timeout_ms in milliseconds: -1 waits forever, 0 checks once. Any thread, except the thread of a
 * host's own loop if timeout_ms is not 0 (TETHER_EINVAL).
 *
 * Errors: TETHER_ETIMEDOUT; TETHER_ENOTASK; TETHER_ECLOSED if the registry is closed during the
 * wait. */
TETHER_EXPORT int tether_output_wait(tether_registry *registry, const char *task_id,
                                     uint64_t seen_stdout, uint64_t seen_stderr, int64_t timeout_ms,
                                     tether_error *error);

/* A follower delivers a task's output as it is written, up to the task's end. A task can have any
 * number of followers. Calls on one follower must not overlap. */
typedef struct tether_follower tether_follower;

/* Opens a follower that begins at the given offsets of standard output and standard error. offsets
 * may be NULL: it then begins with the first bytes that were not dropped.
 *
 * The caller frees *follower with tether_follow_close before it closes the registry; it is NULL on
 * failure. Any thread.
 *
 * Errors: TETHER_EDROPPED if a given offset was dropped; TETHER_EINVAL for an unknown view;
 * TETHER_ECLOSED; otherwise as tether_output_read. */
TETHER_EXPORT int tether_follow_open(tether_registry *registry, const char *task_id,
                                     tether_view view, const uint64_t offsets[2],
                                     tether_follower **follower, tether_error *error);

/* Waits for output and copies the next bytes, up to `size`, into buffer. *got receives how many,
 * and *stream from which stream. *got is 0 with TETHER_OK if the task has ended and everything that
 * it had written by then was read.
 *
 * Bytes of the two streams come in the order of tether_pieces_open, as far as they were written
 * before the follower came to them; those that are written while it waits, in about the order in
 * which they were written. A host that trims an ended task's outputs does
 * not affect what was in the files when the follower was opened. Bytes that were dropped before are
 * skipped, and so are those that a monitor drops before they are read.
 *
 * timeout_ms in milliseconds: -1 waits forever, 0 checks once. Any thread, one at a time; not the
 * thread of a host's own loop if timeout_ms is not 0 (TETHER_EINVAL).
 *
 * Errors: TETHER_ETIMEDOUT; TETHER_EINVAL if size is 0; TETHER_ENOTASK if the task was removed;
 * TETHER_EIO; TETHER_ECLOSED if the registry is closed before or during the wait. */
TETHER_EXPORT int tether_follow_read(tether_follower *follower, void *buffer, size_t size,
                                     int64_t timeout_ms, tether_stream *stream, size_t *got,
                                     tether_error *error);

/* Returns where a follower is in a stream: in *offset the offset of the next byte that it reads,
 * and in *truncations how often it has found the file truncated so far and gone on from its start.
 * If that number has changed by a read, the bytes of this read are the first ones of the file. Not
 * during a read. */
TETHER_EXPORT void tether_follow_place(const tether_follower *follower, tether_stream stream,
                                       uint64_t *offset, uint64_t *truncations);

/* Closes and frees a follower. NULL is allowed. Call it before tether_close, unless a read of this
 * follower has returned TETHER_ECLOSED: then it may be called after. */
TETHER_EXPORT void tether_follow_close(tether_follower *follower);

/* Keeps the last `bytes` bytes of a task's output in memory (a ring), from now on, so that
 * tether_ring_read needs no file access. Both streams share the ring. At most 16 MiB; 0 removes the
 * ring. If the task truncates its output, the ring keeps what it has, and a
 * TETHER_EVENT_TRUNCATED tells so. A second call replaces the ring by an empty one. The registry
 * frees it. The task may belong to another host. Any thread.
 *
 * Errors: TETHER_ENOTASK; TETHER_EINVAL for too many bytes; TETHER_ENOMEM; TETHER_ELIMIT if the
 * thread that fills the ring cannot be started. */
TETHER_EXPORT int tether_ring_keep(tether_registry *registry, const char *task_id, size_t bytes,
                                   tether_error *error);

/* Copies the newest bytes of the task's ring, at most `size`, into buffer. *got receives how many.
 * Output of the last moment may be missing. Accesses no file. Any thread.
 *
 * Errors: TETHER_ENOTASK if the task has no ring. */
TETHER_EXPORT int tether_ring_read(tether_registry *registry, const char *task_id, void *buffer,
                                   size_t size, size_t *got, tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
