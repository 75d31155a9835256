/* Owns the POSIX part of the test support.
 * Must not: know what a test checks, or end a process that the test did not start.
 * Thread: the test's. */
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "posix/proc.h"
#include "support/posix/machine.h"

char *test_make_store(void)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/tether-test-XXXXXX", folder != NULL ? folder : "/tmp");
    assert_non_null(mkdtemp(path));
    return strdup(path);
}

void test_remove_store(const char *store)
{
    const char *const argv[] = {"rm", "-rf", "--", store, NULL};
    assert_int_equal(test_command(argv, NULL, NULL), 0);
}

int test_count_fds(void)
{
    int count = 0;
    long limit = sysconf(_SC_OPEN_MAX);
    for (int fd = 0; fd < (limit > 0 && limit < 4096 ? (int)limit : 4096); fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

int test_count_loops(void)
{
    return test_count_fds();
}

bool test_has_child(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

typedef struct cookie_count {
    const char *entry;
    int count;
} cookie_count;

static bool count_cookie(int64_t pid, void *userdata)
{
    cookie_count *all = userdata;
    all->count += tether__proc_has_variable(pid, all->entry);
    return true;
}

int test_count_cookies(const char *entry)
{
    cookie_count all = {entry, 0};
    assert_int_equal(tether__proc_list(count_cookie, &all), 0);
    return all.count;
}

bool test_tree_has(const char *path, const char *prefix)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    bool found = false;
    for (struct dirent *item; !found && (item = readdir(folder)) != NULL;) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        char below[1024];
        snprintf(below, sizeof below, "%s/%s", path, item->d_name);
        found = strncmp(item->d_name, prefix, strlen(prefix)) == 0 ||
                (item->d_type == DT_DIR && test_tree_has(below, prefix));
    }
    closedir(folder);
    return found;
}

const char *test_find_name(const char *path, const char *prefix)
{
    static char names[4][256];
    static unsigned next;
    const char *found = NULL;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return NULL;
    for (struct dirent *item; found == NULL && (item = readdir(folder)) != NULL;) {
        if (item->d_name[0] == '.' || strncmp(item->d_name, prefix, strlen(prefix)) != 0)
            continue;
        char *name = names[next++ % 4];
        snprintf(name, sizeof names[0], "%s", item->d_name);
        found = name;
    }
    closedir(folder);
    return found;
}

int test_count_names(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (struct dirent *item; (item = readdir(folder)) != NULL;)
        count += strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static char *read_file(FILE *file)
{
    size_t size = 0, room = 4096;
    char *text = malloc(room);
    assert_non_null(text);
    rewind(file);
    for (size_t got; (got = fread(text + size, 1, room - size - 1, file)) > 0;) {
        size += got;
        if (room - size < 2) {
            room *= 2;
            text = realloc(text, room);
            assert_non_null(text);
        }
    }
    text[size] = '\0';
    return text;
}

static void finish_file(FILE *file, char **text)
{
    if (text != NULL)
        *text = read_file(file);
    fclose(file);
}

char *test_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    struct stat st;
    assert_int_equal(fstat(fileno(file), &st), 0);
    char *text = malloc((size_t)st.st_size + 1);
    assert_non_null(text);
    size_t got = fread(text, 1, (size_t)st.st_size, file);
    text[got] = '\0';
    if (size != NULL)
        *size = got;
    fclose(file);
    return text;
}

void test_write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    assert_int_equal(close(fd), 0);
}

bool test_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int64_t test_disk_use(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (int64_t)st.st_blocks * 512;
}

int test_count_lines(const char *path)
{
    int count = 0;
    char *text = test_read_file(path, NULL);
    for (const char *c = text; c != NULL && *c != '\0'; c++)
        count += *c == '\n';
    free(text);
    return count;
}

bool test_in_wine(void)
{
    return false;
}

const char *test_shell(void)
{
    return "sh";
}

const char *test_no_program_remedy(void)
{
    return "check its permissions";
}

int test_kill_signal(void)
{
    return SIGTERM;
}

bool test_process_alive(long pid)
{
    tether__proc process;
    return tether__proc_read(pid, &process) == 0 && !tether__proc_ended(&process);
}

void *test_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

void test_unshare(void *memory, size_t size)
{
    assert_int_equal(munmap(memory, size), 0);
}

void test_host_fail(const char *file, int line, const char *what, const char *why)
{
    fprintf(stderr, "in a host: %s:%d: %s: %s\n", file, line, what, why != NULL ? why : "not so");
    _exit(70);
}

long test_fork_host(void (*host)(fixture *f, void *userdata), fixture *f, void *userdata)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* No host outlives a failed test program. */
        machine_die_with_parent();
        host(f, userdata);
        _exit(0);
    }
    return pid;
}

int test_join_host(long pid)
{
    int status;
    while (waitpid((pid_t)pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void test_kill_host(long pid)
{
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    assert_int_equal(test_join_host(pid), 128 + SIGKILL);
}

void test_stop_host(long pid)
{
    int status;
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    assert_int_equal(waitpid((pid_t)pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
}

void test_host_end(void)
{
    _exit(3);
}

void test_nap_us(long us)
{
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

int test_command(const char *const *argv, char **out, char **err)
{
    return test_command_in(NULL, argv, out, err);
}

int test_command_in(const char *workdir, const char *const *argv, char **out, char **err)
{
    FILE *files[2] = {tmpfile(), tmpfile()};
    assert_non_null(files[0]);
    assert_non_null(files[1]);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY);
        dup2(null, 0);
        dup2(fileno(files[0]), 1);
        dup2(fileno(files[1]), 2);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        if (workdir != NULL && chdir(workdir) != 0)
            _exit(126);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    finish_file(files[0], out);
    finish_file(files[1], err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
