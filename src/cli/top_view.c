/* Owns the loop of "tether top": when the store is read, when the screen is drawn, and how long to
 * sleep.
 * Must not: wait for the library on its own thread; the workers do.
 * Thread: the main one. */
#include "cli/top_view.h"

#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/screen_os.h"
#include "cli/session.h"
#include "cli/stream.h"
#include "cli/top_draw.h"
#include "cli/top_keys.h"
#include "cli/top_state.h"

/* A list may take a tenth of the time; the pane is renewed at its own interval; so many tasks that
 * are not on the screen are measured for an order by what tasks use. */
enum { LIST_SHARE = 10, PANE_MS = 200, SAMPLES_MOST = 256 };

#define NEVER INT64_MAX

typedef struct top_view {
    top_state state;
    const cli_options *cli;
    tether_registry *registry;
    intptr_t pollable;
    int64_t interval_ms;
    bool listing, sampling, tailing; /* the reader has such a job */
    bool wants_running, wants_samples;
    int64_t list_due;     /* the next list not before */
    int64_t tick_due;     /* numbers are out of date then */
    int64_t tail_due;     /* the pane is */
    int64_t dispatch_due; /* the registry wants to be called then */
    bool changed;         /* the screen is out of date */
    bool gone;            /* the terminal is */
    tether_error fatal;   /* code 0: none */
} top_view;

/* --- The registry --- */

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    top_view *view = userdata;

    (void)registry;
    if (event->kind == TETHER_EVENT_STARTED || event->kind == TETHER_EVENT_COMPLETION)
        view->state.wants_all = true;
    if (event->kind != TETHER_EVENT_LOG || event->level == TETHER_LOG_INFO)
        return;
    top_state_tell(&view->state, event->level == TETHER_LOG_ERROR, "%s", event->error->message);
    view->changed = true;
}

static int open_session(top_view *view, const char *session, tether_registry **registry,
                        tether_error *error)
{
    const tether_open_options options = {.size = sizeof options,
                                         .store = view->cli->store,
                                         .session = session,
                                         .on_event = on_event,
                                         .userdata = view,
                                         .reminder_ms = TETHER_NO_REMINDER,
                                         .leave_watches = 1,
                                         .no_gc = 1,
                                         .dispatch = 1};
    int code = tether_open(&options, registry, error);

    if (code == 0)
        code = tether_pollable(*registry, &view->pollable, error);
    return code;
}

/* The store is gone, or another end of all that can be shown. */
static void fail(top_view *view, const tether_error *error)
{
    view->fatal = *error;
    view->state.quits = true;
}

static void dispatch(top_view *view)
{
    tether_error error = {0};
    int64_t next_ms = -1;
    int code = tether_dispatch(view->registry, &next_ms, &error);

    view->dispatch_due = next_ms < 0 ? NEVER : top_worker_now() + next_ms;
    if (code == TETHER_EGONE)
        fail(view, &error);
    else if (code != 0)
        top_state_tell(&view->state, true, "%s", error.message);
}

static void start_workers(top_view *view)
{
    tether_error none = {.code = TETHER_ELIMIT};

    view->state.reader = top_worker_start(view->registry, screen_os_wake);
    view->state.actor = top_worker_start(view->registry, screen_os_wake);
    if (view->state.reader != NULL && view->state.actor != NULL)
        return;
    strcpy(none.message, "start top: no thread is left; end other programs, then try again");
    fail(view, &none);
}

/* A kill that has begun goes on to its end. */
static void stop_workers(top_view *view)
{
    tether_interrupt(view->registry);
    top_worker_stop(view->state.reader);
    top_worker_stop(view->state.actor);
    view->state.reader = view->state.actor = NULL;
    view->listing = view->sampling = view->tailing = false;
}

/* Shows an empty table until the first list of the session has come. */
static void begin_session(top_view *view)
{
    top_state *state = &view->state;

    top_rows_dispose(&state->rows);
    state->rows.cursor = state->rows.first = 0;
    state->rows.selected[0] = state->tail_id[0] = '\0';
    state->loaded = false;
    state->wants_all = true;
    state->mode = TOP_TABLE;
    view->list_due = 0;
    view->dispatch_due = 0;
    view->changed = true;
}

static void switch_session(top_view *view)
{
    top_state *state = &view->state;
    char *session = top_rows_copy(state->sessions[state->session_cursor].id, SIZE_MAX);
    tether_registry *registry = NULL;
    tether_error error = {0};
    int code;

    state->switches = false;
    state->mode = TOP_TABLE;
    if (session == NULL)
        return;
    code = open_session(view, session, &registry, &error);
    if (code != 0) {
        tether_close(registry, TETHER_DETACH, NULL);
        tether_pollable(view->registry, &view->pollable, NULL);
        top_state_tell(state, true, "%s", error.message);
        free(session);
        return;
    }
    stop_workers(view);
    tether_close(view->registry, TETHER_DETACH, NULL);
    view->registry = registry;
    free(state->session);
    state->session = session;
    begin_session(view);
    start_workers(view);
}

/* --- Results of the workers --- */

static void rearrange(top_view *view)
{
    top_rows_arrange(&view->state.rows);
    top_rows_scroll(&view->state.rows, view->state.list_height);
}

static void take_list(top_view *view, const top_job *job)
{
    top_rows *rows = &view->state.rows;
    bool enough;

    view->listing = false;
    view->list_due = job->at + job->took_ms * LIST_SHARE;
    if (job->error.code != 0)
        return;
    if (job->kind == TOP_JOB_ALL) {
        enough = top_rows_take_all(rows, job->list, job->at);
    } else {
        enough = top_rows_take_some(rows, job->list, job->at);
        /* Some have ended meanwhile, or were removed. */
        if (top_rows_running(rows) > job->list->count)
            view->state.wants_all = true;
    }
    if (!enough)
        top_state_tell(&view->state, true, "out of memory: end other programs, then try again");
    view->state.loaded = true;
    view->wants_samples = true;
    rearrange(view);
}

static void take_samples(top_view *view, top_job *job)
{
    size_t i;

    view->sampling = false;
    for (i = 0; i < job->sample_count; i++)
        top_rows_take_sample(&view->state.rows, &job->samples[i]);
    if (view->state.rows.sort >= TOP_SORT_CPU && view->state.rows.sort <= TOP_SORT_RATE)
        rearrange(view);
}

static void take_tail(top_view *view, top_job *job)
{
    top_state *state = &view->state;

    view->tailing = false;
    if (strcmp(job->id, state->tail_id) != 0 || job->text == NULL)
        return;
    tether_free(state->tail);
    state->tail = job->text;
    state->tail_size = job->size;
    state->tail_seen = job->seen;
    job->text = NULL;
}

static void take_control(top_view *view, const top_job *job)
{
    const char *label = top_state_label(&view->state, job->id);

    if (job->error.code == 0)
        top_state_tell(&view->state, false, "%s %.200s: done", top_state_verb(job->kind), label);
    view->state.wants_all = true;
    view->list_due = 0;
}

static void take_sessions(top_view *view, const top_job *job)
{
    view->state.message[0] = '\0';
    if (job->error.code != 0)
        return;
    top_state_take_sessions(&view->state, job->list);
    view->state.mode = TOP_SESSIONS;
}

static void take_job(top_view *view, top_job *job)
{
    switch (job->kind) {
    case TOP_JOB_ALL:
    case TOP_JOB_RUNNING:
        take_list(view, job);
        break;
    case TOP_JOB_SAMPLE:
        take_samples(view, job);
        break;
    case TOP_JOB_TAIL:
        take_tail(view, job);
        break;
    case TOP_JOB_SESSIONS:
        take_sessions(view, job);
        break;
    default:
        take_control(view, job);
        break;
    }
    if (job->error.code == TETHER_EGONE)
        fail(view, &job->error);
    else if (job->error.code != 0)
        top_state_tell(&view->state, true, "%s", job->error.message);
    view->changed = true;
    top_job_free(job);
}

static void take_jobs(top_view *view)
{
    top_worker *workers[] = {view->state.reader, view->state.actor};
    top_job *job;
    int i;

    for (i = 0; i < 2; i++) {
        while ((job = top_worker_take(workers[i])) != NULL)
            take_job(view, job);
    }
}

/* --- Jobs for the reader --- */

static void plan_list(top_view *view)
{
    top_job_kind kind = view->state.wants_all ? TOP_JOB_ALL : TOP_JOB_RUNNING;
    top_job *job;

    if (view->listing || !(view->state.wants_all || view->wants_running) ||
        view->state.now < view->list_due)
        return;
    job = top_job_new(kind, NULL);
    view->listing = job != NULL;
    view->wants_running = view->state.wants_all = false;
    top_state_give(&view->state, view->state.reader, job);
}

/* Adds the row to the samples, unless nothing about it can be new. */
static void add_sample(top_job *job, const top_row *row, bool renew)
{
    bool ended = tether_status_ended(row->status);
    top_sample *sample = &job->samples[job->sample_count];

    if (job->sample_count == SAMPLES_MOST || (row->sampled != 0 && (ended || !renew)))
        return;
    memcpy(sample->id, row->id, sizeof sample->id);
    sample->measure = !ended && row->skip == 0;
    sample->output = row->last_line == NULL ? -1 : row->output;
    job->sample_count++;
}

static bool is_visible(const top_view *view, size_t number)
{
    const top_rows *rows = &view->state.rows;

    return number >= rows->first && number - rows->first < view->state.list_height;
}

/* What is on the screen comes first; an order by what tasks use needs others too. */
static void fill_samples(const top_view *view, top_job *job, bool renew)
{
    const top_rows *rows = &view->state.rows;
    bool by_use = rows->sort >= TOP_SORT_CPU && rows->sort <= TOP_SORT_RATE;
    size_t i;

    for (i = rows->first; i < rows->shown_count && is_visible(view, i); i++)
        add_sample(job, rows->shown[i], renew);
    for (i = 0; by_use && i < rows->shown_count && job->sample_count < SAMPLES_MOST; i++) {
        if (!is_visible(view, i) && !tether_status_ended(rows->shown[i]->status))
            add_sample(job, rows->shown[i], renew);
    }
}

static void plan_samples(top_view *view, bool renew)
{
    top_job *job;

    if (view->sampling || view->state.mode == TOP_HELP)
        return;
    job = top_job_new(TOP_JOB_SAMPLE, NULL);
    if (job != NULL)
        job->samples = calloc(SAMPLES_MOST, sizeof *job->samples);
    if (job == NULL || job->samples == NULL) {
        top_job_free(job);
        return;
    }
    fill_samples(view, job, renew);
    view->wants_samples = false;
    if (job->sample_count == 0) {
        top_job_free(job);
        return;
    }
    view->sampling = true;
    top_worker_give(view->state.reader, job);
}

static bool selected_runs(const top_view *view)
{
    const top_row *row = top_rows_selected(&view->state.rows);

    return row != NULL && !tether_status_ended(row->status);
}

static void plan_tail(top_view *view)
{
    top_state *state = &view->state;
    bool fresh = strcmp(state->tail_id, state->rows.selected) != 0;
    top_job *job;

    if (!state->follows || state->rows.selected[0] == '\0')
        return;
    if (fresh) {
        memcpy(state->tail_id, state->rows.selected, sizeof state->tail_id);
        tether_free(state->tail);
        state->tail = NULL;
        state->tail_seen = 0;
    }
    if (view->tailing || (!fresh && state->now < view->tail_due))
        return;
    job = top_job_new(TOP_JOB_TAIL, state->tail_id);
    if (job != NULL)
        job->seen = state->tail_seen;
    view->tailing = job != NULL;
    top_state_give(state, state->reader, job);
    view->tail_due = selected_runs(view) && view->interval_ms > 0 ? state->now + PANE_MS : NEVER;
}

/* Begins what is due. Without a running task nothing is ever due. */
static void plan(top_view *view)
{
    bool tick = view->state.now >= view->tick_due;

    if (tick) {
        view->wants_running = true;
        view->changed = true;
    }
    if (tick || view->wants_samples)
        plan_samples(view, tick);
    if (view->interval_ms == 0 || top_rows_running(&view->state.rows) == 0)
        view->tick_due = NEVER;
    else if (tick || view->tick_due == NEVER)
        view->tick_due = view->state.now + view->interval_ms;
    plan_list(view);
    plan_tail(view);
}

/* --- The loop --- */

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* Returns how long nothing is due, in milliseconds; -1: until something happens. */
static int64_t time_to_sleep(const top_view *view)
{
    int64_t due = earlier(view->tick_due, view->dispatch_due);
    int64_t now = top_worker_now();

    if (!view->listing && (view->state.wants_all || view->wants_running))
        due = earlier(due, view->list_due);
    if (view->state.follows && !view->tailing)
        due = earlier(due, view->tail_due);
    if (due == NEVER)
        return -1;
    return due > now ? due - now : 0;
}

static void take_keys(top_view *view)
{
    screen_key key;

    while ((key = screen_os_key()).code != SCREEN_NO_KEY) {
        top_keys_handle(&view->state, &key);
        view->changed = true;
        view->wants_samples = true;
    }
}

/* Handles what has happened during the sleep. */
static void handle(top_view *view, unsigned happened)
{
    if ((happened & (SCREEN_SIGNAL | SCREEN_HUNG_UP)) != 0) {
        view->gone = (happened & SCREEN_HUNG_UP) != 0;
        view->state.quits = true;
        return;
    }
    if ((happened & SCREEN_REDRAW) != 0)
        view->changed = view->wants_samples = true;
    if ((happened & SCREEN_HAS_KEYS) != 0)
        take_keys(view);
    /* A removal or an acknowledgement by another host has no event. */
    if ((happened & SCREEN_READY) != 0)
        view->state.wants_all = true;
    if ((happened & SCREEN_READY) != 0 || top_worker_now() >= view->dispatch_due)
        dispatch(view);
    if (view->state.switches)
        switch_session(view);
    take_jobs(view);
}

static void loop(top_view *view)
{
    while (!view->state.quits) {
        view->state.now = top_worker_now();
        plan(view);
        if (view->changed) {
            top_draw_place(&view->state);
            top_draw(&view->state);
        }
        view->changed = false;
        handle(view, screen_os_wait(view->pollable, time_to_sleep(view)));
    }
}

/* The terminal is given back first, so that what follows can be read. */
static int finish(top_view *view)
{
    int code = view->fatal.code != 0 ? EXIT_FAILED : 0;

    screen_os_leave();
    stop_workers(view);
    if (view->fatal.code != 0)
        print_error(view->cli, &view->fatal);
    code = session_close(view->cli, view->registry, code);
    screen_os_close();
    return view->gone ? EXIT_FAILED : code;
}

static int run(top_view *view, const char **why)
{
    *why = screen_os_open(!view->cli->plain);
    if (*why != NULL) {
        tether_close(view->registry, TETHER_DETACH, NULL);
        return 0;
    }
    begin_session(view);
    start_workers(view);
    loop(view);
    return finish(view);
}

int top_view_run(const cli_options *cli, int64_t interval_ms, bool running_only, const char **why)
{
    top_view view = {.cli = cli, .interval_ms = interval_ms, .tick_due = NEVER, .tail_due = NEVER};
    tether_error error = {0};
    int code;

    *why = NULL;
    view.state.rows.running_only = running_only;
    view.state.session = top_rows_copy(cli->session != NULL ? cli->session : "default", SIZE_MAX);
    if (view.state.session == NULL)
        return print_no_memory(cli);
    code = open_session(&view, cli->session, &view.registry, &error);
    if (code != 0) {
        tether_close(view.registry, TETHER_DETACH, NULL);
        code = print_error(cli, &error);
    } else {
        code = run(&view, why);
    }
    top_state_dispose(&view.state);
    return code;
}
