/* Owns which values a word of the help stands for, such as DIR or ID.
 * Must not: know how options are parsed, or how a shell quotes.
 * Thread: the main one. */
#include "cli/complete_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tether.h"

#include "cli/complete_tasks.h"
#include "cli/stream.h"

/* Receives values. */
typedef struct receiver {
    complete_value_cb *found;
    void *userdata;
} receiver;

/* The values of options that the help describes in a sentence, separated by blanks. A test offers
 * each of them to the parser. */
static const struct {
    const char *verb; /* "": any */
    const char *option;
    const char *values;
} choices[] = {
    {"", "--stream", "stdout stderr both"},
    {"mcp", "--print-config", "claude codex cursor vscode gemini zed"},
    {"run", "--supervisor", "auto monitor script"},
    {"run", "--output", "auto direct pipe"},
    {"run", "--output-policy", "truncate kill"},
    {"output", "--frames", "last all"},
    {"run", "--stdin", "- pipe"},
    {"run", "-f", "-"},
};

/* The shells whose scripts tether knows. */
static const char shells[] = "bash zsh sh dash ksh mksh fish pwsh powershell cmd";

static const char signals[] =
    "TERM INT HUP KILL QUIT USR1 USR2 STOP CONT TSTP ABRT ALRM PIPE WINCH CHLD TTIN TTOU URG XCPU "
    "XFSZ VTALRM PROF POLL SYS TRAP BUS FPE ILL SEGV";

/* Calls back for each word of a text. */
static void each_word(const char *words, receiver to, bool (*wanted)(const char *word))
{
    char word[32];

    while (*words != '\0') {
        size_t length = strcspn(words, " ");

        if (length < sizeof word) {
            memcpy(word, words, length);
            word[length] = '\0';
            if (wanted == NULL || wanted(word))
                to.found(word, to.userdata, "");
        }
        words += length;
        words += strspn(words, " ");
    }
}

static bool is_signal(const char *word)
{
    return tether_signal_number(word) > 0;
}

void complete_signals(complete_value_cb *found, void *userdata)
{
    const receiver to = {found, userdata};

    each_word(signals, to, is_signal);
}

static void offer_choices(const char *verb, const char *option, receiver to)
{
    size_t i;

    for (i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(choices[i].option, option) == 0 &&
            (*choices[i].verb == '\0' || strcmp(choices[i].verb, verb) == 0))
            each_word(choices[i].values, to, NULL);
    }
}

static void offer_statuses(receiver to)
{
    int status;

    for (status = TETHER_STATUS_STARTING; status <= TETHER_STATUS_LOST; status++)
        to.found(tether_status_text((tether_status)status), to.userdata, "");
}

/* Returns true if a line of text can hold it: no control character, and not like an option. */
static bool can_be_typed(const char *name)
{
    const unsigned char *c = (const unsigned char *)name;

    if (*c == '\0' || *c == '-' || strncmp(name, "@last", 5) == 0)
        return false;
    for (; *c != '\0'; c++) {
        /* C1 controls are C2 80 to C2 9F. */
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return false;
    }
    return true;
}

static void offer_session(const char *session_id, const char *directory, void *userdata)
{
    const receiver *to = userdata;

    (void)directory;
    if (can_be_typed(session_id))
        to->found(session_id, to->userdata, "");
}

static bool runs(const tether_snapshot *task)
{
    return !tether_status_ended(task->status);
}

static bool has_ended(const tether_snapshot *task)
{
    return tether_status_ended(task->status);
}

static bool is_paused(const tether_snapshot *task)
{
    return task->status == TETHER_STATUS_PAUSED;
}

static bool is_not_paused(const tether_snapshot *task)
{
    return runs(task) && !is_paused(task);
}

/* The tasks that a verb takes; other verbs take all. */
static const struct {
    const char *verb;
    bool (*takes)(const tether_snapshot *task);
} takers[] = {
    {"kill", runs},    {"extend", runs},      {"input", runs},
    {"rm", has_ended}, {"resume", is_paused}, {"pause", is_not_paused},
};

static bool is_taken(const char *verb, const tether_snapshot *task)
{
    size_t i;

    for (i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        if (strcmp(takers[i].verb, verb) == 0)
            return takers[i].takes(task);
    }
    return true;
}

static void offer_task(const tether_snapshot *task, bool names_only, receiver to)
{
    const char *status = tether_status_text(task->status);
    const char *command = task->command != NULL ? task->command : "";
    char text[160];

    if (task->name != NULL && can_be_typed(task->name)) {
        snprintf(text, sizeof text, "%s  %.100s", status, command);
        to.found(task->name, to.userdata, text);
    }
    if (names_only)
        return;
    if (task->session_id == NULL)
        snprintf(text, sizeof text, "ended");
    else
        snprintf(text, sizeof text, "%s  %.100s", status,
                 task->name != NULL && *task->name != '\0' ? task->name : command);
    to.found(task->task_id, to.userdata, text);
}

/* Returns true if a newer task has the name of this one, which then means that one. */
static bool is_hidden(const complete_tasks *list, size_t index)
{
    enum { LOOKED_AT = 64 };
    size_t i = index > LOOKED_AT ? index - LOOKED_AT : 0;

    for (; i < index && list->items[index]->name != NULL; i++) {
        if (list->items[i]->name != NULL &&
            strcmp(list->items[i]->name, list->items[index]->name) == 0)
            return true;
    }
    return false;
}

static void offer_tasks(const cli_options *cli, const char *verb, bool names_only,
                        const char *typed, receiver to)
{
    complete_tasks list;
    size_t i;

    complete_list(cli, typed, &list);
    for (i = 0; i < list.count; i++) {
        const tether_snapshot *task = list.items[i];

        if (i == 0 && !names_only && is_taken(verb, task))
            to.found("@last", to.userdata, "the newest task");
        if (!is_taken(verb, task))
            continue;
        if (is_hidden(&list, i)) {
            if (!names_only)
                to.found(task->task_id, to.userdata, tether_status_text(task->status));
        } else {
            offer_task(task, names_only, to);
        }
    }
    complete_list_dispose(&list);
}

/* What the shell offers by itself for a word. */
static const char *shells_own(const char *kind)
{
    if (strcmp(kind, "DIR") == 0)
        return "dirs\n";
    return strcmp(kind, "FILE") == 0 || strcmp(kind, "SHELL") == 0 ? "files\n" : "none\n";
}

void complete_value(const cli_options *cli, const char *verb, const char *option, const char *kind,
                    const char *typed, complete_value_cb *found, void *userdata)
{
    receiver to = {found, userdata};

    stream_text(stream_stdout(), shells_own(kind));
    offer_choices(verb, option, to);
    if (strcmp(option, "--session") == 0)
        complete_sessions(cli, offer_session, &to);
    else if (strcmp(kind, "ID") == 0 || strcmp(kind, "ID|PID") == 0)
        offer_tasks(cli, verb, false, typed, to);
    else if (strcmp(verb, "list") == 0 && strcmp(option, "--name") == 0)
        offer_tasks(cli, verb, true, typed, to);
    else if (strcmp(kind, "SIG") == 0)
        complete_signals(found, userdata);
    else if (strcmp(kind, "SHELL") == 0)
        each_word(shells, to, NULL);
    else if (strcmp(kind, "S") == 0)
        offer_statuses(to);
}
