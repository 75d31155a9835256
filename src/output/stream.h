/* One stream of a task's output, open for reading at the task's own offsets. These count from the
 * first byte that the task wrote, including bytes that its output limit has dropped since. A stream
 * that is open keeps all its bytes, even if a host trims the file later; but what a monitor drops
 * while the task writes is gone for all.
 *
 * The task itself may truncate its file: a script that writes to /dev/stderr or /dev/stdout opens
 * the file behind the descriptor and truncates it. Offsets then begin again, as in the file.
 *
 * One thread at a time per object. */
#ifndef TETHER_OUTPUT_STREAM_H
#define TETHER_OUTPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/core.h"
#include "format/gap.h"
#include "os/file.h"
#include "store/times_file.h"
#include "tether/error.h"
#include "tether/output.h"

/* How many of the bytes that were read last are kept to recognise them. */
#define TETHER__OUTPUT_TAIL 32

typedef struct tether__output {
    tether__file file;  /* handle -1: there is no file, as for standard error when it is merged */
    uint64_t dropped;   /* bytes at the start that are not in the file any more */
    bool piped;         /* a monitor writes the file, and notes when */
    int64_t changed_ms; /* Unix time of the last change when the stream was opened */
    uint64_t limit;     /* the file has the gap that this limit makes (format/gap.h); 0: none */
    uint64_t end;       /* bytes written up to the last measurement, including the dropped ones */
    uint64_t place;     /* the furthest offset up to which tether__output_read_on has read */
    size_t tail_size;
    char tail[TETHER__OUTPUT_TAIL]; /* the last bytes in front of `place` */
} tether__output;

/* A stream that is not open. */
#define TETHER__OUTPUT_NONE ((tether__output){.file = {-1}})

/* Opens a stream and measures it. A missing file is no error. Call tether__output_close afterwards,
 * even after a failure. The caller holds no lock. */
int tether__output_open(tether_registry *registry, const char *task_id, tether_stream stream,
                        tether__output *output, tether_error *error);

/* Updates `end` from the present size of the file. */
int tether__output_measure(tether__output *output, tether_error *error);

/* Returns the bytes that were dropped up to the last measurement, of which there is one range. */
tether__gap tether__output_gap(const tether__output *output);

/* Measures, and moves an offset that was dropped to the next byte that is left. */
int tether__output_skip(tether__output *output, uint64_t *offset, tether_error *error);

/* Reads up to `size` bytes at an offset, but not across dropped ones. TETHER_EDROPPED if the byte
 * at the offset was dropped. */
int tether__output_read(const tether__output *output, uint64_t offset, void *buffer, size_t size,
                        size_t *got, tether_error *error);

/* Reads as tether__output_read, for readers that go forward and share the object. Sets *truncated,
 * and *got to 0, if the file was truncated since: it is shorter than what was read, or the last
 * bytes that were read are others now. All readers then begin again at `dropped`; `end` is
 * measured. A file that was truncated and has grown again to the same bytes in front of `place` is
 * not recognised. With size 0 it only checks this. */
int tether__output_read_on(tether__output *output, uint64_t offset, void *buffer, size_t size,
                           size_t *got, bool *truncated, tether_error *error);

/* Returns whether an offset that nobody has read up to through this object is beyond the end of the
 * file. */
bool tether__output_is_beyond_end(tether__output *output, uint64_t offset);

void tether__output_close(tether__output *output);

/* Reads when the task's outputs had which sizes; the caller disposes of it. */
int tether__output_times(tether_registry *registry, const char *task_id, tether__times *times,
                         tether_error *error);

#endif
