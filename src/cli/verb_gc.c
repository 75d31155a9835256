/* Owns: "tether gc": removing ended and acknowledged tasks from the whole store.
 * Must not: decide what may go; the library does that.
 * Runs on: the main thread. */
#include "verbs.h"

#include "duration.h"
#include "print.h"
#include "stream.h"

const char verb_gc_help[] =
    "tether gc [--older-than DUR]\n"
    "\n"
    "Removes ended and acknowledged tasks with their output, in every session of the store.\n"
    "\n"
    "  --older-than DUR     only what ended at least so long ago (default: 24h; 0: any)\n";

enum { OPT_OLDER_THAN = 1 };

static const args_option gc_options[] = {
    {"--older-than", ARGS_VALUE, OPT_OLDER_THAN},
    {NULL, ARGS_FLAG, 0},
};

static int parse(const cli_options *cli, cli_args *args, tether_gc_options *options)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        if (!duration_parse(value, &options->older_than_ms))
            return print_failure(cli, TETHER_EINVAL, "read arguments",
                                 "--older-than %.80s is not a duration: give %s", value,
                                 DURATION_FORMS);
        if (options->older_than_ms == 0)
            options->older_than_ms = -1; /* the library's word for whatever its age */
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "gc takes no operand such as %.80s; see tether help gc", value);
    return 0;
}

static int collect(const cli_options *cli, tether_registry *registry,
                   const tether_gc_options *options)
{
    tether_gc_result result = {0};
    tether_error error;

    if (tether_gc(registry, options, &result, &error) != 0)
        return print_error(cli, &error);
    stream_format(stream_stdout(),
                  cli->json
                      ? "{\"removed\":%zu,\"kept\":%zu,\"leftovers\":%zu,\"quarantined\":%zu}\n"
                      : "removed %zu, kept %zu, leftovers %zu, quarantined %zu\n",
                  result.removed, result.kept, result.leftovers, result.quarantined);
    return 0;
}

int verb_gc(cli_options *cli, cli_args *args)
{
    tether_gc_options options = {0};
    tether_registry *registry;
    int code;

    args->options = gc_options;
    options.size = sizeof options;
    code = parse(cli, args, &options);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code != 0)
        return code;
    return session_close(cli, registry, collect(cli, registry, &options));
}
