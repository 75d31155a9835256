/* Owns moving the outputs of a command from its pipes to the files.
 * Must not: wait, or lose a byte that a disk could take.
 * Thread: the only one. */
#include "monitor/pump.h"

#include <stddef.h>
#include <stdlib.h>

#include "format/gap.h"
#include "monitor/notes.h"
#include "monitor/pump_os.h"

enum { FIRST_SIZE = 64 * 1024, LAST_SIZE = 1024 * 1024 };

typedef struct pump {
    uint64_t limit;                          /* of each file; 0: none */
    uint64_t size[TETHER__PUMP_STREAMS];     /* of the files, which are empty at the start */
    uint64_t read[TETHER__PUMP_STREAMS];     /* from the pipes, also what could not be written */
    uint64_t released[TETHER__PUMP_STREAMS]; /* up to here the gap has no space any more */
    char *buffer;                            /* NULL: there are no pipes */
    int size_of_buffer;
    bool rests;
    int64_t lost; /* bytes that could not be written */
} pump;

static pump own;
static char first_buffer[FIRST_SIZE];
static char *last_buffer; /* NULL: none was needed yet */

bool tether__pump_open(const tether__orders *orders, int *os_error)
{
    own = (pump){.limit = (uint64_t)orders->output_limit,
                 .buffer = first_buffer,
                 .size_of_buffer = FIRST_SIZE};
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++)
        own.released[i] = tether__gap_within(own.limit, 0).begin;
    tether__notes_open(orders->times);
    *os_error = tether__pump_os_open(own.limit > 0);
    return *os_error == 0;
}

bool tether__pump_rests(void)
{
    return own.rests;
}

bool tether__pump_over_limit(void)
{
    return own.limit > 0 && (own.read[0] > own.limit || own.read[1] > own.limit);
}

/* A command that fills the buffer gets a larger one, and a larger pipe, so that both are woken less
 * often. What the system refuses is left as it is. */
static void grow(int stream)
{
    if (own.size_of_buffer >= LAST_SIZE)
        return;
    if (last_buffer == NULL)
        last_buffer = malloc(LAST_SIZE);
    if (last_buffer == NULL)
        return;
    own.buffer = last_buffer;
    own.size_of_buffer = LAST_SIZE;
    tether__pump_os_widen(stream, LAST_SIZE);
}

/* --- The limit --- */

/* How much may be written beyond the limit before its space is given back: so little that a file
 * does not take twice the limit, if that is more than a few blocks, and so much that this costs
 * little. */
static uint64_t step_of(uint64_t limit)
{
    uint64_t block = tether__pump_os_block();
    uint64_t step = limit / 8 / block * block;
    return step < block ? block : step < LAST_SIZE ? step : LAST_SIZE;
}

/* Gives back the space of the gap, in whole blocks, if that is at least `step` bytes. A file system
 * that has no holes keeps it; readers skip the gap all the same. What the gap needs must be written
 * before: readers tell by the file's size what is left. */
static void release(int stream, uint64_t step)
{
    uint64_t from = own.released[stream], block = tether__pump_os_block();
    uint64_t to = tether__gap_within(own.limit, own.size[stream]).end / block * block;
    if (to < from + step)
        return;
    if (tether__pump_os_punch(stream, from, to))
        own.released[stream] = to;
}

static void settle(void)
{
    for (int i = 0; own.limit > 0 && i < TETHER__PUMP_STREAMS; i++) {
        if (tether__pump_os_has_file(i))
            release(i, tether__pump_os_block());
    }
}

/* --- Moving --- */

/* Returns how many bytes were written; 0: none can be. */
static size_t write_some(int stream, const char *bytes, size_t size)
{
    uint64_t step = own.limit > 0 ? step_of(own.limit) : size;
    int64_t written =
        tether__pump_os_write(stream, bytes, size < step ? size : (size_t)step, own.size[stream]);
    if (written <= 0)
        return 0;
    own.size[stream] += (uint64_t)written;
    if (own.limit > 0)
        release(stream, step);
    return (size_t)written;
}

/* What cannot be written, such as on a full disk, is counted: the command goes on. */
static void write_all(int stream, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t written = write_some(stream, bytes, size);
        if (written == 0) {
            own.lost += (int64_t)size;
            return;
        }
        bytes += written;
        size -= written;
    }
}

/* Moves so many bytes, which the pipe holds. Returns how many came. */
static int64_t move_held(int stream, int64_t held)
{
    int64_t sum = 0, size = 1;
    if (held > own.size_of_buffer)
        grow(stream);
    for (; sum < held && size > 0; sum += size) {
        int64_t left = held - sum;
        size = tether__pump_os_read(stream, own.buffer,
                                    left < own.size_of_buffer ? left : own.size_of_buffer);
        own.read[stream] += (uint64_t)size;
        write_all(stream, own.buffer, (size_t)size);
    }
    return sum;
}

/* Readers take standard error to come behind standard output. So what is moved of it is what was
 * there before the look at standard output: nothing that was written before it is left out. */
void tether__pump_move(void)
{
    int64_t sum = 0, held[TETHER__PUMP_STREAMS];
    own.rests = false;
    if (own.buffer == NULL)
        return;
    for (int i = TETHER__PUMP_STREAMS - 1; i >= 0; i--)
        held[i] = tether__pump_os_held(i);
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++)
        sum += move_held(i, held[i]);
    own.rests = sum > 0 && !tether__pump_os_fills(sum);
    if (sum > 0)
        tether__notes_add(own.size);
}

int64_t tether__pump_drain(void)
{
    tether__pump_move();
    settle();
    tether__notes_flush();
    return own.lost;
}
