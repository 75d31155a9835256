/* A journal of garbage, or with lines of any length: memory stays bounded, and each task whose
 * lines are whole is found. TETHER_TEST_JOURNAL_MB makes the journals larger. */
#include "store/journals.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/compact.h"

enum {
    MIB = 1024 * 1024,
    JOURNAL_MB = 64,
    /* More than two lines of the greatest length, and far less than the journals. */
    ROOM_MB = 16,
    /* The same for what may be kept of lines of unknown kinds, in a text that doubles as it grows.
     */
    UNKNOWN_ROOM_MB = 56
};

static size_t journal_mb(void)
{
    const char *text = getenv("TETHER_TEST_JOURNAL_MB");
    return text != NULL ? (size_t)atol(text) : JOURNAL_MB;
}

/* --- The limit of memory --- */

static struct rlimit unlimited;

/* The address space of this process, in bytes. */
static rlim_t used_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* From now on, this process gets only so much more. */
static void limit_memory(int room_mb)
{
    rlim_t used = used_space();
    assert_int_equal(getrlimit(RLIMIT_AS, &unlimited), 0);
    struct rlimit limit = unlimited;
    if (TETHER_TEST_SANITIZED || used == 0)
        return; /* the rest of the test holds all the same */
    limit.rlim_cur = used + (rlim_t)room_mb * MIB;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static int teardown(void **state)
{
    if (unlimited.rlim_max != 0)
        assert_int_equal(setrlimit(RLIMIT_AS, &unlimited), 0);
    return journals_teardown(state);
}

/* --- Journals --- */

static int journal;

static void begin(const journals *j)
{
    journal = open(journals_journal(j), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(journal >= 0);
}

static void put(const char *bytes, size_t size)
{
    assert_int_equal(write(journal, bytes, size), (ssize_t)size);
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

/* Writes a piece again and again, as many megabytes. */
static void put_often(const char *piece, size_t size, size_t mb)
{
    char *block = malloc(MIB + size);
    size_t filled = 0;
    assert_non_null(block);
    for (; filled < MIB; filled += size)
        memcpy(block + filled, piece, size);
    for (size_t i = 0; i < mb; i++)
        put(block, filled);
    free(block);
}

static void end(void)
{
    assert_int_equal(close(journal), 0);
}

static void compact(journals *j)
{
    tether__lock lock;
    ASSERT_OK(tether__session_lock(&j->own, &lock, &j->error), j->error);
    ASSERT_OK(tether__compact(&j->own, &j->error), j->error);
    tether__os_lock_release(&lock);
}

/* The journal goes on, and a compaction makes it small. */
static void expect_healthy(journals *j)
{
    journals_expect(&j->own, "t1", BIRTH("t1", ""));
    journals_expect(&j->own, "t2", BIRTH("t2", ""));
    journals_append(&j->own, CHANGE("t2", ",\"signal\":9"));
    journals_append(&j->own, BIRTH("t3", ""));
    journals_expect(&j->own, "t2", BIRTH("t2", ",\"signal\":9"));
    journals_expect(&j->other, "t1", BIRTH("t1", ""));
    journals_expect(&j->other, "t3", BIRTH("t3", ""));
    assert_true(tether__ledger_is_large(&j->own));
    compact(j);
    journals_expect_file(
        j, NULL, HEAD("2", "0") BIRTH("t1", "") BIRTH("t2", ",\"signal\":9") BIRTH("t3", ""));
    assert_int_equal(journals_facts(&j->own).damaged, 0);
    assert_int_equal(journals_facts(&j->other).number, 2);
}

static void expect_survives(journals *j, const char *piece, size_t size)
{
    begin(j);
    put_text(HEAD("1", "0") BIRTH("t1", ""));
    put_often(piece, size, journal_mb());
    put_text("\n" BIRTH("t2", ""));
    end();
    limit_memory(ROOM_MB);
    assert_true(journals_facts(&j->own).damaged > 0);
    expect_healthy(j);
    char *lines = journals_quarantined(j);
    assert_non_null(lines);
    assert_in_range(strlen(lines), 1, MIB + 100);
    free(lines);
}

#define LONG_GARBAGE                                                                               \
    "\xff{\"task_id\": this is no line that any host has ever written, of 80 bytes........\n"

static void a_journal_of_garbage_is_read_with_bounded_memory(void **state)
{
    expect_survives(*state, LONG_GARBAGE, strlen(LONG_GARBAGE));
}

static void a_journal_of_changes_without_births_is_read_with_bounded_memory(void **state)
{
    expect_survives(*state, CHANGE("t9", ",\"signal\":9"), strlen(CHANGE("t9", ",\"signal\":9")));
}

/* Nothing of a later version is dropped: so the journal stays, and goes on. */
static void a_journal_of_unknown_kinds_is_read_with_bounded_memory(void **state)
{
    journals *j = *state;
    static const char line[] = "{\"shape\":\"of a later version\"}\n";
    tether__lock lock;
    begin(j);
    put_text(HEAD("1", "0") BIRTH("t1", ""));
    put_often(line, strlen(line), journal_mb());
    put_text(BIRTH("t2", ""));
    end();
    limit_memory(UNKNOWN_ROOM_MB);
    tether__ledger_facts before = journals_facts(&j->own);
    assert_int_equal(before.damaged, 0);
    assert_true(tether__ledger_is_large(&j->own));
    ASSERT_OK(tether__session_lock(&j->own, &lock, &j->error), j->error);
    assert_int_equal(tether__compact(&j->own, &j->error), TETHER_ETOOBIG);
    assert_non_null(strstr(j->error.message, "unknown kinds"));
    tether__os_lock_release(&lock);
    assert_int_equal(journals_facts(&j->own).size, before.size);
    journals_append(&j->own, CHANGE("t2", ",\"signal\":9"));
    journals_expect(&j->own, "t1", BIRTH("t1", ""));
    journals_expect(&j->other, "t2", BIRTH("t2", ",\"signal\":9"));
}

/* One line, which is longer than any that counts. */
static void a_journal_of_zeros_is_read_with_bounded_memory(void **state)
{
    journals *j = *state;
    begin(j);
    put_text(HEAD("1", "0") BIRTH("t1", ""));
    assert_true(lseek(journal, (off_t)journal_mb() * MIB, SEEK_END) > 0);
    put_text("\n" BIRTH("t2", ""));
    end();
    limit_memory(ROOM_MB);
    assert_int_equal(journals_facts(&j->own).damaged, 1);
    expect_healthy(j);
    char *lines = journals_quarantined(j);
    assert_non_null(lines);
    assert_non_null(strstr(lines, "1 more damaged lines"));
    free(lines);
}

enum { LINE_MB = 100 };

/* Also if it could be a line, but for its length. */
static void a_line_of_100_mb_is_skipped(void **state)
{
    journals *j = *state;
    begin(j);
    put_text(HEAD("1", "0") BIRTH("t1", "") "{\"task_id\":\"t1\",\"x\":\"");
    put_often("xxxxxxxx", 8, LINE_MB);
    put_text("\"}\n" BIRTH("t2", ""));
    end();
    limit_memory(ROOM_MB);
    assert_int_equal(journals_facts(&j->own).damaged, 1);
    expect_healthy(j);
}

/* Its newline comes with the next line. */
static void a_line_of_100_mb_without_an_end_is_ended(void **state)
{
    journals *j = *state;
    begin(j);
    put_text(HEAD("1", "0") BIRTH("t1", "") BIRTH("t2", "") "{\"task_id\":\"t1\",\"x\":\"");
    put_often("xxxxxxxx", 8, LINE_MB);
    end();
    limit_memory(ROOM_MB);
    assert_int_equal(journals_facts(&j->own).damaged, 0);
    journals_expect(&j->other, "t2", BIRTH("t2", ""));
    expect_healthy(j);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, journals_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_journal_of_garbage_is_read_with_bounded_memory),
        TEST(a_journal_of_changes_without_births_is_read_with_bounded_memory),
        TEST(a_journal_of_unknown_kinds_is_read_with_bounded_memory),
        TEST(a_journal_of_zeros_is_read_with_bounded_memory),
        TEST(a_line_of_100_mb_is_skipped),
        TEST(a_line_of_100_mb_without_an_end_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
