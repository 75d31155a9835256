/* Calls of the system that fail for a moment, at each call of an operation: the answer is right, or
 * it is an error that says so. What is not known is never taken for "no". */
#include "os/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/host.h"
#include "os/process.h"
#include "os/spawn.h"
#include "os/tree.h"
#include "posix/access.h"
#include "posix/forked.h"

/* --- The calls, which the linker wraps --- */

static struct {
    int left; /* calls until the one that fails; 0: none */
    int os_error;
    bool reached;
    bool refuse_faccessat;
} armed;

static bool fails(void)
{
    if (armed.left == 0 || --armed.left > 0)
        return false;
    armed.reached = true;
    errno = armed.os_error;
    return true;
}

#define WRAP(type, name, parameters, arguments, failure)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails() ? (failure) : __real_##name arguments;                                      \
    }

WRAP(int, open64, (const char *path, int flags, unsigned mode), (path, flags, mode), -1)
WRAP(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1)
WRAP(ssize_t, readlink, (const char *path, char *text, size_t size), (path, text, size), -1)
WRAP(char *, realpath, (const char *path, char *real), (path, real), NULL)
#ifdef __GLIBC__
/* What realpath is in a hardened build. */
WRAP(char *, __realpath_chk, (const char *path, char *real, size_t size), (path, real, size), NULL)
#endif
WRAP(int, stat64, (const char *path, void *st), (path, st), -1)
WRAP(DIR *, opendir, (const char *path), (path), NULL)
WRAP(void *, readdir64, (DIR * stream), (stream), NULL)
WRAP(int, getgroups, (int count, gid_t *groups), (count, groups), -1)
WRAP(FILE *, fopen64, (const char *path, const char *mode), (path, mode), NULL)
WRAP(int, getpwuid_r,
     (uid_t id, struct passwd *user, char *text, size_t size, struct passwd **found),
     (id, user, text, size, found), armed.os_error)
WRAP(int, getgrgid_r,
     (gid_t id, struct group *group, char *text, size_t size, struct group **found),
     (id, group, text, size, found), armed.os_error)

int __real_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags)
{
    if (!armed.refuse_faccessat)
        return __real_faccessat(fd, path, mode, flags);
    errno = EPERM;
    return -1;
}

/* Fails each call of an operation in turn, and checks what comes of it. `ask` returns 0 after the
 * right answer, 1 after an error, anything else after a wrong answer. Returns how often a call
 * failed. */
static int fail_each_call(int (*ask)(void *userdata), void *userdata)
{
    static const int errors[] = {EMFILE, ENOMEM, EIO, EINTR};
    int failures = 0;
    assert_int_equal(ask(userdata), 0);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        bool reached = true;
        for (int nth = 1; reached; nth++) {
            armed.os_error = errors[i];
            armed.reached = false;
            armed.left = nth;
            int answer = ask(userdata);
            armed.left = 0;
            reached = armed.reached;
            failures += reached;
            if (answer != 0 && (answer != 1 || !reached))
                fail_msg("errno %d of call %d: answer %d", errors[i], nth, answer);
        }
    }
    return failures;
}

/* --- The boot --- */

static int ask_boot(void *userdata)
{
    char id[TETHER__BOOT_ID_SIZE];
    if (tether__os_boot_id(id))
        return strcmp(id, userdata) == 0 ? 0 : 2;
    return id[0] == '\0' ? 1 : 2;
}

static void a_boot_id_is_right_or_not_known(void **state)
{
    char id[TETHER__BOOT_ID_SIZE];
    (void)state;
    assert_true(tether__os_boot_id(id));
    assert_string_not_equal(id, "");
    assert_true(fail_each_call(ask_boot, id) >= 2 * 4);
}

static int ask_alive(void *userdata)
{
    const tether__identity *identity = userdata;
    tether__liveness alive = tether__os_process_alive(identity);
    tether__liveness right =
        strcmp(identity->boot_id, "another") == 0 ? TETHER__GONE : TETHER__ALIVE;
    return alive == right ? 0 : alive == TETHER__UNKNOWN ? 1 : 2;
}

/* This process, and one that had its pid and start time during another boot. */
static void a_process_of_another_boot_is_gone_or_not_known(void **state)
{
    (void)state;
    tether__identity identity = {.pid = getpid(),
                                 .start_time = tether__os_process_start_time(getpid())};
    assert_true(tether__os_boot_id(identity.boot_id));
    assert_true(fail_each_call(ask_alive, &identity) > 0);
    strcpy(identity.boot_id, "another");
    assert_true(fail_each_call(ask_alive, &identity) > 0);
}

/* --- Trees --- */

typedef struct leader {
    int ready[2];
    pid_t pid;
    tether__tree tree;
} leader;

static void ignore(int number)
{
    (void)number;
}

/* Plays a supervisor with a copy of itself that has not executed the command yet. */
static int lead(void *userdata)
{
    leader *l = userdata;
    setsid();
    signal(SIGTERM, ignore);
    pid_t copy = fork();
    if (copy == 0 && write(l->ready[1], "x", 1) != 1)
        return 1;
    for (;;)
        pause();
}

static void start_leader(leader *l)
{
    char byte;
    assert_int_equal(pipe(l->ready), 0);
    l->pid = forked_start(lead, l);
    assert_int_equal(read(l->ready[0], &byte, 1), 1);
    l->tree = (tether__tree){.task_id = "t1",
                             .supervisor = forked_identity(l->pid),
                             .supervisor_alive = true,
                             .lifeline_held = true};
}

static void end_leader(leader *l)
{
    assert_int_equal(kill(-l->pid, SIGKILL), 0);
    assert_int_equal(forked_join(l->pid), 128 + SIGKILL);
    close(l->ready[0]);
    close(l->ready[1]);
}

static int ask_ready(void *userdata)
{
    bool ready;
    leader *l = userdata;
    int code = tether__os_tree_ready(&l->tree, SIGTERM, &ready, NULL);
    return code != TETHER_OK ? 1 : ready ? 2 : 0;
}

static int count_members(void *userdata)
{
    size_t count;
    leader *l = userdata;
    int code = tether__os_tree_survivors(&l->tree, NULL, 0, &count, NULL);
    return code == TETHER_EFOREIGN ? 3 : code != TETHER_OK ? 1 : count == 2 ? 0 : 2;
}

static void a_tree_is_listed_whole_or_not_at_all(void **state)
{
    (void)state;
    leader l;
    start_leader(&l);
    assert_true(fail_each_call(ask_ready, &l) > 10);
    assert_true(fail_each_call(count_members, &l) > 10);
    end_leader(&l);
}

/* --- Files and users --- */

static int ask_late_input(void *userdata)
{
    char *late;
    int code = tether__os_spawn_late_input(userdata, &late, NULL);
    int answer = code != TETHER_OK ? 1 : late == NULL ? 2 : 0;
    free(late);
    return answer;
}

static void a_fifo_is_never_taken_for_another_file(void **state)
{
    place *p = *state;
    const char *fifo = place_path(p, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_true(fail_each_call(ask_late_input, (void *)fifo) > 8);
}

static int ask_access(void *userdata)
{
    int os_error = tether__posix_access(userdata, R_OK);
    return os_error == 0 ? 0 : os_error == EACCES ? 2 : 1;
}

/* In a process whose effective user differs from its real one, where seccomp refuses faccessat2. */
static int use_group(void *userdata)
{
    static const gid_t groups[] = {4321, 54321};
    if (setgroups(2, groups) != 0 || setresuid(12345, 12346, 0) != 0)
        return 1;
    armed.refuse_faccessat = true;
    return fail_each_call(ask_access, userdata) > 4 ? 0 : 2;
}

static void a_group_that_cannot_be_read_does_not_refuse_access(void **state)
{
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    const char *path = place_path(p, "grouped");
    test_write_file(path, "", 0);
    assert_int_equal(chown(path, 0, 54321), 0);
    assert_int_equal(chmod(path, 0040), 0);
    assert_int_equal(chmod(p->path, 0755), 0);
    assert_int_equal(forked_join(forked_start(use_group, (void *)path)), 0);
    assert_int_equal(chmod(p->path, 0700), 0);
}

static int ask_clock(void *userdata)
{
    (void)userdata;
    tether__clock_frame own, childrens;
    int code = tether__os_clock_frame(&own, NULL);
    bool failed = armed.reached && code == TETHER_OK;
    if (code == TETHER_OK)
        code = tether__os_child_clock_frame(&childrens, NULL);
    return code != TETHER_OK ? 1 : failed ? 2 : 0;
}

static void a_clock_frame_is_read_or_not_known(void **state)
{
    (void)state;
    assert_true(fail_each_call(ask_clock, NULL) >= 8);
}

static int ask_store(void *userdata)
{
    tether__dir *root;
    int code = tether__os_dir_open_root(userdata, true, &root, NULL);
    tether__os_dir_close(root);
    return code == TETHER_OK ? 0 : code == TETHER_ESTORE ? 2 : 1;
}

/* The group of root has no other member: that is looked up. */
static void a_group_that_cannot_be_looked_up_is_not_called_foreign(void **state)
{
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    assert_int_equal(mkdir(place_path(p, "shared"), 0700), 0);
    assert_int_equal(chmod(place_path(p, "shared"), 0770), 0);
    assert_int_equal(chown(place_path(p, "shared"), 0, 0), 0);
    assert_true(fail_each_call(ask_store, (void *)place_path(p, "shared/store")) > 8);
}

static int ask_refused_store(void *userdata)
{
    tether__dir *root;
    const char *parent = userdata;
    char path[512];
    snprintf(path, sizeof path, "%s/new/store", parent);
    int code = tether__os_dir_open_root(path, true, &root, NULL);
    tether__os_dir_close(root);
    snprintf(path, sizeof path, "%s/new", parent);
    if (code == TETHER_OK || __real_faccessat(AT_FDCWD, path, F_OK, 0) == 0)
        return 2;
    return code == TETHER_ESTORE ? 0 : 1;
}

static void nothing_is_created_in_a_place_that_was_not_checked(void **state)
{
    place *p = *state;
    assert_int_equal(mkdir(place_path(p, "open"), 0700), 0);
    assert_int_equal(chmod(place_path(p, "open"), 0777), 0);
    assert_true(fail_each_call(ask_refused_store, (void *)place_path(p, "open")) >= 4);
}

static int ask_ephemeral(void *userdata)
{
    char *path;
    bool in_memory;
    int code = tether__os_ephemeral_base(&path, &in_memory, NULL);
    if (code != TETHER_OK)
        return 1;
    int answer = strncmp(path, userdata, strlen(userdata)) == 0 ? 0 : 2;
    free(path);
    return answer;
}

static int ask_former(void *userdata)
{
    char *real;
    int code = tether__os_former_directory("project", userdata, &real, NULL);
    if (code != TETHER_OK)
        return 1;
    int answer = strstr(real, "/link/") == NULL ? 0 : 2;
    free(real);
    return answer;
}

static void no_other_directory_is_taken_for_one_that_cannot_be_read(void **state)
{
    place *p = *state;
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *before = runtime != NULL ? strdup(runtime) : NULL;
    setenv("XDG_RUNTIME_DIR", p->path, 1);
    assert_true(fail_each_call(ask_ephemeral, p->path) >= 4);
    if (before != NULL)
        setenv("XDG_RUNTIME_DIR", before, 1);
    else
        unsetenv("XDG_RUNTIME_DIR");
    free(before);
    assert_int_equal(symlink(p->path, place_path(p, "link")), 0);
    assert_true(fail_each_call(ask_former, (void *)place_path(p, "link/gone")) >= 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_boot_id_is_right_or_not_known),
        TEST(a_process_of_another_boot_is_gone_or_not_known),
        TEST(a_tree_is_listed_whole_or_not_at_all),
        TEST(a_fifo_is_never_taken_for_another_file),
        TEST(a_group_that_cannot_be_read_does_not_refuse_access),
        TEST(a_clock_frame_is_read_or_not_known),
        TEST(a_group_that_cannot_be_looked_up_is_not_called_foreign),
        TEST(nothing_is_created_in_a_place_that_was_not_checked),
        TEST(no_other_directory_is_taken_for_one_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
