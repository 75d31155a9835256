/* Owns selecting the store and session, and opening and closing the command's one registry.
 * Must not: read the store itself, or end tasks: closing always detaches.
 * Thread: the main one. */
#include "cli/session.h"

#include "cli/print.h"
#include "cli/progress.h"
#include "cli/reader.h"
#include "cli/stream.h"

int session_open(const cli_options *cli, tether_registry **registry)
{
    tether_open_options options = {0};

    return session_open_with(cli, &options, registry);
}

int session_open_with(const cli_options *cli, tether_open_options *options,
                      tether_registry **registry)
{
    tether_error error = {0};
    int code;

    options->size = sizeof *options;
    options->store = cli->store;
    options->session = cli->session;
    options->no_gc = !cli->collect_garbage;
    /* A store of an earlier version is converted, and another process may do that just now. */
    progress_begin(cli, "opening the store", NULL, NULL);
    code = tether_open(options, registry, &error);
    progress_end();
    return code != 0 ? print_error(cli, &error) : 0;
}

/* The grace of a kill, and some time for the processes to go. */
enum { FINISH_MS = 6000 };

/* Ends what this command found overdue. Writes out first what the verb has printed, because it must
 * not wait for processes that take their time. A failure is reported and does not change the exit
 * code, which is that of the verb. */
static void finish_kills(const cli_options *cli, tether_registry *registry)
{
    tether_error error = {0};
    int code;

    if (tether_finish_kills(registry, 0, NULL) != TETHER_ETIMEDOUT)
        return;
    stream_flush(stream_stdout());
    stream_flush(stream_stderr());
    progress_begin(cli, "ending overdue tasks", NULL, NULL);
    code = tether_finish_kills(registry, FINISH_MS, &error);
    progress_end();
    if (code != 0)
        print_error(cli, &error);
}

int session_close(const cli_options *cli, tether_registry *registry, int code)
{
    tether_error error = {0};

    reader_unwatch();
    finish_kills(cli, registry);
    if (tether_close(registry, TETHER_DETACH, &error) != 0) {
        int failed = print_error(cli, &error);

        code = code != 0 ? code : failed;
    }
    reader_end();
    return code;
}
