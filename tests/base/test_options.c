/* Structs of callers that were built against another version. */
#include "support/unit.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"

/* The same struct in three versions; the tests play the second. */
typedef struct first {
    size_t size;
    int64_t a;
} first;

typedef struct second {
    size_t size;
    int64_t a;
    int64_t b;
} second;

typedef struct third {
    size_t size;
    int64_t a;
    int64_t b;
    int64_t c;
} third;

static const size_t earlier[] = {sizeof(first), 0};

static int take(const void *given, second *options, tether_error *error)
{
    return tether__options_take(given, options, sizeof *options, earlier, "options", error);
}

static void takes_null_as_all_zero(void **state)
{
    (void)state;
    second options = {7, 7, 7};
    assert_int_equal(take(NULL, &options, NULL), TETHER_OK);
    assert_int_equal(options.size, 0);
    assert_int_equal(options.a, 0);
    assert_int_equal(options.b, 0);
}

static void takes_the_fields_of_this_version(void **state)
{
    (void)state;
    const second given = {sizeof given, 1, 2};
    second options;
    assert_int_equal(take(&given, &options, NULL), TETHER_OK);
    assert_int_equal(options.a, 1);
    assert_int_equal(options.b, 2);
}

/* The bytes behind an old caller's struct are not read. */
static void fields_that_an_earlier_version_lacks_are_zero(void **state)
{
    (void)state;
    second memory = {sizeof(first), 1, 99};
    second options;
    assert_int_equal(take(&memory, &options, NULL), TETHER_OK);
    assert_int_equal(options.a, 1);
    assert_int_equal(options.b, 0);
}

static void size_0_stands_for_the_first_version(void **state)
{
    (void)state;
    second memory = {0, 1, 99};
    second options;
    assert_int_equal(take(&memory, &options, NULL), TETHER_OK);
    assert_int_equal(options.a, 1);
    assert_int_equal(options.b, 0);
    /* Without earlier versions that is this one. */
    assert_int_equal(tether__options_take(&memory, &options, sizeof options, NULL, "options", NULL),
                     TETHER_OK);
    assert_int_equal(options.b, 99);
}

static void ignores_the_fields_of_a_newer_version(void **state)
{
    (void)state;
    third given = {sizeof given, 1, 2, 3};
    second options;
    assert_int_equal(take(&given, &options, NULL), TETHER_OK);
    assert_int_equal(options.a, 1);
    assert_int_equal(options.b, 2);
}

static void refuses_sizes_that_no_version_had(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        1, 3, sizeof(size_t), sizeof(first) - 1, sizeof(first) + 1, sizeof(second) - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const second given = {sizes[i], 1, 2};
        second options;
        tether_error error = {0};
        assert_int_equal(take(&given, &options, &error), TETHER_EINVAL);
        assert_non_null(strstr(error.message, "which no version had"));
        assert_int_equal(options.a, 0);
    }
}

static void gives_a_caller_no_more_than_it_has_room_for(void **state)
{
    (void)state;
    const second result = {0, 1, 2};
    second old = {sizeof(first), 0, 99}, own = {sizeof own, 0, 0};
    third newer = {sizeof newer, 0, 0, 99};
    tether__options_give(&old, &result, sizeof result, earlier);
    assert_int_equal(old.size, sizeof(first));
    assert_int_equal(old.a, 1);
    assert_int_equal(old.b, 99);
    tether__options_give(&own, &result, sizeof result, earlier);
    assert_int_equal(own.size, sizeof own);
    assert_int_equal(own.b, 2);
    tether__options_give(&newer, &result, sizeof result, earlier);
    assert_int_equal(newer.b, 2);
    assert_int_equal(newer.c, 99);
    tether__options_give(NULL, &result, sizeof result, earlier);
}

/* A size that no version had is not refused here: the failure must be reported. */
static void an_error_keeps_its_size_and_gets_the_rest(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 3, sizeof(tether_error), sizeof(tether_error) + 64};
    const tether_error failure = {.code = TETHER_EIO, .os_error = 5, .step = "s", .message = "m"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        tether_error error = {.size = sizes[i]};
        tether__error_set(&error, &failure);
        assert_int_equal(error.size, sizes[i]);
        assert_int_equal(error.code, TETHER_EIO);
        assert_int_equal(error.os_error, 5);
        assert_string_equal(error.step, "s");
        assert_string_equal(error.message, "m");
    }
    tether__error_set(NULL, &failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_null_as_all_zero),
        cmocka_unit_test(takes_the_fields_of_this_version),
        cmocka_unit_test(fields_that_an_earlier_version_lacks_are_zero),
        cmocka_unit_test(size_0_stands_for_the_first_version),
        cmocka_unit_test(ignores_the_fields_of_a_newer_version),
        cmocka_unit_test(refuses_sizes_that_no_version_had),
        cmocka_unit_test(gives_a_caller_no_more_than_it_has_room_for),
        cmocka_unit_test(an_error_keeps_its_size_and_gets_the_rest),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
