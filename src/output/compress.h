/* The host's compressor, for previews of ended tasks. */
#ifndef TETHER_COMPRESS_H
#define TETHER_COMPRESS_H

#include "tether/registry.h"
#include "tether/task.h"

/* Replaces the preview of an ended task by what the registry's compressor makes of the output. Does
 * nothing for tasks of other sessions and those started with no_compress. After a failure the
 * preview stays as it is. The caller holds no lock, because the compressor is the host's code. */
void tether__compress_preview(tether_registry *registry, tether_snapshot *snapshot);

#endif
