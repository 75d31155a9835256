/* A task's output files, below the public calls. */
#ifndef TETHER_OUTPUT_FILE_H
#define TETHER_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/file.h"
#include "tether/error.h"
#include "tether/output.h"

#define TETHER__PREVIEW_BYTES 300

/* The name of a stream's file in a bundle. */
const char *tether__output_file_name(tether_stream stream);

/* The size of a stream's file in a bundle; 0 where there is none (merged output, or not started
 * yet). */
int tether__output_file_size(tether__dir *bundle, tether_stream stream, uint64_t *size,
                             tether_error *error);

/* The last bytes of stdout then stderr as text: cut at a character, invalid bytes repaired; freed
 * with free(). totals: what the task wrote to each where its limit may have cut the file, else -1.
 * *dropped: how much of each was cut off; *truncated: there is more before the text. NULL when
 * memory is short. */
char *tether__output_preview(tether__dir *bundle, const int64_t totals[2], uint64_t dropped[2],
                             bool *truncated);

#endif
