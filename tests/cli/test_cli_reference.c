/* What a word means where a task is expected. */
#include "support/unit.h"

#include <string.h>

#include "cli/reference.h"

/* From the newest to the oldest. */
static const struct {
    const char *id;
    const char *name;
} tasks[] = {
    {"tabc", "build"},      {"tabd", NULL}, {"build-1", "test"}, {"tx", "build"},  {"t9", "tabc"},
    {"test", "\xc3\xa4 b"}, {"u", "ta"},    {"v", "@last-1"},    {"w", "@lastly"},
};

enum { COUNT = sizeof tasks / sizeof tasks[0] };

static reference find(const char *word)
{
    tether_snapshot snapshots[COUNT] = {0};
    tether_snapshot *list[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        strcpy(snapshots[i].task_id, tasks[i].id);
        snapshots[i].name = (char *)(uintptr_t)tasks[i].name;
        list[i] = &snapshots[i];
    }
    return reference_find(word, list, COUNT);
}

static void a_word_means_one_task(void **state)
{
    static const struct {
        const char *word;
        size_t index;
    } cases[] = {
        {"tabc", 0},       /* an id comes before a name */
        {"test", 5},       /* likewise */
        {"build", 0},      /* the newest with this name; a name comes before a prefix */
        {"ta", 6},         /* likewise, even where the prefix is ambiguous */
        {"tabd", 1},       /* a whole id */
        {"build-", 2},     /* a prefix */
        {"tes", 5},        /* a prefix of one id and of one name: only ids have prefixes */
        {"\xc3\xa4 b", 5}, /* a name that cannot be an id */
        {"@last", 0},      {"@last-0", 0},       {"@last-1", 1},
        {"@last-8", 8},    {"@last-0000008", 8}, {"@lastly", 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reference found = find(cases[i].word);
        if (found.count != 1 || found.first != cases[i].index)
            fail_msg("%s: %zu tasks, the first is %zu", cases[i].word, found.count, found.first);
    }
}

static void a_word_means_no_task(void **state)
{
    static const char *const words[] = {
        "",
        "x",
        "tabcd",
        "TABC",
        "buil d",
        "@",
        "@las",
        "@last-",
        "@last-9",
        "@last--1",
        "@last-1x",
        "@last+1",
        "@last-99999999999999999999999999",
        "\xc3\xa4",
    };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (find(words[i]).count != 0)
            fail_msg("%s is found", words[i]);
    }
    assert_int_equal(reference_find("@last", NULL, 0).count, 0);
}

static void a_prefix_can_be_ambiguous(void **state)
{
    tether_snapshot task = {.task_id = "tabc"};
    (void)state;
    assert_int_equal(find("tab").count, 2);
    assert_int_equal(find("tab").first, 0);
    assert_int_equal(find("t").count, 5);
    assert_true(reference_begins("tab", &task));
    assert_true(reference_begins("tabc", &task));
    assert_false(reference_begins("tabcd", &task));
    assert_false(reference_begins("", &task));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_means_one_task),
        cmocka_unit_test(a_word_means_no_task),
        cmocka_unit_test(a_prefix_can_be_ambiguous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
