/* Owns selecting the store and session, and opening and closing the command's one registry.
 * Must not: read the store itself, or end tasks: closing always detaches.
 * Thread: the main one. */
#include "cli/session.h"

#include <stdlib.h>

#include <uv.h>

#include "cli/print.h"

/* uv_os_getenv returns UTF-8 on every platform; getenv does not on Windows. */
static bool read_env(const char *name, char **value)
{
    char probe[1];
    size_t size = sizeof probe;
    int result = uv_os_getenv(name, probe, &size);

    *value = NULL;
    if (result != UV_ENOBUFS)
        return true;
    *value = malloc(size);
    if (*value == NULL)
        return false;
    if (uv_os_getenv(name, *value, &size) != 0) {
        free(*value);
        *value = NULL;
    }
    return true;
}

bool session_init(cli_options *cli)
{
    if (!read_env("TETHER_STORE", &cli->store_from_env) ||
        !read_env("TETHER_SESSION", &cli->session_from_env))
        return false;
    cli->store = cli->store_from_env;
    cli->session = cli->session_from_env;
    return true;
}

void session_dispose(cli_options *cli)
{
    free(cli->store_from_env);
    free(cli->session_from_env);
    cli->store_from_env = NULL;
    cli->session_from_env = NULL;
}

int session_open(const cli_options *cli, tether_registry **registry)
{
    tether_open_options options = {0};

    return session_open_with(cli, &options, registry);
}

int session_open_with(const cli_options *cli, tether_open_options *options,
                      tether_registry **registry)
{
    tether_error error;

    options->size = sizeof *options;
    options->store = cli->store;
    options->session = cli->session;
    options->no_gc = !cli->collect_garbage;
    if (tether_open(options, registry, &error) != 0)
        return print_error(cli, &error);
    return 0;
}

int session_close(const cli_options *cli, tether_registry *registry, int code)
{
    tether_error error;

    if (tether_close(registry, TETHER_DETACH, &error) != 0) {
        int failed = print_error(cli, &error);

        return code != 0 ? code : failed;
    }
    return code;
}
