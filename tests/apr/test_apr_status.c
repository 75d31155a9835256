/* Statuses, texts and times of APR. */
#include "apr/apr_host.h"

#include <errno.h>
#include <string.h>

static void codes_come_back_from_their_statuses(void **state)
{
    (void)state;
    char text[256];
#define EXPECT_BACK(name, value, words)                                                            \
    {                                                                                              \
        const tether_error error = {.code = value};                                                \
        apr_status_t status = tether_apr_status(&error);                                           \
        assert_int_not_equal(status, APR_SUCCESS);                                                 \
        assert_int_equal(tether_apr_code(status), value);                                          \
        assert_ptr_equal(tether_apr_strerror(status, text, sizeof text), text);                    \
        assert_null(strstr(text, "APR does not understand"));                                      \
        assert_int_not_equal(text[0], '\0');                                                       \
        if (status >= APR_OS_START_USERERR)                                                        \
            assert_string_equal(text, words);                                                      \
    }
    TETHER_ERROR_MAP(EXPECT_BACK)
    const tether_error none = {0};
    assert_int_equal(tether_apr_status(&none), APR_SUCCESS);
    assert_int_equal(tether_apr_code(APR_SUCCESS), TETHER_OK);
}

static void statuses_have_the_meaning_that_apr_gives_them(void **state)
{
    (void)state;
    const tether_error no_program = {.code = TETHER_ENOPROGRAM};
    const tether_error late = {.code = TETHER_ETIMEDOUT};
    const tether_error refused = {.code = TETHER_EACCESS, .os_error = EPERM};
    const tether_error locked = {.code = TETHER_ELOCKED, .os_error = EAGAIN};
    assert_true(APR_STATUS_IS_ENOENT(tether_apr_status(&no_program)));
    assert_true(APR_STATUS_IS_TIMEUP(tether_apr_status(&late)));
    assert_int_equal(tether_apr_status(&refused), APR_FROM_OS_ERROR(EPERM));
    assert_int_equal(tether_apr_code(tether_apr_status(&locked)), TETHER_ELOCKED);
    assert_int_equal(tether_apr_code(APR_EGENERAL), TETHER_ESYSTEM);
    assert_int_equal(tether_apr_code(APR_FROM_OS_ERROR(EACCES)), TETHER_EACCESS);
}

static void the_range_is_one_of_applications(void **state)
{
    (void)state;
    char text[256];
    const tether_error locked = {.code = TETHER_ELOCKED};
    apr_status_t status = tether_apr_status(&locked);
    assert_true(status > APR_OS_START_USERERR && status < APR_OS_START_CANONERR);
    /* Why there is a call of our own. */
    assert_non_null(strstr(apr_strerror(status, text, sizeof text), "does not understand"));
    /* Other applications' and APR's own statuses have APR's text; a short buffer has a part. */
    assert_non_null(
        strstr(tether_apr_strerror(APR_OS_START_USERERR + 1, text, sizeof text), "understand"));
    assert_string_equal(tether_apr_strerror(status, text, 8), "session");
}

static void times_are_microseconds(void **state)
{
    (void)state;
    assert_int_equal(tether_apr_time(1500), apr_time_make(1, 500000));
    assert_int_equal(tether_apr_time(0), TETHER_APR_TIME_UNKNOWN);
    assert_int_equal(tether_apr_timeout_ms(0), 0);
    assert_int_equal(tether_apr_timeout_ms(1), 1);
    assert_int_equal(tether_apr_timeout_ms(1000), 1);
    assert_int_equal(tether_apr_timeout_ms(1001), 2);
    assert_int_equal(tether_apr_timeout_ms(-1), -1);
    assert_int_equal(tether_apr_timeout_ms(-5000000), -1);
    assert_int_equal(tether_apr_timeout_ms(INT64_MAX), INT64_MAX / 1000 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_come_back_from_their_statuses),
        cmocka_unit_test(statuses_have_the_meaning_that_apr_gives_them),
        cmocka_unit_test(the_range_is_one_of_applications),
        cmocka_unit_test(times_are_microseconds),
    };
    return cmocka_run_group_tests_name("apr_status", tests, NULL, NULL);
}
