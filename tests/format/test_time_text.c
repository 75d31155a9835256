/* Points in time as RFC 3339. */
#include "support/unit.h"

#include "tether/task.h"

static void writes_times_of_all_years(void **state)
{
    static const struct {
        int64_t unix_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(1709251199250), "2024-02-29T23:59:59.250Z"},
        {INT64_C(1767225600000), "2026-01-01T00:00:00.000Z"},
        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
        {INT64_C(-62162035200001), "0000-02-29T23:59:59.999Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TETHER_TIME_SIZE] = "x";
        assert_true(tether_time_text(cases[i].unix_ms, text));
        assert_string_equal(text, cases[i].text);
    }
}

static void other_years_have_no_text(void **state)
{
    static const int64_t times[] = {INT64_C(253402300800000), INT64_C(-62167219200001), INT64_MAX,
                                    INT64_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[TETHER_TIME_SIZE] = "x";
        assert_false(tether_time_text(times[i], text));
        assert_string_equal(text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_times_of_all_years),
        cmocka_unit_test(other_years_have_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
