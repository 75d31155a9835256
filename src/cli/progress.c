/* Owns when the status line is on the screen.
 * Must not: touch a screen that the output of a task has arranged, or that belongs to another job.
 * Thread: one of its own draws once a second; every thread that writes to a stream of the command
 * removes the line before, and draws it again after. */
#include "cli/progress.h"

#include <string.h>

#include <uv.h>

#include "cli/console_os.h"
#include "cli/ground.h"
#include "cli/stream.h"

#define NS_PER_MS ((uint64_t)1000 * 1000)
#define INTERVAL_NS ((uint64_t)1000 * NS_PER_MS)

/* Looking takes at most this part of the time, however many tasks there are. */
enum { LOOK_SHARE = 20 };

/* The terminal of standard error. */
enum { SCREEN = 2 };

static struct {
    int depth;         /* of progress_begin; the main thread */
    bool running;      /* there is a thread; the main thread */
    bool terminals[3]; /* which descriptors are terminals; constant while the thread runs */
    bool colours;
    const char *doing;
    progress_fill *fill;
    void *userdata;
    uint64_t begun;
    uv_thread_t thread;
    uv_mutex_t lock; /* guards all below, and the terminals */
    uv_cond_t changed;
    bool ending;
    bool due; /* state is filled */
    bool shown;
    cli_ground ground;
    progress_state state;
} progress;

static void hide(void)
{
    cli_stream *to = stream_stderr_line();

    if (!progress.shown)
        return;
    progress.shown = false;
    if (console_os_in_foreground(SCREEN)) {
        stream_text(to, "\r\033[J");
        stream_flush(to);
    }
    console_os_line(SCREEN, false);
}

/* Leaves the last column free: some terminals begin a new line as soon as it is used. Writes all at
 * once, so that the line does not flicker. Leaves the cursor at the start of the line and erases
 * all that is behind the end of it: a terminal that has become narrower may have broken the line in
 * two, and then the cursor is in the first part. */
static void draw(void)
{
    cli_stream *to = stream_stderr_line();
    size_t columns = stream_columns(to);

    if (!progress.due || !ground_is_free(&progress.ground) || !console_os_in_foreground(SCREEN)) {
        hide();
        return;
    }
    console_os_line(SCREEN, true);
    stream_text(to, progress.colours ? "\r\033[2m" : "\r");
    progress_line_write(to, &progress.state, columns == SIZE_MAX ? 79 : columns - 1);
    stream_text(to, progress.colours ? "\033[0m\033[J\r" : "\033[J\r");
    progress.shown = stream_flush(to);
}

/* Fills in a state. The caller does not hold the lock: the library may take long to tell about the
 * tasks, and other threads write meanwhile. Returns how long it took. */
static uint64_t look(progress_state *state)
{
    uint64_t before = uv_hrtime();

    memset(state, 0, sizeof *state);
    state->doing = progress.doing;
    state->elapsed_ms = (int64_t)((before - progress.begun) / NS_PER_MS);
    if (progress.fill != NULL)
        progress.fill(progress.userdata, state);
    return uv_hrtime() - before;
}

/* Waits until then; returns false if the end came before. */
static bool sleep_until(uint64_t moment)
{
    while (!progress.ending) {
        uint64_t now = uv_hrtime();

        if (now >= moment)
            return true;
        uv_cond_timedwait(&progress.changed, &progress.lock, moment - now);
    }
    return false;
}

static void run(void *unused)
{
    static progress_state next;
    uint64_t moment = progress.begun + INTERVAL_NS;

    (void)unused;
    uv_mutex_lock(&progress.lock);
    while (sleep_until(moment)) {
        uint64_t took, pause;

        uv_mutex_unlock(&progress.lock);
        took = look(&next);
        uv_mutex_lock(&progress.lock);
        progress.state = next;
        progress.due = true;
        if (!progress.ending)
            draw();
        /* On whole seconds, so that the shown time counts each of them. */
        pause = uv_hrtime() - moment + took * LOOK_SHARE;
        moment += INTERVAL_NS * (1 + pause / INTERVAL_NS);
    }
    uv_mutex_unlock(&progress.lock);
}

/* What is written to a terminal takes the place of the line, and the line comes again below it. */
static void before_write(int descriptor)
{
    if (!progress.terminals[descriptor])
        return;
    uv_mutex_lock(&progress.lock);
    hide();
}

static void after_write(int descriptor, const char *bytes, size_t size)
{
    if (!progress.terminals[descriptor])
        return;
    ground_feed(&progress.ground, bytes, size);
    if (progress.due && !progress.ending)
        draw();
    uv_mutex_unlock(&progress.lock);
}

static bool is_wanted(const cli_options *cli)
{
    return !cli->json && !cli->quiet && !cli->dumb && stream_has_colours(stream_stderr());
}

/* What other threads use, too, stays until the process ends. */
static bool prepare(void)
{
    static bool prepared;

    if (prepared)
        return true;
    if (uv_mutex_init(&progress.lock) != 0)
        return false;
    if (uv_cond_init(&progress.changed) != 0) {
        uv_mutex_destroy(&progress.lock);
        return false;
    }
    progress.terminals[1] = stream_is_terminal(stream_stdout());
    progress.terminals[2] = true;
    stream_guard(before_write, after_write);
    prepared = true;
    return true;
}

void progress_begin(const cli_options *cli, const char *doing, progress_fill *fill, void *userdata)
{
    if (progress.depth++ > 0 || !is_wanted(cli))
        return;
    /* What is printed already does not come between. */
    stream_flush(stream_stdout());
    stream_flush(stream_stderr());
    if (!prepare())
        return;
    progress.colours = !cli->plain;
    progress.doing = doing;
    progress.fill = fill;
    progress.userdata = userdata;
    progress.begun = uv_hrtime();
    progress.ending = false;
    progress.running = uv_thread_create(&progress.thread, run, NULL) == 0;
}

void progress_end(void)
{
    if (--progress.depth > 0 || !progress.running)
        return;
    uv_mutex_lock(&progress.lock);
    progress.ending = true;
    uv_cond_signal(&progress.changed);
    uv_mutex_unlock(&progress.lock);
    uv_thread_join(&progress.thread);
    uv_mutex_lock(&progress.lock);
    hide();
    progress.due = false;
    progress.running = false;
    uv_mutex_unlock(&progress.lock);
}
