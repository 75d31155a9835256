/* How the monitor moves outputs: what it writes where, what it gives back, what it notes. The pipes
 * and files are the test's. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/notes.h"
#include "monitor/pump.h"
#include "monitor/pump_os.h"

enum { ROOM = 4 * 1024 * 1024, BLOCK = 4096, LIMIT = 100000, HEAD = 24576, NOTES = 8 };

typedef struct fake {
    char *waits; /* what the pipe holds */
    size_t held, taken;
    char *file;
    size_t size;
    uint64_t given_back; /* up to here, from HEAD on */
    uint64_t most_kept;  /* the largest part of the file that had not been given back */
} fake;

static fake streams[TETHER__PUMP_STREAMS];
static bool opened_places, flushed;
static size_t room_on_disk; /* for all files */
static int punches_fail;    /* so many of the next ones */
static int looks;           /* at standard error */
static const char *written_meanwhile;
static uint64_t notes[NOTES][2];
static int noted;

int tether__pump_os_open(bool places)
{
    opened_places = places;
    return 0;
}

static void command_writes(int stream, const char *bytes, size_t size)
{
    fake *s = &streams[stream];
    assert_true(s->held + size <= ROOM);
    memcpy(s->waits + s->held, bytes, size);
    s->held += size;
}

/* A command goes on writing while the monitor looks. */
int64_t tether__pump_os_held(int stream)
{
    int64_t held = (int64_t)(streams[stream].held - streams[stream].taken);
    if (stream == 1 && written_meanwhile != NULL) {
        command_writes(0, written_meanwhile, strlen(written_meanwhile));
        command_writes(1, written_meanwhile, strlen(written_meanwhile));
        written_meanwhile = NULL;
    }
    looks += stream == 1;
    return held;
}

int64_t tether__pump_os_read(int stream, char *bytes, int64_t most)
{
    fake *s = &streams[stream];
    assert_true(most > 0 && (size_t)most <= s->held - s->taken);
    memcpy(bytes, s->waits + s->taken, (size_t)most);
    s->taken += (size_t)most;
    return most;
}

void tether__pump_os_widen(int stream, int size)
{
    (void)stream;
    (void)size;
}

bool tether__pump_os_fills(int64_t moved)
{
    return moved >= LIMIT;
}

bool tether__pump_os_has_file(int stream)
{
    return stream == 0 || streams[1].size > 0;
}

int64_t tether__pump_os_write(int stream, const char *bytes, size_t size, uint64_t offset)
{
    fake *s = &streams[stream];
    assert_int_equal(offset, s->size);
    if (room_on_disk == 0)
        return -1;
    if (size > room_on_disk)
        size = room_on_disk;
    memcpy(s->file + s->size, bytes, size);
    s->size += size;
    room_on_disk -= size;
    uint64_t gone = s->given_back > HEAD ? s->given_back - HEAD : 0;
    if (s->size - gone > s->most_kept)
        s->most_kept = s->size - gone;
    return (int64_t)size;
}

uint64_t tether__pump_os_block(void)
{
    return BLOCK;
}

bool tether__pump_os_punch(int stream, uint64_t from, uint64_t to)
{
    fake *s = &streams[stream];
    assert_int_equal(from, s->given_back > HEAD ? s->given_back : HEAD);
    assert_int_equal(to % BLOCK, 0);
    assert_true(to + LIMIT - HEAD <= s->size); /* the last bytes stay */
    if (punches_fail > 0) {
        punches_fail--;
        return false;
    }
    s->given_back = to;
    return true;
}

void tether__notes_open(const char *path)
{
    (void)path;
}

void tether__notes_add(const uint64_t size[2])
{
    assert_true(noted < NOTES);
    memcpy(notes[noted++], size, sizeof notes[0]);
}

void tether__notes_flush(void)
{
    flushed = true;
}

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++) {
        streams[i] = (fake){.waits = malloc(ROOM), .file = malloc(ROOM)};
        assert_true(streams[i].waits != NULL && streams[i].file != NULL);
    }
    room_on_disk = ROOM;
    punches_fail = looks = noted = 0;
    flushed = false;
    written_meanwhile = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++) {
        free(streams[i].waits);
        free(streams[i].file);
    }
    return 0;
}

static void open_pump(int64_t limit)
{
    int os_error;
    const tether__orders orders = {.output_limit = limit};
    assert_true(tether__pump_open(&orders, &os_error));
    assert_int_equal(opened_places, limit > 0);
}

static void command_floods(int stream, size_t size)
{
    char block[1000];
    memset(block, 'x', sizeof block);
    for (; size > 0; size -= size < sizeof block ? size : sizeof block)
        command_writes(stream, block, size < sizeof block ? size : sizeof block);
}

static void expect_file(int stream, const char *text)
{
    assert_int_equal(streams[stream].size, strlen(text));
    assert_memory_equal(streams[stream].file, text, strlen(text));
}

static void moves_what_is_there(void **state)
{
    (void)state;
    open_pump(0);
    command_writes(0, "out", 3);
    command_writes(1, "error", 5);
    tether__pump_move();
    expect_file(0, "out");
    expect_file(1, "error");
    assert_true(tether__pump_rests());
    assert_int_equal(noted, 1);
    tether__pump_move();
    assert_false(tether__pump_rests());
    assert_int_equal(noted, 1); /* nothing has come */
    assert_false(flushed);
    assert_int_equal(tether__pump_drain(), 0);
    assert_true(flushed);
}

/* What is written between the two looks: to standard output before the later bytes of standard
 * error, which must not stand before it. */
static void what_comes_meanwhile_keeps_its_order(void **state)
{
    (void)state;
    open_pump(0);
    command_writes(0, "a", 1);
    written_meanwhile = "later";
    tether__pump_move();
    expect_file(0, "alater");
    expect_file(1, "");
    tether__pump_move();
    expect_file(1, "later");
    assert_int_equal(noted, 2);
    assert_int_equal(notes[0][0], 6);
    assert_int_equal(notes[0][1], 0);
    assert_int_equal(looks, 2);
}

/* More than any buffer of the pump. */
static void a_flood_is_moved_at_once(void **state)
{
    (void)state;
    open_pump(0);
    command_floods(0, 3000000);
    tether__pump_move();
    assert_int_equal(streams[0].size, 3000000);
    assert_false(tether__pump_rests()); /* its command would wait */
}

static void what_a_full_disk_does_not_take_is_counted(void **state)
{
    (void)state;
    open_pump(0);
    room_on_disk = 4;
    command_writes(0, "123456789", 9);
    command_writes(1, "abc", 3);
    assert_int_equal(tether__pump_drain(), 8);
    expect_file(0, "1234");
    room_on_disk = 100;
    command_writes(0, "later", 5);
    assert_int_equal(tether__pump_drain(), 8);
    expect_file(0, "1234later");
}

static void a_limit_keeps_the_file_small(void **state)
{
    (void)state;
    open_pump(LIMIT);
    command_floods(0, 3000000);
    tether__pump_move();
    assert_int_equal(streams[0].size, 3000000);
    assert_true(streams[0].most_kept <= LIMIT + LIMIT / 4);
    assert_true(tether__pump_over_limit());
    tether__pump_drain();
    uint64_t end = 3000000 - (LIMIT - HEAD);
    assert_int_equal(streams[0].given_back, end / BLOCK * BLOCK);
    assert_int_equal(streams[1].given_back, 0);
}

/* The next attempt gives back what the one before could not. */
static void what_is_not_given_back_is_tried_again(void **state)
{
    (void)state;
    open_pump(LIMIT);
    punches_fail = 3;
    command_floods(0, 500000);
    tether__pump_drain();
    assert_int_equal(punches_fail, 0);
    assert_int_equal(streams[0].given_back, (500000 - (LIMIT - HEAD)) / BLOCK * BLOCK);
}

static void a_limit_is_exceeded_by_one_byte_more(void **state)
{
    (void)state;
    open_pump(LIMIT);
    command_floods(1, LIMIT);
    tether__pump_move();
    assert_false(tether__pump_over_limit());
    room_on_disk = 0; /* also where that cannot be written */
    command_writes(1, "x", 1);
    tether__pump_move();
    assert_true(tether__pump_over_limit());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(moves_what_is_there),
        TEST(what_comes_meanwhile_keeps_its_order),
        TEST(a_flood_is_moved_at_once),
        TEST(what_a_full_disk_does_not_take_is_counted),
        TEST(a_limit_keeps_the_file_small),
        TEST(what_is_not_given_back_is_tried_again),
        TEST(a_limit_is_exceeded_by_one_byte_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
