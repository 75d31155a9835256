/* Keys: which texts are some, what a line of the journal says of one, and which tasks have theirs.
 */
#include "support/unit.h"

#include <string.h>

#include "format/journal.h"
#include "format/key.h"

static void a_key_is_a_text_of_bounded_length(void **state)
{
    (void)state;
    char text[202];
    tether_error error = {0};
    static const char *const good[] = {"k", " ", "build 1", "\xc3\xa9", "\xc2\xa0", "~", "\"\\/"};
    static const char *const bad[] = {"",         "\n",       "a\x1f",        "\x7f", "\xc2\x80",
                                      "\xc2\x9f", "\xc0\x80", "\xed\xa0\x80", "a\xff"};
    assert_int_equal(tether__key_check(NULL, &error), TETHER_OK);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(tether__key_check(good[i], &error), TETHER_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(tether__key_check(bad[i], &error), TETHER_EINVAL);
    memset(text, 'k', sizeof text);
    text[201] = '\0';
    assert_int_equal(tether__key_check(text, &error), TETHER_EINVAL);
    text[200] = '\0';
    assert_int_equal(tether__key_check(text, &error), TETHER_OK);
}

static void a_hash_is_never_that_of_no_key(void **state)
{
    (void)state;
    assert_int_not_equal(tether__key_hash("", 0), 0);
    assert_int_not_equal(tether__key_hash("a", 1), tether__key_hash("b", 1));
    assert_int_equal(tether__key_hash("ab", 1), tether__key_hash("a", 1));
}

/* Of both ways to read a line. */
static void expect_hash(const char *text, uint32_t hash)
{
    tether__journal_line skimmed, parsed;
    assert_int_equal(tether__journal_skim(text, strlen(text), &skimmed), TETHER_OK);
    assert_int_equal(tether__journal_parse(text, strlen(text), &parsed), TETHER_OK);
    assert_int_equal(skimmed.key, hash);
    assert_int_equal(parsed.key, hash);
    tether__journal_dispose(&skimmed);
    tether__journal_dispose(&parsed);
}

#define BIRTH                                                                                      \
    "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"starting\""

static void a_birth_has_the_hash_of_its_key(void **state)
{
    (void)state;
    expect_hash(BIRTH ",\"key\":\"build 1\"}", tether__key_hash("build 1", 7));
    expect_hash(BIRTH ",\"key\":\"a\\\"\\u00e9\"}", tether__key_hash("a\"\xc3\xa9", 4));
    expect_hash(BIRTH "}", 0);
    expect_hash(BIRTH ",\"key\":null}", 0);
    expect_hash(BIRTH ",\"key\":7}", 0);
    /* No host changes a key. */
    expect_hash("{\"task_id\":\"t1\",\"key\":\"build 1\"}", 0);
}

static void a_task_that_may_have_begun_has_its_key(void **state)
{
    (void)state;
    static const struct {
        tether_status status;
        const char *reason;
        bool held;
    } cases[] = {
        {TETHER_STATUS_STARTING, NULL, true},
        {TETHER_STATUS_RUNNING, NULL, true},
        {TETHER_STATUS_COMPLETED, NULL, true},
        {TETHER_STATUS_FAILED, NULL, true},
        {TETHER_STATUS_KILLED, "never started", true},
        {TETHER_STATUS_FAILED, "never started", true},
        {TETHER_STATUS_LOST, NULL, true},
        {TETHER_STATUS_LOST, "rebooted", true},
        {TETHER_STATUS_LOST, "corrupt exit marker", true},
        {TETHER_STATUS_LOST, "the command could not be started", true},
        {TETHER_STATUS_FAILED, "left a core file", true},
        {TETHER_STATUS_LOST, "never started", false},
        {TETHER_STATUS_FAILED, "no process could be started for the command", false},
        {TETHER_STATUS_FAILED, "the command could not be started", false},
        {TETHER_STATUS_FAILED, "the working directory could not be entered", false},
        {TETHER_STATUS_FAILED, "standard input could not be opened", false},
        {TETHER_STATUS_FAILED, "the pipes of the outputs could not be made", false},
        {TETHER_STATUS_FAILED, "the cgroup of the task could not be entered", false},
        {TETHER_STATUS_FAILED, "the monitor could not understand what it was to start", false},
        {TETHER_STATUS_FAILED, "the supervisor could not run the command", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__record record = {.key = "k", .status = cases[i].status, .reason = cases[i].reason};
        assert_int_equal(tether__key_is_held(&record, "k"), cases[i].held);
        assert_false(tether__key_is_held(&record, "other"));
        record.key = NULL;
        assert_false(tether__key_is_held(&record, "k"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_a_text_of_bounded_length),
        cmocka_unit_test(a_hash_is_never_that_of_no_key),
        cmocka_unit_test(a_birth_has_the_hash_of_its_key),
        cmocka_unit_test(a_task_that_may_have_begun_has_its_key),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
