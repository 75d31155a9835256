/* Owns the monitor's descriptors, the start of the command, and the sleep.
 * Must not: decide when to do any of it (monitor.c does).
 * Thread: the only one. */
#include "monitor/monitor_os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "monitor/pump_os.h"
#include "os/clock.h"
#include "os/spawn.h"
#include "posix/command_note.h"
#include "posix/environ.h"
#include "posix/monitor/anchor.h"
#include "posix/monitor/bond.h"
#include "posix/monitor/channel.h"
#include "posix/monitor/offspring.h"
#include "posix/monitor/pump_os.h"
#include "posix/monitor/read_all.h"
#include "posix/monitor/wake.h"
#include "posix/pidfd.h"
#include "posix/proc.h"
#include "posix/timens.h"

enum { NOT_FOUND = 127, NOT_STARTED = 126, REST_MS = 1 };

bool tether__monitor_os_prepare(void)
{
    sigset_t all;
    if (fcntl(TETHER__LIFELINE_FD, F_SETFD, FD_CLOEXEC) != 0) {
        tether__monitor_os_complain("a monitor is started by tether, with a lifeline",
                                    strerror(errno));
        return false;
    }
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    tether__wake_open();
    return true;
}

void tether__monitor_os_adopt(const char *task_id)
{
    tether__offspring_adopt(task_id);
}

/* --- Reading and writing --- */

/* Takes back what a write has left of a line: the next attempt writes the whole line. */
static void cut_off(ssize_t size)
{
    struct stat st;
    if (fstat(TETHER__LIFELINE_FD, &st) == 0 && st.st_size >= size)
        (void)!ftruncate(TETHER__LIFELINE_FD, st.st_size - size);
}

bool tether__monitor_os_append(const char *line, size_t size)
{
    ssize_t written;
    do
        written = write(TETHER__LIFELINE_FD, line, size);
    while (written < 0 && errno == EINTR);
    if (written > 0 && written < (ssize_t)size)
        cut_off(written);
    return written == (ssize_t)size;
}

/* --- Identity --- */

/* A monitor makes no namespace for its children: their clocks are its own. Returns 0 or errno. */
static int find_time_offset(int64_t *offset_ns)
{
    char name[TETHER__TIMENS_SIZE];
    tether__clock_frame own = {0};
    int os_error = tether__timens_name(TETHER__TIMENS_OWN, name);
    if (os_error == 0 && !tether__timens_is_machines(name))
        os_error = tether__timens_offsets(&own);
    *offset_ns = own.boot_ns;
    return os_error;
}

/* A start time says something only together with its clock. */
void tether__monitor_os_identify(const tether__orders *orders, tether__identity *self)
{
    tether__proc process;
    bool in_proc;
    *self = (tether__identity){.pid = getpid()};
    snprintf(self->boot_id, sizeof self->boot_id, "%s", orders->boot_id);
    (void)tether__proc_pid_ns(self->pid_ns);
    if (find_time_offset(&self->time_offset_ns) == 0 && tether__proc_check_own(&in_proc) == 0 &&
        in_proc && tether__proc_read(getpid(), &process) == 0)
        self->start_time = process.start_time;
    if (self->start_time != 0)
        (void)tether__pidfd_find_id(getpid(), &self->pidfs_id);
}

/* --- The command --- */

/* Waits until the child runs its program or has failed to. Returns 0 or errno. */
static int hear_of_exec(int told[2])
{
    int os_error = 0;
    close(told[1]);
    if (tether__monitor_read_all(told[0], (char *)&os_error, sizeof os_error) != sizeof os_error)
        os_error = 0;
    close(told[0]);
    return os_error;
}

/* The monitor's own dispositions are the default ones, so nothing but the mask is to be changed:
 * posix_spawn asks for each of them. The error comes through memory that both processes share until
 * the program runs, and through a pipe: some tools and emulators make vfork a fork. */
static int spawn(const char *program, const char *const *argv, pid_t *pid)
{
    volatile int os_error = 0;
    int told[2];
    sigset_t none;
    sigemptyset(&none);
    bool has_pipe = pipe2(told, O_CLOEXEC) == 0;
    pid_t child = vfork();
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(program, (char *const *)argv, tether__posix_environ());
        int failed = os_error = errno;
        if (has_pipe)
            (void)!write(told[1], &failed, sizeof failed);
        _exit(NOT_FOUND);
    }
    if (child < 0)
        os_error = errno;
    int heard = has_pipe ? hear_of_exec(told) : 0;
    if (os_error == 0)
        os_error = heard;
    if (os_error != 0 && child > 0)
        (void)waitpid(child, NULL, 0);
    *pid = os_error == 0 ? child : 0;
    return os_error;
}

static const char script_shell[] = "/bin/sh";

/* The arguments for a script without a first line that names its shell, as execvp starts it. NULL
 * when memory is short; the caller frees the list. */
static const char **script_argv(const tether__orders *orders)
{
    size_t count = 0;
    while (orders->argv[count] != NULL)
        count++;
    const char **argv = calloc(count + 2, sizeof *argv);
    if (argv == NULL)
        return NULL;
    argv[0] = "sh";
    argv[1] = orders->program;
    memcpy(argv + 2, orders->argv + 1, count * sizeof *argv);
    return argv;
}

static int spawn_script(const tether__orders *orders, pid_t *pid)
{
    const char **argv = script_argv(orders);
    if (argv == NULL)
        return ENOMEM;
    int os_error = spawn(script_shell, argv, pid);
    free(argv);
    return os_error;
}

static int spawn_program(const tether__orders *orders, pid_t *pid)
{
    int os_error = spawn(orders->program, orders->argv, pid);
    return os_error == ENOEXEC ? spawn_script(orders, pid) : os_error;
}

/* Becomes the command. Returns why not. */
static int become_program(const tether__orders *orders)
{
    execve(orders->program, (char *const *)orders->argv, tether__posix_environ());
    const char **argv = errno == ENOEXEC ? script_argv(orders) : NULL;
    if (argv != NULL)
        execve(script_shell, (char *const *)argv, tether__posix_environ());
    return errno;
}

/* The opening of a FIFO waits for its other end, so a process does it that may be killed meanwhile.
 * That process becomes the command. */
static int fork_program(const tether__orders *orders, pid_t *pid)
{
    *pid = fork();
    if (*pid != 0)
        return *pid > 0 ? 0 : errno;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int fd = open(orders->input, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    bool opened = fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO;
    int os_error = opened ? become_program(orders) : errno;
    tether__monitor_os_complain(opened ? orders->program : orders->input, strerror(os_error));
    _exit(os_error == ENOENT ? NOT_FOUND : NOT_STARTED);
}

tether__start_failure tether__monitor_os_start(const tether__orders *orders, int64_t *pid,
                                               int *code, int *os_error)
{
    pid_t child = 0;
    *os_error =
        orders->input != NULL ? fork_program(orders, &child) : spawn_program(orders, &child);
    *pid = child;
    *code = *os_error == ENOENT ? NOT_FOUND : NOT_STARTED;
    if (*os_error == 0)
        return TETHER__START_OK;
    return *os_error == EAGAIN || *os_error == ENOMEM ? TETHER__START_FORK : TETHER__START_PROGRAM;
}

/* Without the number, nothing would prove which process it was. */
void tether__monitor_os_note_command(int64_t pid)
{
    char text[TETHER__COMMAND_NOTE_SIZE];
    uint64_t id;
    if (tether__pidfd_find_id(pid, &id) != 0 || id == 0)
        return;
    int size = snprintf(text, sizeof text, TETHER__COMMAND_NOTE_FORMAT, (long long)pid,
                        (unsigned long long)id);
    (void)fsetxattr(TETHER__LIFELINE_FD, TETHER__COMMAND_NOTE, text, (size_t)size, 0);
}

void tether__monitor_os_complain(const char *what, const char *why)
{
    dprintf(STDERR_FILENO, "tether: %s: %s\n", what, why);
}

const char *tether__monitor_os_words(int os_error)
{
    return strerror(os_error);
}

void tether__monitor_os_settle(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close(fd);
    if (chdir("/") != 0)
        return; /* the directory stays in use, no more */
}

/* --- Waiting --- */

void tether__monitor_os_rest(int milliseconds)
{
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static int milliseconds_until(int64_t until_ms)
{
    if (until_ms == INT64_MAX)
        return -1;
    int64_t left = until_ms - tether__os_monotonic_ms();
    return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

void tether__monitor_os_sleep(int64_t until_ms, bool rests)
{
    tether__wake_item items[TETHER__WAKE_ITEMS];
    int64_t due_ms = tether__channel_due();
    int timeout_ms = milliseconds_until(due_ms < until_ms ? due_ms : until_ms);
    rests = rests && (timeout_ms < 0 || timeout_ms > REST_MS);
    for (int i = 0; i < TETHER__PUMP_STREAMS; i++)
        items[i] = (tether__wake_item){.fd = rests ? -1 : tether__pump_descriptor(i)};
    tether__wake_item *host = &items[TETHER__PUMP_STREAMS];
    *host = (tether__wake_item){.fd = tether__bond_descriptor()};
    tether__wake_item *anchor = host + 1, *rest = anchor + TETHER__ANCHOR_ITEMS;
    tether__anchor_items(anchor);
    size_t channel = tether__channel_items(rest);
    bool asked =
        tether__wake_sleep(items, (size_t)(rest - items) + channel, rests ? REST_MS : timeout_ms);
    if (host->ready)
        tether__bond_look();
    tether__anchor_wake(anchor);
    if (channel > 0)
        tether__channel_wake(rest);
    if (asked)
        tether__channel_open();
}

/* Costs nothing where nothing is left. */
bool tether__monitor_os_list(const tether__family *family, tether__left *left)
{
    *left = TETHER__LEFT_UNKNOWN;
    if (family->empty)
        left->count = 0;
    return family->empty || !tether__proc_is_own() || tether__offspring_list(left);
}

/* Both add up: nobody else waits for those for which the monitor has waited. */
void tether__monitor_os_measure(const tether__family *family, tether__using *used)
{
    const tether__usage *ended = &family->outcome.usage;
    tether__using sum = {0};
    *used = TETHER__NOT_MEASURED;
    if (ended->processes > 0) {
        sum.user_ms = ended->user_ms;
        sum.system_ms = ended->system_ms;
    }
    if (tether__proc_is_own() && tether__offspring_measure(&sum))
        *used = sum;
}

/* Without a list of processes, the group takes the polite signal, which the monitor has blocked,
 * and only the command the final one. */
void tether__monitor_os_signal(const tether__family *family, bool final)
{
    static const int polite[] = {SIGTERM, SIGCONT}, last[] = {SIGKILL};
    const int *numbers = final ? last : polite;
    int count = final ? 1 : 2;
    bool all = tether__proc_is_own() && tether__offspring_signal(numbers, count);
    for (int i = 0; !all && i < count; i++) {
        if (!final)
            (void)kill(0, numbers[i]);
        else if (!family->command_ended)
            (void)kill((pid_t)family->command, numbers[i]);
    }
}
