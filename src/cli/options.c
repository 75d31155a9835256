/* Owns the defaults of the options that every verb accepts, from the environment.
 * Must not: parse arguments, or change the environment.
 * Thread: the main one. */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

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

/* Sets plain if colours are not wanted (https://no-color.org) or not possible. */
static bool read_plain(cli_options *cli)
{
    char *no_colour, *terminal;
    bool read = read_env("NO_COLOR", &no_colour);

    if (!read || !read_env("TERM", &terminal)) {
        free(no_colour);
        return false;
    }
    cli->dumb = terminal != NULL && strcmp(terminal, "dumb") == 0;
    cli->plain = no_colour != NULL || cli->dumb;
    free(no_colour);
    free(terminal);
    return true;
}

bool options_init(cli_options *cli)
{
    if (!read_env("TETHER_STORE", &cli->store_from_env) ||
        !read_env("TETHER_SESSION", &cli->session_from_env) ||
        !read_env("TETHER_TIMEOUT", &cli->timeout_from_env) || !read_plain(cli))
        return false;
    cli->store = cli->store_from_env;
    cli->session = cli->session_from_env;
    cli->timeout = cli->timeout_from_env;
    return true;
}

void options_dispose(cli_options *cli)
{
    free(cli->store_from_env);
    free(cli->session_from_env);
    free(cli->timeout_from_env);
    cli->store_from_env = NULL;
    cli->session_from_env = NULL;
    cli->timeout_from_env = NULL;
}
