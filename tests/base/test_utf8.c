/* Validation of every code point and of malformed sequences, repair and cutting. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "base/utf8.h"

/* Encodes by arithmetic alone, without the checks under test. */
static size_t encode(uint32_t c, char *bytes)
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (char)(leads[size] | c);
    return size;
}

static bool is_scalar(uint32_t c)
{
    return c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
}

static void validates_every_code_point(void **state)
{
    (void)state;
    char bytes[4];
    for (uint32_t c = 0; c < 0x200000; c++) {
        size_t size = encode(c, bytes);
        if (tether__utf8_valid(bytes, size) != is_scalar(c))
            fail_msg("U+%06X: wrong result", (unsigned)c);
        /* A character without its last byte is invalid. */
        if (size > 1 && tether__utf8_valid(bytes, size - 1))
            fail_msg("U+%06X without its last byte is accepted", (unsigned)c);
    }
}

static void refuses_overlong_and_malformed_sequences(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xc0\x80",     "\xc1\xbf",
                                      "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                                      "\xe0\x80\x80", "\xf8\x88\x80\x80\x80",
                                      "\xfe",         "\xff",
                                      "\x80",         "\xbf",
                                      "a\xc3",        "\xe2\x82",
                                      "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xc3\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tether__utf8_valid(bad[i], strlen(bad[i])));
    assert_true(tether__utf8_valid("", 0));
    assert_true(tether__utf8_valid("a\0b", 3));
}

static void repairs_byte_by_byte(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"\xc3\xa4", 2, "\xc3\xa4"},
        {"a\xff"
         "b",
         3,
         "a\xef\xbf\xbd"
         "b"},
        {"\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\0b", 3,
         "a\xef\xbf\xbd"
         "b"},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = tether__utf8_repair(cases[i].bytes, cases[i].size);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

static void repairs_any_bytes_into_text(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        size_t size = random_next(&random) % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            /* Half of the bytes are ASCII, so that some sequences are well-formed. */
            uint32_t value = random_next(&random);
            bytes[i] = (char)(value & 0x100 ? value & 0x7f : value);
        }
        char *text = tether__utf8_repair(bytes, size);
        assert_non_null(text);
        assert_true(tether__utf8_valid(text, strlen(text)));
        if (tether__utf8_valid(bytes, size) && memchr(bytes, '\0', size) == NULL) {
            assert_int_equal(strlen(text), size);
            assert_memory_equal(text, bytes, size);
        }
        free(text);
    }
}

/* Writes random characters of all sizes and returns how many bytes it wrote. */
static size_t random_text(uint64_t *random, char *bytes, size_t room)
{
    static const uint32_t limits[] = {0x7f, 0x7ff, 0xffff, 0x10ffff};
    size_t size = 0;
    while (room - size >= 4) {
        uint32_t c = 1 + random_next(random) % limits[random_next(random) % 4];
        if (is_scalar(c))
            size += encode(c, bytes + size);
    }
    return size;
}

static void never_cuts_through_a_character(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int round = 0; round < 500; round++) {
        char bytes[40];
        size_t size = random_text(&random, bytes, sizeof bytes);
        for (size_t limit = 0; limit <= size + 3; limit++) {
            size_t kept = tether__utf8_cut(bytes, size, limit);
            assert_true(kept <= limit && kept <= size);
            assert_true(tether__utf8_valid(bytes, kept));
            assert_true(limit >= size ? kept == size : limit - kept < 4);
        }
    }
}

static void cuts_before_a_first_character_that_does_not_fit(void **state)
{
    (void)state;
    assert_int_equal(tether__utf8_cut("\xc3\xa4", 2, 1), 0);
    assert_int_equal(tether__utf8_cut("\xe2\x82\xac", 3, 2), 0);
    assert_int_equal(tether__utf8_cut("\xf0\x9f\x98\x80", 4, 3), 0);
    assert_int_equal(tether__utf8_cut("\xf0\x9f\x98\x80", 4, 4), 4);
    /* Not UTF-8: there is no character to keep whole. */
    assert_int_equal(tether__utf8_cut("\x80\x80\x80\x80\x80\x80\x80\x80", 8, 6), 6);
}

static void skips_the_rest_of_a_character(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int round = 0; round < 500; round++) {
        char bytes[40];
        size_t size = random_text(&random, bytes, sizeof bytes);
        for (size_t start = 0; start < size; start++) {
            size_t skip = tether__utf8_skip_tail(bytes + start, size - start);
            assert_true(skip <= 3 && start + skip <= size);
            assert_true(tether__utf8_valid(bytes + start + skip, size - start - skip));
            /* Skips nothing where a whole character begins. */
            if (tether__utf8_valid(bytes + start, size - start))
                assert_int_equal(skip, 0);
        }
    }
    assert_int_equal(tether__utf8_skip_tail("", 0), 0);
    assert_int_equal(tether__utf8_skip_tail("\x80", 1), 1);
    assert_int_equal(tether__utf8_skip_tail("\x80\x80\x80\x80", 4), 0);
}

static void sets_a_text_to_a_copy(void **state)
{
    (void)state;
    char *text = NULL;
    char value[] = "a\xff";
    assert_true(tether__utf8_set(&text, value));
    value[0] = 'b';
    assert_string_equal(text, "a\xef\xbf\xbd");
    assert_true(tether__utf8_set(&text, text + 1));
    assert_string_equal(text, "\xef\xbf\xbd");
    assert_true(tether__utf8_set(&text, NULL));
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validates_every_code_point),
        cmocka_unit_test(refuses_overlong_and_malformed_sequences),
        cmocka_unit_test(repairs_byte_by_byte),
        cmocka_unit_test(repairs_any_bytes_into_text),
        cmocka_unit_test(never_cuts_through_a_character),
        cmocka_unit_test(cuts_before_a_first_character_that_does_not_fit),
        cmocka_unit_test(skips_the_rest_of_a_character),
        cmocka_unit_test(sets_a_text_to_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
