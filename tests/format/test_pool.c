/* The texts that records share: each is there once, they never move, and what does not fit is left
 * to the records. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/pool.h"
#include "format/record.h"
#include "format/record_read.h"

static void each_text_is_there_once(void **state)
{
    (void)state;
    static tether__pool pool;
    const char *first = tether__pool_take(&pool, "first"), *empty = tether__pool_take(&pool, "");
    assert_string_equal(first, "first");
    assert_string_equal(empty, "");
    assert_ptr_equal(tether__pool_take(&pool, "first"), first);
    assert_ptr_equal(tether__pool_take(&pool, ""), empty);
    assert_ptr_not_equal(tether__pool_take(&pool, "firs"), first);
    assert_true(tether__pool_owns(&pool, first));
    assert_false(tether__pool_owns(&pool, "first"));
    assert_false(tether__pool_owns(NULL, first));
    assert_false(tether__pool_owns(&pool, NULL));
}

static void what_does_not_fit_is_not_taken(void **state)
{
    (void)state;
    static tether__pool pool;
    char text[TETHER__POOL_SIZE];
    const char *first = tether__pool_take(&pool, "first");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_null(tether__pool_take(&pool, text));
    size_t taken = 0;
    for (bool fits = true; fits; taken += fits) {
        snprintf(text, sizeof text, "%zu", taken);
        fits = tether__pool_take(&pool, text) != NULL;
    }
    assert_in_range(taken, 100, TETHER__POOL_SIZE);
    assert_ptr_equal(tether__pool_take(&pool, "first"), first);
    assert_non_null(tether__pool_take(&pool, "99"));
}

static void read_light(tether__record *record, tether__pool *pool)
{
    static const char text[] =
        "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"running\","
        "\"command\":\"c\",\"workdir\":\"/w\",\"boot_id\":\"b\","
        "\"identity\":{\"pid\":1,\"boot_id\":\"b\",\"pid_ns\":\"2\"}}";
    tether_error error = {0};
    tether__record_init(record);
    ASSERT_OK(tether__record_parse(text, strlen(text), "t1", record, &error), error);
    tether__record_lighten(record, pool);
}

static void records_share_what_they_have_in_common(void **state)
{
    (void)state;
    static tether__pool pool;
    tether__record first, second;
    read_light(&first, &pool);
    read_light(&second, &pool);
    assert_ptr_equal(first.session_id, second.session_id);
    assert_ptr_equal(first.workdir, second.workdir);
    assert_ptr_equal(first.boot_id, second.boot_id);
    assert_ptr_equal(first.boot_id, first.identity.boot_id);
    assert_ptr_equal(first.identity.pid_ns, second.identity.pid_ns);
    assert_ptr_not_equal(first.command, second.command);
    /* What is set later has its own memory, until the record is lightened again. */
    assert_true(tether__record_set(&first, &first.workdir, "/w"));
    assert_ptr_not_equal(first.workdir, second.workdir);
    tether__record_lighten(&first, &pool);
    assert_ptr_equal(first.workdir, second.workdir);
    tether__record_dispose(&first);
    assert_string_equal(second.workdir, "/w");
    tether__record_trim(&second);
    assert_string_equal(second.boot_id, "b");
    tether__record_dispose(&second);
}

static void an_identity_is_copied(void **state)
{
    (void)state;
    static tether__pool pool;
    tether__record record;
    read_light(&record, &pool);
    const tether__identity given = {
        .pid = 7, .start_time = 8, .boot_id = "b", .pid_ns = "9", .pidfs_id = 10};
    assert_true(tether__record_set_identity(&record, &given));
    tether__record_lighten(&record, &pool);
    const tether__identity got = tether__record_identity(&record);
    assert_memory_equal(&got, &given, sizeof got);
    tether__record_dispose(&record);
    assert_int_equal(tether__record_identity(&record).pid, 0);
    assert_string_equal(tether__record_identity(&record).boot_id, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_there_once),
        cmocka_unit_test(what_does_not_fit_is_not_taken),
        cmocka_unit_test(records_share_what_they_have_in_common),
        cmocka_unit_test(an_identity_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
