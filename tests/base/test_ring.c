/* Compares the contents of a ring with the end of the text that was added to it. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/ring.h"

enum { TEXT = 4000, LARGEST = 40 };

static char text[TEXT];

static void expect(const tether__ring *ring, size_t written, size_t size)
{
    char buffer[LARGEST + 8];
    size_t kept = written < ring->capacity ? written : ring->capacity;
    size_t wanted = size < kept ? size : kept;
    memset(buffer, '#', sizeof buffer);
    assert_int_equal(tether__ring_copy(ring, buffer, size), wanted);
    assert_memory_equal(buffer, text + written - wanted, wanted);
    /* Nothing is written behind the copied bytes. */
    for (size_t i = wanted; i < sizeof buffer; i++)
        assert_int_equal(buffer[i], '#');
}

/* Every capacity up to LARGEST, and pieces of all sizes: also empty ones and ones larger than the
 * capacity. */
static void keeps_the_last_bytes(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (char)((i * 7 + i / 251) % 256);
    for (size_t capacity = 1; capacity <= LARGEST; capacity++) {
        tether__ring *ring = tether__ring_new(capacity);
        assert_non_null(ring);
        size_t written = 0;
        expect(ring, 0, LARGEST);
        while (written < TEXT) {
            seed = seed * 1103515245u + 12345u;
            size_t piece = (seed >> 16) % (capacity * 5 / 2 + 2);
            if (piece > TEXT - written)
                piece = TEXT - written;
            tether__ring_add(ring, text + written, piece);
            written += piece;
            expect(ring, written, LARGEST);
            expect(ring, written, (seed >> 8) % (capacity + 1));
            expect(ring, written, 0);
        }
        free(ring);
    }
}

static void begins_empty(void **state)
{
    (void)state;
    char byte = 'x';
    tether__ring *ring = tether__ring_new(16);
    assert_non_null(ring);
    assert_int_equal(ring->next_byte[0], 0);
    assert_int_equal(ring->next_byte[1], 0);
    assert_int_equal(tether__ring_copy(ring, &byte, 1), 0);
    assert_int_equal(byte, 'x');
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_last_bytes),
        cmocka_unit_test(begins_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
