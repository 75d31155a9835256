/* One output of a task, opened for reading by its own offsets: they count from the first byte that
 * the task wrote, whatever its output limit has dropped since. What was opened stays whole, also
 * when the file is cut meanwhile. One thread at a time per object. */
#ifndef TETHER_OUTPUT_STREAM_H
#define TETHER_OUTPUT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "engine/core.h"
#include "os/file.h"
#include "tether/error.h"
#include "tether/output.h"

typedef struct tether__output {
    tether__file file; /* handle -1: there is no file, such as of standard error when merged */
    uint64_t dropped;  /* bytes that are not there any more */
    uint64_t end;      /* how many there were at the opening, those included */
} tether__output;

/* An output that is not open. */
#define TETHER__OUTPUT_NONE ((tether__output){{-1}, 0, 0})

/* Opens it; closed with tether__output_close, also after a failure. Under no lock. */
int tether__output_open(tether_registry *registry, const char *task_id, tether_stream stream,
                        tether__output *output, tether_error *error);

/* Looks how far it goes now. */
int tether__output_measure(tether__output *output, tether_error *error);

/* Reads up to size bytes at an offset; TETHER_EDROPPED before the first that is there. */
int tether__output_read(const tether__output *output, uint64_t offset, void *buffer, size_t size,
                        size_t *got, tether_error *error);

void tether__output_close(tether__output *output);

#endif
