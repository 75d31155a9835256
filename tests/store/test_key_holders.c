/* The task that has a key: in the journal or an archive, as other hosts write, compact, join and
 * remove, and whatever stands in these files. */
#include "store/journals.h"

#include <string.h>

#include "store/archive.h"
#include "store/keys.h"

#define KEY(key) ",\"key\":\"" key "\""
#define LOST ",\"status\":\"lost\",\"reason\":\"never started\""

/* id NULL: no task has the key. */
static void expect_holder(const journals *j, const char *key, const char *id, bool ended)
{
    const tether__session *const hosts[] = {&j->own, &j->other};
    for (size_t i = 0; i < 2; i++) {
        tether__key_holder holder;
        tether_error error = {0};
        ASSERT_OK(tether__keys_find(hosts[i], key, &holder, &error), error);
        assert_string_equal(holder.task_id, id != NULL ? id : "");
        assert_int_equal(holder.ended, ended);
    }
}

static void the_journal_says_who_has_a_key(void **state)
{
    journals *j = *state;
    expect_holder(j, "k", NULL, false);
    journals_append(&j->own, BIRTH("t1", KEY("other")));
    expect_holder(j, "k", NULL, false);
    journals_append(&j->other, BIRTH("t2", KEY("k")));
    expect_holder(j, "k", "t2", false);
    expect_holder(j, "other", "t1", false);
    /* Its end does not take the key, but an ended task without a bundle was removed. */
    journals_append(&j->own, CHANGE("t2", END));
    expect_holder(j, "k", NULL, false);
    journals_make_bundles(j, "t2", NULL);
    expect_holder(j, "k", "t2", true);
    journals_append(&j->own, CHANGE("t2", DELIVERED));
    expect_holder(j, "k", "t2", true);
    journals_append(&j->own, CHANGE("t2", REMOVED));
    expect_holder(j, "k", NULL, false);
}

static void of_several_the_one_that_may_have_begun_has_it(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    journals_append(&j->own, BIRTH("t1", KEY("k")));
    journals_append(&j->own, CHANGE("t1", LOST));
    expect_holder(j, "k", NULL, false);
    journals_append(&j->own, BIRTH("t2", KEY("k")));
    expect_holder(j, "k", "t2", false);
    journals_append(&j->own, CHANGE("t2", LOST));
    journals_append(&j->own, BIRTH("t3", KEY("k")));
    journals_append(&j->own, CHANGE("t3", END));
    expect_holder(j, "k", "t3", true);
}

static void archives_that_come_and_go_are_read_again(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", "t4", NULL);
    journals_replace(j, HEAD("5", "0"));
    journals_archive(j, 1, DONE("t1", KEY("one")) DONE("t2", ""));
    expect_holder(j, "one", "t1", true);
    expect_holder(j, "three", NULL, false);
    /* A compaction. */
    journals_archive(j, 4, DONE("t3", KEY("three")));
    expect_holder(j, "one", "t1", true);
    expect_holder(j, "three", "t3", true);
    /* They are joined: the older one gets what the newer one had. */
    journals_archive(j, 1, DONE("t1", KEY("one")) DONE("t2", "") DONE("t3", KEY("three")));
    tether_error error = {0};
    ASSERT_OK(tether__archive_remove(&j->own, 4, &error), error);
    expect_holder(j, "one", "t1", true);
    expect_holder(j, "three", "t3", true);
    /* The same archive with something else. */
    journals_archive(j, 1, DONE("t4", KEY("four")));
    expect_holder(j, "one", NULL, false);
    expect_holder(j, "four", "t4", true);
    ASSERT_OK(tether__archive_remove(&j->own, 1, &error), error);
    expect_holder(j, "four", NULL, false);
}

static void a_removed_or_unbegun_archived_task_has_none(void **state)
{
    journals *j = *state;
    journals_replace(j, HEAD("5", "0"));
    journals_archive(j, 1,
                     DONE("t1", KEY("no-bundle"))
                         DONE("t2", KEY("k")) "{\"schema_version\":1,\"task_id\":\"t3\",\"session_"
                                              "id\":\"s\"" LOST DELIVERED KEY("unbegun") "}\n");
    journals_make_bundles(j, "t2", "t3", NULL);
    expect_holder(j, "no-bundle", NULL, false);
    expect_holder(j, "unbegun", NULL, false);
    expect_holder(j, "k", "t2", true);
    journals_make_bundles(j, "t1", NULL);
    expect_holder(j, "no-bundle", "t1", true);
}

static void the_journal_counts_before_the_archives(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", NULL);
    journals_archive(j, 1, DONE("t1", KEY("k")));
    journals_replace(j, HEAD("5", "0") DONE("t1", KEY("k") ",\"again\":true"));
    expect_holder(j, "k", "t1", true);
}

static void two_keys_with_one_hash_are_two(void **state)
{
    journals *j = *state;
    /* FNV-1a of both in 32 bits is the same. */
    static const char first[] = "costarring", second[] = "liquid";
    journals_append(&j->own, BIRTH("t1", KEY("costarring")));
    expect_holder(j, second, NULL, false);
    expect_holder(j, first, "t1", false);
    journals_append(&j->own, BIRTH("t2", KEY("liquid")));
    expect_holder(j, second, "t2", false);
    expect_holder(j, first, "t1", false);
}

static void garbage_has_no_key(void **state)
{
    static const char garbage[] = BIRTH("t1", ",\"key\":7") BIRTH("t2", ",\"key\":null")
        BIRTH("t3", ",\"key\":[\"k\"]") "{\"key\":\"k\"}\n{\"task_id\":\"t4\",\"key\":\"k\"}\nk\n";
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    journals_replace(j, HEAD("5", "0"));
    journals_add(j, garbage, sizeof garbage - 1);
    expect_holder(j, "k", NULL, false);
    journals_archive(j, 1, garbage);
    expect_holder(j, "k", NULL, false);
    /* And the first half of a line. */
    journals_add(j, BIRTH("t5", KEY("k")), 40);
    expect_holder(j, "k", NULL, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define HOLDERS_TEST(name) cmocka_unit_test_setup_teardown(name, journals_setup, journals_teardown)
        HOLDERS_TEST(the_journal_says_who_has_a_key),
        HOLDERS_TEST(of_several_the_one_that_may_have_begun_has_it),
        HOLDERS_TEST(archives_that_come_and_go_are_read_again),
        HOLDERS_TEST(a_removed_or_unbegun_archived_task_has_none),
        HOLDERS_TEST(the_journal_counts_before_the_archives),
        HOLDERS_TEST(two_keys_with_one_hash_are_two),
        HOLDERS_TEST(garbage_has_no_key),
    };
    return cmocka_run_group_tests_name("key_holders", tests, NULL, NULL);
}
