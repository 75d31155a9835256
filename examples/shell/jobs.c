/* Owns the table of jobs: numbers, names, and their lines in `jobs`.
 * Must not: ask the library or the system how a job does.
 * Thread: the only one. */
#include "jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct remembered {
    long pid;
    int status;
};

/* As many as a system may have processes by default; older ones are forgotten. */
enum { REMEMBERED_MAX = 32768 };

struct job *job_new(const char *text)
{
    struct job *job = shell_alloc(sizeof *job);
    job->text = shell_copy(text);
    return job;
}

void job_free(struct job *job)
{
    tether_follow_close(job->follower);
    free(job->processes);
    free(job->text);
    free(job->reason);
    free(job);
}

static struct job *by_number(const struct shell *sh, int number)
{
    struct job *job = sh->jobs.first;
    while (job != NULL && job->number != number)
        job = job->next;
    return job;
}

void jobs_add(struct shell *sh, struct job *job)
{
    struct job **last = &sh->jobs.first;
    job->number = 1;
    for (; *last != NULL; last = &(*last)->next)
        job->number = (*last)->number + 1;
    *last = job;
    jobs_select(sh, job);
}

void jobs_select(struct shell *sh, const struct job *job)
{
    if (sh->jobs.current == job->number)
        return;
    sh->jobs.previous = sh->jobs.current;
    sh->jobs.current = job->number;
}

static void remember(struct shell *sh, const struct job *job)
{
    struct jobs *jobs = &sh->jobs;
    size_t size = sizeof *jobs->remembered;
    if (jobs->remembered_count == REMEMBERED_MAX)
        memmove(jobs->remembered, jobs->remembered + 1, --jobs->remembered_count * size);
    jobs->remembered = shell_realloc(jobs->remembered, (jobs->remembered_count + 1) * size);
    jobs->remembered[jobs->remembered_count++] =
        (struct remembered){.pid = job->pid, .status = job->status};
}

static int newest_but(const struct shell *sh, int number)
{
    int newest = 0;
    for (const struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        if (job->number != number)
            newest = job->number;
    }
    return newest;
}

void jobs_remove(struct shell *sh, struct job *job)
{
    struct jobs *jobs = &sh->jobs;
    struct job **at = &jobs->first;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (job->state == JOB_DONE && !job->inherited)
        remember(sh, job);
    job_free(job);
    if (by_number(sh, jobs->current) == NULL)
        jobs->current = by_number(sh, jobs->previous) == NULL ? newest_but(sh, 0) : jobs->previous;
    if (jobs->previous == jobs->current || by_number(sh, jobs->previous) == NULL)
        jobs->previous = newest_but(sh, jobs->current);
}

void jobs_inherit(struct shell *sh)
{
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        job->own = false;
        job->inherited = true;
    }
}

void jobs_drop_inherited(struct shell *sh)
{
    for (struct job *job = sh->jobs.first, *next; job != NULL; job = next) {
        next = job->next;
        if (job->inherited)
            jobs_remove(sh, job);
    }
}

bool jobs_any(const struct shell *sh)
{
    const struct job *job = sh->jobs.first;
    while (job != NULL && job->inherited)
        job = job->next;
    return job != NULL;
}

void jobs_clear(struct shell *sh)
{
    while (sh->jobs.first != NULL) {
        struct job *job = sh->jobs.first;
        sh->jobs.first = job->next;
        job_free(job);
    }
    free(sh->jobs.remembered);
    sh->jobs.remembered = NULL;
    sh->jobs.remembered_count = 0;
    sh->jobs.current = sh->jobs.previous = 0;
}

static struct job *by_text(const struct shell *sh, const char *text)
{
    bool anywhere = *text == '?';
    struct job *found = NULL;
    text += anywhere;
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        const char *place = strstr(job->text, text);
        if (place != NULL && (anywhere || place == job->text))
            found = job;
    }
    return found;
}

struct job *jobs_find(struct shell *sh, const char *word)
{
    char *end;
    long number = strtol(word + (*word == '%'), &end, 10);
    bool is_number = *end == '\0' && end > word + (*word == '%');
    if (*word != '%') {
        struct job *found = NULL;
        for (struct job *job = sh->jobs.first; is_number && job != NULL; job = job->next)
            found = job->pid == number ? job : found;
        return found;
    }
    if (word[1] == '\0' || strcmp(word, "%%") == 0 || strcmp(word, "%+") == 0)
        return by_number(sh, sh->jobs.current);
    if (strcmp(word, "%-") == 0)
        return by_number(sh, sh->jobs.previous);
    return is_number ? by_number(sh, (int)number) : by_text(sh, word + 1);
}

bool jobs_recall(const struct shell *sh, const char *word, int *status)
{
    char *end;
    long pid = strtol(word, &end, 10);
    for (size_t i = sh->jobs.remembered_count; i > 0 && *end == '\0'; i--) {
        if (sh->jobs.remembered[i - 1].pid == pid) {
            *status = sh->jobs.remembered[i - 1].status;
            return true;
        }
    }
    return false;
}

static void print_state(const struct job *job, char *text, size_t size)
{
    if (job->state == JOB_RUNNING)
        snprintf(text, size, "Running");
    else if (job->state == JOB_STOPPED)
        snprintf(text, size, "Stopped");
    else if (job->reason != NULL)
        snprintf(text, size, "Exit %d (%s)", job->status, job->reason);
    else if (job->status == 0)
        snprintf(text, size, "Done");
    else if (job->status > 128)
        snprintf(text, size, "%s", strsignal(job->status - 128));
    else
        snprintf(text, size, "Exit %d", job->status);
}

void job_print(struct shell *sh, const struct job *job, enum job_form form)
{
    char state[200], pid[24] = "";
    char sign = job->number == sh->jobs.current    ? '+'
                : job->number == sh->jobs.previous ? '-'
                                                   : ' ';
    if (form == JOB_PID) {
        printf("%ld\n", job->pid);
        return;
    }
    if (form == JOB_LONG)
        snprintf(pid, sizeof pid, "%5ld ", job->pid);
    print_state(job, state, sizeof state);
    printf("[%d]%c %s %-23s %s%s\n", job->number, sign, pid, state, job->text,
           job->state == JOB_RUNNING ? " &" : "");
}
