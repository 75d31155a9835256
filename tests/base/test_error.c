/* Names and texts of error codes, and the filling of error structs. */
#include "support/unit.h"

#include <string.h>

#include "base/error.h"

static const int codes[] = {
#define CODE(name, value, text) TETHER_##name,
    TETHER_ERROR_MAP(CODE)
#undef CODE
};

enum { CODE_COUNT = sizeof codes / sizeof codes[0] };

static void names_every_code_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODE_COUNT; i++) {
        assert_true(codes[i] < 0);
        assert_int_equal(strncmp(tether_error_name(codes[i]), "TETHER_E", 8), 0);
        assert_true(strlen(tether_error_text(codes[i])) > 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(codes[i], codes[j]);
            assert_string_not_equal(tether_error_name(codes[i]), tether_error_name(codes[j]));
            assert_string_not_equal(tether_error_text(codes[i]), tether_error_text(codes[j]));
        }
    }
    assert_string_equal(tether_error_name(TETHER_ENOTASK), "TETHER_ENOTASK");
    assert_string_equal(tether_error_text(TETHER_ENOTASK), "no such task");
}

static void keeps_values_that_callers_may_have_stored(void **state)
{
    (void)state;
    assert_int_equal(TETHER_EINVAL, -1);
    assert_int_equal(TETHER_ENOTASK, -4);
    assert_int_equal(TETHER_ETIMEDOUT, -15);
    assert_int_equal(TETHER_ESYSTEM, -25);
}

static void names_success_and_unknown_codes(void **state)
{
    (void)state;
    assert_string_equal(tether_error_name(TETHER_OK), "TETHER_OK");
    assert_string_equal(tether_error_text(TETHER_OK), "success");
    static const int unknown[] = {1, -1000, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_string_equal(tether_error_name(unknown[i]), "TETHER_UNKNOWN");
        assert_string_equal(tether_error_text(unknown[i]), "unknown error");
    }
}

static void fills_every_member_of_the_struct(void **state)
{
    (void)state;
    tether_error error = {0};
    memset(&error, 0x5a, sizeof error);
    assert_int_equal(
        tether__fail(&error, TETHER_EIO, 5, "write file", "%s: %d bytes missing", "record", 12),
        TETHER_EIO);
    assert_int_equal(error.code, TETHER_EIO);
    assert_int_equal(error.os_error, 5);
    assert_string_equal(error.step, "write file");
    assert_string_equal(error.message, "record: 12 bytes missing");
}

static void accepts_a_null_struct(void **state)
{
    (void)state;
    assert_int_equal(tether__fail(NULL, TETHER_EGONE, 0, "step", "%s", "text"), TETHER_EGONE);
    assert_int_equal(tether__fail_memory(NULL, "step"), TETHER_ENOMEM);
}

static void accepts_arguments_that_point_into_the_struct(void **state)
{
    (void)state;
    tether_error error = {0};
    tether__fail(&error, TETHER_EIO, 5, "inner step", "inner message");
    tether__fail(&error, TETHER_ECORRUPT, error.os_error, error.step, "outer (%s)", error.message);
    assert_int_equal(error.os_error, 5);
    assert_string_equal(error.step, "inner step");
    assert_string_equal(error.message, "outer (inner message)");
}

static void truncates_long_steps_and_messages(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    tether_error error = {0};
    tether__fail(&error, TETHER_EIO, 0, text, "%s", text);
    assert_int_equal(strlen(error.step), sizeof error.step - 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void reports_exhausted_memory(void **state)
{
    (void)state;
    tether_error error = {0};
    assert_int_equal(tether__fail_memory(&error, "make snapshot"), TETHER_ENOMEM);
    assert_int_equal(error.code, TETHER_ENOMEM);
    assert_string_equal(error.step, "make snapshot");
    assert_non_null(strstr(error.message, "out of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_code_once),
        cmocka_unit_test(keeps_values_that_callers_may_have_stored),
        cmocka_unit_test(names_success_and_unknown_codes),
        cmocka_unit_test(fills_every_member_of_the_struct),
        cmocka_unit_test(accepts_a_null_struct),
        cmocka_unit_test(accepts_arguments_that_point_into_the_struct),
        cmocka_unit_test(truncates_long_steps_and_messages),
        cmocka_unit_test(reports_exhausted_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
