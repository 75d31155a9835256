/* Owns the text of the wrapper for cmd, and of the command line that it runs.
 * Must not: write files or start anything.
 * Thread: any. */
#include "shell/wrapper_bat.h"

#include <string.h>

#include "shell/argv_quote.h"

/* The parts of the cmd wrapper. The reasons for its lines:
 * - Without the variables that hold the command there is nothing to run. That must not look like
 *   success.
 * - pushd instead of cd, because it maps a network path to a drive letter. popd unmaps it.
 * - An environment variable ERRORLEVEL hides the exit codes that cmd provides under this name, so
 *   the wrapper removes it. If there is none, `set` fails and sets the code to 1. It stands right
 *   before the command, so that a command line that does nothing cannot leave an earlier success.
 * - cmd expands the variables of a line once, before it parses the line. So one line can remove the
 *   variable and still run its content. cmd does not search that content for percent signs again,
 *   and its encoding does not depend on the code page of a file.
 * - The wrapper saves the code before popd, which may change it, and exits with it, so that a wait
 *   for the process returns the same code as the marker.
 * - The redirection comes first, because in `echo exit 3>>file` the 3 would be a handle number. */
static const char head[] = "@echo off\r\n"
                           "rem Written by tether: the supervisor of task ";

static const char begin[] = "\r\n"
                            "if not defined TETHER__CWD goto tether__nothing\r\n"
                            "if not defined TETHER__RUN goto tether__nothing\r\n";

static const char enter_workdir[] = "pushd \"%TETHER__CWD%\"\r\n"
                                    "if errorlevel 1 goto tether__workdir\r\n";

/* PowerShell writes in the code page of its console. The console belongs to the task. */
static const char utf8_console[] = "\"%SystemRoot%\\System32\\chcp.com\" 65001 >nul 2>nul\r\n";

static const char remove_errorlevel[] = "set \"ERRORLEVEL=\"\r\n";

static const char run[] = "set \"TETHER__CWD=\" & set \"TETHER__RUN=\" & %TETHER__RUN%\r\n";

/* Our own batch file (command.bat) runs in the bundle and enters the working directory itself. That
 * way cmd starts it by its name alone, without a path that could contain special characters. The
 * wrapper only checks that the working directory can be entered, and leaves it again. */
static const char leave_workdir[] = "popd\r\n";
static const char run_batch[] = "set \"TETHER__RUN=\" & %TETHER__RUN%\r\n";

/* That batch file cannot `cd` to a network path, but to the drive letter to which pushd has mapped
 * it. The mapping lasts until popd, so the wrapper returns to the bundle by its path instead. */
static const char remember_bundle[] = "for %%I in (.) do set \"TETHER__HOME=%%~fI\"\r\n";
static const char return_to_bundle[] = "for %%I in (.) do set \"TETHER__CWD=%%~fI\"\r\n"
                                       "cd /d \"%TETHER__HOME%\"\r\n"
                                       "set \"TETHER__HOME=\"\r\n";

static const char save_code[] = "set \"TETHER__CODE=%ERRORLEVEL%\"\r\n";

/* Another program, such as a scanner, may have the marker open for a moment without permitting
 * other writers. `&&` notices that nothing was written, except in Wine. Then cmd writes a message;
 * the redirection of the call keeps that out of the task's output. The label that is called stands
 * at the end, so that the file's end returns to the call. */
static const char append[] = "set \"TETHER__WHY=\"\r\n"
                             ":tether__append\r\n"
                             "set \"TETHER__TRY=0\"\r\n"
                             ":tether__again\r\n"
                             "call :tether__write 2>nul\r\n"
                             "set /a TETHER__TRY+=1 >nul\r\n"
                             "if %TETHER__TRY% geq 30 exit %TETHER__CODE%\r\n"
                             "\"%SystemRoot%\\System32\\ping.exe\" -n 2 127.0.0.1 >nul "
                             "2>nul\r\n"
                             "goto tether__again\r\n"
                             ":tether__workdir\r\n"
                             ">&2 echo tether: the working directory \"%TETHER__CWD%\" "
                             "cannot be entered\r\n"
                             "set \"TETHER__CODE=126\"\r\n"
                             "set \"TETHER__WHY= error=workdir\"\r\n"
                             "goto tether__append\r\n"
                             ":tether__nothing\r\n"
                             ">&2 echo tether: the wrapper was started without a command, which "
                             "its host gives it in variables\r\n"
                             "set \"TETHER__CODE=126\"\r\n"
                             "set \"TETHER__WHY= error=start\"\r\n"
                             "goto tether__append\r\n"
                             ":tether__write\r\n"
                             ">>\"..\\..\\exits\\";
static const char exit_line[] =
    "\" echo exit %TETHER__CODE%%TETHER__WHY%&& exit %TETHER__CODE%\r\n";

void tether__wrapper_render_bat(const tether__wrapper *wrapper, tether__text *text)
{
    bool batch = wrapper->batch != NULL;
    bool mapped = batch && tether__cmd_is_network_path(wrapper->workdir);
    tether__text_add_string(text, head);
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, begin);
    tether__text_add_string(text, mapped ? remember_bundle : "");
    tether__text_add_string(text, enter_workdir);
    if (batch)
        tether__text_add_string(text, mapped ? return_to_bundle : leave_workdir);
    tether__text_add_string(text, wrapper->utf8_console ? utf8_console : "");
    tether__text_add_string(text, remove_errorlevel);
    tether__text_add_string(text, batch ? run_batch : run);
    tether__text_add_string(text, save_code);
    tether__text_add_string(text, batch && !mapped ? "" : leave_workdir);
    tether__text_add_string(text, append);
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, exit_line);
}

/* Two cmds parse this line: the wrapper's, and the one that the line starts. Carets hide the outer
 * quotes behind /S /C from the first one, so that it pairs the quotes inside correctly. The second
 * one removes the outer quotes. */
static void add_cmd(const char *cmd, const char *options, const char *call, tether__text *line)
{
    tether__argv_add_program(line, cmd);
    tether__text_add_string(line, options);
    tether__text_add_string(line, " /S /C ^\"");
    tether__text_add_string(line, call);
}

/* `exit` always returns the code of the batch file. Without it cmd exits with the code of the last
 * command that it ran, which after an `exit /b` within a block is a different one. `call` would
 * also return the right code, but doubles carets in the arguments. */
static tether__carry add_batch_target(const tether__wrapper *wrapper, tether__text *line,
                                      const char **why)
{
    tether__text call = {0};
    tether__carry carry =
        tether__cmd_add_batch_call(&call, wrapper->cmd, wrapper->program, wrapper->argv, why);
    tether__text_add_string(&call, "^& exit^\"");
    if (carry == TETHER__CARRIED && !call.failed)
        add_cmd(wrapper->cmd, " /D /V:OFF", call.bytes, line);
    line->failed = line->failed || call.failed;
    tether__text_dispose(&call);
    return carry;
}

/* Our own batch file exits cmd with its code itself. It needs the command extensions (/E:ON). */
static void add_own_batch(const tether__wrapper *wrapper, tether__text *line)
{
    tether__text call = {0};
    tether__text_add_string(&call, "\".\\");
    tether__text_add_string(&call, wrapper->batch);
    tether__text_add_string(&call, "\"^\"");
    if (!call.failed)
        add_cmd(wrapper->program, " /D /E:ON", call.bytes, line);
    line->failed = line->failed || call.failed;
    tether__text_dispose(&call);
}

static void add_program(const tether__wrapper *wrapper, tether__text *line)
{
    tether__argv_add_program(line, wrapper->program);
    for (size_t i = 1; wrapper->argv[i] != NULL; i++) {
        tether__text_add_string(line, " ");
        tether__cmd_add_argument(line, wrapper->argv[i]);
    }
}

tether__carry tether__wrapper_bat_line(const tether__wrapper *wrapper, tether__text *line,
                                       const char **why)
{
    if (wrapper->batch != NULL) {
        add_own_batch(wrapper, line);
        return TETHER__CARRIED;
    }
    if (tether__cmd_is_batch(wrapper->program))
        return add_batch_target(wrapper, line, why);
    if (!tether__cmd_runs_exactly(wrapper->program)) {
        *why = "cmd runs exactly the named file only if its name ends in .exe or .com";
        return TETHER__CARRY_ELSEWHERE;
    }
    tether__text all = {0};
    add_program(wrapper, &all);
    tether__carry carry = TETHER__CARRY_ELSEWHERE;
    if (all.failed)
        carry = TETHER__CARRIED;
    else if (strpbrk(all.bytes, "\r\n") != NULL)
        *why = "cmd cannot pass on an argument with a line end";
    else if (tether__cmd_units(all.bytes) > TETHER__CMD_LINE_LIMIT)
        *why = "the arguments are too long for a command line of cmd";
    else
        carry = TETHER__CARRIED;
    if (carry == TETHER__CARRIED)
        tether__text_add(line, all.bytes, all.size);
    line->failed = line->failed || all.failed;
    tether__text_dispose(&all);
    return carry;
}
