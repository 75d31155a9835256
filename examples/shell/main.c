/* A small shell whose background jobs are tasks: they outlive it, and the next shell finds them.
 * README.md beside this file tells how it is laid out.
 *
 *     tether-shell [--session NAME] [-i] [-c TEXT [NAME [ARGUMENT...]] | FILE [ARGUMENT...]]
 *
 * Owns the command line, and the life of the shell's state.
 * Must not: run commands itself.
 * Thread: the only one. */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec.h"
#include "jobs.h"
#include "line.h"
#include "source.h"
#include "tasks.h"
#include "terminal.h"

extern char **environ;

/* What the command line says. */
struct request {
    const char *session, *text, *file;
    bool interactive, job, usage;
    char **rest; /* $1, ... */
    const char *name;
};

void complain(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("tether-shell: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void read_operands(struct request *request, char **word, bool text)
{
    if (text) {
        request->text = *word++;
        if (request->text == NULL)
            request->usage = true;
        else if (*word != NULL)
            request->name = *word++;
    } else if (request->job) {
        request->name = *word++;
        request->file = request->name == NULL ? NULL : *word++;
        request->usage = request->file == NULL;
    } else if (*word != NULL) {
        request->name = request->file = *word++;
    }
    request->rest = word;
}

static struct request read_request(char **argv)
{
    static char *none[] = {NULL};
    struct request request = {.name = argv[0], .rest = none};
    bool text = false;
    char **word = argv + 1;
    for (; *word != NULL && **word == '-' && !text && !request.job; word++) {
        if (strcmp(*word, "-c") == 0) {
            text = true;
        } else if (strcmp(*word, "-i") == 0) {
            request.interactive = true;
        } else if (strcmp(*word, "--job") == 0) {
            request.job = true;
        } else if (strcmp(*word, "--session") == 0 && word[1] != NULL) {
            request.session = *++word;
        } else {
            request.usage = true;
            return request;
        }
    }
    read_operands(&request, word, text);
    return request;
}

/* The path of this program, with which jobs are run. */
static char *own_path(const char *name)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    if (size > 0) {
        path[size] = '\0';
        return shell_copy(path);
    }
    if (strchr(name, '/') != NULL && realpath(name, path) != NULL)
        return shell_copy(path);
    return shell_copy(name); /* the library looks for it in PATH */
}

/* PWD may come from a program that has changed its directory since. */
static void check_directory(struct shell *sh)
{
    char path[PATH_MAX];
    struct stat said, here;
    const char *value = vars_get(&sh->vars, "PWD");
    bool right = value != NULL && *value == '/' && stat(value, &said) == 0 &&
                 stat(".", &here) == 0 && said.st_dev == here.st_dev && said.st_ino == here.st_ino;
    if (!right && getcwd(path, sizeof path) != NULL)
        vars_set(&sh->vars, "PWD", path);
}

static void prepare(struct shell *sh, const struct request *request)
{
    const char *session = request->session;
    signal(SIGCHLD, SIG_DFL); /* ignored: nobody could wait */
    vars_init(&sh->vars, environ);
    check_directory(sh);
    if (session == NULL)
        session = vars_get(&sh->vars, "TETHER_SHELL_SESSION");
    sh->tasks.adopts = session != NULL && !request->job;
    sh->tasks.session = shell_copy(session == NULL ? "shell" : session);
    vars_set(&sh->vars, "TETHER_SHELL_SESSION", sh->tasks.session);
    sh->tasks.self = own_path(request->name);
    sh->name = shell_copy(request->name);
    sh->pid = (long)getpid();
    sh->last_job = shell_copy("");
    sh->terminal.fd = -1;
    for (char **word = request->rest; *word != NULL; word++)
        list_add(&sh->arguments, shell_copy(*word));
}

/* Without a terminal of its own it still prompts, but has no job control. */
static void become_interactive(struct shell *sh)
{
    sh->interactive = sh->tasks.adopts = true;
    setlocale(LC_CTYPE, ""); /* typed characters may have several bytes */
    sh->job_control = terminal_take(sh);
    if (!sh->job_control)
        terminal_take_signals();
    int found = 0;
    if (tasks_open(sh)) {
        for (const struct job *job = sh->jobs.first; job != NULL; job = job->next)
            found++;
    }
    if (found > 0)
        fprintf(stderr, "%d job%s of earlier shells: see `jobs`\n", found, found == 1 ? "" : "s");
}

static void run(struct shell *sh, const struct request *request)
{
    if (request->job)
        tasks_take_state(sh);
    if (request->text != NULL) {
        source_text(sh, request->text, false);
        return;
    }
    if (request->file != NULL) {
        char *text = source_file(request->file);
        if (text == NULL)
            sh->status = 127;
        else
            source_text(sh, text, request->job);
        free(text);
        return;
    }
    if (request->interactive || (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)))
        become_interactive(sh);
    source_lines(sh);
}

static void dispose(struct shell *sh)
{
    tasks_close(sh);
    jobs_clear(sh);
    vars_free(&sh->vars);
    list_free(&sh->arguments);
    free(sh->pipe_statuses);
    free(sh->last_job);
    free(sh->name);
    free(sh->tasks.session);
    free(sh->tasks.self);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct request request = read_request(argv);
    struct shell shell = {0};
    if (request.usage) {
        fprintf(stderr, "usage: tether-shell [--session NAME] [-i] "
                        "[-c TEXT [NAME [ARGUMENT...]] | FILE [ARGUMENT...]]\n");
        return 2;
    }
    prepare(&shell, &request);
    run(&shell, &request);
    if (shell.interactive)
        line_end();
    fflush(NULL);
    dispose(&shell);
    return shell.status & 255;
}
