/* Parses arbitrary bytes as a record. Checks that a record that parses can be written and parsed
 * again with the same content. */
#include "format/record_read.h"
#include "format/record_write.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "format/record.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char task_id[] = "t0";
    tether__record record;
    tether__record_init(&record);
    if (tether__record_parse((const char *)data, size, task_id, &record, NULL) == TETHER_OK &&
        !record.read_only)
        check_round_trip(&record, task_id);
    tether__record_dispose(&record);
    return 0;
}
