/* Owns reading the files that options of "tether run" name.
 * Must not: know the format of files with variables, or of the first line of a script.
 * Thread: the main one. */
#include "cli/run_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/env_file.h"
#include "cli/print.h"
#include "cli/stream.h"

#define FILE_MAX ((size_t)64 * 1024 * 1024)

static int print_unreadable(const cli_options *cli, const char *step, const char *name,
                            const stream_failure *failure)
{
    tether_error error = {0};

    error.code = failure->code == UV_EACCES ? TETHER_EACCESS : TETHER_EIO;
    error.os_error = failure->os_error;
    snprintf(error.step, sizeof error.step, "%s", step);
    snprintf(error.message, sizeof error.message,
             "%.200s could not be read (%s); check its name and permissions", name,
             uv_strerror(failure->code));
    return print_error(cli, &error);
}

/* Reads a file that has no NUL byte. The request owns the text. */
static int read_text(const cli_options *cli, run_request *request, const char *step,
                     const char *path, char **text, size_t *size)
{
    stream_failure failure;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    const char *nul;

    char **texts = realloc(request->texts, (request->text_count + 1) * sizeof *texts);
    if (texts == NULL)
        return print_no_memory(cli);
    request->texts = texts;
    switch (stream_read_file(path, FILE_MAX, text, size, &failure)) {
    case STREAM_READ_OK:
        break;
    case STREAM_READ_NO_MEMORY:
        return print_no_memory(cli);
    case STREAM_READ_TOO_BIG:
        return print_failure(cli, TETHER_ETOOBIG, step,
                             "%.200s has more than 64 MiB: put its data into a separate file",
                             name);
    default:
        return print_unreadable(cli, step, name, &failure);
    }
    request->texts[request->text_count++] = *text;
    nul = memchr(*text, '\0', *size);
    if (nul != NULL)
        return print_failure(cli, TETHER_EINVAL, step,
                             "%.200s has a NUL byte at offset %" PRIu64
                             ", which no shell accepts: remove it",
                             name, (uint64_t)(nul - *text));
    return 0;
}

static bool exists(const char *path)
{
    uv_fs_t request;
    int code = uv_fs_access(NULL, &request, path, 0, NULL);

    uv_fs_req_cleanup(&request);
    return code == 0;
}

/* A shell that was chosen sees the first line as a comment. */
static void take_interpreter(run_request *request, const char *text, size_t size)
{
    if (request->spec.shell != NULL || !interpreter_read(text, size, &request->script))
        return;
    if (!exists(request->script.path))
        interpreter_by_name(&request->script);
    request->spec.shell = request->script.path;
    if (request->script.argument[0] != '\0') {
        request->shell_arguments[0] = request->script.argument;
        request->spec.shell_arguments = request->shell_arguments;
    }
}

int run_files_command(const cli_options *cli, run_request *request)
{
    char *text;
    size_t size;
    int code = read_text(cli, request, "read command file", request->file, &text, &size);

    if (code != 0)
        return code;
    take_interpreter(request, text, size);
    request->spec.command = text;
    request->spec.command_size = size;
    return 0;
}

int run_files_env(const cli_options *cli, run_request *request, const char *path)
{
    static const char step[] = "read environment file";
    char *text;
    size_t size, bad_line;
    int code = read_text(cli, request, step, path, &text, &size);

    if (code != 0)
        return code;
    const char **entries =
        realloc((void *)request->env_set,
                (request->env_count + env_file_capacity(text) + 1) * sizeof *entries);
    if (entries == NULL)
        return print_no_memory(cli);
    request->env_set = entries;
    request->env_count += env_file_split(text, entries + request->env_count, &bad_line);
    entries[request->env_count] = NULL;
    if (bad_line == 0)
        return 0;
    return print_failure(cli, TETHER_EINVAL, step,
                         "line %" PRIu64
                         " of %.200s is no NAME=VALUE; correct it, or begin it with "
                         "# to leave it out",
                         (uint64_t)bad_line, path);
}
