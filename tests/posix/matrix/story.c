/* Owns the stage of a run, and what must hold after it whatever the fault was.
 * Must not: know which fault it was.
 * Thread: the only one of each forked process. */
#include "posix/matrix/story.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "support/exit_line.h"
#include "task/monitor_call.h"

bool story_succeeded(const story *s)
{
    return s->said && s->code == TETHER_OK;
}

void story_open_gate(const story *s)
{
    test_write_file(test_work_path(&s->f, "gate"), "", 0);
}

const char *story_trace(const story *s)
{
    return test_work_path(&s->f, "trace");
}

const char *story_copy(const story *s)
{
    return test_work_path(&s->f, "copy");
}

int64_t story_told_moves(const story *s, tether_registry *registry)
{
    const tether__control request = {.word = TETHER__CONTROL_DEADLINE}; /* no move: a question */
    tether__control answer = {.word = TETHER__CONTROL_UNKNOWN};
    tether__channel_end end;
    tether__wait wait;
    tether_error error = {0};
    HOST_OK(tether__wait_begin(registry, "check", PATIENCE_MS, &wait, &error), error);
    HOST_OK(tether__monitor_connect(&wait, s->running, &end, &error), error);
    HOST_OK(tether__monitor_ask(&end, s->running, &request, &answer, &error), error);
    tether__os_control_close(&end);
    tether__wait_end(&wait);
    CHECK(answer.word == TETHER__CONTROL_DONE, "the monitor answers with %d", (int)answer.word);
    return answer.move;
}

int64_t story_written_moves(const story *s)
{
    json_t *record = test_load_record(&s->f, s->running);
    int64_t moves = (int64_t)json_integer_value(json_object_get(record, "deadline_moves"));
    json_decref(record);
    return moves;
}

static tether_registry *open_store(story *s)
{
    tether_error error = {0};
    tether_registry *registry = NULL;
    tether_open_options options = {.store = s->f.store, .no_gc = true};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

static void start(story *s, tether_registry *registry, const char *gate, const char *code,
                  char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    const char *const argv[] = {CHILD,  "await", test_work_path(&s->f, "%s", gate),
                                "exit", code,    NULL};
    tether_spec spec = {.argv = argv};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
}

static void start_reader(story *s, tether_registry *registry)
{
    char command[1024];
    tether_error error = {0};
    snprintf(command, sizeof command, "cat >'%s'; until [ -e '%s' ]; do sleep 0.01; done; exit %d",
             story_copy(s), test_work_path(&s->f, "gate"), RUNNING_CODE);
    const tether_spec spec = {.command = command, .shell = "sh", .input_pipe = true};
    HOST_OK(tether_spawn(registry, &spec, s->running, &error), error);
}

static tether_snapshot *wait_for(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot *snapshot = NULL;
    HOST_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    return snapshot;
}

static void expect(tether_registry *registry, const char *id, tether_status status, int64_t code)
{
    tether_snapshot *snapshot = wait_for(registry, id);
    CHECK(snapshot->status == status && snapshot->exit_code == code, "it is %s with code %d (%s)",
          tether_status_text(snapshot->status), (int)snapshot->exit_code,
          snapshot->reason != NULL ? snapshot->reason : "no reason");
    tether_snapshot_free(snapshot);
}

static void acknowledge(tether_registry *registry, const char *id, bool *fresh)
{
    tether_error error = {0};
    HOST_OK(tether_completion_ack(registry, id, fresh, &error), error);
}

/* Runs in a host of its own. */
static void prepare(fixture *f, void *userdata)
{
    story *s = ((void **)userdata)[0];
    const operation *op = ((void **)userdata)[1];
    (void)f;
    tether_registry *registry = open_store(s);
    if (op->reads)
        start_reader(s, registry);
    else
        start(s, registry, "gate", "7", s->running);
    start(s, registry, "gate-unseen", "5", s->unseen);
    start(s, registry, "gate-acknowledged", "0", s->acknowledged);
    test_write_file(test_work_path(&s->f, "gate-acknowledged"), "", 0);
    expect(registry, s->acknowledged, TETHER_STATUS_COMPLETED, 0);
    acknowledge(registry, s->acknowledged, NULL);
    if (op->prepare != NULL)
        op->prepare(s, registry);
    HOST_OK(tether_close(registry, TETHER_DETACH, NULL), (tether_error){0});
    test_write_file(test_work_path(&s->f, "gate-unseen"), "", 0);
    exit_line_wait(&s->f, s->unseen);
}

bool story_begin(story *s, const operation *op)
{
    memset(s, 0, sizeof *s);
    s->f.store = test_make_store();
    s->f.work = test_make_store();
    const void *arguments[] = {s, op};
    return test_join_host(test_fork_host(prepare, &s->f, arguments)) == 0;
}

/* By few system calls, since a traced process makes them slowly. */
static int count_fds(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* libuv opens a pipe for signals at the first loop of a process, and keeps it; if it cannot, it
 * aborts. tether makes sure of room right before, and the test `scarce` takes that room away. */
static void open_first_loop(void)
{
    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0 && uv_loop_close(&loop) == 0, "no loop can be created");
}

void story_run(story *s, const operation *op)
{
    tether_registry *registry = NULL;
    tether_open_options options = {.store = s->f.store, .no_gc = true};
    open_first_loop();
    s->fds_before = count_fds();
    atomic_store(&s->watched, true);
    s->code = tether_open(&options, &registry, &s->error);
    if (s->code == TETHER_OK)
        s->code = op->run(s, registry, &s->error);
    tether_close(registry, TETHER_DETACH, NULL);
    atomic_store(&s->watched, false);
    s->fds_after = count_fds();
    s->said = true;
}

/* --- The checks ----------------------------------------------------------------------------------
 */

/* What the host said was an answer that it can act on, and it left nothing open. */
static void check_answer(const story *s)
{
    CHECK(s->wrong[0] == '\0', "%s", s->wrong);
    CHECK(s->fds_after == s->fds_before, "%d descriptors before, %d after", s->fds_before,
          s->fds_after);
    if (s->code == TETHER_OK)
        return;
    CHECK(s->error.code == s->code && strcmp(tether_error_name(s->code), "TETHER_UNKNOWN") != 0,
          "the code is %d, the error says %d", s->code, s->error.code);
    CHECK(s->error.step[0] != '\0' && s->error.message[0] != '\0', "%s without a step or a message",
          tether_error_name(s->code));
}

/* Checks that the session has the three tasks, and at most one other. Returns that one's id in
 * `started`. */
static void check_list(const story *s, const operation *op, tether_registry *registry,
                       char started[TETHER_ID_SIZE])
{
    tether_error error = {0};
    tether_snapshot_list *list = NULL;
    int found = 0, others = 0;
    started[0] = '\0';
    HOST_OK(tether_list(registry, TETHER_LIST_ALL, &list, &error), error);
    for (size_t i = 0; i < list->count; i++) {
        const char *id = list->items[i]->task_id;
        if (strcmp(id, s->running) == 0 || strcmp(id, s->unseen) == 0 ||
            strcmp(id, s->acknowledged) == 0) {
            found++;
        } else {
            strcpy(started, id);
            others++;
        }
    }
    tether_snapshot_list_free(list);
    bool collects = strcmp(op->name, "gc") == 0;
    CHECK(found == 3 || (collects && found == 2), "%d of the three tasks are listed", found);
    CHECK(!collects || !story_succeeded(s) || found == 2,
          "gc said that it removed the acknowledged task");
    bool starts = strcmp(op->name, "run") == 0 || strcmp(op->name, "keyed") == 0;
    CHECK(others == 0 || (others == 1 && starts), "%d unknown tasks", others);
}

/* The task that the operation started ran once and ended with its code, or never and is said to be
 * lost. */
static void check_started(const story *s, tether_registry *registry, const char *found)
{
    int lines;
    if (story_succeeded(s))
        CHECK(strcmp(found, s->started) == 0, "the started task is '%s', listed is '%s'",
              s->started, found);
    if (found[0] == '\0') {
        CHECK(!test_exists(story_trace(s)), "a task ran that is not listed");
        return;
    }
    tether_snapshot *snapshot = wait_for(registry, found);
    lines = test_count_lines(story_trace(s));
    if (!story_succeeded(s) && snapshot->status == TETHER_STATUS_LOST)
        CHECK(lines == 0 && strcmp(snapshot->reason, "never started") == 0,
              "lost (%s), and it ran %d times", snapshot->reason, lines);
    else
        CHECK(lines == 1 && snapshot->exit_code == STARTED_CODE &&
                  snapshot->status == TETHER_STATUS_FAILED,
              "it ran %d times, and is %s with code %d (%s)", lines,
              tether_status_text(snapshot->status), (int)snapshot->exit_code,
              snapshot->reason != NULL ? snapshot->reason : "no reason");
    tether_snapshot_free(snapshot);
    acknowledge(registry, found, NULL);
}

/* A kill that succeeded left nothing; another one can be repeated. */
static void check_killed(const story *s, tether_registry *registry)
{
    tether_error error = {0};
    if (!story_succeeded(s))
        HOST_OK(tether_kill(registry, s->running, NULL, &error), error);
    tether_snapshot *snapshot = wait_for(registry, s->running);
    CHECK(snapshot->status == TETHER_STATUS_KILLED &&
              (snapshot->exit_code == 143 || snapshot->exit_code == 137),
          "it is %s with code %d (%s)", tether_status_text(snapshot->status),
          (int)snapshot->exit_code, snapshot->reason != NULL ? snapshot->reason : "no reason");
    tether_snapshot_free(snapshot);
}

/* The running task goes on to its own end, also after a half-done pause or resume. */
static void check_running(const story *s, const operation *op, tether_registry *registry)
{
    tether_error error = {0};
    if (strcmp(op->name, "kill") == 0) {
        check_killed(s, registry);
        return;
    }
    if (op->check != NULL)
        op->check(s, registry);
    if (strcmp(op->name, "pause") == 0 || strcmp(op->name, "resume") == 0)
        HOST_OK(tether_resume(registry, s->running, &error), error);
    story_open_gate(s);
    expect(registry, s->running, TETHER_STATUS_FAILED, RUNNING_CODE);
}

/* The end that nobody saw keeps its code, and its completion is delivered once. */
static void check_unseen(const story *s, const operation *op, tether_registry *registry)
{
    bool fresh;
    expect(registry, s->unseen, TETHER_STATUS_FAILED, UNSEEN_CODE);
    acknowledge(registry, s->unseen, &fresh);
    if (strcmp(op->name, "completions") != 0)
        CHECK(fresh, "its completion was delivered already");
    else if (story_succeeded(s))
        CHECK(!fresh, "its completion is delivered twice");
}

/* Once everything has ended and was acknowledged, a collection leaves no trace of any task. A
 * supervisor that has written its exit line lives for a moment longer, and its task is kept so
 * long. */
static void check_nothing_left(const story *s, tether_registry *registry)
{
    tether_error error = {0};
    tether_gc_result result = {0};
    const tether_gc_options any_age = {.older_than_ms = -1};
    int64_t end = test_now_ms() + PATIENCE_MS;
    int exits, bundles;
    do {
        HOST_OK(tether_gc(registry, &any_age, &result, &error), error);
        exits = test_count_names(test_session_path(&s->f, "exits"));
        bundles = test_count_names(test_session_path(&s->f, "tasks"));
        CHECK(result.quarantined == 0, "%d sound tasks are in quarantine", (int)result.quarantined);
    } while (exits + bundles > 0 && test_now_ms() < end);
    CHECK(exits == 0 && bundles == 0, "%d lifelines, %d bundles are left", exits, bundles);
}

static void check(fixture *f, void *userdata)
{
    story *s = ((void **)userdata)[0];
    const operation *op = ((void **)userdata)[1];
    char started[TETHER_ID_SIZE];
    (void)f;
    if (s->said)
        check_answer(s);
    tether_registry *registry = open_store(s);
    check_list(s, op, registry, started);
    check_started(s, registry, started);
    check_running(s, op, registry);
    acknowledge(registry, s->running, NULL);
    check_unseen(s, op, registry);
    check_nothing_left(s, registry);
    HOST_OK(tether_close(registry, TETHER_DETACH, NULL), (tether_error){0});
}

bool story_check(story *s, const operation *op)
{
    const void *arguments[] = {s, op};
    return test_join_host(test_fork_host(check, &s->f, arguments)) == 0;
}

/* After a finding tasks may still run. */
static void end_tasks(const story *s)
{
    static const char *const gates[] = {"gate", "gate-unseen", "gate-acknowledged"};
    const char *const ids[] = {s->running, s->unseen, s->acknowledged};
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++)
        test_write_file(test_work_path(&s->f, "%s", gates[i]), "", 0);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char cookie[TETHER_ID_SIZE + 32];
        snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", ids[i]);
        int64_t end = test_now_ms() + PATIENCE_MS;
        while (test_count_cookies(cookie) > 0 && test_now_ms() < end)
            test_pause();
    }
}

void story_end(story *s, bool right)
{
    if (!right)
        end_tasks(s);
    test_remove_store(s->f.store);
    test_remove_store(s->f.work);
    free(s->f.store);
    free(s->f.work);
}
