/* Owns what the tests need of POSIX.
 * Must not: know what a test is about, or end a process that the test did not start.
 * Thread: the test's. */
#include "../support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/procfs.h"

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
    DIR *fds = opendir("/proc/self/fd");
    assert_non_null(fds);
    while (readdir(fds) != NULL)
        count++;
    closedir(fds);
    return count;
}

bool test_has_child(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int test_count_cookies(const char *entry)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    for (struct dirent *item; (item = readdir(proc)) != NULL;) {
        long pid = strtol(item->d_name, NULL, 10);
        if (pid > 0 && tether__proc_has_variable(pid, entry))
            count++;
    }
    closedir(proc);
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

int test_command(const char *const *argv, char **out, char **err)
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
