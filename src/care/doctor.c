/* Owns the report on a machine and a store: what works here, and with which restrictions.
 * Must not: create or change anything.
 * Thread: any. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "format/name.h"
#include "os/companion.h"
#include "os/host.h"
#include "os/process.h"
#include "os/scope.h"
#include "os/spawn.h"
#include "os/thread.h"
#include "os/tree.h"
#include "os/watch.h"
#include "store/bundle.h"
#include "store/ledger.h"
#include "store/names.h"
#include "store/session.h"
#include "store/store.h"
#include "tether/store.h"

enum { FINDINGS_LIMIT = 32, TEXT_SIZE = 768 };

static void finding_free(tether_finding *finding)
{
    free(finding->name);
    free(finding->text);
    free(finding);
}

/* Frees the findings. A report that has lost them for want of memory gets no more: one that lacks a
 * finding would say too much. */
static void lose(tether_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        finding_free(report->items[i]);
    report->count = 0;
    free((void *)report->items);
    report->items = NULL;
}

static void add(tether_report *report, tether_verdict verdict, const char *name, const char *format,
                ...) TETHER__PRINTF(4, 5);

static void add(tether_report *report, tether_verdict verdict, const char *name, const char *format,
                ...)
{
    char text[TEXT_SIZE]; /* a longer text is cut */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (report->items == NULL || report->count == FINDINGS_LIMIT)
        return;
    tether_finding *finding = calloc(1, sizeof *finding);
    if (finding == NULL) {
        lose(report);
        return;
    }
    *finding = (tether_finding){.size = sizeof *finding, .verdict = verdict};
    if (tether__utf8_set(&finding->name, name) && tether__utf8_set(&finding->text, text)) {
        report->items[report->count++] = finding;
    } else {
        finding_free(finding);
        lose(report);
    }
}

typedef struct sessions {
    tether_report *report;
    const tether__store *store;
} sessions;

/* Names some of the session's tasks that the journal has lost. */
static void name_lost(const tether__session *session, tether__text *names, size_t *lost)
{
    enum { NAMED = 8 };
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    tether__file_stamp stamp;
    *lost = 0;
    if (tether__names_list(session->exits, &ids, &count, NULL) != TETHER_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        bool ran = false;
        if (tether__bundle_stamp(session, ids[i], &stamp, NULL) != TETHER_ENOTASK ||
            tether__ledger_removed(session, ids[i]) ||
            tether__bundle_ran(session, ids[i], &ran, NULL) != TETHER_OK || !ran)
            continue;
        if (++*lost <= NAMED) {
            tether__text_add_string(names, *lost > 1 ? ", " : "");
            tether__text_add_string(names, ids[i]);
        }
    }
    if (*lost > NAMED)
        tether__text_add_string(names, ", ...");
    free(ids);
}

static void check_journal(tether_report *report, const tether__session *session)
{
    size_t lost;
    tether__ledger_facts facts;
    tether__text names = {0};
    if (tether__ledger_facts_get(session, &facts, NULL) != TETHER_OK)
        return;
    name_lost(session, &names, &lost);
    if (facts.damaged > 0)
        add(report, TETHER_WEAK, "journal",
            "session %.60s: damaged lines in %.300s/" TETHER__JOURNAL_FILE
            ": %llu. No other task is affected; when the journal is compacted next, they move to "
            "the quarantine",
            session->id, tether__os_dir_path(session->journal), (unsigned long long)facts.damaged);
    if (lost > 0)
        add(report, TETHER_WEAK, "journal",
            "session %.60s: tasks that ran and have no record any more: %.300s. Once their "
            "processes have ended, tether gc moves their files to the quarantine",
            session->id, names.bytes != NULL ? names.bytes : "");
    tether__text_dispose(&names);
}

/* What is no session, or cannot be read, is left to the calls that need it. */
static bool check_session(const char *name, void *userdata)
{
    const sessions *all = userdata;
    tether__session session;
    if (tether__session_key_valid(name) &&
        tether__session_open_key(all->store, name, 0, &session, NULL) == TETHER_OK) {
        check_journal(all->report, &session);
        tether__session_close(&session);
    }
    return true;
}

static void check_sessions(tether_report *report, const tether__store *store)
{
    sessions all = {report, store};
    tether__os_dir_list(store->root, check_session, &all, NULL);
}

static void check_store(tether_report *report, const char *path)
{
    tether__store store;
    tether_error error = {0};
    char *default_path = NULL;
    if (path == NULL && tether__os_default_store(&default_path, &error) != TETHER_OK) {
        add(report, TETHER_BAD, "store", "%s", error.message);
        return;
    }
    const char *shown = path != NULL ? path : default_path;
    int code = tether__store_open(path, false, &store, &error);
    if (code == TETHER_OK)
        add(report, TETHER_GOOD, "store", "%s is private and readable",
            tether__os_dir_path(store.root));
    else if (code == TETHER_EGONE || code == TETHER_EFORMAT)
        add(report, code == TETHER_EGONE ? TETHER_GOOD : TETHER_BAD, "store", "%s%s",
            code == TETHER_EGONE ? "not created yet; the first task creates it: " : "",
            code == TETHER_EGONE ? shown : error.message);
    else
        add(report, TETHER_BAD, "store", "%s", error.message);
    if (code == TETHER_OK) {
        check_sessions(report, &store);
        tether__store_close(&store);
    }
    free(default_path);
}

static bool find(tether_report *report, const char *name, const char *list, char **path)
{
    int code = tether__os_find_program(name, list, ".", path, NULL);
    if (code == TETHER_ENOMEM)
        lose(report);
    return code == TETHER_OK;
}

/* Names each shell that may not run scripts. */
static void check_policies(tether_report *report, const tether__shell_policy *policy)
{
    const tether__outer_rule *rule = tether__os_shell_rules()->outers;
    for (; rule->kind != TETHER__OUTER_NONE; rule++) {
        const char *refused = tether__policy_refuses_outer(policy, rule);
        if (refused != NULL)
            add(report, TETHER_WEAK, "policy",
                "%s: %s, so it supervises no tasks, and tasks that ask for it are refused; ask "
                "the administrator of this machine",
                rule->name, refused);
    }
}

static int find_monitor(char **path)
{
    const tether__outer_rule *rule = tether__os_shell_rules()->outers;
    *path = NULL;
    if (rule->kind != TETHER__OUTER_MONITOR)
        return TETHER_ENOTSUP;
    return tether__os_find_companion(rule->name, TETHER__MONITOR_VARIABLE, NULL, path, NULL);
}

static bool has_monitor(void)
{
    char *path;
    bool found = find_monitor(&path) == TETHER_OK;
    free(path);
    return found;
}

/* Checks for the monitor, where the system may have one. */
static void check_monitor(tether_report *report)
{
    char *path;
    const tether__outer_rule *rule = tether__os_shell_rules()->outers;
    int code = find_monitor(&path);
    if (code == TETHER_ENOTSUP)
        return;
    if (code == TETHER_OK)
        add(report, TETHER_GOOD, "monitor", "%s supervises tasks", path);
    else if (code == TETHER_ENOMEM)
        lose(report);
    else
        add(report, TETHER_WEAK, "monitor",
            "%s was not found, so scripts supervise tasks: a signal N counts as exit code 128 + N, "
            "and deadlines need a host; install it, or name it in %s",
            rule->name, TETHER__MONITOR_VARIABLE);
    free(path);
}

/* Checks for a shell that can run the wrapper. */
static void check_outer(tether_report *report, const char *list)
{
    char *path;
    tether__shell_policy policy;
    const tether__shell_rules *rules = tether__os_shell_rules();
    tether__os_shell_policy(&policy);
    check_policies(report, &policy);
    for (const tether__outer_rule *rule = rules->outers; rule->kind != TETHER__OUTER_NONE; rule++) {
        if (tether__outer_serves(rule, TETHER_SUPERVISOR_SCRIPT, true) &&
            tether__policy_refuses_outer(&policy, rule) == NULL &&
            find(report, rule->name, rule->in_task_path ? list : rules->system_path, &path)) {
            add(report, TETHER_GOOD, "supervisor", "%s can supervise tasks", path);
            free(path);
            return;
        }
    }
    add(report, TETHER_BAD, "supervisor", "no shell that can supervise tasks was found; install %s",
        rules->outer_name);
}

static void check_shells(tether_report *report)
{
    char *path, **entries = NULL;
    tether__environment environment = {0};
    const tether__shell_rules *rules = tether__os_shell_rules();
    if (tether__os_environ(&entries, NULL) == TETHER_OK &&
        tether__environment_make(&(tether__environment_parts){.base = (const char *const *)entries},
                                 tether__os_env_same_name, &environment, NULL) == TETHER_OK) {
        const char *list = tether__environment_get(&environment, "PATH");
        check_monitor(report);
        check_outer(report, list);
        if (find(report, rules->preferred, list, &path)) {
            add(report, TETHER_GOOD, "shell", "commands run in %s", path);
            free(path);
        } else {
            add(report, TETHER_WEAK, "shell", "%s was not found in PATH: %s", rules->preferred,
                rules->loss);
        }
    } else {
        lose(report);
    }
    tether__environment_dispose(&environment);
    tether__os_environ_free(entries);
}

static void check_events(tether_report *report)
{
    char text[256];
    tether_error error = {0};
    tether__os_watch_describe(text, sizeof text);
    if (text[0] == '\0')
        add(report, TETHER_WEAK, "events",
            "this platform has none: tether polls to notice that a task has ended");
    else if (tether__os_watch_probe(&error) != TETHER_OK)
        add(report, TETHER_WEAK, "events",
            "%s: until then tether polls to notice that a task has ended (%s)", error.message,
            text);
    else
        add(report, TETHER_GOOD, "events", "%s", text);
}

static void check_identity(tether_report *report)
{
    char text[TEXT_SIZE];
    const char *doubt = tether__os_process_doubt(text, sizeof text);
    if (doubt == NULL)
        add(report, TETHER_GOOD, "identity",
            "a process is identified by pid, start time and boot: no signal can reach another "
            "process that reuses a pid");
    else
        add(report, TETHER_WEAK, "identity", "%s", doubt);
}

static void check_ephemeral(tether_report *report)
{
    char *path;
    bool in_memory;
    tether_error error = {0};
    if (tether__os_ephemeral_base(&path, &in_memory, &error) != TETHER_OK) {
        add(report, TETHER_WEAK, "ephemeral", "%s", error.message);
        return;
    }
    if (in_memory)
        add(report, TETHER_GOOD, "ephemeral", "ephemeral stores are kept in memory, in %s", path);
    else
        add(report, TETHER_WEAK, "ephemeral",
            "ephemeral stores are kept on disk, in %s; set %s to a private directory in memory, if "
            "there is one",
            path, tether__os_ephemeral_variable());
    free(path);
}

static void check_survival(tether_report *report)
{
    bool bound;
    tether_error error = {0};
    if (tether__os_spawn_bound(&bound, &error) != TETHER_OK)
        add(report, TETHER_WEAK, "survival", "%s", error.message);
    else if (bound)
        add(report, TETHER_WEAK, "survival",
            TETHER__SURVIVAL_BOUND ": this process is in a job that its children may not leave; "
                                   "start it outside of that job, or let the job allow breakaway "
                                   "(JOB_OBJECT_LIMIT_BREAKAWAY_OK)");
    else
        add(report, TETHER_GOOD, "survival",
            TETHER__SURVIVAL_DETACHED ": tasks outlive their host (started by %s)",
            tether__os_spawn_variant());
}

/* Whether something around this host ends its tasks, whatever they do; and whether a task can have
 * a cgroup of its own. */
static void check_scope(tether_report *report)
{
    char text[TEXT_SIZE];
    bool possible;
    if (tether__os_scope_danger("", text, sizeof text))
        add(report, TETHER_WEAK, "around", "%s", text);
    if (tether__os_scope_describe(&possible, text, sizeof text))
        add(report, possible ? TETHER_GOOD : TETHER_WEAK, "scope", "%s", text);
}

/* docs/guarantees.md has the whole table. */
static void check_outcome(tether_report *report, bool monitored)
{
    if (monitored)
        add(report, TETHER_GOOD, "outcome",
            "the monitor tells how a command ended, what it has used, and what it has left "
            "running");
    else
        add(report, TETHER_WEAK, "outcome",
            "a script tells the exit code alone: not a signal, what the command has used, or what "
            "it has left running");
}

static void check_deadline(tether_report *report, bool monitored)
{
    if (monitored)
        add(report, TETHER_GOOD, "deadline", "enforced by the monitor, also when no host is alive");
    else
        add(report, TETHER_WEAK, "deadline",
            "enforced by any host that has the session open; without one, a task runs on until a "
            "host opens the session");
}

static void check_output(tether_report *report, bool monitored)
{
    if (monitored && tether__os_spawn_has_pipes())
        add(report, TETHER_GOOD, "output",
            "read from pipes by the monitor, which notes its order and keeps a limit while the "
            "task writes");
    else
        add(report, TETHER_WEAK, "output",
            "written by the command itself, which can cut its files off; a limit is applied after "
            "the end of the task");
}

static void check_guarantees(tether_report *report)
{
    bool complete, monitored = has_monitor();
    check_survival(report);
    check_scope(report);
    const char *reach = tether__os_tree_reach(&complete);
    add(report, complete ? TETHER_GOOD : TETHER_WEAK, "kill", "%s", reach);
    check_outcome(report, monitored);
    check_deadline(report, monitored);
    check_output(report, monitored);
}

int tether_doctor(const char *store, tether_report **out, tether_error *error)
{
    *out = NULL;
    /* Each check needs some descriptors: without them it would find the wrong fault. */
    int code = tether__os_loop_room(error);
    if (code != TETHER_OK)
        return code;
    tether_report *report = calloc(1, sizeof *report);
    if (report != NULL)
        *report = (tether_report){.size = sizeof *report,
                                  .items = calloc(FINDINGS_LIMIT, sizeof *report->items)};
    if (report == NULL || report->items == NULL) {
        tether_report_free(report);
        return tether__fail_memory(error, "check machine");
    }
    check_store(report, store);
    check_shells(report);
    check_events(report);
    check_identity(report);
    check_guarantees(report);
    check_ephemeral(report);
    if (report->items == NULL) {
        tether_report_free(report);
        return tether__fail_memory(error, "check machine");
    }
    *out = report;
    return TETHER_OK;
}

void tether_report_free(tether_report *report)
{
    if (report == NULL)
        return;
    lose(report);
    free(report);
}
