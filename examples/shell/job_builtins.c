/* Owns the built-ins jobs, wait, fg, bg, kill and output, and what is told of jobs before a prompt.
 * Must not: call the library.
 * Thread: the only one. */
#include "job_builtins.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "tasks.h"
#include "terminal.h"

/* How often the output of a job in the foreground is looked for: no event tells that it has
 * grown. */
enum { SHOW_MS = 50 };

enum { INTERRUPTED = 128 + SIGINT, SUSPENDED = 128 + SIGTSTP };

static void refresh(struct shell *sh)
{
    if (sh->tasks.adopts || sh->jobs.first != NULL)
        tasks_open(sh);
    tasks_refresh(sh);
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        if (!job->task && !job->inherited && job->state != JOB_DONE)
            process_poll(job);
    }
}

static struct job *find(struct shell *sh, const char *name, const char *word)
{
    struct job *job = jobs_find(sh, word);
    if (job == NULL)
        complain("%s: %s: no such job", name, word);
    return job;
}

/* The end of a job is told: shows its output, takes it out of the table, returns its status. */
static int finish(struct shell *sh, struct job *job)
{
    int status = job->status;
    tasks_show(sh, job);
    if (job->reason != NULL)
        complain("job %%%d: %s", job->number, job->reason);
    tasks_acknowledge(sh, job);
    jobs_remove(sh, job);
    return status;
}

bool jobs_any_stopped(const struct shell *sh)
{
    for (const struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        if (!job->task && job->state != JOB_DONE)
            return true;
    }
    return false;
}

void jobs_show_ended(struct shell *sh)
{
    refresh(sh);
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        if (job->own && job->state == JOB_DONE)
            tasks_show(sh, job);
    }
}

void jobs_tell(struct shell *sh)
{
    refresh(sh);
    for (struct job *job = sh->jobs.first, *next; job != NULL; job = next) {
        next = job->next;
        if (!job->own || job->state != JOB_DONE)
            continue;
        tasks_show(sh, job);
        job_print(sh, job, JOB_SHORT);
        tasks_acknowledge(sh, job);
        jobs_remove(sh, job);
    }
}

/* jobs [-l|-p] [JOB...] */
int builtin_jobs(struct shell *sh, const struct list *words)
{
    enum job_form form = JOB_SHORT;
    size_t at = 1;
    int status = 0;
    for (; at < words->count && words->items[at][0] == '-'; at++)
        form = strcmp(words->items[at], "-p") == 0 ? JOB_PID : JOB_LONG;
    refresh(sh);
    const struct job *only = NULL;
    if (at < words->count && (only = find(sh, "jobs", words->items[at])) == NULL)
        status = 1;
    for (struct job *job = sh->jobs.first, *next; job != NULL && status == 0; job = next) {
        next = job->next;
        if (only != NULL && job != only)
            continue;
        job_print(sh, job, form);
        if (job->state == JOB_DONE && form != JOB_PID && !job->inherited)
            finish(sh, job);
    }
    return status;
}

/* --- wait ---------------------------------------------------------------------------------- */

/* Returns whether the wait goes on. */
static bool wait_turn(struct shell *sh)
{
    tasks_turn(sh, -1);
    refresh(sh);
    return !(sh->interactive && terminal_interrupted());
}

/* A stopped process at the terminal would never end. */
static bool waits_for(const struct job *job)
{
    if (job->inherited)
        return false;
    return job->task ? job->state != JOB_DONE : job->state == JOB_RUNNING;
}

static int wait_for(struct shell *sh, struct job *job)
{
    refresh(sh);
    while (waits_for(job)) {
        if (!wait_turn(sh))
            return INTERRUPTED;
    }
    return job->state == JOB_DONE ? finish(sh, job) : SUSPENDED;
}

/* Ended ones are finished in the order of their ends, as far as it is seen. */
static int wait_all(struct shell *sh)
{
    for (;;) {
        bool waits = false;
        refresh(sh);
        for (struct job *job = sh->jobs.first, *next; job != NULL; job = next) {
            next = job->next;
            waits = waits || waits_for(job);
            if (job->state == JOB_DONE && !job->inherited)
                finish(sh, job);
        }
        if (!waits)
            break;
        if (!wait_turn(sh))
            return INTERRUPTED;
    }
    return 0;
}

static bool is_wanted(struct shell *sh, const struct job *job, const struct list *words, size_t at)
{
    bool any = at == words->count;
    for (; at < words->count && !any; at++)
        any = jobs_find(sh, words->items[at]) == job;
    return any;
}

static int finish_next(struct shell *sh, struct job *job, const char *variable)
{
    char number[24];
    snprintf(number, sizeof number, "%ld", job->pid);
    if (variable != NULL)
        vars_set(&sh->vars, variable, number);
    return finish(sh, job);
}

static int wait_next(struct shell *sh, const struct list *words, size_t at, const char *variable)
{
    if (variable != NULL)
        vars_unset(&sh->vars, variable);
    refresh(sh);
    for (;;) {
        bool waits = false;
        for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
            if (job->inherited || !is_wanted(sh, job, words, at))
                continue;
            if (job->state == JOB_DONE)
                return finish_next(sh, job, variable);
            waits = waits || waits_for(job);
        }
        if (!waits)
            return 127;
        if (!wait_turn(sh))
            return INTERRUPTED;
    }
}

static int wait_word(struct shell *sh, const char *word)
{
    int status = 127;
    struct job *job = jobs_find(sh, word);
    if (job != NULL && !job->inherited)
        return wait_for(sh, job);
    if (*word != '%' && jobs_recall(sh, word, &status))
        return status;
    if (*word != '%' && (*word == '\0' || strspn(word, "0123456789") != strlen(word))) {
        complain("wait: '%s': not a process or a job", word);
        return 1;
    }
    complain("wait: %s: no such job", word);
    return 127;
}

/* wait [-n] [-f] [-p VAR] [JOB...] */
int builtin_wait(struct shell *sh, const struct list *words)
{
    bool next = false;
    const char *variable = NULL;
    size_t at = 1;
    for (; at < words->count && words->items[at][0] == '-'; at++) {
        const char *option = words->items[at];
        if (strcmp(option, "--") == 0 && at++)
            break;
        if (strcmp(option, "-n") == 0) {
            next = true;
        } else if (strcmp(option, "-p") == 0 && at + 1 < words->count) {
            variable = words->items[++at];
        } else if (strcmp(option, "-f") != 0) {
            complain("wait: usage: wait [-fn] [-p VARIABLE] [JOB...]");
            return 2;
        }
    }
    refresh(sh);
    if (next)
        return wait_next(sh, words, at, variable);
    if (at == words->count)
        return wait_all(sh);
    int status = 0;
    for (; at < words->count; at++)
        status = wait_word(sh, words->items[at]);
    return status;
}

/* --- fg, bg -------------------------------------------------------------------------------- */

static int leave_in_background(struct shell *sh, struct job *job)
{
    job->own = true;
    jobs_select(sh, job);
    putchar('\n');
    job_print(sh, job, JOB_SHORT);
    return SUSPENDED;
}

/* The keys arrive here: a task has no terminal. */
static int follow_task(struct shell *sh, struct job *job)
{
    for (;;) {
        tasks_refresh(sh);
        tasks_show(sh, job);
        if (job->state == JOB_DONE)
            return finish(sh, job);
        if (terminal_suspended())
            return leave_in_background(sh, job);
        if (terminal_interrupted())
            tasks_signal(sh, job, SIGINT);
        else
            tasks_turn(sh, SHOW_MS);
    }
}

static int follow_processes(struct shell *sh, struct job *job)
{
    process_continue(sh, job, true);
    process_wait(sh, job);
    if (job->state == JOB_DONE)
        return finish(sh, job);
    jobs_select(sh, job);
    putchar('\n');
    job_print(sh, job, JOB_SHORT);
    return SUSPENDED;
}

int jobs_foreground(struct shell *sh, struct job *job)
{
    if (!job->task)
        return follow_processes(sh, job);
    if (job->state == JOB_STOPPED)
        tasks_signal(sh, job, SIGCONT);
    return follow_task(sh, job);
}

static bool has_job_control(const struct shell *sh, const char *name)
{
    if (!sh->interactive)
        complain("%s: no job control", name);
    return sh->interactive;
}

static struct job *chosen(struct shell *sh, const struct list *words)
{
    refresh(sh);
    return find(sh, words->items[0], words->count > 1 ? words->items[1] : "%+");
}

int builtin_fg(struct shell *sh, const struct list *words)
{
    struct job *job = has_job_control(sh, "fg") ? chosen(sh, words) : NULL;
    if (job == NULL)
        return 1;
    puts(job->text);
    fflush(stdout);
    return jobs_foreground(sh, job);
}

int builtin_bg(struct shell *sh, const struct list *words)
{
    struct job *job = has_job_control(sh, "bg") ? chosen(sh, words) : NULL;
    if (job == NULL)
        return 1;
    if (job->state == JOB_DONE) {
        complain("bg: job %%%d has ended", job->number);
        return 1;
    }
    if (!job->task)
        process_continue(sh, job, false);
    else if (job->state == JOB_STOPPED)
        tasks_signal(sh, job, SIGCONT);
    job->state = JOB_RUNNING;
    printf("[%d]%c %s &\n", job->number, job->number == sh->jobs.current ? '+' : ' ', job->text);
    return 0;
}

/* --- kill, output -------------------------------------------------------------------------- */

static int signal_process(long pid, const char *word, int signal)
{
    if (kill((pid_t)pid, signal) == 0)
        return 0;
    complain("kill: (%s) - %s", word, strerror(errno));
    return 1;
}

static int kill_word(struct shell *sh, const char *word, int signal)
{
    int status;
    struct job *job = jobs_find(sh, word);
    if (job != NULL && job->task)
        return tasks_signal(sh, job, signal);
    if (job != NULL) {
        status = signal_process(-(long)job->group, word, signal);
        if (status == 0 && signal != 0)
            kill(-job->group, SIGCONT);
        return status;
    }
    char *end;
    long pid = strtol(word, &end, 10);
    if (*word == '%' || *word == '\0' || *end != '\0') {
        complain("kill: %s: %s", word, *word == '%' ? "no such job" : "not a process or a job");
        return 1;
    }
    if (jobs_recall(sh, word, &status)) {
        /* Another process may have that number by now. */
        complain("kill: (%s) - No such process", word);
        return 1;
    }
    return signal_process(pid, word, signal);
}

/* The name of a signal, without SIG; NULL: it is not known. */
static const char *signal_name(int number)
{
    static const char *const names[] = {
        "HUP",  "INT",  "QUIT", "ILL",  "TRAP",   "ABRT", "BUS",   "FPE",  "KILL", "USR1",
        "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "CHLD", "CONT",  "STOP", "TSTP", "TTIN",
        "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "SYS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (tether_signal_number(names[i]) == number)
            return names[i];
    }
    return NULL;
}

static int list_signals(const struct list *words)
{
    if (words->count < 3) {
        for (int i = 1; i < 32; i++) {
            if (signal_name(i) != NULL)
                printf("%2d) SIG%s\n", i, signal_name(i));
        }
        return 0;
    }
    int number = atoi(words->items[2]);
    const char *name = signal_name(number > 128 ? number - 128 : number);
    if (isdigit((unsigned char)words->items[2][0]) && name != NULL)
        puts(name);
    else if (tether_signal_number(words->items[2]) > 0)
        printf("%d\n", tether_signal_number(words->items[2]));
    else
        return 1;
    return 0;
}

/* -SIGNAL, -s SIGNAL, -n SIGNAL; moves *at behind it. Returns -1 after a message. */
static int which_signal(const struct list *words, size_t *at)
{
    const char *name = *at < words->count ? words->items[*at] : "";
    if (*name != '-' || strcmp(name, "--") == 0) {
        *at += *name == '-';
        return SIGTERM;
    }
    name++;
    if ((strcmp(name, "s") == 0 || strcmp(name, "n") == 0) && *at + 1 < words->count)
        name = words->items[++*at];
    ++*at;
    int number = tether_signal_number(name);
    if (number > 0 || strcmp(name, "0") == 0)
        return number;
    complain("kill: %s: no such signal", name);
    return -1;
}

int builtin_kill(struct shell *sh, const struct list *words)
{
    size_t at = 1;
    if (words->count > 1 && strcmp(words->items[1], "-l") == 0)
        return list_signals(words);
    int signal = which_signal(words, &at);
    if (signal < 0)
        return 1;
    if (at < words->count && strcmp(words->items[at], "--") == 0)
        at++;
    if (at >= words->count) {
        complain("kill: usage: kill [-SIGNAL] JOB-OR-PROCESS..., kill -l [SIGNAL]");
        return 2;
    }
    refresh(sh);
    int failures = 0;
    size_t all = words->count - at;
    for (; at < words->count; at++)
        failures += kill_word(sh, words->items[at], signal) != 0;
    return failures > 0 && (size_t)failures == all;
}

/* output [JOB]: what the job has written so far, from the first byte on. */
int builtin_output(struct shell *sh, const struct list *words)
{
    struct job *job = chosen(sh, words);
    if (job == NULL || !job->task)
        return 1;
    tether_follow_close(job->follower);
    job->follower = NULL;
    job->shown = false;
    tasks_show(sh, job);
    return 0;
}
