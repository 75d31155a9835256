/* Parses arbitrary bytes as orders, and checks that what is accepted is whole. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "format/orders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tether__orders orders;
    tether__orders_storage storage;
    if (tether__orders_parse((const char *)data, size, &orders, &storage) == NULL) {
        if (orders.program == NULL || orders.argv[0] != orders.program || orders.timeout_ms < 0)
            abort();
        size_t used = 0;
        for (size_t i = 1; orders.argv[i] != NULL; i++)
            used += strlen(orders.argv[i]) + 1;
        if (used > size)
            abort();
    }
    tether__orders_dispose(&storage);
    return 0;
}
