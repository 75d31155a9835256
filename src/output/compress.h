/* The host's compressor, for previews of ended tasks. */
#ifndef TETHER_COMPRESS_H
#define TETHER_COMPRESS_H

#include "tether/registry.h"
#include "tether/task.h"

/* Lets the registry's compressor make an ended task's preview shorter. What fails leaves the
 * preview as it is. Under no lock: it is the host's code. */
void tether__compress_preview(tether_registry *registry, tether_snapshot *snapshot);

#endif
