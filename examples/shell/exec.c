/* Owns running commands: lists, pipelines, loops, simple commands.
 * Must not: wait for any child, or know how tasks work.
 * Thread: the only one. */
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtins.h"
#include "expand.h"
#include "job_builtins.h"
#include "parser.h"
#include "process.h"
#include "redirect.h"
#include "tasks.h"
#include "terminal.h"

static void run(struct shell *sh, const struct node *node, bool last);

/* The rest of the commands is not to run. */
static bool stops(const struct shell *sh)
{
    return sh->exiting || sh->leaving > 0 || (sh->interactive && terminal_is_interrupted());
}

/* --- Programs ------------------------------------------------------------------------------ */

static bool is_program(const char *path)
{
    struct stat facts;
    return access(path, X_OK) == 0 && stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

/* The path of a program; NULL if it is not found. The caller frees it. */
static char *find_program(const struct shell *sh, const char *name)
{
    if (strchr(name, '/') != NULL)
        return shell_copy(name);
    const char *path = vars_get(&sh->vars, "PATH");
    for (path = path == NULL ? "/usr/bin:/bin" : path; path != NULL;) {
        size_t size = strcspn(path, ":");
        struct text candidate = {0};
        text_add(&candidate, path, size);
        text_add_string(&candidate, size == 0 ? "./" : "/");
        text_add_string(&candidate, name);
        if (is_program(candidate.bytes))
            return text_take(&candidate);
        text_free(&candidate);
        path = path[size] == ':' ? path + size + 1 : NULL;
    }
    return NULL;
}

/* A file without the first line that the kernel needs is a script of this shell. */
static void exec_script(struct shell *sh, const char *path, char **words, char **environment)
{
    struct list arguments = {0};
    list_add(&arguments, sh->tasks.self);
    list_add(&arguments, (char *)path);
    for (char **word = words + 1; *word != NULL; word++)
        list_add(&arguments, *word);
    execve(sh->tasks.self, arguments.items, environment);
    free(arguments.items);
}

int exec_program(struct shell *sh, char **words, const struct list *assignments)
{
    struct list environment = {0};
    for (size_t i = 0; i < assignments->count; i++) {
        vars_assign(&sh->vars, assignments->items[i]);
        char *name = shell_copy_part(assignments->items[i], strcspn(assignments->items[i], "="));
        vars_export(&sh->vars, name);
        free(name);
    }
    vars_environment(&sh->vars, &environment);
    char *path = find_program(sh, words[0]);
    int reason = ENOENT;
    if (path != NULL) {
        fflush(NULL);
        execve(path, words, list_items(&environment));
        if (errno == ENOEXEC)
            exec_script(sh, path, words, list_items(&environment));
        reason = errno;
        struct stat facts;
        if (reason == EACCES && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
            reason = EISDIR;
    }
    if (path == NULL)
        complain("%s: command not found", words[0]);
    else
        complain("%s: %s", words[0], strerror(reason));
    free(path);
    list_free(&environment);
    return reason == ENOENT || reason == ENOTDIR ? 127 : 126;
}

/* --- Simple commands ----------------------------------------------------------------------- */

/* A simple command after its expansions. */
struct simple {
    const struct node *node;
    struct list words, assignments; /* assignments: "NAME=value" */
};

static bool expand_simple(struct shell *sh, const struct node *node, struct simple *simple)
{
    *simple = (struct simple){.node = node};
    sh->failed = false;
    sh->capture_status = -1;
    expand_words(sh, &node->words, 0, &simple->words);
    for (size_t i = 0; i < node->assignments.count && !sh->failed; i++) {
        const char *assignment = node->assignments.items[i];
        size_t size = strcspn(assignment, "=") + 1;
        char *value = expand_string(sh, assignment + size);
        struct text text = {0};
        text_add(&text, assignment, size);
        text_add_string(&text, value);
        free(value);
        list_add(&simple->assignments, text_take(&text));
        if (simple->words.count == 0)
            vars_assign(&sh->vars, simple->assignments.items[i]);
    }
    if (sh->failed)
        sh->status = 1;
    return !sh->failed;
}

static void simple_free(struct simple *simple)
{
    list_free(&simple->words);
    list_free(&simple->assignments);
}

/* A built-in, or nothing but assignments and redirections. */
static void run_inside(struct shell *sh, const struct simple *simple, builtin_fn *builtin)
{
    struct saved saved = {0};
    bool keeps = simple->words.count == 1 && strcmp(simple->words.items[0], "exec") == 0;
    for (size_t i = 0; builtin != NULL && i < simple->assignments.count; i++)
        vars_assign(&sh->vars, simple->assignments.items[i]);
    if (!redirect_apply(sh, simple->node->redirects, &saved)) {
        sh->status = 1;
    } else if (builtin != NULL) {
        sh->status = builtin(sh, &simple->words);
        if (fflush(stdout) != 0) {
            complain("%s: cannot write: %s", simple->words.items[0], strerror(errno));
            clearerr(stdout);
            sh->status = 1;
        }
    } else {
        sh->status = sh->capture_status < 0 ? 0 : sh->capture_status;
    }
    if (keeps)
        redirect_keep(&saved);
    else
        redirect_restore(&saved);
}

/* In a child, or in place of the shell. */
static void become_program(struct shell *sh, const struct simple *simple)
{
    sh->status = 1;
    if (redirect_apply(sh, simple->node->redirects, NULL))
        sh->status = exec_program(sh, simple->words.items, &simple->assignments);
    sh->exiting = true;
}

/* What has happened meanwhile: jobs of a script show their output between two commands. */
static void look_at_jobs(struct shell *sh)
{
    if (!sh->interactive && tasks_ended(sh))
        jobs_show_ended(sh);
}

/* Only job control shows the text. */
static struct job *new_job(const struct shell *sh, const struct node *node)
{
    char *text = sh->job_control ? node_text(node) : NULL;
    struct job *job = job_new(text != NULL ? text : "");
    free(text);
    return job;
}

/* Ends a child that has run commands itself. */
static void leave_child(struct shell *sh)
{
    tasks_close(sh);
    fflush(NULL);
    _exit(sh->status);
}

static void end_foreground(struct shell *sh, struct job *job)
{
    process_wait(sh, job);
    process_statuses(sh, job);
    sh->status = job->status;
    if (job->state == JOB_STOPPED) {
        sh->status = 148;
        jobs_add(sh, job);
        job->own = true;
        putchar('\n');
        job_print(sh, job, JOB_SHORT);
        return;
    }
    if (sh->job_control && sh->status > 128)
        fprintf(stderr, "%s\n", sh->status == 130 ? "" : strsignal(sh->status - 128));
    job_free(job);
    look_at_jobs(sh);
}

/* After the fork of its only process. */
static void end_single(struct shell *sh, struct job *job, pid_t pid)
{
    if (pid >= 0) {
        end_foreground(sh, job);
        return;
    }
    sh->status = 126;
    job_free(job);
}

static void run_program(struct shell *sh, const struct simple *simple)
{
    struct job *job = new_job(sh, simple->node);
    pid_t pid = process_fork(sh, job, true);
    if (pid == 0) {
        become_program(sh, simple);
        fflush(NULL);
        _exit(sh->status);
    }
    end_single(sh, job, pid);
}

static void run_simple(struct shell *sh, const struct node *node, bool last)
{
    struct simple simple;
    if (expand_simple(sh, node, &simple)) {
        builtin_fn *builtin = simple.words.count == 0 ? NULL : builtin_find(simple.words.items[0]);
        if (builtin != NULL || simple.words.count == 0)
            run_inside(sh, &simple, builtin);
        else if (last && !jobs_any(sh))
            become_program(sh, &simple);
        else
            run_program(sh, &simple);
    } else if (!sh->interactive) {
        sh->exiting = true;
    }
    simple_free(&simple);
}

/* --- Compound commands --------------------------------------------------------------------- */

static void become_subshell(struct shell *sh, const struct node *node)
{
    sh->exiting = false;
    sh->loop_depth = 0;
    run(sh, node, true);
    leave_child(sh);
}

static void run_subshell(struct shell *sh, const struct node *node)
{
    struct job *job = new_job(sh, node);
    pid_t pid = process_fork(sh, job, true);
    if (pid == 0)
        become_subshell(sh, node->children[0]);
    end_single(sh, job, pid);
}

/* Returns whether the loop goes on, after a round. */
static bool next_round(struct shell *sh)
{
    if (sh->leaving == 0)
        return !stops(sh);
    sh->leaving--;
    bool again = sh->leaving == 0 && sh->continuing;
    if (again)
        sh->continuing = false;
    return again;
}

static void run_while(struct shell *sh, const struct node *node)
{
    int status = 0;
    sh->loop_depth++;
    do {
        run(sh, node->children[0], false);
        if (stops(sh) || (sh->status == 0) != (node->kind == NODE_WHILE))
            break;
        run(sh, node->children[1], false);
        status = sh->status;
    } while (next_round(sh));
    if (sh->leaving > 0)
        next_round(sh);
    else if (!stops(sh))
        sh->status = status;
    sh->loop_depth--;
}

static void run_for(struct shell *sh, const struct node *node)
{
    struct list items = {0};
    sh->failed = false;
    if (node->has_items)
        expand_words(sh, &node->words, 1, &items);
    for (size_t i = 0; !node->has_items && i < sh->arguments.count; i++)
        list_add(&items, shell_copy(sh->arguments.items[i]));
    sh->status = sh->failed;
    sh->loop_depth++;
    for (size_t i = 0; i < items.count && !sh->failed; i++) {
        vars_set(&sh->vars, node->words.items[0], items.items[i]);
        run(sh, node->children[0], false);
        if (!next_round(sh))
            break;
    }
    sh->loop_depth--;
    list_free(&items);
}

static void run_if(struct shell *sh, const struct node *node)
{
    run(sh, node->children[0], false);
    if (stops(sh))
        return;
    if (sh->status == 0)
        run(sh, node->children[1], false);
    else if (node->count > 2)
        run(sh, node->children[2], false);
    else
        sh->status = 0;
}

static void run_compound(struct shell *sh, const struct node *node)
{
    struct saved saved = {0};
    sh->failed = false;
    if (!redirect_apply(sh, node->redirects, &saved))
        sh->status = 1;
    else if (node->kind == NODE_SUBSHELL)
        run_subshell(sh, node);
    else if (node->kind == NODE_GROUP)
        run(sh, node->children[0], false);
    else if (node->kind == NODE_IF)
        run_if(sh, node);
    else if (node->kind == NODE_FOR)
        run_for(sh, node);
    else
        run_while(sh, node);
    redirect_restore(&saved);
}

/* --- Pipelines ----------------------------------------------------------------------------- */

static void run_element(struct shell *sh, const struct node *node, bool last)
{
    if (node->kind == NODE_SIMPLE)
        run_simple(sh, node, last);
    else
        run_compound(sh, node);
}

/* `input`: where the element reads, -1: as the shell. `ends`: of the pipe behind it, or -1. */
static void become_element(struct shell *sh, const struct node *node, int input, const int ends[2])
{
    if (input >= 0)
        redirect_move(input, STDIN_FILENO);
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        redirect_move(ends[1], STDOUT_FILENO);
    sh->loop_depth = 0;
    run_element(sh, node, true);
    leave_child(sh);
}

static void run_elements(struct shell *sh, const struct node *node, struct job *job)
{
    int input = -1;
    for (size_t i = 0; i < node->count; i++) {
        int ends[2] = {-1, -1};
        if (i + 1 < node->count && pipe(ends) != 0) {
            complain("cannot make a pipe: %s", strerror(errno));
            break;
        }
        pid_t pid = process_fork(sh, job, true);
        if (pid == 0)
            become_element(sh, node->children[i], input, ends);
        if (input >= 0)
            close(input);
        if (ends[1] >= 0)
            close(ends[1]);
        input = ends[0];
        if (pid < 0)
            break;
    }
    if (input >= 0)
        close(input);
}

static void run_pipe(struct shell *sh, const struct node *node)
{
    struct job *job = new_job(sh, node);
    run_elements(sh, node, job);
    if (job->process_count == node->count) {
        end_foreground(sh, job);
        return;
    }
    process_wait(sh, job);
    job_free(job);
    sh->status = 126;
}

static void set_only_status(struct shell *sh)
{
    sh->pipe_statuses = shell_realloc(sh->pipe_statuses, sizeof *sh->pipe_statuses);
    sh->pipe_statuses[0] = sh->status;
    sh->pipe_count = 1;
}

static const char task_word[] = "task ";

/* `task CMD`, or any program after `set -o task`: it runs as a task in the foreground. */
static bool runs_as_task(const struct shell *sh, const struct node *node)
{
    const struct node *first = node->children[0];
    if (first->kind != NODE_SIMPLE || first->words.count == 0 || sh->child)
        return false;
    if (first->assignments.count == 0 && strcmp(first->words.items[0], "task") == 0)
        return first->words.count > 1;
    return sh->task_mode && (node->count > 1 || builtin_find(first->words.items[0]) == NULL);
}

static void run_task(struct shell *sh, const struct node *node)
{
    char *text = node_text(node);
    const char *command = text + (node->negated ? 2 : 0);
    if (strncmp(command, task_word, sizeof task_word - 1) == 0)
        command += sizeof task_word - 1;
    struct job *job = tasks_start(sh, command);
    sh->status = job == NULL ? 1 : jobs_foreground(sh, job);
    free(text);
}

static void run_pipeline(struct shell *sh, const struct node *node, bool last)
{
    bool as_task = runs_as_task(sh, node);
    if (as_task)
        run_task(sh, node);
    else if (node->count > 1)
        run_pipe(sh, node);
    else
        run_element(sh, node->children[0], last && !node->negated);
    if (as_task || (node->count == 1 && node->children[0]->kind == NODE_SIMPLE))
        set_only_status(sh);
    if (node->negated && !sh->exiting)
        sh->status = sh->status == 0;
}

/* --- Lists --------------------------------------------------------------------------------- */

static void run_background(struct shell *sh, const struct node *node)
{
    char *text = node_text(node);
    struct job *job = tasks_start(sh, text);
    free(text);
    free(sh->last_job);
    if (job == NULL) {
        sh->last_job = shell_copy("");
        sh->status = 1;
        return;
    }
    char number[24];
    snprintf(number, sizeof number, "%ld", job->pid);
    sh->last_job = shell_copy(number);
    sh->status = 0;
    if (sh->interactive)
        fprintf(stderr, "[%d] %s\n", job->number, number);
}

static void run_list(struct shell *sh, const struct node *node, bool last)
{
    for (size_t i = 0; i < node->count && !stops(sh); i++) {
        const struct node *child = node->children[i];
        if (child->background)
            run_background(sh, child);
        else
            run(sh, child, last && i + 1 == node->count);
    }
}

static void run(struct shell *sh, const struct node *node, bool last)
{
    switch (node->kind) {
    case NODE_LIST:
        run_list(sh, node, last);
        break;
    case NODE_AND:
    case NODE_OR:
        run(sh, node->children[0], false);
        if (!stops(sh) && (sh->status == 0) == (node->kind == NODE_AND))
            run(sh, node->children[1], last);
        break;
    case NODE_PIPELINE:
        run_pipeline(sh, node, last);
        break;
    default:
        run_element(sh, node, last);
        break;
    }
}

void exec_tree(struct shell *sh, const struct node *tree, bool last)
{
    run(sh, tree, last);
}

bool exec_text(struct shell *sh, const char *text)
{
    enum parse_result result = PARSE_NOTHING;
    while (*text != '\0' && !stops(sh) && result != PARSE_ERROR) {
        struct node *tree;
        char *message;
        result = parse_command(&text, true, &tree, &message);
        if (tree != NULL)
            exec_tree(sh, tree, false);
        if (result == PARSE_ERROR) {
            complain("syntax error: %s", message);
            sh->status = 2;
        }
        node_free(tree);
        free(message);
    }
    return result != PARSE_ERROR;
}

/* --- Command substitution ------------------------------------------------------------------ */

static char *read_all(int fd)
{
    struct text text = {0};
    char buffer[4096];
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; i++) {
            if (buffer[i] != '\0')
                text_add_char(&text, buffer[i]);
        }
    }
    while (text.size > 0 && text.bytes[text.size - 1] == '\n')
        text.bytes[--text.size] = '\0';
    return text_take(&text);
}

static void become_capture(struct shell *sh, const char *text, const int ends[2])
{
    close(ends[0]);
    redirect_move(ends[1], STDOUT_FILENO);
    sh->loop_depth = 0;
    if (!exec_text(sh, text))
        sh->status = 2;
    leave_child(sh);
}

/* The subshell stays in the group of the shell: it has no terminal to give. */
char *exec_capture(struct shell *sh, const char *text)
{
    int ends[2];
    if (pipe(ends) != 0) {
        complain("cannot make a pipe: %s", strerror(errno));
        sh->failed = true;
        return shell_copy("");
    }
    bool control = sh->job_control;
    sh->job_control = false;
    struct job *job = job_new("");
    pid_t pid = process_fork(sh, job, false);
    if (pid == 0)
        become_capture(sh, text, ends);
    close(ends[1]);
    char *output = read_all(ends[0]);
    close(ends[0]);
    process_wait(sh, job);
    sh->capture_status = pid < 0 ? 126 : job->status;
    job_free(job);
    sh->job_control = control;
    return output;
}
