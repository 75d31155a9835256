/* Owns the commands whose monitors meet faults, and what hosts may say of them afterwards.
 * Must not: know which fault it was.
 * Thread: the only one of each forked process. */
#include "posix/matrix/monitored.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/orders.h"
#include "os/spawn.h"

#define REAL "TETHER_MATRIX_MONITOR" /* the path of the real monitor */
#define GATE "TETHER_MATRIX_GATE"    /* the path of a file for which the stand-in waits */

/* So that a deadline takes no longer than it must. */
enum { TIMEOUT_MS = 60, GRACE_MS = 60, SPINNING = 200 };

const monitored monitored_commands[] = {
    {.name = "exit", .text = "exit 3", .status = TETHER_STATUS_FAILED, .code = 3},
    {.name = "signal",
     .text = "kill -SEGV $$",
     .status = TETHER_STATUS_FAILED,
     .code = 139,
     .signal = 11},
    {.name = "deadline",
     .text = "trap '' TERM; (setsid sleep 1000 &); (sleep 1000) & while :; do sleep 0.02; done",
     .timeout_ms = TIMEOUT_MS,
     .status = TETHER_STATUS_TIMED_OUT,
     .code = 124},
    {.name = "input",
     .text = "read word; exit \"$word\"",
     .waits_for_input = true,
     .status = TETHER_STATUS_FAILED,
     .code = 5},
    {.name = "on_end", .text = "exit 3", .on_end = true, .status = TETHER_STATUS_FAILED, .code = 3},
    {.name = NULL},
};

/* --- In the place of the monitor --- */

static void shorten_grace(const char *task_id)
{
    static char name[64], text[65536], value[65536];
    tether__orders orders;
    tether__orders_storage storage;
    tether__text shorter = {0};
    snprintf(name, sizeof name, "%s%s", TETHER__ORDERS_VARIABLE, task_id);
    const char *given = getenv(name);
    if (given == NULL || strlen(given) >= sizeof text)
        _exit(98);
    size_t size = tether__orders_from_value(strcpy(text, given));
    if (tether__orders_parse(text, size, &orders, &storage) != NULL)
        _exit(98);
    orders.grace_ms = GRACE_MS;
    orders.argv++; /* the program is a word of its own */
    tether__orders_render(&orders, &shorter);
    if (orders.on_end != NULL)
        tether__orders_add_on_end(&orders, &shorter);
    if (shorter.failed || shorter.size >= sizeof value ||
        !tether__orders_to_value(shorter.bytes, shorter.size, value) || setenv(name, value, 1) != 0)
        _exit(98);
}

void monitored_become(char **argv)
{
    char *real = getenv(REAL);
    if (real == NULL)
        return;
    shorten_grace(argv[1]);
    while (access(getenv(GATE), F_OK) != 0)
        test_pause();
    real = strdup(real);
    unsetenv(REAL);
    tracer_offer();
    execv(real, argv);
    _exit(98);
}

/* --- The hosts --- */

/* In memory that all processes of a run share. */
typedef struct run {
    fixture f;
    const monitored *what;
    tracer_order order;
    tracer_result result;
    char id[TETHER_ID_SIZE];
    char said[128];
} run;

#define CHECK(condition, r)                                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_host_fail(__FILE__, __LINE__, #condition, (r)->said);                             \
    } while (0)

static const char *trace_path(const run *r)
{
    return test_work_path(&r->f, "trace");
}

static const char *at_end_path(const run *r)
{
    return test_work_path(&r->f, "at-end");
}

static const char *gate_path(const run *r)
{
    return test_work_path(&r->f, "gate");
}

static const char *fifo_path(const run *r)
{
    return test_work_path(&r->f, "fifo");
}

/* It is open until the end: a command that opens it after its monitor was killed finds the word all
 * the same. */
static int offer_word(const run *r)
{
    HOST_ASSERT(mkfifo(fifo_path(r), 0600) == 0);
    int fd = open(fifo_path(r), O_RDWR | O_CLOEXEC);
    HOST_ASSERT(fd >= 0 && write(fd, "5\n", 2) == 2);
    return fd;
}

static tether_registry *open_store(const run *r)
{
    tether_error error = {0};
    tether_registry *registry = NULL;
    const tether_open_options options = {.store = r->f.store, .no_gc = true};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

static void start(run *r, tether_registry *registry, const char *input)
{
    char command[1024], on_end[1024];
    tether_error error = {0};
    snprintf(on_end, sizeof on_end, "echo x >>'%s'; exit 6", at_end_path(r));
    snprintf(command, sizeof command, "echo x >>'%s'; %s", trace_path(r), r->what->text);
    const tether_spec spec = {.command = command,
                              .shell = "sh",
                              .stdin_path = input,
                              .timeout_ms = r->what->timeout_ms,
                              .on_end = r->what->on_end ? on_end : NULL,
                              .supervisor = TETHER_SUPERVISOR_MONITOR};
    HOST_OK(tether_spawn(registry, &spec, r->id, &error), error);
}

/* This program takes the place of the monitor. */
static void name_monitor(const run *r)
{
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    HOST_ASSERT(size > 0 && getenv("TETHER_MONITOR") != NULL);
    self[size] = '\0';
    setenv(REAL, getenv("TETHER_MONITOR"), 1);
    setenv(GATE, gate_path(r), 1);
    setenv("TETHER_MONITOR", self, 1);
}

static void start_and_follow(fixture *f, void *userdata)
{
    run *r = userdata;
    tether_error error = {0};
    tether_snapshot *snapshot = NULL;
    (void)f;
    name_monitor(r);
    tether_registry *registry = open_store(r);
    start(r, registry, r->what->waits_for_input ? fifo_path(r) : NULL);
    HOST_OK(tether_status_get(registry, r->id, &snapshot, &error), error);
    pid_t monitor = (pid_t)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    HOST_OK(tether_close(registry, TETHER_DETACH, NULL), error);
    /* From now on nobody else waits for the monitor. */
    test_write_file(gate_path(r), "", 0);
    r->result = tracer_follow(monitor, r->order);
}

static bool has(const char *reason, const char *text)
{
    return reason != NULL && strstr(reason, text) != NULL;
}

/* The end that is true, the start that failed, or that nobody knows the end. */
static void check_end(const run *r, const tether_snapshot *snapshot)
{
    const monitored *what = r->what;
    int lines = test_count_lines(trace_path(r));
    CHECK(lines <= 1, r);
    if (snapshot->status == TETHER_STATUS_LOST) {
        CHECK(snapshot->exit_code == TETHER_EXIT_UNKNOWN, r);
        /* A host that has seen a supervisor run takes an empty marker for one that was emptied. */
        CHECK(has(snapshot->reason, "never started") || has(snapshot->reason, "died") ||
                  has(snapshot->reason, "without exit marker") ||
                  (has(snapshot->reason, "corrupt exit marker") && lines == 0),
              r);
        return;
    }
    if (snapshot->exit_code == 126 && lines == 0) {
        CHECK(snapshot->status == TETHER_STATUS_FAILED, r);
        CHECK(has(snapshot->reason, "no process could be started") ||
                  has(snapshot->reason, "the pipes of the outputs could not be made") ||
                  has(snapshot->reason, "the monitor could not understand"),
              r);
        return;
    }
    /* A deadline may come before the first line. */
    CHECK(lines == 1 || what->timeout_ms > 0, r);
    CHECK(snapshot->status == what->status && snapshot->exit_code == what->code, r);
    CHECK(what->signal == 0 || snapshot->signal == what->signal, r);
}

/* It has run once, or has not, or nobody knows; and it never runs for a task that is lost. */
static void check_on_end(run *r, tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot *snapshot = NULL;
    int64_t end = test_now_ms() + PATIENCE_MS;
    for (;;) {
        HOST_OK(tether_status_get(registry, r->id, &snapshot, &error), error);
        if (snapshot->on_end_error != NULL || test_now_ms() > end)
            break;
        tether_snapshot_free(snapshot);
        test_pause();
    }
    int lines = test_count_lines(at_end_path(r));
    const char *told = snapshot->on_end_error;
    CHECK(lines <= 1, r);
    CHECK(told != NULL, r);
    if (has(told, "exit code 6"))
        CHECK(lines == 1 && snapshot->on_end_exit_code == 6, r);
    else
        CHECK(snapshot->on_end_exit_code == TETHER_EXIT_UNKNOWN, r);
    if (has(told, "it did not run") || has(told, "could not be started"))
        CHECK(lines == 0, r);
    if (!has(told, "exit code 6") && !has(told, "it did not run"))
        CHECK(has(told, "could not be started") || has(told, "what watched it died"), r);
    tether_snapshot_free(snapshot);
}

static void note(run *r, const tether_snapshot *snapshot)
{
    snprintf(r->said, sizeof r->said, "%s %d (%s)", tether_status_text(snapshot->status),
             (int)snapshot->exit_code, snapshot->reason != NULL ? snapshot->reason : "no reason");
}

/* What a lost task has left behind ends by a kill. Any other has left nothing, or what it has left
 * belongs to nobody. */
static void check_remains(const run *r, tether_registry *registry, tether_status status)
{
    tether_error error = {0};
    char cookie[TETHER_ID_SIZE + 32];
    if (status == TETHER_STATUS_LOST)
        HOST_OK(tether_kill(registry, r->id, &(tether_kill_options){.grace_ms = GRACE_MS}, &error),
                error);
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", r->id);
    int64_t end = test_now_ms() + PATIENCE_MS;
    while (status != TETHER_STATUS_LOST && test_count_cookies(cookie) > 0 && test_now_ms() < end)
        test_pause();
    CHECK(test_count_cookies(cookie) == 0, r);
}

static void check(fixture *f, void *userdata)
{
    run *r = userdata;
    tether_error error = {0};
    tether_snapshot *snapshot = NULL;
    const char *id = r->id;
    (void)f;
    tether_registry *registry = open_store(r);
    HOST_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    note(r, snapshot);
    check_end(r, snapshot);
    if (r->what->on_end)
        check_on_end(r, registry);
    check_remains(r, registry, snapshot->status);
    CHECK(!r->result.hung && r->result.failures < SPINNING, r);
    tether_snapshot_free(snapshot);
    HOST_OK(tether_close(registry, TETHER_DETACH, NULL), error);
}

bool monitored_try(const monitored *what, tracer_order order, tracer_result *result, char *said,
                   size_t size)
{
    run *r = test_shared(sizeof *r);
    r->what = what;
    r->order = order;
    r->f.store = test_make_store();
    r->f.work = test_make_store();
    int word = what->waits_for_input ? offer_word(r) : -1;
    bool right = test_join_host(test_fork_host(start_and_follow, &r->f, r)) == 0;
    right = test_join_host(test_fork_host(check, &r->f, r)) == 0 && right;
    if (word >= 0)
        close(word);
    *result = r->result;
    snprintf(said, size, "%s", r->said);
    test_remove_store(r->f.store);
    test_remove_store(r->f.work);
    free(r->f.store);
    free(r->f.work);
    test_unshare(r, sizeof *r);
    return right;
}
