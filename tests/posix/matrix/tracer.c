/* Owns the tracing of one process with all its threads.
 * Must not: know what the process does.
 * Thread: the program's only one. */
#include "posix/matrix/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/elf.h>
#include <linux/ptrace.h>

#include "posix/matrix/call_errors.h"

/* Far longer than any operation takes, also on a loaded machine. */
enum { PATIENCE_S = 60 };

typedef struct trace {
    pid_t host;
    tracer_order order;
    tracer_result result;
    pid_t
        failing; /* the thread whose present call was replaced, until that call returns; 0: none */
    int error;
    uint64_t number; /* of the call that failed */
    int64_t fail_until_ms;
    bool begun; /* it has executed a program since it is followed */
} trace;

static volatile sig_atomic_t patience_over;

static void end_patience(int signal)
{
    (void)signal;
    patience_over = 1;
}

/* Interrupts the wait for the process every second; the first time after `first_s`. */
static void start_alarm(int first_s)
{
    struct sigaction action = {.sa_handler = end_patience};
    struct itimerval timer = {.it_value = {first_s, 0}, .it_interval = {first_s > 0, 0}};
    patience_over = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

#if defined(__x86_64__)
/* At the entry: makes the kernel skip the call. */
static void skip_call(pid_t thread)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, thread, NULL, &registers);
    registers.orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, thread, NULL, &registers);
}

/* At the exit: what the call returns. */
static void return_error(pid_t thread, int error)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, thread, NULL, &registers);
    registers.rax = (unsigned long long)-error;
    ptrace(PTRACE_SETREGS, thread, NULL, &registers);
}
static const bool can_fail_calls = true;
#elif defined(__aarch64__)
static void skip_call(pid_t thread)
{
    int number = -1;
    struct iovec part = {&number, sizeof number};
    ptrace(PTRACE_SETREGSET, thread, (void *)NT_ARM_SYSTEM_CALL, &part);
}

static void return_error(pid_t thread, int error)
{
    struct user_regs_struct registers;
    struct iovec part = {&registers, sizeof registers};
    ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &part);
    registers.regs[0] = (unsigned long long)-error;
    ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &part);
}
static const bool can_fail_calls = true;
#else
static void skip_call(pid_t thread)
{
    (void)thread;
}

static void return_error(pid_t thread, int error)
{
    (void)thread;
    (void)error;
}
static const bool can_fail_calls = false;
#endif

bool tracer_works(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && can_fail_calls;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail_call(trace *t, pid_t thread)
{
    t->failing = thread;
    t->result.failures++;
    skip_call(thread);
}

static void note_fault(trace *t, uint64_t number, int error)
{
    t->result.applied = true;
    snprintf(t->result.where, sizeof t->result.where, "%s%s%s", call_name(number),
             error != 0 ? " " : "", error != 0 ? strerror(error) : "");
}

/* Replaces the call by an error if the point lies in it. */
static void fail_at_point(trace *t, pid_t thread, const struct ptrace_syscall_info *info)
{
    int errors[CALL_ERRORS_MOST];
    int count = call_errors(t->host, info->entry.nr, (const uint64_t *)info->entry.args, errors);
    int here = t->order.at - t->result.points;
    if (here > count) {
        t->result.points += count;
        return;
    }
    t->result.points = t->order.at;
    t->error = errors[here - 1];
    t->number = info->entry.nr;
    t->fail_until_ms = now_ms() + TRACER_FAIL_ON_MS;
    note_fault(t, info->entry.nr, t->error);
    fail_call(t, thread);
}

/* Whether a later call fails as the one at the point did. */
static bool fails_on(trace *t, const struct ptrace_syscall_info *info)
{
    int errors[CALL_ERRORS_MOST];
    /* No call is interrupted for ever. */
    if (t->order.fault != TRACER_FAIL_ON || info->entry.nr != t->number || t->error == EINTR ||
        now_ms() > t->fail_until_ms)
        return false;
    int count = call_errors(t->host, info->entry.nr, (const uint64_t *)info->entry.args, errors);
    for (int i = 0; i < count; i++) {
        if (errors[i] == t->error)
            return true;
    }
    return false;
}

static bool is_watched(const trace *t)
{
    return t->order.watched != NULL ? atomic_load(t->order.watched) : t->begun;
}

static void enter_call(trace *t, pid_t thread, const struct ptrace_syscall_info *info)
{
    if (t->result.applied) {
        if (fails_on(t, info))
            fail_call(t, thread);
        return;
    }
    if (!is_watched(t))
        return;
    if (t->order.fault == TRACER_FAIL || t->order.fault == TRACER_FAIL_ON) {
        fail_at_point(t, thread, info);
        return;
    }
    t->result.points++;
    if (t->order.fault == TRACER_KILL && t->result.points == t->order.at) {
        note_fault(t, info->entry.nr, 0);
        kill(t->host, SIGKILL);
    }
}

static void stop_at_call(trace *t, pid_t thread)
{
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        enter_call(t, thread, &info);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread == t->failing) {
        return_error(thread, t->error);
        t->failing = 0;
    }
}

/* Handles one stop of a thread, and lets it go on. */
static void handle_stop(trace *t, pid_t thread, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16, pass = 0;
    if (signal == (SIGTRAP | 0x80))
        stop_at_call(t, thread);
    else if (event == 0)
        pass = signal;
    else if (event == PTRACE_EVENT_EXEC)
        t->begun = true;
    ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)pass);
}

/* Until the process has ended, which is told after the ends of its other threads. As the first
 * process of a pid namespace, this one is given the orphans of the host, too. */
static void follow(trace *t)
{
    start_alarm(PATIENCE_S);
    for (;;) {
        int status;
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == EINTR) {
            if (patience_over) {
                t->result.hung = true;
                kill(t->host, SIGKILL);
            }
            continue;
        }
        if (thread < 0)
            break;
        if (WIFSTOPPED(status)) {
            handle_stop(t, thread, status);
        } else if (thread == t->host) {
            t->result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
            break;
        }
    }
    start_alarm(0);
}

tracer_result tracer_run(void (*run)(void *userdata), void *userdata, tracer_order order)
{
    trace t = {.order = order};
    int gate[2], status;
    char byte = 0;
    t.result.status = -1;
    if (pipe(gate) != 0)
        return t.result;
    t.host = fork();
    if (t.host == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 1)
            _exit(71);
        close(gate[0]);
        run(userdata);
        _exit(0);
    }
    close(gate[0]);
    if (t.host > 0 &&
        ptrace(PTRACE_SEIZE, t.host, NULL,
               (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) == 0 &&
        ptrace(PTRACE_INTERRUPT, t.host, NULL, NULL) == 0 &&
        waitpid(t.host, &status, __WALL) == t.host &&
        ptrace(PTRACE_SYSCALL, t.host, NULL, NULL) == 0 && write(gate[1], &byte, 1) == 1)
        follow(&t);
    close(gate[1]);
    return t.result;
}

void tracer_offer(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
        raise(SIGSTOP);
}

tracer_result tracer_follow(pid_t child, tracer_order order)
{
    trace t = {.host = child, .order = order};
    int status;
    t.result.status = -1;
    if (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status) &&
        ptrace(PTRACE_SETOPTIONS, child, NULL,
               (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) == 0 &&
        ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0)
        follow(&t);
    return t.result;
}
