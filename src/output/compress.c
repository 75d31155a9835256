/* Owns the calls of the host's compressor.
 * Must not: change what is on disk.
 * Thread: the one that requests the snapshot. */
#include "output/compress.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "output/outputs.h"
#include "store/output_file.h"
#include "tether/output.h"

static bool may_compress(tether_registry *registry, const tether_snapshot *snapshot)
{
    if (tether__outputs_of(registry)->compress == NULL || !tether_status_ended(snapshot->status) ||
        strcmp(snapshot->session_id, registry->session.id) != 0)
        return false;
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    const tether__entry *entry = tether__catalog_find(catalog, snapshot->task_id);
    bool allowed = entry != NULL && !entry->record.no_compress;
    uv_mutex_unlock(&catalog->disk);
    return allowed;
}

/* Replaces the preview by the end of the compressed text, cut as the preview of any output. */
static void replace_preview(tether_snapshot *snapshot, const char *compressed, size_t size,
                            bool truncated)
{
    size_t skip = size > TETHER__PREVIEW_BYTES ? size - TETHER__PREVIEW_BYTES : 0;
    if (skip > 0)
        skip += tether__utf8_skip_tail(compressed + skip, size - skip);
    char *preview = tether__utf8_repair(compressed + skip, size - skip);
    if (preview == NULL)
        return;
    free(snapshot->output_preview);
    snapshot->output_preview = preview;
    snapshot->output_truncated = truncated || skip > 0;
    snapshot->compressed = true;
}

static void compress(tether_registry *registry, tether_snapshot *snapshot, const char *text,
                     bool truncated)
{
    size_t size = strlen(text);
    char *compressed = malloc(size + 1);
    if (compressed == NULL)
        return;
    size_t used = tether__outputs_of(registry)->compress(
        snapshot->command != NULL ? snapshot->command : "", text, size, compressed, size,
        tether__outputs_of(registry)->compress_userdata);
    if (used <= size)
        replace_preview(snapshot, compressed, used, truncated);
    free(compressed);
}

void tether__compress_preview(tether_registry *registry, tether_snapshot *snapshot)
{
    char *bytes;
    size_t size;
    bool truncated;
    if (!may_compress(registry, snapshot) ||
        tether_output_tail(registry, snapshot->task_id, TETHER_VIEW_BOTH, 0, 0, &bytes, &size,
                           &truncated, NULL) != TETHER_OK)
        return;
    char *text = tether__utf8_repair(bytes, size);
    free(bytes);
    if (text != NULL)
        compress(registry, snapshot, text, truncated);
    free(text);
}
