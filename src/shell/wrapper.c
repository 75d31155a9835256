/* Owns the text of wrappers and command files.
 * Must not: write files or start anything.
 * Thread: any. */
#include "shell/wrapper.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* The parts of the sh wrapper. Each line has its reason:
 * - The shell's own messages ("Terminated") are not the command's output, so its standard error is
 * put aside as descriptor 8.
 * - Traps keep the supervisor alive through a signal to its group, and are back at their defaults
 * in the command.
 * - No process is started but the command: `read` and `echo` are part of every shell.
 * - Variable names are such that no environment has them; others would be changed for the command
 * too.
 * - The trap on 0 speaks for a shell that cannot fork: it then exits by itself, and the task would
 * count as lost.
 * - The command is exec'd in a subshell, which costs no further process: where the redirections
 * stand on a simple command, dash makes them in the supervisor itself, and its message about a
 * killed command would be the command's output after all.
 * - ksh93 tells a signal as 256 + N, which leaves no doubt; the others say 128 + N, which a command
 * can say as well. */
static const char before_identity[] =
    "exec 8>&2 2>/dev/null\n"
    "trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 VTALRM PROF XCPU XFSZ\n"
    "trap 'echo \"exit 126 error=fork\" >&9' 0\n";

static const char identity[] = "tether__stat=\n"
                               "read -r tether__stat </proc/$$/stat\n"
                               "set -- ${tether__stat##*) }\n"
                               "echo \"supervisor pid=$$ start=${20-}";

/* Another system may have a /proc too, with other numbers in it. */
static const char bare_identity[] = "echo \"supervisor pid=$$ start=";

static const char after_command[] = " 2>&8 8>&- 9>&-)\n"
                                    "tether__code=$?\n"
                                    "tether__end=exit\n"
                                    "if [ \"$tether__code\" -gt 256 ]; then\n"
                                    "    tether__end=signal tether__code=$((tether__code - 256))\n"
                                    "fi\n"
                                    "trap - 0\n";

static const char last_words[] = "tether__uptime=\n"
                                 "read -r tether__uptime tether__idle </proc/uptime\n"
                                 "echo \"$tether__end $tether__code uptime=$tether__uptime";

static const char bare_last_words[] = "echo \"$tether__end $tether__code";

/* The codes as the command's own trap has left them, "1 0": whatever else is in that file, the
 * marker takes nothing but a list of numbers that fits. A FIFO in its place would hold the
 * supervisor up. */
static void render_pipestatus(const char *file, tether__text *text)
{
    tether__text_add_string(text, "tether__pipe=\n[ -f ");
    tether__text_add_quoted(text, file);
    tether__text_add_string(text, " ] && read -r tether__pipe <");
    tether__text_add_quoted(text, file);
    tether__text_add_string(text,
                            "\n"
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
                            "fi\n");
}

void tether__wrapper_render_sh(const tether__wrapper *wrapper, tether__text *text)
{
    tether__text_add_string(text, "# Written by tether: the supervisor of task ");
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, "\n");
    tether__text_add_string(text, before_identity);
    tether__text_add_string(text, wrapper->without_proc ? bare_identity : identity);
    tether__text_add_string(text, " boot=");
    tether__text_add_string(text, wrapper->boot_id);
    tether__text_add_string(text, " pidns=");
    tether__text_add_string(text, wrapper->pid_ns);
    tether__text_add_string(text, "\" >&9\n");
    tether__text_add_string(text, "(exec");
    for (size_t i = 0; wrapper->argv[i] != NULL; i++) {
        tether__text_add_string(text, " ");
        bool resolved = i == 0 && wrapper->program != NULL;
        tether__text_add_quoted(text, resolved ? wrapper->program : wrapper->argv[i]);
    }
    tether__text_add_string(text, after_command);
    if (wrapper->pipestatus != NULL)
        render_pipestatus(wrapper->pipestatus, text);
    tether__text_add_string(text, wrapper->without_proc ? bare_last_words : last_words);
    tether__text_add_string(text,
                            wrapper->pipestatus != NULL ? "$tether__pipe\" >&9\n" : "\" >&9\n");
}

/* The command runs in a subshell of its own, so that the supervisor stays in the bundle. The
 * variables of the wrapper are gone there. */
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

/* MSYS turns arguments such as /c into paths when it starts a program that is not of its own, and
 * only a variable that the program then has too keeps it from that. Shells are handed nothing that
 * it would change, so they go without. */
static const char by_name_literal[] = "export MSYS2_ARG_CONV_EXCL='*'\n";

static const char by_name_end[] = " 2>&8 8>&-)\n"
                                  "tether__code=$?\n"
                                  "trap - 0\n"
                                  "echo \"exit $tether__code\" >>\"$tether__marker\"\n"
                                  "exit $tether__code\n";

tether__carry tether__wrapper_render_sh_by_name(const tether__wrapper *wrapper, tether__text *text,
                                                const char **why)
{
    if (wrapper->batch != NULL || tether__cmd_is_batch(wrapper->program)) {
        *why = "a Bourne shell cannot hand a command to cmd, which does not read its quotes; call "
               "the program behind the batch file directly, or choose another shell";
        return TETHER__CARRY_REFUSED;
    }
    tether__text_add_string(text, "# Written by tether: the supervisor of task ");
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, "\ntether__marker=../../exits/");
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, "\n");
    tether__text_add_string(text, by_name_begin);
    tether__text_add_string(text, wrapper->own_argv ? by_name_literal : "");
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

/* The trap changes neither the code nor the output of the command: it saves the codes before
 * anything else runs, writes through `set -C`, keeps what it says (with `set -x`) to itself, does
 * not fail (with `set -e`), and survives a limit on the size of files. A command that sets a trap
 * on EXIT of its own replaces it. */
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

/* Plain -File tells 0 where the last statement failed. The empty line ends a trailing backtick; the
 * semicolon turns an unfinished pipe or assignment into the parse error that it is; Test-Path,
 * because strict mode refuses unset variables. */
static const char powershell_end[] =
    "\n\n; if ($?) { exit 0 } "
    "elseif ((Test-Path variable:LASTEXITCODE) -and $LASTEXITCODE) { exit $LASTEXITCODE } "
    "else { exit 1 }\n";

static bool is_ascii(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)bytes[i] >= 0x80)
            return false;
    }
    return true;
}

/* With LF alone cmd does not find labels that lie across its blocks of 512 bytes, so every line
 * ends in CR LF, the last one too. Nothing else is changed. */
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

/* What stands before the text of a command for cmd:
 * - Its lines are not echoed, it runs in its working directory, and the wrapper's variable is gone.
 * The wrapper has made sure that the directory can be entered and is no network path.
 * - It is read as UTF-8 where that makes a difference; the console is the task's own. `ver` leaves
 * the code 0, whether or not the code page could be set.
 * - It is called, and cmd then ended with its code: of a file that it only runs, cmd loses the code
 * of an `exit /b` within a block, and tells the result of the last command instead. A variable
 * ERRORLEVEL that the text has set is gone then; it may have turned the echo on. */
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
    /* The user's bytes and nothing else: the file must do what it does in the same shell without
     * us. */
    tether__text_add(text, command, size);
    if (family == TETHER__SHELL_POWERSHELL)
        tether__text_add_string(text, powershell_end);
}

void tether__command_render_windows(tether__shell_family family, const char *command, size_t size,
                                    tether__text *text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    bool marked = size >= 3 && memcmp(command, mark, 3) == 0;
    if (family == TETHER__SHELL_POWERSHELL && !marked)
        tether__text_add_string(text, mark);
    tether__command_render(family, command, size, text);
}

void tether__command_argv(const tether__shell *shell, const char *file, const char **argv,
                          size_t room)
{
    static const char *const powershell[] = {"-NoLogo",          "-NoProfile", "-NonInteractive",
                                             "-ExecutionPolicy", "Bypass",     "-File"};
    static const char *const cmd[] = {"/D", "/C"};
    const char *const *options = NULL;
    size_t count = 0;
    if (shell->family == TETHER__SHELL_POWERSHELL) {
        options = powershell;
        count = sizeof powershell / sizeof powershell[0];
    } else if (shell->family == TETHER__SHELL_CMD) {
        options = cmd;
        count = sizeof cmd / sizeof cmd[0];
    }
    assert(count + 3 <= room);
    (void)room;
    argv[0] = shell->path;
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = options[i];
    argv[count + 1] = file;
    argv[count + 2] = NULL;
}
