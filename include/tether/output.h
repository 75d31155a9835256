/* What a task wrote. The bytes stay in the store's files until the task is removed. */
#ifndef TETHER_OUTPUT_H
#define TETHER_OUTPUT_H

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

/* Copies up to size bytes from an offset into buffer; *got is how many, 0 at the end of what is
 * there so far. Bytes are exact, and an offset past the end is no error. Any thread. Errors:
 * TETHER_ENOTASK, TETHER_EIO, TETHER_EGONE. */
TETHER_EXPORT int tether_output_read(tether_registry *registry, const char *task_id,
                                     tether_stream stream, uint64_t offset, void *buffer,
                                     size_t size, size_t *got, tether_error *error);

/* How many bytes the task has written to a stream so far. Any thread. Errors as tether_output_read.
 */
TETHER_EXPORT int tether_output_size(tether_registry *registry, const char *task_id,
                                     tether_stream stream, uint64_t *size, tether_error *error);

/* Waits until a stream is longer than its seen size or the task has ended: the heart of a follower,
 * which reads to the end of both, looks whether the task ended before it read, and if not waits
 * again. timeout_ms: -1 waits for ever. Any thread but that of a host's own loop. Errors:
 * TETHER_ETIMEDOUT, TETHER_ENOTASK, TETHER_ECLOSED. */
TETHER_EXPORT int tether_output_wait(tether_registry *registry, const char *task_id,
                                     uint64_t seen_stdout, uint64_t seen_stderr, int64_t timeout_ms,
                                     tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
