/* Opening the store's own directory: whether other users can replace it, and umasks that take
 * permissions of the owner. */
#include "os/place.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <sys/xattr.h>
#endif

#include "os/lifeline.h"
#include "os/lock.h"
#include "posix/ancestors.h"
#include "posix/forked.h"

enum { STRANGER = 54321 };

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

/* Creates a directory with any mode, whatever the umask. */
static void make(const place *p, const char *name, mode_t mode)
{
    assert_int_equal(mkdir(place_path(p, name), 0700), 0);
    assert_int_equal(chmod(place_path(p, name), mode), 0);
}

static void expect_refused(place *p, const char *name, const char *words)
{
    tether__dir *root;
    for (int create = 0; create < 2; create++) {
        int code = tether__os_dir_open_root(place_path(p, name), create == 1, &root, &p->error);
        assert_int_equal(code, TETHER_ESTORE);
        assert_null(root);
        if (strstr(p->error.message, words) == NULL)
            fail_msg("\"%s\" is not in: %s", words, p->error.message);
    }
}

static void expect_opened(place *p, const char *name)
{
    tether__dir *root;
    for (int create = 1; create >= 0; create--) {
        ASSERT_OK(tether__os_dir_open_root(place_path(p, name), create == 1, &root, &p->error),
                  p->error);
        assert_string_equal(tether__os_dir_path(root) + strlen(tether__os_dir_path(root)) -
                                strlen("store"),
                            "store");
        tether__os_dir_close(root);
    }
}

/* Nothing is created before the refusal. */
static void refuses_a_store_below_a_directory_that_others_can_write(void **state)
{
    place *p = *state;
    make(p, "open", 0777);
    make(p, "open/own", 0700);
    assert_int_equal(symlink("open/own", place_path(p, "link")), 0);
    static const char *const names[] = {"open/store", "open/own/store", "open/own/a/b/store",
                                        "link/store", "link/a/store",   "open/new/store"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_refused(p, names[i], "could replace the store");
        assert_non_null(strstr(p->error.message, "chmod go-w"));
        assert_non_null(strstr(p->error.message, place_path(p, "open")));
    }
    assert_int_equal(test_count_names(place_path(p, "open")), 1);
    assert_int_equal(test_count_names(place_path(p, "open/own")), 0);

    /* A store that exists is refused as well. */
    make(p, "open/own/store", 0700);
    expect_refused(p, "open/own/store", "could replace the store");
    assert_int_equal(chmod(place_path(p, "open"), 0755), 0);
    expect_opened(p, "open/own/store");
}

/* Like /tmp: others cannot rename what belongs to this user. */
static void accepts_a_store_below_a_sticky_directory(void **state)
{
    place *p = *state;
    make(p, "sticky", 01777);
    expect_opened(p, "sticky/store");
    expect_opened(p, "sticky/a/store");
    assert_int_equal(mode_of(place_path(p, "sticky/a")), 0700);
}

static void refuses_a_store_below_a_directory_of_another_user(void **state)
{
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    static const mode_t modes[] = {0700, 0755, 01777};
    make(p, "theirs", 0700);
    make(p, "theirs/own", 0700);
    assert_int_equal(chown(place_path(p, "theirs"), STRANGER, 0), 0);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(place_path(p, "theirs"), modes[i]), 0);
        expect_refused(p, "theirs/store", "belongs to user 54321, who could replace the store");
        expect_refused(p, "theirs/own/store", "choose a store in a directory of your own");
    }
    assert_int_equal(test_count_names(place_path(p, "theirs")), 1);
    assert_int_equal(test_count_names(place_path(p, "theirs/own")), 0);
}

#ifdef __linux__
/* An access list as Linux stores it: user::rwx, user:54321:rwx, group::rwx, mask::rwx, other::---.
 */
static void refuses_a_store_below_a_directory_with_an_access_list(void **state)
{
    static const unsigned char list[] = {
        2,    0,    0,    0, /* version 2 */
        1,    0,    7,    0,    0xff, 0xff, 0xff, 0xff, 2,    0,    7,    0,   0x31, 0xd4,
        0,    0,    4,    0,    7,    0,    0xff, 0xff, 0xff, 0xff, 16,   0,   7,    0,
        0xff, 0xff, 0xff, 0xff, 32,   0,    0,    0,    0xff, 0xff, 0xff, 0xff};
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    make(p, "listed", 0770);
    assert_int_equal(chown(place_path(p, "listed"), 0, 0), 0);
    if (setxattr(place_path(p, "listed"), "system.posix_acl_access", list, sizeof list, 0) != 0)
        test_skip("needs a file system with access lists");
    expect_refused(p, "listed/store", "has an access list");
    assert_int_equal(test_count_names(place_path(p, "listed")), 0);
    /* The mask no longer lets anybody of the list write. */
    assert_int_equal(chmod(place_path(p, "listed"), 0750), 0);
    expect_opened(p, "listed/store");
}
#endif

static void refuses_a_store_below_a_directory_that_a_group_can_write(void **state)
{
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    make(p, "shared", 0770);
    /* The group of root has no other member. */
    assert_int_equal(chown(place_path(p, "shared"), 0, 0), 0);
    expect_opened(p, "shared/store");
    assert_int_equal(chown(place_path(p, "shared"), 0, STRANGER), 0);
    expect_refused(p, "shared/store", "members of group 54321 can write");
    assert_non_null(strstr(p->error.message, "chmod g-w"));
    assert_int_equal(chmod(place_path(p, "shared"), 01770), 0);
    expect_opened(p, "shared/store");
}

/* What a test does as another user, in a child process. */
typedef struct visit {
    place *p;
    uid_t user;
    gid_t group;
    const char *path;
    int expected;
} visit;

static int open_as_user(void *userdata)
{
    visit *v = userdata;
    tether__dir *root;
    tether_error error = {0};
    if (setgid(v->group) != 0 || setuid(v->user) != 0)
        return 1;
    umask(002);
    int code = tether__os_dir_open_root(v->path, true, &root, &error);
    tether__os_dir_close(root);
    if (code != v->expected)
        fprintf(stderr, "%d instead of %d: %s\n", code, v->expected, error.message);
    return code == v->expected ? 0 : 2;
}

/* Many systems give each user a group of the same name, and a umask with which it can write. */
static void accepts_a_directory_for_the_private_group_of_its_user(void **state)
{
    place *p = *state;
    struct passwd *user = geteuid() == 0 ? getpwnam("daemon") : NULL;
    struct group *group = user != NULL ? getgrgid(user->pw_gid) : NULL;
    if (group == NULL || strcmp(group->gr_name, "daemon") != 0 || group->gr_mem[0] != NULL)
        test_skip("needs root");
    uid_t uid = user->pw_uid;
    gid_t gid = user->pw_gid;
    assert_int_equal(chmod(p->path, 0711), 0);
    make(p, "home", 0775);
    assert_int_equal(chown(place_path(p, "home"), uid, gid), 0);
    visit own = {p, uid, gid, place_path(p, "home/a/store"), TETHER_OK};
    assert_int_equal(forked_join(forked_start(open_as_user, &own)), 0);
    /* A group of another name may be the primary group of others. */
    assert_int_equal(chown(place_path(p, "home"), uid, STRANGER), 0);
    visit shared = {p, uid, STRANGER, place_path(p, "home/store"), TETHER_ESTORE};
    assert_int_equal(forked_join(forked_start(open_as_user, &shared)), 0);
    assert_int_equal(chmod(p->path, 0700), 0);
}

/* In a user namespace, root of the machine shows as the overflow id where it has no id, and another
 * user may have that number where it is mapped. */
static void knows_which_ids_a_user_namespace_has(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        unsigned long id;
        bool has;
    } cases[] = {
        {"         0          0 4294967295\n", 65534, true},
        {"         0       1000          1\n", 65534, false},
        {"         0       1000          1\n", 0, true},
        {"      1000          0          1\n", 0, false},
        {"0 1000 1\n1 100000 65536\n", 65534, true},
        {"0 100000 65534\n", 65534, false},
        {"0 100000 65535\n", 65534, true},
        {"0 1000 1\n65534 100000 1\n", 65534, true},
        {"65535 0 10\n", 65534, false},
        {"", 65534, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *map = tmpfile();
        assert_non_null(map);
        assert_true(fputs(cases[i].map, map) >= 0);
        rewind(map);
        if (tether__posix_map_has(map, cases[i].id) != cases[i].has)
            fail_msg("id %lu in %s", cases[i].id, cases[i].map);
        fclose(map);
    }
}

#ifdef __linux__
enum { NEW_USER_NAMESPACE = 0x10000000 };

/* Opens a store below a directory of the user nobody, who has an id here. */
static int open_below_nobody(void *userdata)
{
    tether__dir *root;
    tether_error error = {0};
    const char *map = "0 0 65535\n";
    int ready[2], mapped[2];
    char byte = 0;
    if (pipe(ready) != 0 || pipe(mapped) != 0)
        return 1;
    pid_t mapper = fork();
    if (mapper == 0) {
        char path[64];
        close(ready[1]); /* so that it ends if there is no namespace to map */
        snprintf(path, sizeof path, "/proc/%ld/uid_map", (long)getppid());
        int fd = read(ready[0], &byte, 1) == 1 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
        bool done = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
        _exit(write(mapped[1], done ? "y" : "n", 1) == 1 ? 0 : 1);
    }
    if (syscall(SYS_unshare, NEW_USER_NAMESPACE) != 0)
        return 77;
    if (write(ready[1], "x", 1) != 1 || read(mapped[0], &byte, 1) != 1 || byte != 'y')
        return 77;
    int code = tether__os_dir_open_root(userdata, true, &root, &error);
    return code == TETHER_ESTORE && strstr(error.message, "belongs to user 65534") != NULL ? 0 : 2;
}

static void a_user_with_the_number_of_nobody_is_not_root(void **state)
{
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    make(p, "nobodys", 0755);
    assert_int_equal(chown(place_path(p, "nobodys"), 65534, 0), 0);
    expect_refused(p, "nobodys/store", "belongs to user 65534");
    int code = forked_join(forked_start(open_below_nobody, (void *)place_path(p, "nobodys/store")));
    if (code == 77)
        test_skip("user namespaces are not allowed");
    assert_int_equal(code, 0);
}
#endif

static const mode_t umasks[] = {0, 0777, 0700, 0277, 0200, 0400, 0100};
enum { UMASKS = sizeof umasks / sizeof umasks[0] };

/* Runs each call that creates something, with a umask. Returns 0, or the number of the first that
 * failed. Runs in a child process, without assertions. */
static int create_all(tether__dir *dir, mode_t mask)
{
    tether__dir *sub = NULL;
    tether__lifeline lifeline = {-1};
    tether__lock lock;
    char *text = NULL;
    size_t size;
    bool held = false;
    umask(mask);
    int failed = 0;
    if (tether__os_dir_open(dir, "sub", true, &sub, NULL) != TETHER_OK)
        return 1;
    if (tether__os_file_create(sub, "created", "x", 1, NULL) != TETHER_OK)
        failed = 2;
    else if (tether__os_file_replace(sub, "replaced", "x", 1, false, NULL) != TETHER_OK ||
             tether__os_file_read(sub, "replaced", 9, &text, &size, NULL, NULL) != TETHER_OK)
        failed = 3;
    else if (tether__os_lifeline_create(sub, "lifeline", &lifeline, NULL) != TETHER_OK ||
             tether__os_lifeline_held(sub, "lifeline", &held, NULL) != TETHER_OK || !held)
        failed = 4;
    for (int i = 0; failed == 0 && i < 2; i++) {
        if (tether__os_lock_acquire(sub, "lock", 0, &lock, NULL) != TETHER_OK)
            failed = 5;
        else
            tether__os_lock_release(&lock);
    }
    free(text);
    tether__os_lifeline_close(&lifeline);
    tether__os_dir_close(sub);
    return failed;
}

typedef struct masked {
    const char *path;
    mode_t mask;
} masked;

/* As an ordinary user, whom permissions bind. */
static int create_store(void *userdata)
{
    const masked *m = userdata;
    tether__dir *root;
    if (geteuid() == 0 && (setgid(STRANGER) != 0 || setuid(STRANGER) != 0))
        return 100;
    umask(m->mask);
    if (tether__os_dir_open_root(m->path, true, &root, NULL) != TETHER_OK)
        return 101;
    int failed = create_all(root, m->mask);
    tether__os_dir_close(root);
    return failed;
}

static void give_away(const place *p, const char *name)
{
    if (geteuid() == 0) {
        assert_int_equal(chmod(p->path, 0711), 0);
        assert_int_equal(chown(place_path(p, name), STRANGER, STRANGER), 0);
    }
}

static const char *below(const place *p, const char *folder, const char *rest)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", folder, rest);
    return place_path(p, name);
}

static void create_as_user(const char *path, mode_t mask)
{
    masked m = {path, mask};
    assert_int_equal(forked_join(forked_start(create_store, &m)), 0);
}

static void undoes_every_umask(void **state)
{
    place *p = *state;
    static const char *const files[] = {"created", "replaced", "lifeline", "lock"};
    make(p, "home", 0700);
    give_away(p, "home");
    for (size_t i = 0; i < UMASKS; i++) {
        char folder[32], sub[64];
        snprintf(folder, sizeof folder, "home/%03o", (unsigned)umasks[i]);
        create_as_user(below(p, folder, "a/store"), umasks[i]);
        assert_int_equal(mode_of(below(p, folder, "")), 0700);
        assert_int_equal(mode_of(below(p, folder, "a")), 0700);
        assert_int_equal(mode_of(below(p, folder, "a/store")), 0700);
        snprintf(sub, sizeof sub, "%s/a/store/sub", folder);
        for (size_t k = 0; k < sizeof files / sizeof files[0]; k++)
            assert_int_equal(mode_of(below(p, sub, files[k])), 0600);
    }
    assert_int_equal(chmod(p->path, 0700), 0);
}

/* The creator was killed between the creation and the change of the mode. */
static void mends_what_was_created_under_a_hostile_umask(void **state)
{
    place *p = *state;
    static const mode_t modes[] = {0, 0500, 0300, 0600};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        char home[16], store[32];
        snprintf(home, sizeof home, "home%zu", i);
        snprintf(store, sizeof store, "home%zu/store", i);
        make(p, home, 0700);
        make(p, store, modes[i]);
        give_away(p, store);
        give_away(p, home);
        create_as_user(place_path(p, store), 0);
        assert_int_equal(unlink(below(p, store, "sub/created")), 0);
        assert_int_equal(unlink(below(p, store, "sub/lifeline")), 0);
        assert_int_equal(chmod(below(p, store, "sub/lock"), 0), 0);
        assert_int_equal(chmod(below(p, store, "sub"), modes[i]), 0);
        create_as_user(place_path(p, store), 0);
        assert_int_equal(mode_of(below(p, store, "sub")), 0700);
    }
    assert_int_equal(chmod(p->path, 0700), 0);
}

static void mends_a_directory_that_it_ensures(void **state)
{
    place *p = *state;
    static const mode_t modes[] = {0, 0500, 0300, 0600};
    make(p, "store", 0700);
    tether__dir *root, *sub;
    bool missing;
    ASSERT_OK(tether__os_dir_open_root(place_path(p, "store"), false, &root, &p->error), p->error);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        make(p, "store/sub", modes[i]);
        ASSERT_OK(tether__os_dir_ensure(root, "sub", &missing, &sub, &p->error), p->error);
        tether__os_dir_close(sub);
        assert_int_equal(mode_of(place_path(p, "store/sub")), 0700);
        assert_int_equal(rmdir(place_path(p, "store/sub")), 0);
    }
    tether__os_dir_close(root);
}

/* A store with content is not half-made: its mode is its user's choice. */
static void leaves_the_mode_of_a_used_store(void **state)
{
    place *p = *state;
    make(p, "home", 0700);
    make(p, "home/store", 0700);
    place_write(p, "home/store/file", "x");
    assert_int_equal(chmod(place_path(p, "home/store"), 0), 0);
    give_away(p, "home/store");
    give_away(p, "home");
    masked m = {place_path(p, "home/store"), 0};
    assert_int_equal(forked_join(forked_start(create_store, &m)), 101);
    assert_int_equal(mode_of(place_path(p, "home/store")), 0);
    assert_int_equal(chmod(place_path(p, "home/store"), 0700), 0);
    assert_int_equal(chmod(p->path, 0700), 0);
}

/* A task has taken the permissions of its own output and of its own directory. */
static int read_as_user(void *userdata)
{
    const char *path = userdata;
    char file[512], *text;
    size_t size;
    tether__dir *root, *bundle = NULL;
    tether__file_stamp stamp;
    if (setgid(STRANGER) != 0 || setuid(STRANGER) != 0 ||
        tether__os_dir_open_root(path, true, &root, NULL) != TETHER_OK ||
        tether__os_dir_open(root, "t1", true, &bundle, NULL) != TETHER_OK ||
        tether__os_file_create(bundle, "stdout", "text", 4, NULL) != TETHER_OK)
        return 1;
    tether__os_dir_close(bundle);
    snprintf(file, sizeof file, "%s/t1/stdout", path);
    if (chmod(file, 0) != 0)
        return 2;
    snprintf(file, sizeof file, "%s/t1", path);
    if (chmod(file, 0) != 0)
        return 3;
    if (tether__os_dir_open(root, "t1", false, &bundle, NULL) != TETHER_OK)
        return 4;
    if (tether__os_file_read(bundle, "stdout", 10, &text, &size, &stamp, NULL) != TETHER_OK ||
        size != 4)
        return 5;
    free(text);
    tether__os_dir_close(bundle);
    tether__os_dir_close(root);
    return 0;
}

static void reads_what_a_task_has_made_unreadable(void **state)
{
    place *p = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    assert_int_equal(chmod(p->path, 0711), 0);
    make(p, "home", 0700);
    give_away(p, "home");
    assert_int_equal(forked_join(forked_start(read_as_user, (void *)place_path(p, "home/store"))),
                     0);
    assert_int_equal(chmod(p->path, 0700), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_a_store_below_a_directory_that_others_can_write),
        TEST(accepts_a_store_below_a_sticky_directory),
        TEST(refuses_a_store_below_a_directory_of_another_user),
#ifdef __linux__
        TEST(refuses_a_store_below_a_directory_with_an_access_list),
#endif
        TEST(refuses_a_store_below_a_directory_that_a_group_can_write),
        TEST(accepts_a_directory_for_the_private_group_of_its_user),
        TEST(knows_which_ids_a_user_namespace_has),
#ifdef __linux__
        TEST(a_user_with_the_number_of_nobody_is_not_root),
#endif
        TEST(undoes_every_umask),
        TEST(mends_what_was_created_under_a_hostile_umask),
        TEST(mends_a_directory_that_it_ensures),
        TEST(leaves_the_mode_of_a_used_store),
        TEST(reads_what_a_task_has_made_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
