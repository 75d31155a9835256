/* Owns the rules by which cmd parses a line, and the escaping that they require.
 * Must not: write whole scripts; wrapper_bat.c does that.
 * Thread: any. */
#include "shell/cmd_line.h"

#include <ctype.h>
#include <string.h>

#include "shell/argv_quote.h"

/* Space for cmd's own path, of at most 260 units, and its options in front of a call. */
enum { CALL_RESERVE = 320 };

size_t tether__cmd_units(const char *text)
{
    size_t units = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        /* Continuation bytes do not count. The first byte of a four-byte character counts twice,
         * because UTF-16 encodes the character as a surrogate pair. */
        units += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

bool tether__cmd_is_network_path(const char *path)
{
    bool slashes = (path[0] == '\\' || path[0] == '/') && (path[1] == '\\' || path[1] == '/');
    return slashes && path[2] != '?' && path[2] != '.';
}

/* Returns the size of a path without trailing dots and blanks. */
static size_t trimmed_size(const char *path)
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
    size_t size = trimmed_size(program);
    return ends_in(program, size, ".bat") || ends_in(program, size, ".cmd");
}

bool tether__cmd_runs_exactly(const char *program)
{
    size_t size = strlen(program);
    return ends_in(program, size, ".exe") || ends_in(program, size, ".com");
}

void tether__cmd_add_argument(tether__text *text, const char *argument)
{
    /* Inside double quotes cmd treats no character as special. Without a quote in the argument,
     * the quotes are paired for cmd as they are for the program. */
    if (strchr(argument, '"') == NULL) {
        tether__argv_add_quoted(text, argument);
        return;
    }
    /* A quote behind a caret begins no quoted section. So for cmd the whole argument is unquoted,
     * and every special character in it gets a caret. Percent signs need none, because cmd has
     * already expanded variables at this point. */
    tether__text quoted = {0};
    tether__argv_add_quoted(&quoted, argument);
    for (const char *at = quoted.failed ? "" : quoted.bytes; *at != '\0'; at++) {
        tether__text_add_string(text, strchr("\"^&|<>()", *at) != NULL ? "^" : "");
        tether__text_add(text, at, 1);
    }
    text->failed = text->failed || quoted.failed;
    tether__text_dispose(&quoted);
}

/* Returns why this text cannot safely be an argument of a batch file, or NULL if it can. */
static const char *unsafe_argument(const char *argument)
{
    if (strchr(argument, '"') != NULL)
        return "an argument of a batch file contains a double quote, and cmd would run the text "
               "after it as commands; directly run the program that the batch file starts, or pass "
               "the text in a variable or a file";
    if (strchr(argument, '%') != NULL)
        return "an argument of a batch file contains a percent sign, and cmd would expand a "
               "variable there; directly run the program that the batch file starts, or pass the "
               "text in a variable or a file";
    if (strchr(argument, '!') != NULL)
        return "an argument of a batch file contains an exclamation mark, and cmd may expand a "
               "variable there; directly run the program that the batch file starts, or pass the "
               "text in a variable or a file";
    if (strpbrk(argument, "\r\n") != NULL)
        return "an argument of a batch file contains a line end, and cmd would drop the text after "
               "it; directly run the program that the batch file starts, or pass the text in a "
               "file";
    return NULL;
}

static const char *unsafe_program(const char *program)
{
    if (strpbrk(program, "\"\r\n") != NULL)
        return "the path of the batch file contains a quote or a line end, which Windows does not "
               "allow in paths; check the path";
    if (strchr(program, '%') != NULL)
        return "the path of the batch file contains a percent sign, and cmd would expand a "
               "variable there; move the file, or use its short (8.3) name";
    return NULL;
}

/* Also quotes arguments with = or , which separate %1 from %2 in a batch file. Does not quote other
 * plain arguments, because many batch files compare %1 with an unquoted word. */
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
        reason = "batch files need cmd.exe, which was not found in the system folder; directly run "
                 "the program that the batch file starts";
    tether__text call = {0};
    tether__argv_add_program(&call, program);
    for (size_t i = 1; reason == NULL && argv[i] != NULL; i++) {
        reason = unsafe_argument(argv[i]);
        add_batch_argument(&call, argv[i]);
    }
    if (reason == NULL && !call.failed &&
        tether__cmd_units(call.bytes) > TETHER__CMD_LINE_LIMIT - CALL_RESERVE)
        reason = "the arguments of the batch file are too long for a command line of cmd; directly "
                 "run the program that the batch file starts, or pass the arguments in a file";
    if (reason == NULL)
        tether__text_add(text, call.bytes, call.size);
    else
        *why = reason;
    text->failed = text->failed || call.failed;
    tether__text_dispose(&call);
    return reason == NULL ? TETHER__CARRIED : TETHER__CARRY_REFUSED;
}
