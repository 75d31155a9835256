/* The seam os/scope.h on Linux: what around a host ends its tasks, by files of a root of the test's
 * own. */
#include "support/support.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/scope.h"

static void put(const fixture *f, const char *name, const char *text)
{
    test_write_file(test_work_path(f, "root/%s", name), text, strlen(text));
}

static void make_root(const fixture *f)
{
    static const char *const folders[] = {"root",
                                          "root/proc",
                                          "root/proc/self",
                                          "root/etc",
                                          "root/etc/systemd",
                                          "root/var",
                                          "root/var/lib",
                                          "root/var/lib/systemd",
                                          "root/var/lib/systemd/linger"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        test_make_directory(test_work_path(f, "%s", folders[i]));
}

static void tells_what_ends_the_tasks_of_a_host(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *cgroup, *logind;
        bool lingers;
        const char *cure; /* NULL: no danger */
    } cases[] = {
        {"0::/\n", "", false, NULL},
        {"0::/user.slice/user-1000.slice/session-3.scope\n", "", false, NULL},
        {"0::/user.slice/user-1000.slice/session-3.scope\n", "#KillUserProcesses=yes\n", false,
         NULL},
        {"0::/user.slice/user-1000.slice/session-3.scope\n", "KillUserProcesses=no\n", false, NULL},
        {"0::/user.slice/user-1000.slice/session-3.scope\n", "[Login]\nKillUserProcesses=yes\n",
         false, "loginctl enable-linger"},
        {"12:memory:/x.service\n1:name=systemd:/y.service\n0::/system.slice/agent.service\n", "",
         false, "KillMode=process"},
        {"0::/system.slice/agent.service/below\n", "", false, "--scope"},
        {"12:memory:/x.service\n0::/\n", "", false, NULL},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n", "", false,
         "loginctl enable-linger"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n", "", true,
         NULL},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/agent.service\n", "", true,
         "KillMode=process"},
        {"", "", false, NULL},
    };
    char linger[300];
    make_root(f);
    const struct passwd *user = getpwuid(geteuid());
    assert_non_null(user);
    snprintf(linger, sizeof linger, "var/lib/systemd/linger/%s", user->pw_name);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[768] = "", root[2048];
        put(f, "proc/self/cgroup", cases[i].cgroup);
        put(f, "etc/systemd/logind.conf", cases[i].logind);
        if (cases[i].lingers)
            put(f, linger, "");
        else
            (void)remove(test_work_path(f, "root/%s", linger));
        snprintf(root, sizeof root, "%s", test_work_path(f, "root"));
        bool danger = tether__os_scope_danger(root, text, sizeof text);
        if (danger != (cases[i].cure != NULL) || (danger && strstr(text, cases[i].cure) == NULL))
            fail_msg("case %zu: %s", i, danger ? text : "no danger");
    }
}

static void without_these_files_nothing_is_known(void **state)
{
    fixture *f = *state;
    char text[64], root[2048];
    snprintf(root, sizeof root, "%s", test_work_path(f, "nowhere"));
    assert_false(tether__os_scope_danger(root, text, sizeof text));
}

/* The path of a record is what a person may have written. */
static void removes_nothing_that_tether_has_not_made(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"tether-t1", "tether-t2", "other", "xtether-t1"};
    char path[2048];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s", test_work_path(f, "%s", names[i]));
        test_make_directory(path);
        tether__os_scope_remove(path, "t1");
        assert_int_equal(test_exists(path), i != 0);
    }
    tether__os_scope_remove(NULL, "t1");
    tether__os_scope_remove("", "t1");
    tether__os_scope_remove("tether-t1", "t1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_what_ends_the_tasks_of_a_host, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(without_these_files_nothing_is_known, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(removes_nothing_that_tether_has_not_made, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
