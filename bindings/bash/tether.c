/* Owns the builtin `tether` of bash: `tether bg` and `tether wait`; every other verb goes to the
 * command of that name.
 * Must not: use the library in bash's own process. What the library and libuv keep there, such as
 * descriptors that a script may use (exec 3>file) and what runs at each fork, would change the
 * shell. So a helper, which bash forks for each call, opens a registry, answers through a pipe and
 * exits; nothing of it is left in the shell, in a subshell or for an exec. Must not: let bash's
 * handler of SIGCHLD take the helper.
 * Thread: bash has one. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builtins.h"
#include "shell.h"

#include "bashgetopt.h"
#include "builtins/common.h"
#include "quit.h"
#include "sig.h"

#include "tether.h"

/* In headers that bash does not install. */
extern int first_pending_trap(void);
extern char *find_user_command(const char *name);
extern int parse_and_execute(char *text, const char *from, int flags);

/* The status of a call for a task that there is not, as that of bash's wait. */
#define NO_TASK 127

/* A task that this shell has started. A subshell has a copy. */
typedef struct started {
    char id[TETHER_ID_SIZE];
    bool told; /* a wait has told its end */
} started;

static started *tasks;
static size_t task_count;

/* What a helper answers. */
typedef enum answer_kind { ANSWER_TASK, ANSWER_END, ANSWER_FAILED } answer_kind;

typedef struct answer {
    answer_kind kind;
    size_t index; /* of the task that has ended */
    int status;
    char id[TETHER_ID_SIZE];
    char message[600];
} answer;

/* What a helper does. */
typedef struct request {
    char **argv;            /* to start; NULL: to wait */
    const char *const *ids; /* to wait for */
    size_t count;
    bool any; /* for the first that ends */
} request;

typedef struct helper {
    pid_t pid;
    int answers;
    sigset_t before; /* the signals that the shell has blocked */
} helper;

/* --- In the helper --- */

static void put(int end, const answer *a)
{
    const char *bytes = (const char *)a;
    for (size_t done = 0; done < sizeof *a;) {
        ssize_t written = write(end, bytes + done, sizeof *a - done);
        if (written < 0 && errno != EINTR)
            _exit(1);
        done += written > 0 ? (size_t)written : 0;
    }
}

static void put_failure(int end, size_t index, const tether_error *error)
{
    answer a = {.kind = ANSWER_FAILED, .index = index};
    a.status = error->code == TETHER_ENOTASK || error->code == TETHER_ENOPROGRAM ? NO_TASK
               : error->code == TETHER_ENOEXEC                                   ? 126
                                                                                 : 1;
    snprintf(a.message, sizeof a.message, "%s", error->message);
    put(end, &a);
}

static void start(tether_registry *registry, const request *r, int end)
{
    tether_error error = {0};
    answer a = {.kind = ANSWER_TASK};
    const tether_spec spec = {.size = sizeof spec,
                              .argv = (const char *const *)r->argv,
                              .env = (const char *const *)export_env,
                              .timeout_ms = TETHER_NO_TIMEOUT};
    if (tether_spawn(registry, &spec, a.id, &error) == TETHER_OK)
        put(end, &a);
    else
        put_failure(end, 0, &error);
}

static void tell_end(tether_registry *registry, const char *id, size_t index, int end)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    if (tether_status_get(registry, id, &snapshot, &error) != TETHER_OK) {
        put_failure(end, index, &error);
        return;
    }
    const answer a = {.kind = ANSWER_END, .index = index, .status = tether_exit_status(snapshot)};
    put(end, &a);
}

static void wait_for(tether_registry *registry, const request *r, int end)
{
    tether_error error = {0};
    size_t index = 0;
    if (r->any) {
        if (tether_wait(registry, r->ids, r->count, TETHER_WAIT_ANY, -1, &index, &error) ==
            TETHER_OK)
            tell_end(registry, r->ids[index], index, end);
        else
            put_failure(end, 0, &error);
        return;
    }
    for (; index < r->count; index++) {
        if (tether_wait(registry, &r->ids[index], 1, TETHER_WAIT_ALL, -1, NULL, &error) ==
            TETHER_OK)
            tell_end(registry, r->ids[index], index, end);
        else
            put_failure(end, index, &error);
    }
}

/* The shell's handlers are not the helper's; what it ignores, such as SIGTSTP, stays so. */
static void forget_handlers(void)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
            action.sa_handler != SIG_DFL)
            signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Only what is exported counts, as for the command. */
static const char *setting(const char *name)
{
    const SHELL_VAR *variable = find_variable(name);
    const char *value =
        variable != NULL && exported_p(variable) ? value_cell(variable) : (const char *)NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void serve(const request *r, int end)
{
    tether_error error = {0};
    tether_registry *registry;
    const tether_open_options options = {.size = sizeof options,
                                         .store = setting("TETHER_STORE"),
                                         .session = setting("TETHER_SESSION"),
                                         .no_gc = r->argv == NULL,
                                         .deferred = r->argv != NULL};
    /* The library looks there, not among bash's variables. */
    environ = export_env;
    if (tether_open(&options, &registry, &error) != TETHER_OK) {
        put_failure(end, 0, &error);
        return;
    }
    if (r->argv != NULL)
        start(registry, r, end);
    else
        wait_for(registry, r, end);
    tether_close(registry, TETHER_DETACH, NULL);
}

/* --- In the shell --- */

/* Blocks all signals until end_helper: a signal reaches the shell only while it waits. */
static bool begin_helper(helper *h, const request *r)
{
    int ends[2];
    sigset_t all;
    if (pipe(ends) != 0)
        return false;
    maybe_make_export_env();
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &h->before);
    h->pid = fork();
    if (h->pid == 0) {
        close(ends[0]);
        forget_handlers();
        serve(r, ends[1]);
        _exit(0);
    }
    int os_error = errno;
    close(ends[1]);
    h->answers = ends[0];
    if (h->pid > 0)
        return true;
    close(ends[0]);
    sigprocmask(SIG_SETMASK, &h->before, NULL);
    errno = os_error;
    return false;
}

/* Returns the number of a signal that has to end the wait, or 0. */
static int interruption(void)
{
    int trapped = first_pending_trap();
    if (terminating_signal != 0)
        return terminating_signal;
    if (interrupt_state != 0)
        return SIGINT;
    return trapped > 0 && trapped != SIGCHLD ? trapped : 0;
}

/* Waits for the next answer. Returns false at the end, or with the signal that has interrupted;
 * signal_number NULL: not to be interrupted. */
static bool next_answer(const helper *h, answer *a, int *signal_number)
{
    sigset_t mask = h->before;
    char *bytes = (char *)a;
    size_t got = 0;
    if (signal_number == NULL)
        sigfillset(&mask);
    /* The helper's end is told by its pipe: bash's handler must not take its status. */
    sigaddset(&mask, SIGCHLD);
    while (got < sizeof *a) {
        struct pollfd wanted = {.fd = h->answers, .events = POLLIN};
        int ready = ppoll(&wanted, 1, NULL, &mask);
        if (signal_number != NULL && (*signal_number = interruption()) != 0)
            return false;
        ssize_t size = ready > 0 ? read(h->answers, bytes + got, sizeof *a - got) : 0;
        if (ready > 0 && size <= 0)
            return false;
        got += (size_t)size;
    }
    return true;
}

static void end_helper(const helper *h, bool interrupted)
{
    close(h->answers);
    if (interrupted)
        kill(h->pid, SIGKILL);
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    sigprocmask(SIG_SETMASK, &h->before, NULL);
}

static int fail_helper(void)
{
    builtin_error("cannot start a helper: %s", strerror(errno));
    return EXECUTION_FAILURE;
}

static size_t count_words(const WORD_LIST *list)
{
    size_t count = 0;
    for (; list != NULL; list = list->next)
        count++;
    return count;
}

static void remember(const char *id)
{
    tasks = xrealloc(tasks, (task_count + 1) * sizeof *tasks);
    tasks[task_count].told = false;
    strcpy(tasks[task_count++].id, id);
}

static started *find(const char *id)
{
    for (size_t i = 0; i < task_count; i++) {
        if (strcmp(tasks[i].id, id) == 0)
            return &tasks[i];
    }
    return NULL;
}

static int run_bg(WORD_LIST *list)
{
    helper h;
    int count;
    answer a = {.kind = ANSWER_FAILED, .status = EXECUTION_FAILURE};
    if (list != NULL && strcmp(list->word->word, "--") == 0)
        list = list->next;
    else if (list != NULL && list->word->word[0] == '-')
        list = NULL;
    if (list == NULL) {
        builtin_error("usage: tether bg [--] COMMAND [ARGUMENT...]");
        return EX_USAGE;
    }
    /* In front of the words stands the name of the builtin. */
    char **words = make_builtin_argv(list, &count);
    const request r = {.argv = words + 1};
    bool begun = begin_helper(&h, &r);
    free(words);
    if (!begun)
        return fail_helper();
    strcpy(a.message, "the helper has ended without an answer");
    /* A start is not interrupted: its task would have no name. */
    (void)next_answer(&h, &a, NULL);
    end_helper(&h, false);
    if (a.kind != ANSWER_TASK) {
        builtin_error("bg: %s", a.message);
        return a.status;
    }
    remember(a.id);
    bind_variable("TETHER_LAST", a.id, 0);
    if (interactive)
        fprintf(stderr, "%s\n", a.id);
    return EXECUTION_SUCCESS;
}

typedef struct waiting {
    bool any;
    char *variable;   /* receives the id of the last task; NULL: none */
    const char **ids; /* to wait for */
    size_t count;
    bool named; /* by their ids */
    int status;
    size_t ends; /* how many were told */
} waiting;

/* Of the tasks that are named, or all that this shell has started, without those that an earlier
 * call has told, if they are not named to be waited for again. Their texts belong to others. */
static void choose_tasks(waiting *w, WORD_LIST *list)
{
    w->named = list != NULL;
    w->ids = xmalloc((count_words(list) + task_count + 1) * sizeof *w->ids);
    for (; list != NULL; list = list->next) {
        const started *task = find(list->word->word);
        if (!w->any || task == NULL || !task->told)
            w->ids[w->count++] = list->word->word;
    }
    for (size_t i = 0; i < task_count && !w->named; i++) {
        if (!tasks[i].told)
            w->ids[w->count++] = tasks[i].id;
    }
}

/* Notes that a task was told, also one that this shell has not started. */
static void note_told(const char *id)
{
    if (find(id) == NULL)
        remember(id);
    find(id)->told = true;
}

static void take_answer(waiting *w, ARRAY *statuses, const answer *a)
{
    const char *id = w->ids[a->index];
    char text[16];
    w->status = a->status;
    if (a->kind == ANSWER_FAILED)
        builtin_error("wait: %s", a->message);
    snprintf(text, sizeof text, "%d", a->status);
    array_insert(statuses, (arrayind_t)w->ends++, text);
    if (a->kind != ANSWER_END)
        return;
    note_told(id);
    if (w->variable != NULL)
        bind_variable(w->variable, (char *)id, 0);
}

/* Returns the signal that has interrupted, or 0. */
static int wait_for_helper(waiting *w, const helper *h, ARRAY *statuses)
{
    answer a;
    int interrupted = 0;
    while (next_answer(h, &a, &interrupted)) {
        /* note_told may move the ids of this shell's tasks. */
        char *id = savestring(w->ids[a.index]);
        const char *kept = w->ids[a.index];
        w->ids[a.index] = id;
        take_answer(w, statuses, &a);
        w->ids[a.index] = kept;
        free(id);
    }
    return interrupted;
}

static int wait_for_tasks(waiting *w)
{
    helper h;
    SHELL_VAR *variable;
    const request r = {.ids = w->ids, .count = w->count, .any = w->any};
    unbind_variable("TETHER_PIPESTATUS");
    variable = make_new_array_variable("TETHER_PIPESTATUS");
    if (w->count == 0)
        return w->any || w->named ? NO_TASK : EXECUTION_SUCCESS;
    if (!begin_helper(&h, &r))
        return fail_helper();
    int interrupted = wait_for_helper(w, &h, array_cell(variable));
    end_helper(&h, interrupted != 0);
    if (interrupted != 0)
        return 128 + interrupted;
    if (w->ends < (w->any ? 1 : w->count)) {
        builtin_error("wait: the helper has ended without an answer");
        return EXECUTION_FAILURE;
    }
    return w->named || w->any ? w->status : EXECUTION_SUCCESS;
}

/* Returns false for an option that the command knows, perhaps. */
static bool read_wait_options(waiting *w, WORD_LIST **list)
{
    for (; *list != NULL && (*list)->word->word[0] == '-'; *list = (*list)->next) {
        const char *word = (*list)->word->word;
        if (strcmp(word, "-n") == 0) {
            w->any = true;
        } else if (strcmp(word, "-p") == 0 && (*list)->next != NULL) {
            *list = (*list)->next;
            w->variable = (*list)->word->word;
        } else if (strcmp(word, "--") == 0) {
            *list = (*list)->next;
            return true;
        } else {
            return false;
        }
    }
    return true;
}

/* Has the shell run the command, as if its path had been written. */
static int run_command(WORD_LIST *list)
{
    char *path = find_user_command("tether");
    if (path == NULL) {
        builtin_error("%s: the command tether is not in PATH; this builtin knows bg and wait",
                      list != NULL ? list->word->word : "no verb");
        return EX_NOTFOUND;
    }
    char *text = sh_single_quote(path);
    free(path);
    for (; list != NULL; list = list->next) {
        char *word = sh_single_quote(list->word->word);
        text = xrealloc(text, strlen(text) + strlen(word) + 2);
        strcat(strcat(text, " "), word);
        free(word);
    }
    return parse_and_execute(text, "tether", SEVAL_NOHIST);
}

static int run_wait(WORD_LIST *words)
{
    waiting w = {.any = false};
    WORD_LIST *list = words->next;
    if (!read_wait_options(&w, &list))
        return run_command(words);
    if (w.variable != NULL) {
        if (!legal_identifier(w.variable)) {
            sh_invalidid(w.variable);
            return EXECUTION_FAILURE;
        }
        unbind_variable(w.variable);
    }
    choose_tasks(&w, list);
    int status = wait_for_tasks(&w);
    free(w.ids);
    /* Back to the prompt after Ctrl-C, or to the end of the shell; a trap runs after this call. */
    QUIT;
    return status;
}

static int tether_builtin(WORD_LIST *list)
{
    if (list != NULL && strcmp(list->word->word, "bg") == 0)
        return run_bg(list->next);
    if (list != NULL && strcmp(list->word->word, "wait") == 0)
        return run_wait(list);
    return run_command(list);
}

/* When the builtin is disabled. */
void tether_builtin_unload(char *name);
void tether_builtin_unload(char *name)
{
    (void)name;
    free(tasks);
    tasks = NULL;
    task_count = 0;
}

static char *const help[] = {
    "Start commands as tasks, which outlive the shell, and wait for them.",
    "",
    "    tether bg [--] COMMAND [ARGUMENT...]",
    "        Start a task; set TETHER_LAST to its id.",
    "    tether wait [-n] [-p VAR] [ID...]",
    "        Wait for these tasks, or all that this shell has started; return the",
    "        exit status of the last ID, or 0 without IDs. With -n, wait for the",
    "        first that ends and was not told before, and return its status; 127",
    "        if there is none. Set TETHER_PIPESTATUS to the exit statuses, and VAR",
    "        to the last id.",
    "    tether VERB ...",
    "        Run the command tether.",
    NULL,
};

extern struct builtin tether_struct;
struct builtin tether_struct = {
    .name = "tether",
    .function = tether_builtin,
    .flags = BUILTIN_ENABLED,
    .long_doc = help,
    .short_doc =
        "tether bg COMMAND [ARGUMENT...] | tether wait [-n] [-p VAR] [ID...] | tether VERB ...",
};
