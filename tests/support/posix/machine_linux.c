/* Owns the operations of tests on a Linux machine.
 * Must not: change anything outside the process.
 * Thread: the test's. */
#include "support/posix/machine.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/support.h"

void machine_die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

bool machine_be_visible(void)
{
    return prctl(PR_SET_DUMPABLE, 1) == 0; /* otherwise root owns its /proc entries */
}

bool machine_has_namespaces(void)
{
    return true;
}

static bool detach_mounts(void)
{
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool machine_own_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 && detach_mounts();
}

bool machine_own_pids(void)
{
    return unshare(CLONE_NEWPID | CLONE_NEWNS) == 0;
}

bool machine_own_proc(void)
{
    return detach_mounts() && mount("proc", "/proc", "proc", 0, NULL) == 0;
}

/* CLONE_NEWTIME, which older headers lack. */
enum { NEW_TIME = 0x80 };

bool machine_own_time(long long seconds, long nanoseconds)
{
    FILE *file = unshare(NEW_TIME) == 0 ? fopen("/proc/self/timens_offsets", "we") : NULL;
    if (file == NULL)
        return false;
    fprintf(file, "monotonic %lld %ld\nboottime %lld %ld\n", seconds, nanoseconds, seconds,
            nanoseconds);
    return fclose(file) == 0;
}

bool machine_hide_proc(void)
{
    return umount2("/proc", MNT_DETACH) == 0;
}

/* One comparison per call; the last two instructions allow and refuse. */
bool machine_refuse(const int *calls, size_t count, int os_error)
{
    enum { MOST = 16 };
    struct sock_filter filter[MOST + 3];
    size_t size = 0;
    if (count > MOST)
        return false;
    filter[size++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count; i++)
        filter[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i],
                                                      (unsigned char)(count - i), 0);
    filter[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[size++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)os_error);
    const struct sock_fprog program = {(unsigned short)size, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool machine_mount(const char *path, const char *options)
{
    return mount("none", path, "tmpfs", 0, options) == 0;
}

bool machine_make_read_only(const char *path)
{
    return mount("none", path, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0;
}

bool machine_unmount(const char *path)
{
    return umount2(path, 0) == 0;
}

int machine_count_threads(void)
{
    return test_count_names("/proc/self/task");
}

/* Reads the file itself, because libuv closes it past the thread sanitizer. */
long machine_resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

bool machine_first_thread_exited(long pid)
{
    char path[64], state = '\0';
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    fclose(file);
    return read && state == 'Z';
}
