/* Owns what is added to a text for PowerShell, and how much of PowerShell's grammar has to be known
 * for that.
 * Must not: change the caller's text, or put anything in front of it: `param` and `using` have to
 * come first, and messages name the numbers of lines.
 * Thread: any. */
#include "shell/command_ps1.h"

#include <ctype.h>
#include <string.h>

/* With -File alone, PowerShell exits with 0 even if the last statement failed. The reasons for the
 * parts of this code:
 * - It does nothing after a success, not even `exit 0`: $host.SetShouldExit(19) then counts.
 * - $LASTEXITCODE is the code of the last statement only if that statement runs anything but
 *   cmdlets; else an earlier program left it. The syntax tree shows what it runs. The definition of
 *   a function does not change $?, so those are skipped.
 * - GetCommand, because Get-Command takes names such as ? for patterns. A name that is not found
 *   ran nothing. A name that only a variable has may be a program.
 * - PowerShell 5.1 takes a line that a program wrote to a redirected stderr for a failure. If that
 *   is all, the program's code is 0.
 * - Where the language is constrained the tree cannot be read; then $LASTEXITCODE decides.
 * - Test-Path, because strict mode refuses variables that are not set. */
static const char ending[] =
    "if (-not $?) { $tether__runs = $true; $tether__error = ''; try { "
    "if ($Error.Count) { $tether__error = $Error[0].FullyQualifiedErrorId }; "
    "$tether__all = $MyInvocation.MyCommand.ScriptBlock.Ast.EndBlock.Statements; "
    "$tether__at = $tether__all.Count - 2; while ($tether__at -gt 0 -and $tether__all[$tether__at] "
    "-is [System.Management.Automation.Language.FunctionDefinitionAst]) { $tether__at-- }; "
    "$tether__commands = $tether__all[$tether__at].FindAll({ $args[0] "
    "-is [System.Management.Automation.Language.CommandAst] }, $true); $tether__runs = $false; "
    "foreach ($tether__command in $tether__commands) { "
    "$tether__name = $tether__command.GetCommandName(); if ($tether__name) { "
    "$tether__found = $ExecutionContext.InvokeCommand.GetCommand($tether__name, 'All'); "
    "if ($tether__found -is [System.Management.Automation.AliasInfo]) { "
    "$tether__found = $tether__found.ResolvedCommand }; if ($null -ne $tether__found -and "
    "($tether__found -isnot [System.Management.Automation.CmdletInfo] -or "
    "$tether__found.Name -eq 'Invoke-Expression')) { $tether__runs = $true } "
    "} elseif ($tether__command.CommandElements[0] -isnot "
    "[System.Management.Automation.Language.ScriptBlockExpressionAst]) { $tether__runs = $true } } "
    "} catch { }; if (-not $tether__runs -or -not (Test-Path variable:LASTEXITCODE)) { exit 1 } "
    "elseif ($LASTEXITCODE) { exit $LASTEXITCODE } "
    "elseif ($tether__error -notlike 'NativeCommandError*') { exit 1 } }";

/* Brackets that are nested deeper than this end the scan: the text then counts as an ordinary one.
 */
enum { DEPTH_LIMIT = 200 };

/* A place in a text. Text that is cut in the middle of a string or a comment ends there. */
typedef struct scan {
    const char *at;
    const char *end;
    int depth;
} scan;

static bool begins(const scan *s, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(s->end - s->at) >= size && memcmp(s->at, word, size) == 0;
}

static void skip(scan *s, size_t size)
{
    s->at += (size_t)(s->end - s->at) < size ? (size_t)(s->end - s->at) : size;
}

/* Skips everything up to and including `stop`. */
static void skip_behind(scan *s, const char *stop)
{
    while (s->at < s->end && !begins(s, stop))
        s->at++;
    skip(s, strlen(stop));
}

static void skip_line(scan *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Skips blanks and comments, and line ends too where `lines` is set. */
static void skip_blanks(scan *s, bool lines)
{
    while (s->at < s->end) {
        if (is_blank(*s->at) || (lines && *s->at == '\n'))
            s->at++;
        else if (begins(s, "<#"))
            skip_behind(s, "#>");
        else if (*s->at == '#')
            skip_line(s);
        else if (begins(s, "`\n") || begins(s, "`\r\n"))
            skip(s, s->at[1] == '\n' ? 2 : 3);
        else
            break;
    }
}

static void skip_item(scan *s);

/* Skips what stands in brackets, from behind the opening one. */
static void skip_brackets(scan *s, char close)
{
    if (++s->depth > DEPTH_LIMIT)
        s->at = s->end;
    while (s->at < s->end && *s->at != close) {
        const char *before = s->at;
        skip_blanks(s, true);
        if (s->at == before)
            skip_item(s);
    }
    skip(s, 1);
    s->depth--;
}

/* Skips a string in double quotes, from behind the opening one. A doubled quote, which stands for
 * one, looks like the end and the beginning of another string, which comes to the same. */
static void skip_string(scan *s)
{
    while (s->at < s->end && *s->at != '"') {
        if (*s->at == '`') {
            skip(s, 2);
        } else if (begins(s, "$(")) {
            skip(s, 2);
            skip_brackets(s, ')');
        } else {
            s->at++;
        }
    }
    skip(s, 1);
}

static bool skip_here_string(scan *s)
{
    static const char *const kinds[][2] = {{"@'", "\n'@"}, {"@\"", "\n\"@"}};
    for (int i = 0; i < 2; i++) {
        if (begins(s, kinds[i][0])) {
            skip_behind(s, kinds[i][1]);
            return true;
        }
    }
    return false;
}

/* Skips one item: a string, a pair of brackets with its content, a word, or a single character. */
static void skip_item(scan *s)
{
    if (skip_here_string(s))
        return;
    char first = *s->at;
    if (begins(s, "${"))
        skip_behind(s, "}");
    else if (first == '`')
        skip(s, 2);
    else
        skip(s, 1);
    if (first == '\'')
        skip_behind(s, "'");
    else if (first == '"')
        skip_string(s);
    else if (first == '(' || first == '{' || first == '[')
        skip_brackets(s, first == '(' ? ')' : first == '{' ? '}' : ']');
    else if (is_word(first)) {
        /* A # inside of a word does not begin a comment. */
        while (s->at < s->end && (is_word(*s->at) || *s->at == '#' || *s->at == '-'))
            s->at++;
    }
}

/* Whether the next word is this one, in lower case here, ignoring case. Skips it then. */
static bool take_word(scan *s, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(s->end - s->at) < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (tolower((unsigned char)s->at[i]) != word[i])
            return false;
    }
    if (s->at + size < s->end && (is_word(s->at[size]) || s->at[size] == '-'))
        return false;
    s->at += size;
    return true;
}

/* Skips what may stand in front of named blocks: `using` lines, attributes and `param`. */
static void skip_preamble(scan *s)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (begins(s, mark))
        skip(s, strlen(mark));
    for (;;) {
        skip_blanks(s, true);
        if (begins(s, ";")) {
            skip(s, 1);
        } else if (begins(s, "[")) {
            skip_item(s);
        } else if (take_word(s, "using")) {
            while (s->at < s->end && *s->at != '\n' && *s->at != ';')
                skip_item(s);
        } else if (take_word(s, "param")) {
            skip_blanks(s, true);
            if (begins(s, "("))
                skip_item(s);
        } else {
            return;
        }
    }
}

static bool has_named_blocks(const char *command, size_t size)
{
    static const char *const names[] = {"begin", "process", "end", "clean", "dynamicparam"};
    scan s = {command, command + size, 0};
    skip_preamble(&s);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (take_word(&s, names[i])) {
            skip_blanks(&s, true);
            return begins(&s, "{");
        }
    }
    return false;
}

bool tether__command_ps1_is_signed(const char *command, size_t size)
{
    static const char first_line[] = "# SIG # Begin signature block";
    scan s = {command, command + size, 0};
    while (s.at < s.end) {
        if (begins(&s, first_line))
            return true;
        skip_line(&s);
        skip(&s, 1);
    }
    return false;
}

bool tether__command_ps1_is_closed(const char *command, size_t size)
{
    return tether__command_ps1_is_signed(command, size) || has_named_blocks(command, size);
}

/* Behind a character of these, a line end does not end the statement. */
static bool continues(char last)
{
    return last != '\0' && strchr(",|=+*/%&(", last) != NULL;
}

size_t tether__command_ps1_return(const char *command, size_t size)
{
    scan s = {command, command + size, 0};
    size_t found = 0;
    char last = '\0'; /* of the items so far; a line end or ; where a statement begins */
    while (s.at < s.end) {
        skip_blanks(&s, false);
        if (s.at == s.end)
            break;
        if (*s.at == '\n' || *s.at == ';') {
            last = continues(last) ? last : ';';
            s.at++;
        } else if ((last == '\0' || last == ';') && take_word(&s, "return")) {
            found = (size_t)(s.at - command);
            last = 'n';
        } else {
            skip_item(&s);
            found = 0;
            last = s.at[-1];
        }
    }
    return found;
}

void tether__command_ps1_render(const char *command, size_t size, tether__text *text)
{
    size_t at = 0;
    if (tether__command_ps1_is_closed(command, size)) {
        tether__text_add(text, command, size);
        return;
    }
    /* As the value of that `return`, the code still runs, and sees what the statement before has
     * left. */
    at = tether__command_ps1_return(command, size);
    if (at > 0) {
        tether__text_add(text, command, at);
        tether__text_add_string(text, " $(");
        tether__text_add_string(text, ending);
        tether__text_add_string(text, ")");
        tether__text_add(text, command + at, size - at);
        return;
    }
    /* The empty line ends the line continuation of a backtick at the end of the text. The semicolon
     * makes an unfinished pipe or assignment a parse error, as it should be. */
    tether__text_add(text, command, size);
    tether__text_add_string(text, "\n\n; ");
    tether__text_add_string(text, ending);
    tether__text_add_string(text, "\n");
}
