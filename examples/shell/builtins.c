/* Owns the table of built-in commands, and those that have nothing to do with jobs.
 * Must not: end the process; `exit` sets a flag.
 * Thread: the only one. */
#include "builtins.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "job_builtins.h"
#include "limits.h"
#include "terminal.h"

static int do_nothing(struct shell *sh, const struct list *words)
{
    (void)sh, (void)words;
    return 0;
}

static int do_fail(struct shell *sh, const struct list *words)
{
    (void)sh, (void)words;
    return 1;
}

static int do_cd(struct shell *sh, const struct list *words)
{
    const char *home = vars_get(&sh->vars, "HOME"), *old = vars_get(&sh->vars, "OLDPWD");
    const char *target = words->count > 1 ? words->items[1] : home;
    bool back = target != NULL && strcmp(target, "-") == 0;
    if (back)
        target = old;
    if (target == NULL || chdir(target) != 0) {
        complain("cd: %s: %s", target == NULL ? "no directory" : target, strerror(errno));
        return 1;
    }
    if (back)
        puts(target);
    char path[PATH_MAX];
    const char *before = vars_get(&sh->vars, "PWD");
    if (before != NULL)
        vars_set(&sh->vars, "OLDPWD", before);
    if (getcwd(path, sizeof path) != NULL)
        vars_set(&sh->vars, "PWD", path);
    vars_export(&sh->vars, "PWD");
    vars_export(&sh->vars, "OLDPWD");
    return 0;
}

static bool read_number(const char *name, const char *text, int *number)
{
    char *end;
    long value = strtol(text, &end, 10);
    *number = (int)value;
    if (*text != '\0' && *end == '\0' && value >= 0 && value <= INT_MAX)
        return true;
    complain("%s: %s: not a number that can be used here", name, text);
    return false;
}

static int do_exit(struct shell *sh, const struct list *words)
{
    int status = sh->status;
    if (words->count > 1 && !read_number("exit", words->items[1], &status))
        status = 2;
    if (sh->interactive && !sh->warned && jobs_any_stopped(sh)) {
        complain("there are stopped jobs, which end with this shell; exit again to leave");
        sh->warned = true;
        return 1;
    }
    sh->exiting = true;
    return status & 255;
}

static int do_export(struct shell *sh, const struct list *words)
{
    int status = 0;
    for (size_t i = 1; i < words->count; i++) {
        size_t size = strcspn(words->items[i], "=");
        char *name = shell_copy_part(words->items[i], size);
        if (!vars_is_name(name, size)) {
            complain("export: %s: not a name", words->items[i]);
            status = 1;
        } else {
            if (words->items[i][size] == '=')
                vars_assign(&sh->vars, words->items[i]);
            vars_export(&sh->vars, name);
        }
        free(name);
    }
    return status;
}

static int do_unset(struct shell *sh, const struct list *words)
{
    for (size_t i = 1; i < words->count; i++)
        vars_unset(&sh->vars, words->items[i]);
    return 0;
}

static void set_arguments(struct shell *sh, const struct list *words, size_t first)
{
    struct list arguments = {0};
    for (size_t i = first; i < words->count; i++)
        list_add(&arguments, shell_copy(words->items[i]));
    list_free(&sh->arguments);
    sh->arguments = arguments;
}

/* set -- ARG..., set ARG..., set -o task, set +o task */
static int do_set(struct shell *sh, const struct list *words)
{
    const char *first = words->count > 1 ? words->items[1] : "";
    if (words->count == 3 && (strcmp(first, "-o") == 0 || strcmp(first, "+o") == 0) &&
        strcmp(words->items[2], "task") == 0) {
        sh->task_mode = *first == '-';
        return 0;
    }
    if ((*first == '-' || *first == '+') && strcmp(first, "--") != 0) {
        complain("set: %s: this shell has only the option 'task'", first);
        return 2;
    }
    if (words->count > 1)
        set_arguments(sh, words, strcmp(first, "--") == 0 ? 2 : 1);
    return 0;
}

static int do_shift(struct shell *sh, const struct list *words)
{
    int count = 1;
    if (words->count > 1 && !read_number("shift", words->items[1], &count))
        return 2;
    if ((size_t)count > sh->arguments.count)
        return 1;
    while (count-- > 0)
        list_remove(&sh->arguments, 0);
    return 0;
}

static int leave_loop(struct shell *sh, const struct list *words, bool continuing)
{
    int count = 1;
    if (words->count > 1 && !read_number(words->items[0], words->items[1], &count))
        return 1;
    if (sh->loop_depth == 0)
        return 0;
    sh->leaving = count < 1 ? 1 : count;
    if (sh->leaving > sh->loop_depth)
        sh->leaving = sh->loop_depth;
    sh->continuing = continuing;
    return 0;
}

static int do_break(struct shell *sh, const struct list *words)
{
    return leave_loop(sh, words, false);
}

static int do_continue(struct shell *sh, const struct list *words)
{
    return leave_loop(sh, words, true);
}

/* Without a command its redirections stay: see run_inside in exec.c. */
static int do_exec(struct shell *sh, const struct list *words)
{
    static const struct list none = {0};
    if (words->count == 1)
        return 0;
    terminal_reset_signals(sh);
    int status = exec_program(sh, words->items + 1, &none);
    if (sh->interactive)
        terminal_take_signals();
    sh->exiting = !sh->interactive;
    return status;
}

static int do_eval(struct shell *sh, const struct list *words)
{
    struct text text = {0};
    for (size_t i = 1; i < words->count; i++) {
        text_add_string(&text, i > 1 ? " " : "");
        text_add_string(&text, words->items[i]);
    }
    sh->status = 0;
    if (text.size > 0)
        exec_text(sh, text.bytes);
    text_free(&text);
    return sh->status;
}

builtin_fn *builtin_find(const char *name)
{
    static const struct {
        const char *name;
        builtin_fn *function;
    } table[] = {
        {":", do_nothing},         {"true", do_nothing},
        {"false", do_fail},        {"cd", do_cd},
        {"exit", do_exit},         {"export", do_export},
        {"unset", do_unset},       {"set", do_set},
        {"shift", do_shift},       {"break", do_break},
        {"continue", do_continue}, {"exec", do_exec},
        {"eval", do_eval},         {"limit", builtin_limit},
        {"jobs", builtin_jobs},    {"wait", builtin_wait},
        {"fg", builtin_fg},        {"bg", builtin_bg},
        {"kill", builtin_kill},    {"output", builtin_output},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(name, table[i].name) == 0)
            return table[i].function;
    }
    return NULL;
}
