/* Owns the asking of the host's compressor.
 * Must not: change what is on disk.
 * Thread: that of whoever asks for the snapshot. */
#include "output/compress.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "output/outputs.h"
#include "store/output_file.h"
#include "tether/output.h"

static bool is_wanted(tether_registry *registry, const tether_snapshot *snapshot)
{
    if (tether__outputs_of(registry)->compress == NULL || !tether_status_ended(snapshot->status) ||
        strcmp(snapshot->session_id, registry->session.id) != 0)
        return false;
    tether__catalog *catalog = &registry->catalog;
    uv_mutex_lock(&catalog->disk);
    const tether__entry *entry = tether__catalog_find(catalog, snapshot->task_id);
    bool wanted = entry != NULL && !entry->record.no_compress;
    uv_mutex_unlock(&catalog->disk);
    return wanted;
}

/* The preview of a shorter text: its end, as that of any output. */
static void take(tether_snapshot *snapshot, const char *shorter, size_t size, bool truncated)
{
    size_t skip = size > TETHER__PREVIEW_BYTES ? size - TETHER__PREVIEW_BYTES : 0;
    if (skip > 0)
        skip += tether__utf8_skip_tail(shorter + skip, size - skip);
    char *preview = tether__utf8_repair(shorter + skip, size - skip);
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
    char *shorter = malloc(size + 1);
    if (shorter == NULL)
        return;
    size_t used = tether__outputs_of(registry)->compress(
        snapshot->command != NULL ? snapshot->command : "", text, size, shorter, size,
        tether__outputs_of(registry)->compress_userdata);
    if (used <= size)
        take(snapshot, shorter, used, truncated);
    free(shorter);
}

void tether__compress_preview(tether_registry *registry, tether_snapshot *snapshot)
{
    char *bytes;
    size_t size;
    bool truncated;
    if (!is_wanted(registry, snapshot) ||
        tether_output_tail(registry, snapshot->task_id, TETHER_VIEW_BOTH, 0, 0, &bytes, &size,
                           &truncated, NULL) != TETHER_OK)
        return;
    char *text = tether__utf8_repair(bytes, size);
    free(bytes);
    if (text != NULL)
        compress(registry, snapshot, text, truncated);
    free(text);
}
