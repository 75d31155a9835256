/* Parses arbitrary bytes as a record. Checks that a record that parses can be written and parsed
 * again with the same content. */
#include "format/record_read.h"
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/record.h"
#include "format/record_scan.h"
#include "format/record_write.h"

static void check_round_trip(tether__record *record, const char *task_id)
{
    tether__record again;
    tether_error error = {0};
    char *text = tether__record_render(record);
    if (text == NULL)
        abort();
    tether__record_init(&again);
    if (tether__record_parse(text, strlen(text), task_id, &again, &error) != TETHER_OK)
        abort();
    if (again.status != record->status || again.exit_code != record->exit_code ||
        again.finished_at != record->finished_at ||
        again.completion_delivered != record->completion_delivered)
        abort();
    tether__record_dispose(&again);
    free(text);
}

/* What the fast way reads, the other one reads, too, and finds the same. */
static void check_scan(const uint8_t *data, size_t size, const char *task_id,
                       const tether__record *record, bool parsed)
{
    tether__record scanned;
    tether__record_init(&scanned);
    if (tether__record_scan((const char *)data, size, task_id, &scanned)) {
        if (!parsed || record->read_only)
            abort();
        json_t *fast = tether__record_birth(&scanned), *slow = tether__record_birth(record);
        if (fast == NULL || !json_equal(fast, slow))
            abort();
        json_decref(fast);
        json_decref(slow);
    }
    tether__record_dispose(&scanned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char task_id[] = "t0";
    tether__record record;
    tether__record_init(&record);
    bool parsed =
        tether__record_parse((const char *)data, size, task_id, &record, NULL) == TETHER_OK;
    if (parsed && !record.read_only)
        check_round_trip(&record, task_id);
    tether__record_lighten(&record, NULL);
    check_scan(data, size, task_id, &record, parsed);
    tether__record_dispose(&record);
    return 0;
}
