/* Owns the text of wrappers and command files.
 * Must not: write files or start anything.
 * Thread: any. */
#include "shell/wrapper.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/command_ps1.h"

/* The parts of the sh wrapper, whose text is the same for all tasks: what differs is in its
 * arguments. The reasons for its lines:
 * - The shell's own messages, such as "Terminated", must not become output of the command. So the
 *   shell's standard error is the null device, and descriptor 8 keeps the original for the command.
 * - The traps keep the supervisor alive when its process group gets a signal. The command starts
 *   with the default actions. A trap for any other signal, such as SEGV, would hide a fault of the
 *   shell itself; the hosts send those signals to the command only (posix/signal.c has the list).
 * - The wrapper starts no process but the command: `read` and `echo` are builtins of every shell.
 * - A function has positional parameters of its own, so it can split the fields of /proc while the
 *   wrapper keeps the command in its parameters.
 * - The names of its variables occur in no environment. Assigning to a variable that the
 *   environment has would change it for the command too.
 * - The trap on 0 is for a shell that cannot fork. Such a shell exits by itself, and without an
 *   exit line the task would count as lost.
 * - The command is exec'd in a subshell, which costs no additional process. dash applies the
 *   redirections of a simple command in the supervisor itself, and its message about a killed
 *   command would become output of the command.
 * - An input that blocks the opening, such as a FIFO, is opened last and by the subshell: signals
 * end the subshell then, and it does not hold the lifeline.
 * - ksh93 reports a signal as 256 + N, which is unambiguous. The other shells report 128 + N, which
 *   can be an exit code of the command as well. */
static const char heading[] = "# Written by tether: the supervisor of a task. Arguments: its id, "
                              "the rest of its first line,\n"
                              "# the files that the variables below name, and the command.\n";

static const char before_identity[] =
    "exec 8>&2 2>/dev/null\n"
    "trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 VTALRM PROF XCPU XFSZ\n"
    "trap 'echo \"exit 126 error=fork\" >&9' 0\n";

static const char own_descriptors[] = " 2>&8 8>&- 9>&-";

static const char identity[] = "tether__identify() {\n"
                               "    echo \"supervisor pid=$$ start=${20-} $tether__self\" >&9\n"
                               "}\n"
                               "tether__stat=\n"
                               "read -r tether__stat </proc/$$/stat\n"
                               "tether__identify ${tether__stat##*) }\n";

/* Does not try /proc: other systems may have one with different content. */
static const char identity_without_proc[] = "echo \"supervisor pid=$$ start= $tether__self\" >&9\n";

static const char after_command[] = ")\n"
                                    "tether__code=$?\n"
                                    "tether__end=exit\n"
                                    "if [ \"$tether__code\" -gt 256 ]; then\n"
                                    "    tether__end=signal tether__code=$((tether__code - 256))\n"
                                    "fi\n"
                                    "trap - 0\n";

static const char exit_line[] = "tether__uptime=\n"
                                "read -r tether__uptime tether__idle </proc/uptime\n"
                                "echo \"$tether__end $tether__code uptime=$tether__uptime";

static const char exit_line_without_proc[] = "echo \"$tether__end $tether__code";

/* Reads the exit codes, such as "1 0", that the trap in the command's file has written. The file
 * may hold anything, so the marker gets only a list of numbers of limited length. `[ -f` skips a
 * FIFO, on which the supervisor would block. */
static const char pipestatus[] =
    "tether__pipe=\n"
    "[ -f \"$tether__file\" ] && read -r tether__pipe <\"$tether__file\"\n"
    "case $tether__pipe in\n"
    "*[!0-9\\ ]*) tether__pipe= ;;\n"
    "esac\n"
    "if [ -n \"$tether__pipe\" ] && [ ${#tether__pipe} -le 200 ]; then\n"
    "    set -- $tether__pipe\n"
    "    tether__pipe=\" pipestatus=$1\"\n"
    "    shift\n"
    "    for tether__one in \"$@\"; do\n"
    "        tether__pipe=$tether__pipe,$tether__one\n"
    "    done\n"
    "else\n"
    "    tether__pipe=\n"
    "fi\n";

void tether__wrapper_render_sh(const tether__wrapper *wrapper, tether__text *text)
{
    bool late = wrapper->late_input != NULL, piped = wrapper->pipestatus != NULL;
    tether__text_add_string(text, heading);
    tether__text_add_string(text, before_identity);
    tether__text_add_string(text, "tether__self=$2\nshift 2\n");
    tether__text_add_string(text, late ? "tether__input=$1\nshift\n" : "");
    tether__text_add_string(text, piped ? "tether__file=$1\nshift\n" : "");
    tether__text_add_string(text, wrapper->without_proc ? identity_without_proc : identity);
    tether__text_add_string(text, "(exec");
    tether__text_add_string(text, late ? own_descriptors : "");
    tether__text_add_string(text, late ? "\nexec \"$@\" <\"$tether__input\"" : " \"$@\"");
    tether__text_add_string(text, late ? "" : own_descriptors);
    tether__text_add_string(text, after_command);
    tether__text_add_string(text, piped ? pipestatus : "");
    tether__text_add_string(text, wrapper->without_proc ? exit_line_without_proc : exit_line);
    tether__text_add_string(text, piped ? "$tether__pipe\" >&9\n" : "\" >&9\n");
}

void tether__wrapper_identity(const tether__wrapper *wrapper,
                              char text[TETHER__WRAPPER_IDENTITY_SIZE])
{
    char offset[32] = "";
    if (wrapper->time_offset_ns != 0)
        snprintf(offset, sizeof offset, " timens=%lld", (long long)wrapper->time_offset_ns);
    snprintf(text, TETHER__WRAPPER_IDENTITY_SIZE, "boot=%s pidns=%s%s", wrapper->boot_id,
             wrapper->pid_ns, offset);
}

bool tether__wrapper_sh_arguments(const tether__wrapper *wrapper, const char *identity_text,
                                  const char ***arguments)
{
    size_t count = 0, used = 0;
    while (wrapper->argv[count] != NULL)
        count++;
    const char **words = calloc(count + TETHER__WRAPPER_OWN_ARGUMENTS + 1, sizeof *words);
    *arguments = words;
    if (words == NULL)
        return false;
    words[used++] = wrapper->task_id;
    words[used++] = identity_text;
    if (wrapper->late_input != NULL)
        words[used++] = wrapper->late_input;
    if (wrapper->pipestatus != NULL)
        words[used++] = wrapper->pipestatus;
    for (size_t i = 0; i < count; i++)
        words[used++] = i == 0 && wrapper->program != NULL ? wrapper->program : wrapper->argv[i];
    return true;
}

/* The subshell changes to the working directory, so that the supervisor itself stays in the bundle.
 * It also unsets the wrapper's variables for the command. */
static const char by_name_begin[] =
    "exec 8>&2 2>/dev/null\n"
    "trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2\n"
    "if ! [ -d \"${TETHER__CWD-}\" ]; then\n"
    "    echo \"tether: the working directory ${TETHER__CWD-} cannot be entered\" >&8\n"
    "    echo 'exit 126 error=workdir' >>\"$tether__marker\"\n"
    "    exit 126\n"
    "fi\n"
    "trap 'echo \"exit 126 error=fork\" >>\"$tether__marker\"' 0\n"
    "(CDPATH= cd \"$TETHER__CWD\" >/dev/null || exit 126\n"
    "unset TETHER__CWD TETHER__RUN TETHER__PSMODULEPATH\n";

/* MSYS converts arguments such as /c to Windows paths when it starts a program that is not an MSYS
 * program. Only this variable prevents that, and the program inherits it. Shells get no arguments
 * that MSYS would convert, so the wrapper does not set it for them. */
static const char by_name_no_conversion[] = "export MSYS2_ARG_CONV_EXCL='*'\n";

static const char by_name_utf8[] = "\"${SYSTEMROOT-}/System32/chcp.com\" 65001 >/dev/null\n";

/* Another program, such as a scanner, may have the marker open for a moment without permitting
 * other writers. */
static const char by_name_end[] = " 2>&8 8>&-)\n"
                                  "tether__code=$?\n"
                                  "trap - 0\n"
                                  "until echo \"exit $tether__code\" >>\"$tether__marker\" ||\n"
                                  "    [ $((tether__try += 1)) -gt 30 ]; do\n"
                                  "    sleep 1\n"
                                  "done\n"
                                  "exit $tether__code\n";

tether__carry tether__wrapper_render_sh_by_name(const tether__wrapper *wrapper, tether__text *text,
                                                const char **why)
{
    if (wrapper->batch != NULL || tether__cmd_is_batch(wrapper->program)) {
        *why = "a Bourne shell cannot pass arguments to a batch file, because cmd does not parse "
               "its quotes; directly run the program that the batch file starts, or choose another "
               "shell";
        return TETHER__CARRY_REFUSED;
    }
    tether__text_add_string(text, "# Written by tether: the supervisor of task ");
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, "\ntether__marker=../../exits/");
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, "\n");
    tether__text_add_string(text, by_name_begin);
    tether__text_add_string(text, wrapper->own_argv ? by_name_no_conversion : "");
    tether__text_add_string(text, wrapper->utf8_console ? by_name_utf8 : "");
    tether__text_add_string(text, "exec ");
    tether__text_add_quoted(text, wrapper->program);
    for (size_t i = 1; wrapper->argv[i] != NULL; i++) {
        tether__text_add_string(text, " ");
        tether__text_add_quoted(text, wrapper->argv[i]);
    }
    tether__text_add_string(text, by_name_end);
    return TETHER__CARRIED;
}

const char *tether__command_file_name(tether__shell_family family)
{
    switch (family) {
    case TETHER__SHELL_FISH:
        return "command.fish";
    case TETHER__SHELL_POWERSHELL:
        return "command.ps1";
    case TETHER__SHELL_CMD:
        return "command.bat";
    case TETHER__SHELL_SH:
        break;
    }
    return "command.sh";
}

/* The trap changes neither the exit code nor the output of the command. It saves the codes before
 * any other command runs. `>|` writes the file even under `set -C`, `2>/dev/null` hides the trace
 * of `set -x`, `|| :` avoids a failure under `set -e`, and with XFSZ ignored the trap survives a
 * limit on the size of files. A command that sets its own trap on EXIT replaces this one. */
void tether__command_render_trap(const char *variable, const char *file, tether__text *text)
{
    tether__text inner = {0};
    tether__text_add_string(&inner, "{ tether__pipe=(\"${");
    tether__text_add_string(&inner, variable);
    tether__text_add_string(&inner, "[@]}\"); builtin trap \"\" XFSZ; "
                                    "builtin echo \"${tether__pipe[@]}\" >|");
    tether__text_add_quoted(&inner, file);
    tether__text_add_string(&inner, "; } 2>/dev/null || :");
    tether__text_add_string(text, "trap ");
    if (inner.failed)
        text->failed = true;
    else
        tether__text_add_quoted(text, inner.bytes);
    tether__text_add_string(text, " EXIT; ");
    tether__text_dispose(&inner);
}

static bool is_ascii(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)bytes[i] >= 0x80)
            return false;
    }
    return true;
}

/* Where lines end in LF alone, cmd does not find labels that cross the boundaries of its 512-byte
 * blocks. So every line gets CR LF, including the last one. No other byte changes. */
static void add_with_cmd_line_ends(tether__text *text, const char *bytes, size_t size)
{
    const char *end = bytes + size;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *line_end = newline != NULL ? newline : end;
        bool has_cr = line_end > bytes && line_end[-1] == '\r';
        tether__text_add(text, bytes, (size_t)(line_end - bytes));
        tether__text_add_string(text, newline != NULL && has_cr ? "\n" : "\r\n");
        bytes = newline != NULL ? newline + 1 : end;
    }
}

/* The lines in front of the text of a command for cmd:
 * - Turn echo off, enter the working directory and remove the wrapper's variable. The wrapper has
 *   checked that the directory can be entered and is not a network path.
 * - If the text is not ASCII, set the code page to UTF-8. The console belongs to the task, so this
 *   affects no other process. `ver` sets the code to 0, whether or not the code page could be set.
 * - Call the text as a subroutine and exit with its code. If cmd only ran the file, it would lose
 *   the code of an `exit /b` within a block and return that of the last command instead. endlocal
 *   removes a variable ERRORLEVEL that the text may have set; the "@" is there because the text may
 *   have turned echo on. */
static const char cmd_begin[] = "@echo off\r\n"
                                "cd /d \"%TETHER__CWD%\"\r\n"
                                "if errorlevel 1 exit 126\r\n"
                                "set \"TETHER__CWD=\"\r\n";
static const char cmd_utf8[] = "\"%SystemRoot%\\System32\\chcp.com\" 65001 >nul 2>nul\r\n"
                               "ver >nul\r\n";
static const char cmd_call[] = "setlocal\r\n"
                               "call :tether__command\r\n"
                               "@endlocal\r\n"
                               "@exit %ERRORLEVEL%\r\n"
                               ":tether__command\r\n";

static void render_cmd(const char *command, size_t size, tether__text *text)
{
    tether__text_add_string(text, cmd_begin);
    tether__text_add_string(text, is_ascii(command, size) ? "" : cmd_utf8);
    tether__text_add_string(text, cmd_call);
    add_with_cmd_line_ends(text, command, size);
}

void tether__command_render(tether__shell_family family, const char *command, size_t size,
                            tether__text *text)
{
    if (family == TETHER__SHELL_CMD) {
        render_cmd(command, size, text);
        return;
    }
    if (family == TETHER__SHELL_POWERSHELL) {
        tether__command_ps1_render(command, size, text);
        return;
    }
    /* The user's bytes without any change: the file must do what it would do in this shell without
     * tether. */
    tether__text_add(text, command, size);
}

void tether__command_render_windows(tether__shell_family family, const char *command, size_t size,
                                    tether__text *text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    bool marked = size >= 3 && memcmp(command, mark, 3) == 0;
    if (family == TETHER__SHELL_POWERSHELL && !marked &&
        !tether__command_ps1_is_signed(command, size))
        tether__text_add_string(text, mark);
    tether__command_render(family, command, size, text);
}

void tether__command_argv(const tether__shell *shell, const char *file, const char **argv,
                          size_t capacity)
{
    static const char *const powershell[] = {"-NoLogo",          "-NoProfile", "-NonInteractive",
                                             "-ExecutionPolicy", "Bypass",     "-File"};
    static const char *const cmd[] = {"/D", "/C"};
    const char *const *options = NULL;
    size_t count = 0, used = 0;
    if (shell->family == TETHER__SHELL_POWERSHELL) {
        options = powershell;
        count = sizeof powershell / sizeof powershell[0];
    } else if (shell->family == TETHER__SHELL_CMD) {
        options = cmd;
        count = sizeof cmd / sizeof cmd[0];
    }
    argv[used++] = shell->path;
    /* PowerShell accepts this option only as the first one. */
    if (shell->login != NULL)
        argv[used++] = shell->login;
    for (const char *const *own = shell->arguments; own != NULL && *own != NULL; own++)
        argv[used++] = *own;
    for (size_t i = 0; i < count; i++)
        argv[used++] = options[i];
    argv[used++] = file;
    argv[used++] = NULL;
    assert(used <= capacity);
    (void)capacity;
}
