/* Owns what the kernel and the allocator tell of processes. Linux with glibc only.
 * Must not: use tether.
 * Thread: any. */
#include "probe.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "measure.h"

size_t bench_heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static DIR *open_directory(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        bench_fail("cannot read /proc");
    return dir;
}

size_t bench_descriptors(void)
{
    size_t count = 0;
    DIR *dir = open_directory("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* the one that was read with */
}

static double number_of(long pid, const char *file, const char *field)
{
    char path[64], line[256];
    long number;
    double found = -1;
    size_t length = strlen(field);
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, file);
    FILE *stream = fopen(path, "re");
    while (stream != NULL && found < 0 && fgets(line, sizeof line, stream) != NULL) {
        if (strncmp(line, field, length) == 0 && sscanf(line + length, "%ld", &number) == 1)
            found = (double)number;
    }
    if (stream != NULL)
        fclose(stream);
    if (found < 0)
        bench_fail("cannot read how much memory a process has");
    return found;
}

double bench_memory_kib(long pid)
{
    return number_of(pid, "smaps_rollup", "Pss:") + number_of(pid, "status", "VmPTE:");
}

static double ms_of(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

double bench_cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
}

/* A thread that wakes goes to sleep again, which is a voluntary switch. */
static long switches_of(const char *thread)
{
    char path[64], line[256];
    long sum = 0, number;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/status", thread);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &number) == 1)
            sum += number;
    }
    if (file != NULL)
        fclose(file);
    return sum;
}

static long switches_of_others(void)
{
    long sum = 0;
    DIR *dir = open_directory("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != gettid())
            sum += switches_of(entry->d_name);
    }
    closedir(dir);
    return sum;
}

long bench_wakeups(unsigned seconds)
{
    long before = switches_of_others();
    sleep(seconds);
    return switches_of_others() - before;
}
