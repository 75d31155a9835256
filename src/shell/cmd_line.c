/* Owns what is known of cmd's reading of lines.
 * Must not: write whole scripts (wrapper_bat.h does).
 * Thread: any. */
#include "shell/cmd_line.h"

#include <ctype.h>
#include <string.h>

#include "shell/argv_quote.h"

/* For cmd's own path and options in front of a call: a path has at most 260 units there. */
enum { CALL_RESERVE = 320 };

size_t tether__cmd_units(const char *text)
{
    size_t units = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        /* Bytes that go on with a character count nothing, and those that begin one of four bytes
         * twice: it takes two units. */
        units += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

bool tether__cmd_is_network_path(const char *path)
{
    bool slashes = (path[0] == '\\' || path[0] == '/') && (path[1] == '\\' || path[1] == '/');
    return slashes && path[2] != '?' && path[2] != '.';
}

/* The size of a path without the dots and blanks at its end. */
static size_t bare_size(const char *path)
{
    size_t size = strlen(path);
    while (size > 0 && (path[size - 1] == '.' || path[size - 1] == ' '))
        size--;
    return size;
}

static bool ends_in(const char *path, size_t size, const char *ending)
{
    size_t length = strlen(ending);
    if (size < length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (tolower((unsigned char)path[size - length + i]) != ending[i])
            return false;
    }
    return true;
}

bool tether__cmd_is_batch(const char *program)
{
    size_t size = bare_size(program);
    return ends_in(program, size, ".bat") || ends_in(program, size, ".cmd");
}

bool tether__cmd_runs_exactly(const char *program)
{
    size_t size = strlen(program);
    return ends_in(program, size, ".exe") || ends_in(program, size, ".com");
}

void tether__cmd_add_argument(tether__text *text, const char *argument)
{
    /* In real quotes nothing is special, and without a quote inside they are closed where they
     * seem to be. */
    if (strchr(argument, '"') == NULL) {
        tether__argv_add_quoted(text, argument);
        return;
    }
    /* A quote behind a caret opens nothing: cmd stays outside of quotes for the whole argument, and
     * everything that is special there has a caret of its own. Percent signs are not special any
     * more: variables were replaced before. */
    tether__text quoted = {0};
    tether__argv_add_quoted(&quoted, argument);
    for (const char *at = quoted.failed ? "" : quoted.bytes; *at != '\0'; at++) {
        tether__text_add_string(text, strchr("\"^&|<>()", *at) != NULL ? "^" : "");
        tether__text_add(text, at, 1);
    }
    text->failed = text->failed || quoted.failed;
    tether__text_dispose(&quoted);
}

/* Why a batch file cannot have this text as an argument, or NULL. */
static const char *unsafe_argument(const char *argument)
{
    if (strchr(argument, '"') != NULL)
        return "an argument of a batch file has a double quote in it, after which cmd would run "
               "what follows as commands; call the program behind the batch file directly, or "
               "pass the text in a variable or a file";
    if (strchr(argument, '%') != NULL)
        return "an argument of a batch file has a percent sign in it, which cmd would replace by "
               "the value of a variable; call the program behind the batch file directly, or pass "
               "the text in a variable or a file";
    if (strchr(argument, '!') != NULL)
        return "an argument of a batch file has an exclamation mark in it, which cmd may replace "
               "by the value of a variable; call the program behind the batch file directly, or "
               "pass the text in a variable or a file";
    if (strpbrk(argument, "\r\n") != NULL)
        return "an argument of a batch file has a line end in it, at which cmd stops reading; call "
               "the program behind the batch file directly, or pass the text in a file";
    return NULL;
}

static const char *unsafe_program(const char *program)
{
    if (strpbrk(program, "\"\r\n") != NULL)
        return "no path of a batch file has a quote or a line end in it; check the path";
    if (strchr(program, '%') != NULL)
        return "the path of the batch file has a percent sign in it, which cmd would replace by "
               "the value of a variable; move it, or call it by its short name";
    return NULL;
}

/* Besides what needs quotes anywhere, what parts %1 from %2 in a batch file needs them. Plain
 * arguments have none, for the many batch files that compare "%1" with a word. */
static void add_batch_argument(tether__text *text, const char *argument)
{
    tether__text_add_string(text, " ");
    if (strpbrk(argument, "=,") != NULL)
        tether__argv_add_in_quotes(text, argument);
    else
        tether__argv_add_quoted(text, argument);
}

tether__carry tether__cmd_add_batch_call(tether__text *text, const char *cmd, const char *program,
                                         const char *const *argv, const char **why)
{
    const char *reason = unsafe_program(program);
    if (cmd == NULL)
        reason = "cmd.exe, which alone can run a batch file, was not found in the system's folder; "
                 "call the program behind the batch file directly";
    tether__text call = {0};
    tether__argv_add_program(&call, program);
    for (size_t i = 1; reason == NULL && argv[i] != NULL; i++) {
        reason = unsafe_argument(argv[i]);
        add_batch_argument(&call, argv[i]);
    }
    if (reason == NULL && !call.failed &&
        tether__cmd_units(call.bytes) > TETHER__CMD_LINE_LIMIT - CALL_RESERVE)
        reason = "the arguments of the batch file are longer than a line that cmd reads; call the "
                 "program behind it directly, or pass them in a file";
    if (reason == NULL)
        tether__text_add(text, call.bytes, call.size);
    else
        *why = reason;
    text->failed = text->failed || call.failed;
    tether__text_dispose(&call);
    return reason == NULL ? TETHER__CARRIED : TETHER__CARRY_REFUSED;
}
