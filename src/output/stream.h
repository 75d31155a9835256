/* One stream of a task's output, open for reading at the task's own offsets. These count from the
 * first byte that the task wrote, including bytes that its output limit has dropped since. A stream
 * that is open keeps all its bytes, even if the file is trimmed later. One thread at a time per
 * object. */
#ifndef TETHER_OUTPUT_STREAM_H
#define TETHER_OUTPUT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "engine/core.h"
#include "os/file.h"
#include "tether/error.h"
#include "tether/output.h"

typedef struct tether__output {
    tether__file file; /* handle -1: there is no file, as for standard error when it is merged */
    uint64_t dropped;  /* bytes at the start that are not in the file any more */
    uint64_t end;      /* bytes written up to the last measurement, including the dropped ones */
} tether__output;

/* A stream that is not open. */
#define TETHER__OUTPUT_NONE ((tether__output){{-1}, 0, 0})

/* Opens a stream and measures it. A missing file is no error. Call tether__output_close afterwards,
 * even after a failure. The caller holds no lock. */
int tether__output_open(tether_registry *registry, const char *task_id, tether_stream stream,
                        tether__output *output, tether_error *error);

/* Updates `end` from the present size of the file. */
int tether__output_measure(tether__output *output, tether_error *error);

/* Reads up to `size` bytes at an offset. TETHER_EDROPPED if the offset is before the first byte
 * that is left. */
int tether__output_read(const tether__output *output, uint64_t offset, void *buffer, size_t size,
                        size_t *got, tether_error *error);

void tether__output_close(tether__output *output);

#endif
