/* Validation of task ids and session ids, and the names that are derived from them. */
#include "support/unit.h"

#include <string.h>

#include "format/name.h"

/* Windows reserves these names for devices, with any extension and in any case. */
static const char *const devices[] = {"con",  "prn",  "aux",  "nul",  "com1", "com9",
                                      "lpt1", "lpt9", "com0", "lpt0", "com5"};

static void fill(char *text, size_t size, char c)
{
    memset(text, c, size);
    text[size] = '\0';
}

static void accepts_safe_task_ids(void **state)
{
    (void)state;
    static const char *const good[] = {"a",    "0",       "t0123456789a", "a-b_c",
                                       "con-", "console", "com10",        "lpt"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(tether__task_id_valid(good[i]));
    char text[TETHER_ID_SIZE];
    fill(text, TETHER_ID_SIZE - 1, 'z');
    assert_true(tether__task_id_valid(text));
}

static void refuses_other_task_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         ".",     "..",  "../x", "a/b", "a\\b",  "a.b",
                                      "a.",       "-a",    "_a",  "A",    "a b", " ",     "a\n",
                                      "\xc3\xa4", "a\xff", "a:b", "a*",   "~",   "a\x01", "a\x7f"};
    assert_false(tether__task_id_valid(NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tether__task_id_valid(bad[i]));
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        assert_false(tether__task_id_valid(devices[i]));
    char text[301];
    fill(text, TETHER_ID_SIZE, 'z');
    assert_false(tether__task_id_valid(text));
    fill(text, 300, 'z');
    assert_false(tether__task_id_valid(text));
}

static void accepts_or_refuses_every_byte_in_a_task_id(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char first[] = {(char)c, 'a', '\0'}, second[] = {'a', (char)c, '\0'};
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        assert_int_equal(tether__task_id_valid(first), word);
        assert_int_equal(tether__task_id_valid(second), word || c == '-' || c == '_');
    }
}

static void accepts_readable_session_ids(void **state)
{
    (void)state;
    static const char *const good[] = {"default", "Agent 7: build", "a.b", ".hidden", "\xc3\xa4",
                                       "..x",     "com10",          "x",   "a*?",     " lead"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(tether__session_id_valid(good[i]));
    char text[TETHER__SESSION_ID_LIMIT + 2];
    fill(text, TETHER__SESSION_ID_LIMIT, 's');
    assert_true(tether__session_id_valid(text));
    fill(text, TETHER__SESSION_ID_LIMIT + 1, 's');
    assert_false(tether__session_id_valid(text));
}

static void refuses_other_session_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       ".",    "..",     "../x",       "a/b", "a\\b",
                                      "a.",     "a ",   " ",      "a\tb",       "a\n", "\x7f",
                                      "\xff",   "\xc3", "a\x80",  "CON",        "Con", "nul.txt",
                                      "LPT1.x", "Com3", "CONIN$", "conout$.log"};
    assert_false(tether__session_id_valid(NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tether__session_id_valid(bad[i]));
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        assert_false(tether__session_id_valid(devices[i]));
}

static void makes_keys_that_are_safe_and_stable(void **state)
{
    (void)state;
    char key[TETHER__SESSION_KEY_SIZE], other[TETHER__SESSION_KEY_SIZE];
    /* Published FNV-1a values: every later version must find the same directory. */
    tether__session_key("a", key);
    assert_string_equal(key, "af63dc4c8601ec8c");
    tether__session_key("foobar", key);
    assert_string_equal(key, "85944171f73967e8");
    tether__session_key("../x", key);
    assert_int_equal(strlen(key), 16);
    assert_int_equal(strspn(key, "0123456789abcdef"), 16);
    tether__session_key("../y", other);
    assert_string_not_equal(key, other);
}

static void makes_task_ids_that_are_valid(void **state)
{
    (void)state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    unsigned char random[8];
    for (int value = 0; value < 256; value++) {
        memset(random, value, sizeof random);
        tether__task_id_format(random, id);
        assert_true(tether__task_id_valid(id));
        assert_true(id[0] >= 'a' && id[0] <= 'z');
        assert_null(strpbrk(id + 1, "ilou")); /* people mistake them for 1, 1, 0 and v */
    }
    /* Each of the 55 bits in use (11 digits of 5 bits) changes the id. */
    memset(random, 0, sizeof random);
    tether__task_id_format(random, id);
    for (int bit = 0; bit < 55; bit++) {
        memset(random, 0, sizeof random);
        random[7 - bit / 8] = (unsigned char)(1 << bit % 8);
        tether__task_id_format(random, other);
        assert_string_not_equal(id, other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_safe_task_ids),
        cmocka_unit_test(refuses_other_task_ids),
        cmocka_unit_test(accepts_or_refuses_every_byte_in_a_task_id),
        cmocka_unit_test(accepts_readable_session_ids),
        cmocka_unit_test(refuses_other_session_ids),
        cmocka_unit_test(makes_keys_that_are_safe_and_stable),
        cmocka_unit_test(makes_task_ids_that_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
