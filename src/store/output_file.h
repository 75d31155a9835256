/* The output files of a task, below the public calls. */
#ifndef TETHER_OUTPUT_FILE_H
#define TETHER_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "os/file.h"
#include "tether/error.h"
#include "tether/output.h"

#define TETHER__PREVIEW_BYTES 300

/* Returns the name of a stream's file in a bundle. */
const char *tether__output_file_name(tether_stream stream);

/* Stores the size of a stream's file; 0 if there is no file (stderr is merged into stdout, or the
 * task has not started). */
int tether__output_file_size(tether__dir *bundle, tether_stream stream, uint64_t *size,
                             tether_error *error);

/* Stores the last bytes of stdout, then stderr on a line of its own, as text that starts at a
 * character boundary, with invalid bytes replaced. The caller frees it with free(). Stores in
 * `dropped` how many bytes the limit dropped from each output, and in *truncated whether the
 * outputs have more bytes than the text. A file that is missing or damaged counts as empty; any
 * other failure fails the call, with *text NULL. */
int tether__output_preview(tether__dir *bundle, const tether__record *record, uint64_t dropped[2],
                           bool *truncated, char **text, tether_error *error);

#endif
