/* Environments: which entries override others, and which exceed the limits of the system. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shell/environment.h"

enum { STRING_LIMIT = 1000, TOTAL_LIMIT = 100000 };

static bool same_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

static tether__environment make(const char *const *base, const char *const *set, const char *last)
{
    tether__environment environment;
    tether_error error = {0};
    const tether__environment_parts parts = {.base = base, .set = set, .last = last};
    ASSERT_OK(tether__environment_make(&parts, same_bytes, &environment, &error), error);
    assert_null(environment.entries[environment.count]);
    size_t bytes = 0;
    for (size_t i = 0; i < environment.count; i++)
        bytes += strlen(environment.entries[i]) + 1;
    assert_int_equal(environment.bytes, bytes);
    return environment;
}

static void assert_entries(const tether__environment *environment, const char *const *expected)
{
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < environment->count);
        assert_string_equal(environment->entries[count], expected[count]);
    }
    assert_int_equal(environment->count, count);
}

static void overrides_entries_of_the_base(void **state)
{
    (void)state;
    static const char *const base[] = {"PATH=/bin", "HOME=/h", "PATHS=x", NULL};
    static const char *const set[] = {"HOME=/other", "NEW=", "NEW=2", "PAT=y", NULL};
    static const char *const expected[] = {"PATH=/bin", "HOME=/other",       "PATHS=x", "NEW=2",
                                           "PAT=y",     "TETHER_TASK_ID=t1", NULL};
    tether__environment environment = make(base, set, "TETHER_TASK_ID=t1");
    assert_entries(&environment, expected);
    assert_string_equal(tether__environment_get(&environment, "PATH"), "/bin");
    assert_string_equal(tether__environment_get(&environment, "NEW"), "2");
    assert_null(tether__environment_get(&environment, "PA"));
    assert_null(tether__environment_get(&environment, "HOM"));
    tether__environment_dispose(&environment);
    assert_null(environment.entries);
}

static void lets_the_last_entry_win(void **state)
{
    (void)state;
    static const char *const base[] = {"TETHER_TASK_ID=outer", NULL};
    static const char *const set[] = {"TETHER_TASK_ID=forged", NULL};
    static const char *const expected[] = {"TETHER_TASK_ID=t1", NULL};
    tether__environment environment = make(base, set, "TETHER_TASK_ID=t1");
    assert_entries(&environment, expected);
    tether__environment_dispose(&environment);
}

/* Programs differ in which of two entries of a name they use, so no overridden entry may remain. */
static void overrides_every_entry_of_a_name(void **state)
{
    (void)state;
    static const char *const base[] = {"A=1", "B=2", "A=3", "A=4", NULL};
    static const char *const set[] = {"A=5", NULL};
    static const char *const expected[] = {"A=5", "B=2", NULL};
    tether__environment environment = make(base, set, NULL);
    assert_entries(&environment, expected);
    tether__environment_dispose(&environment);
}

static void accepts_empty_lists(void **state)
{
    (void)state;
    static const char *const nothing[] = {NULL};
    static const char *const last[] = {"X=1", NULL};
    tether__environment environment = make(NULL, NULL, NULL);
    assert_entries(&environment, nothing);
    tether__environment_dispose(&environment);
    environment = make(nothing, nothing, "X=1");
    assert_entries(&environment, last);
    tether__environment_dispose(&environment);
}

static void refuses_entries_without_a_name_or_an_equals_sign(void **state)
{
    (void)state;
    static const char *const bad[] = {"NAME", "", "=value", "="};
    static const char *const base[] = {"A=1", NULL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const set[] = {"B=2", bad[i], NULL};
        tether__environment environment;
        tether_error error = {0};
        const tether__environment_parts parts = {.base = base, .set = set};
        assert_int_equal(tether__environment_make(&parts, same_bytes, &environment, &error),
                         TETHER_EINVAL);
        assert_null(environment.entries);
        assert_non_null(strstr(error.message, bad[i]));
    }
}

static void removes_variables_before_it_sets_others(void **state)
{
    (void)state;
    static const char *const base[] = {"A=1", "AB=2", "C=3", "A=4", NULL};
    static const char *const unset[] = {"A", "C", "NONE", NULL};
    static const char *const set[] = {"C=5", NULL};
    static const char *const expected[] = {"AB=2", "C=5", "A=6", NULL};
    const tether__environment_parts parts = {base, unset, set, "A=6"};
    tether__environment environment;
    tether_error error = {0};
    ASSERT_OK(tether__environment_make(&parts, same_bytes, &environment, &error), error);
    assert_entries(&environment, expected);
    assert_int_equal(environment.bytes, strlen("AB=2") + strlen("C=5") + strlen("A=6") + 3);
    tether__environment_dispose(&environment);
}

static void refuses_to_remove_what_is_no_name(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "A=1", "="};
    static const char *const base[] = {"A=1", NULL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const unset[] = {bad[i], NULL};
        const tether__environment_parts parts = {.base = base, .unset = unset};
        tether__environment environment;
        tether_error error = {0};
        assert_int_equal(tether__environment_make(&parts, same_bytes, &environment, &error),
                         TETHER_EINVAL);
        assert_null(environment.entries);
        assert_non_null(strstr(error.message, "no name of a variable"));
    }
}

static void knows_names_that_every_shell_passes_on(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        bool portable;
    } cases[] = {
        {"A=1", true},         {"_a9=", true},      {"a=b=c", true},
        {"9A=1", false},       {"A-B=1", false},    {"BASH_FUNC_f%%=() { :; }", false},
        {"A.B=1", false},      {"=C:=C:\\", false}, {"A B=1", false},
        {"\xc3\xa4=1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const base[] = {"FIRST=1", cases[i].entry, NULL};
        tether__environment environment = make(base, NULL, NULL);
        assert_int_equal(tether__environment_portable(&environment), cases[i].portable);
        tether__environment_dispose(&environment);
    }
}

static char *long_entry(const char *name, size_t size)
{
    char *entry = malloc(size + 1);
    assert_non_null(entry);
    memset(entry, 'v', size);
    memcpy(entry, name, strlen(name));
    entry[size] = '\0';
    return entry;
}

static int check(const char *const *base, const char *const *argv, size_t total,
                 tether_error *error)
{
    tether__environment environment = make(base, NULL, NULL);
    int code = tether__environment_check(&environment, argv, STRING_LIMIT, total, error);
    tether__environment_dispose(&environment);
    return code;
}

static void names_a_variable_that_is_too_long(void **state)
{
    (void)state;
    tether_error error = {0};
    char *fits = long_entry("FITS=", STRING_LIMIT - 1), *big = long_entry("BIG=", STRING_LIMIT);
    const char *const good[] = {"A=1", fits, NULL}, *const bad[] = {"A=1", fits, big, NULL};
    ASSERT_OK(check(good, NULL, TOTAL_LIMIT, &error), error);
    assert_int_equal(check(bad, NULL, TOTAL_LIMIT, &error), TETHER_ETOOBIG);
    assert_non_null(strstr(error.message, "BIG"));
    assert_null(strstr(error.message, "vvvv")); /* never the value: it may be a secret */
    free(fits);
    free(big);
}

static void names_an_argument_that_is_too_long(void **state)
{
    (void)state;
    tether_error error = {0};
    static const char *const base[] = {"A=1", NULL};
    char *big = long_entry("--big", STRING_LIMIT);
    const char *const argv[] = {"prog", big, NULL};
    assert_int_equal(check(base, argv, TOTAL_LIMIT, &error), TETHER_ETOOBIG);
    assert_non_null(strstr(error.message, "--big"));
    big[STRING_LIMIT - 1] = '\0';
    ASSERT_OK(check(base, argv, TOTAL_LIMIT, &error), error);
    free(big);
}

static void names_the_largest_variable_of_a_large_sum(void **state)
{
    (void)state;
    tether_error error = {0};
    char *first = long_entry("FIRST=", 500), *largest = long_entry("LARGEST=", 900);
    const char *const base[] = {first, "A=1", largest, NULL};
    static const char *const argv[] = {"prog", NULL};
    assert_int_equal(check(base, argv, 5000, &error), TETHER_ETOOBIG);
    assert_non_null(strstr(error.message, "LARGEST"));
    assert_null(strstr(error.message, "vvvv"));
    ASSERT_OK(check(base, argv, TOTAL_LIMIT, &error), error);
    free(first);
    free(largest);
}

static void includes_arguments_in_the_sum(void **state)
{
    (void)state;
    tether_error error = {0};
    static const char *const base[] = {"A=1", NULL};
    const char *argv[11] = {0};
    char *word = long_entry("", 900);
    for (size_t i = 0; i < 10; i++)
        argv[i] = word;
    assert_int_equal(check(base, argv, 12000, &error), TETHER_ETOOBIG);
    argv[5] = NULL;
    ASSERT_OK(check(base, argv, 12000, &error), error);
    free(word);
}

static void assert_block(const char *const *entries, const char *block, size_t size)
{
    tether__environment environment = make(entries, NULL, NULL);
    tether__text text = {0};
    tether__environment_block(&environment, &text);
    assert_false(text.failed);
    assert_int_equal(text.size, size);
    assert_memory_equal(text.bytes, block, size);
    tether__text_dispose(&text);
    tether__environment_dispose(&environment);
}

static void sorts_a_block_by_name(void **state)
{
    (void)state;
    static const char *const entries[] = {"b=1", "A_B=2", "a=3", "AB=4", "=C:=C:\\x", "a1=", NULL};
    static const char block[] = "=C:=C:\\x\0a=3\0a1=\0AB=4\0A_B=2\0b=1\0";
    assert_block(entries, block, sizeof block);
    static const char *const nothing[] = {NULL};
    assert_block(nothing, "\0\0", 2);
}

/* Windows uses the first of two such entries, so only the overriding one may be in the block. */
static void keeps_the_last_of_names_that_differ_in_case(void **state)
{
    (void)state;
    static const char *const entries[] = {"Path=1", "X=0", "PATH=2", "path=3", NULL};
    static const char block[] = "path=3\0X=0\0";
    assert_block(entries, block, sizeof block);
    static const char *const others[] = {"\xc3\xa4=1", "\xc3\xa5=2", "z=3", NULL};
    static const char other_block[] = "z=3\0\xc3\xa4=1\0\xc3\xa5=2\0";
    assert_block(others, other_block, sizeof other_block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overrides_entries_of_the_base),
        cmocka_unit_test(lets_the_last_entry_win),
        cmocka_unit_test(overrides_every_entry_of_a_name),
        cmocka_unit_test(accepts_empty_lists),
        cmocka_unit_test(refuses_entries_without_a_name_or_an_equals_sign),
        cmocka_unit_test(removes_variables_before_it_sets_others),
        cmocka_unit_test(refuses_to_remove_what_is_no_name),
        cmocka_unit_test(knows_names_that_every_shell_passes_on),
        cmocka_unit_test(names_a_variable_that_is_too_long),
        cmocka_unit_test(names_an_argument_that_is_too_long),
        cmocka_unit_test(names_the_largest_variable_of_a_large_sum),
        cmocka_unit_test(includes_arguments_in_the_sum),
        cmocka_unit_test(sorts_a_block_by_name),
        cmocka_unit_test(keeps_the_last_of_names_that_differ_in_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
