/* The outer shells: to which tasks each applies, and with which arguments it runs a wrapper. */
#include "support/unit.h"

#include <string.h>

#include "shell/outer.h"

static const tether__outer_rule *rule_of(const tether__outer_rule *rules, tether__outer_kind kind)
{
    while (rules->kind != kind) {
        assert_int_not_equal(rules->kind, TETHER__OUTER_NONE);
        rules++;
    }
    return rules;
}

/* Compares all arguments, joined with "|". */
static void check_call(const tether__outer_rule *rule, const char *wanted)
{
    char all[256] = "";
    const char *argv[TETHER__OUTER_ARGV_CAPACITY];
    tether__outer_argv(rule, "/b/wrapper", argv);
    for (size_t i = 0; argv[i] != NULL; i++) {
        strcat(all, i > 0 ? "|" : "");
        strcat(all, argv[i]);
    }
    assert_string_equal(all, wanted);
}

static void runs_the_wrapper_with_the_options_of_each_shell(void **state)
{
    (void)state;
    const tether__outer_rule *posix = tether__outers_posix, *win32 = tether__outers_win32;
    check_call(rule_of(posix, TETHER__OUTER_SH), "sh|/b/wrapper");
    check_call(rule_of(posix, TETHER__OUTER_BASH), "bash|--posix|-p|/b/wrapper");
    /* By its name in the bundle, because a path of the store may hold any character. */
    check_call(rule_of(win32, TETHER__OUTER_CMD), "cmd|/D|/V:OFF|/E:ON|/C|.\\wrapper.bat");
    check_call(rule_of(win32, TETHER__OUTER_POWERSHELL),
               "powershell|-NoLogo|-NoProfile|-NonInteractive|-ExecutionPolicy|Bypass|-File|"
               "/b/wrapper");
    check_call(rule_of(win32, TETHER__OUTER_GIT_SH), "sh|/b/wrapper");
}

static void bash_applies_only_to_unusual_environments(void **state)
{
    (void)state;
    const tether__outer_rule *bash = rule_of(tether__outers_posix, TETHER__OUTER_BASH);
    assert_false(tether__outer_serves(bash, TETHER_SUPERVISOR_AUTO, true));
    assert_true(tether__outer_serves(bash, TETHER_SUPERVISOR_AUTO, false));
    for (const tether__outer_rule *rule = tether__outers_win32; rule->kind != TETHER__OUTER_NONE;
         rule++)
        assert_int_equal(tether__outer_serves(rule, TETHER_SUPERVISOR_SCRIPT, true) &&
                             tether__outer_serves(rule, TETHER_SUPERVISOR_SCRIPT, false),
                         rule->kind != TETHER__OUTER_MONITOR);
}

static void names_the_wrapper_of_each_shell(void **state)
{
    (void)state;
    assert_string_equal(tether__outer_file(TETHER__OUTER_SH), "wrapper.sh");
    assert_string_equal(tether__outer_file(TETHER__OUTER_BASH), "wrapper.sh");
    assert_string_equal(tether__outer_file(TETHER__OUTER_CMD), "wrapper.bat");
    assert_string_equal(tether__outer_file(TETHER__OUTER_POWERSHELL), "wrapper.ps1");
    assert_string_equal(tether__outer_file(TETHER__OUTER_GIT_SH), "wrapper.sh");
    for (const tether__outer_rule *rule = tether__outers_win32; rule->kind != TETHER__OUTER_NONE;
         rule++)
        assert_int_equal(tether__outer_in_bundle(rule->kind), rule->kind != TETHER__OUTER_MONITOR);
    for (const tether__outer_rule *rule = tether__outers_posix; rule->kind != TETHER__OUTER_NONE;
         rule++)
        assert_false(tether__outer_in_bundle(rule->kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_the_wrapper_with_the_options_of_each_shell),
        cmocka_unit_test(bash_applies_only_to_unusual_environments),
        cmocka_unit_test(names_the_wrapper_of_each_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
