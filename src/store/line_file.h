/* Reading a file of lines piece by piece. Any thread; one at a time per stream. */
#ifndef TETHER_LINE_FILE_H
#define TETHER_LINE_FILE_H

#include "base/lines.h"
#include "os/file.h"
#include "tether/error.h"

/* Feeds an open file to `lines`, from lines->next to its end. TETHER_ENOMEM: see
 * tether__lines_feed. */
int tether__line_file_read(const tether__file *file, tether__lines *lines,
                           tether__line_visitor *visit, void *context, tether_error *error);

#endif
