/* Owns reading commands, and running each one before the next is read.
 * Must not: read more of standard input than the lines that it runs: the commands read there too.
 * Thread: the only one. */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "job_builtins.h"
#include "line.h"
#include "parser.h"
#include "terminal.h"

/* Runs the next command of a text. */
static enum parse_result run_next(struct shell *sh, const char **at, bool final, bool job)
{
    struct node *tree;
    char *message;
    enum parse_result result = parse_command(at, final, &tree, &message);
    if (result == PARSE_ERROR) {
        complain("syntax error: %s", message);
        sh->status = 2;
    } else if (tree != NULL) {
        exec_tree(sh, tree, job && (*at)[strspn(*at, " \t\n")] == '\0');
    }
    node_free(tree);
    free(message);
    return result;
}

void source_text(struct shell *sh, const char *text, bool job)
{
    while (*text != '\0' && !sh->exiting) {
        if (run_next(sh, &text, true, job) == PARSE_ERROR)
            return;
    }
}

char *source_file(const char *path)
{
    FILE *file = fopen(path, "re");
    struct text text = {0};
    char buffer[8192];
    size_t got;
    if (file == NULL) {
        complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add(&text, buffer, got);
    fclose(file);
    return text_take(&text);
}

/* A line with its newline; NULL at the end. The caller frees it. */
static char *read_plain(void)
{
    struct text line = {0};
    char c;
    ssize_t got;
    while ((got = read(STDIN_FILENO, &c, 1)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        if (c != '\0')
            text_add_char(&line, c);
        if (c == '\n')
            break;
    }
    return line.size == 0 ? NULL : text_take(&line);
}

static char *read_typed(const struct shell *sh, bool first)
{
    const char *prompt = vars_get(&sh->vars, first ? "PS1" : "PS2");
    if (prompt == NULL)
        prompt = first ? "tether$ " : "> ";
    char *line = line_read(prompt);
    if (line == NULL)
        return NULL;
    struct text text = {0};
    text_add_string(&text, line);
    text_add_char(&text, '\n');
    free(line);
    return text_take(&text);
}

/* Adds a line to the text. Returns false at the end of the input, or after Ctrl-C. */
static bool add_line(const struct shell *sh, struct text *text)
{
    char *line = sh->interactive ? read_typed(sh, text->size == 0) : read_plain();
    if (line == NULL)
        return false;
    text_add_string(text, line);
    free(line);
    return true;
}

/* Reads lines until a command is complete, and runs it. Returns false at the end of the input. */
static bool run_lines(struct shell *sh)
{
    struct text text = {0};
    enum parse_result result = PARSE_UNFINISHED;
    bool more = true, interrupted = false;
    while (result == PARSE_UNFINISHED && !interrupted) {
        more = add_line(sh, &text);
        interrupted = sh->interactive && terminal_interrupted();
        const char *at = text.bytes;
        if (interrupted)
            sh->status = 130;
        else if (text.size > 0)
            result = run_next(sh, &at, !more, false);
        if (!more)
            break;
    }
    text_free(&text);
    if (result == PARSE_ERROR && !sh->interactive)
        return false;
    return more || interrupted;
}

void source_lines(struct shell *sh)
{
    bool more = true;
    while (more && !sh->exiting) {
        if (sh->interactive) {
            terminal_forget();
            jobs_tell(sh);
            fflush(NULL);
        }
        more = run_lines(sh);
        if (!more && sh->interactive && !sh->exiting && jobs_any_stopped(sh) && !sh->warned) {
            complain("there are stopped jobs, which end with this shell");
            sh->warned = more = true;
        }
    }
}
