/* The ring of the last bytes, against the plain text that it is the end of. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/ring.h"

enum { TEXT = 4000, ROOMS = 40 };

static char text[TEXT];

static void expect(const tether__ring *ring, size_t written, size_t size)
{
    char buffer[ROOMS + 8];
    size_t kept = written < ring->room ? written : ring->room;
    size_t wanted = size < kept ? size : kept;
    memset(buffer, '#', sizeof buffer);
    assert_int_equal(tether__ring_copy(ring, buffer, size), wanted);
    assert_memory_equal(buffer, text + written - wanted, wanted);
    /* Nothing after it. */
    for (size_t i = wanted; i < sizeof buffer; i++)
        assert_int_equal(buffer[i], '#');
}

/* Every room, pieces of all sizes, also of none and of more than the room. */
static void keeps_the_last_bytes(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (char)((i * 7 + i / 251) % 256);
    for (size_t room = 1; room <= ROOMS; room++) {
        tether__ring *ring = tether__ring_new(room);
        assert_non_null(ring);
        size_t written = 0;
        expect(ring, 0, ROOMS);
        while (written < TEXT) {
            seed = seed * 1103515245u + 12345u;
            size_t piece = (seed >> 16) % (room * 5 / 2 + 2);
            if (piece > TEXT - written)
                piece = TEXT - written;
            tether__ring_add(ring, text + written, piece);
            written += piece;
            expect(ring, written, ROOMS);
            expect(ring, written, (seed >> 8) % (room + 1));
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
