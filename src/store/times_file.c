/* Owns reading the file `times` of a bundle.
 * Must not: write it; the monitor does.
 * Thread: any. */
#include "store/times_file.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/grow.h"

static int take_points(const char *text, size_t size, tether__times *times, tether_error *error)
{
    size_t capacity = 0;
    tether__point point = {0, {0, 0}};
    for (const char *at = text; tether__times_next(&at, text + size, &point);) {
        void *items = times->items;
        if (!tether__grow(&items, times->count, &capacity, sizeof *times->items))
            return tether__fail_memory(error, "read times of output");
        times->items = items;
        times->items[times->count++] = point;
    }
    return TETHER_OK;
}

int tether__times_read(tether__dir *bundle, tether__times *times, tether_error *error)
{
    tether_error problem = {0};
    char *text = NULL;
    size_t size;
    *times = (tether__times){.items = NULL};
    int code = tether__os_file_read(bundle, TETHER__TIMES_FILE, TETHER__TIMES_LIMIT, &text, &size,
                                    NULL, &problem);
    if (code == TETHER_ENOTASK || code == TETHER_ETOOBIG || code == TETHER_ECORRUPT)
        return TETHER_OK;
    if (code == TETHER_OK)
        code = take_points(text, size, times, &problem);
    free(text);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

void tether__times_dispose(tether__times *times)
{
    free(times->items);
    *times = (tether__times){.items = NULL};
}
