/* Owns the limit of memory in the tests of large outputs.
 * Must not: start tasks.
 * Thread: the test's. */
#include "output/posix/growth.h"

#include <stdlib.h>

#include "support/posix/machine.h"

enum { ALLOWED_GROWTH = 8 * 1024 * 1024 };

uint64_t growth_bulk_bytes(uint64_t default_mb)
{
    const char *given = getenv("TETHER_TEST_BULK_MB");
    uint64_t mb = given != NULL ? strtoull(given, NULL, 10) : default_mb;
    return mb << 20;
}

growth growth_begin(void)
{
    long now = machine_resident_bytes();
    return (growth){.before = now, .peak = now};
}

void growth_measure(growth *g)
{
    long now = machine_resident_bytes();
    if (now > g->peak)
        g->peak = now;
}

void growth_check(const growth *g)
{
    long grown = g->peak - g->before;
    print_message("the host grew by %ld KiB\n", grown / 1024);
    /* A sanitizer keeps freed memory and shadow memory, so the number says nothing about tether. */
    if (!TETHER_TEST_SANITIZED)
        assert_true(grown < ALLOWED_GROWTH);
}
