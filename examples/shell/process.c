/* Owns forking, and waiting for what was forked, one pid at a time: other children of this process,
 * such as the supervisors of tasks, belong to the library.
 * Must not: wait for any child. Forking without exec is safe because no thread of the library
 * runs (option dispatch).
 * Thread: the only one. */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tasks.h"
#include "terminal.h"

struct process {
    pid_t pid;
    int status; /* of the shell's kind; -1: it has not ended */
    bool stopped;
};

void process_become_child(struct shell *sh)
{
    terminal_reset_signals(sh);
    sh->child = true;
    sh->interactive = sh->job_control = sh->task_mode = false;
    tasks_abandon(sh);
    jobs_inherit(sh);
}

static void set_up_child(struct shell *sh, pid_t group, bool foreground)
{
    if (sh->job_control) {
        setpgid(0, group);
        if (foreground)
            terminal_give(sh, getpgrp());
    }
    process_become_child(sh);
}

static void add_process(struct job *job, pid_t pid)
{
    job->processes =
        shell_realloc(job->processes, (job->process_count + 1) * sizeof *job->processes);
    job->processes[job->process_count++] = (struct process){.pid = pid, .status = -1};
    job->pid = pid;
}

/* Both parent and child set the group and the terminal, since either may run first. */
pid_t process_fork(struct shell *sh, struct job *job, bool foreground)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        complain("cannot fork: %s", strerror(errno));
    } else if (pid == 0) {
        set_up_child(sh, job->group, foreground);
    } else {
        add_process(job, pid);
        if (sh->job_control) {
            if (job->group == 0)
                job->group = pid;
            setpgid(pid, job->group);
            if (foreground)
                terminal_give(sh, job->group);
        }
    }
    return pid;
}

static void note_status(struct process *process, int status)
{
    if (WIFSTOPPED(status)) {
        process->stopped = true;
        return;
    }
    process->stopped = false;
    if (WIFSIGNALED(status))
        process->status = 128 + WTERMSIG(status);
    else if (WIFEXITED(status))
        process->status = WEXITSTATUS(status);
}

static void sum_up(struct job *job)
{
    job->state = JOB_DONE;
    for (size_t i = 0; i < job->process_count; i++) {
        const struct process *process = &job->processes[i];
        if (process->status < 0 && !process->stopped)
            job->state = JOB_RUNNING;
        else if (process->stopped && job->state == JOB_DONE)
            job->state = JOB_STOPPED;
    }
    if (job->process_count > 0 && job->state == JOB_DONE)
        job->status = job->processes[job->process_count - 1].status;
}

/* Somebody else may have reaped it: then its status is not known. */
static void wait_one(struct process *process, int options)
{
    int status;
    pid_t pid;
    do
        pid = waitpid(process->pid, &status, options);
    while (pid < 0 && errno == EINTR);
    if (pid > 0)
        note_status(process, status);
    else if (pid < 0)
        process->status = 127;
}

void process_poll(struct job *job)
{
    for (size_t i = 0; i < job->process_count; i++) {
        if (job->processes[i].status < 0)
            wait_one(&job->processes[i], WNOHANG | WUNTRACED | WCONTINUED);
    }
    sum_up(job);
}

void process_wait(struct shell *sh, struct job *job)
{
    int options = sh->job_control ? WUNTRACED : 0;
    for (size_t i = 0; i < job->process_count; i++) {
        struct process *process = &job->processes[i];
        if (process->status < 0 && !process->stopped)
            wait_one(process, options);
    }
    sum_up(job);
    if (sh->job_control)
        terminal_take_back(sh, &job->modes);
}

void process_continue(struct shell *sh, struct job *job, bool foreground)
{
    for (size_t i = 0; i < job->process_count; i++)
        job->processes[i].stopped = false;
    job->state = JOB_RUNNING;
    if (foreground) {
        terminal_give(sh, job->group);
        tcsetattr(sh->terminal.fd, TCSADRAIN, &job->modes);
    }
    kill(-job->group, SIGCONT);
}

void process_statuses(struct shell *sh, const struct job *job)
{
    sh->pipe_statuses =
        shell_realloc(sh->pipe_statuses, (job->process_count + 1) * sizeof *sh->pipe_statuses);
    sh->pipe_count = job->process_count;
    for (size_t i = 0; i < job->process_count; i++)
        sh->pipe_statuses[i] = job->processes[i].status < 0 ? 148 : job->processes[i].status;
}
