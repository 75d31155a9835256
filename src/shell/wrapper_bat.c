/* Owns the text of the wrapper for cmd and of the line that it runs.
 * Must not: write files or start anything.
 * Thread: any. */
#include "shell/wrapper_bat.h"

#include <string.h>

#include "shell/argv_quote.h"

/* Each line has its reason:
 * - Without the variables that carry the command there is nothing to run, which must not count as a
 * success.
 * - pushd, not cd, because it gives a drive letter to a network path, and popd takes it back.
 * - A variable ERRORLEVEL hides the codes that cmd has under that name. Where there is none, cmd
 * counts its removal as failed: right before the command, so that no success is left over from
 * before should the line do nothing.
 * - Variables are replaced once, before a line is read: that one line removes what it runs. What a
 * variable held is not looked through for percent signs again, and no file's code page matters for
 * it.
 * - The code is kept before popd, which may change it, and ends the wrapper as well, so that
 * whoever waits for the process sees the same.
 * - The redirection stands in front: behind the code, `3>>file` would be a handle's number. */
static const char head[] = "@echo off\r\n"
                           "rem Written by tether: the supervisor of task ";

static const char begin[] = "\r\n"
                            "if not defined TETHER__CWD goto tether__nothing\r\n"
                            "if not defined TETHER__RUN goto tether__nothing\r\n";

static const char enter[] = "pushd \"%TETHER__CWD%\"\r\n"
                            "if errorlevel 1 goto tether__workdir\r\n";

static const char hide[] = "set \"ERRORLEVEL=\"\r\n";

static const char run[] = "set \"TETHER__CWD=\" & set \"TETHER__RUN=\" & %TETHER__RUN%\r\n";

/* A batch file of ours goes to the working directory itself, because only its own name within the
 * bundle has nothing in it that cmd could take for something else. Here it is only looked whether
 * that can be entered. */
static const char leave[] = "popd\r\n";
static const char run_batch[] = "set \"TETHER__RUN=\" & %TETHER__RUN%\r\n";

/* It cannot go to a network path, but to the drive letter that pushd has given that, which lasts
 * until popd: so the wrapper goes back to the bundle by its name. */
static const char note_home[] = "for %%I in (.) do set \"TETHER__HOME=%%~fI\"\r\n";
static const char go_home[] = "for %%I in (.) do set \"TETHER__CWD=%%~fI\"\r\n"
                              "cd /d \"%TETHER__HOME%\"\r\n"
                              "set \"TETHER__HOME=\"\r\n";

static const char after[] = "set \"TETHER__CODE=%ERRORLEVEL%\"\r\n";

static const char after_append[] = "exit %TETHER__CODE%\r\n"
                                   ":tether__workdir\r\n"
                                   ">&2 echo tether: the working directory \"%TETHER__CWD%\" "
                                   "cannot be entered\r\n";

static const char after_workdir[] = "exit 126\r\n"
                                    ":tether__nothing\r\n"
                                    ">&2 echo tether: the wrapper was started without a command, "
                                    "which its host gives it in variables\r\n";

static void add_append(const char *task_id, const char *line, tether__text *text)
{
    tether__text_add_string(text, ">>\"..\\..\\exits\\");
    tether__text_add_string(text, task_id);
    tether__text_add_string(text, "\" echo ");
    tether__text_add_string(text, line);
    tether__text_add_string(text, "\r\n");
}

void tether__wrapper_render_bat(const tether__wrapper *wrapper, tether__text *text)
{
    bool batch = wrapper->batch != NULL;
    bool mapped = batch && tether__cmd_is_network_path(wrapper->workdir);
    tether__text_add_string(text, head);
    tether__text_add_string(text, wrapper->task_id);
    tether__text_add_string(text, begin);
    tether__text_add_string(text, mapped ? note_home : "");
    tether__text_add_string(text, enter);
    if (batch)
        tether__text_add_string(text, mapped ? go_home : leave);
    tether__text_add_string(text, hide);
    tether__text_add_string(text, batch ? run_batch : run);
    tether__text_add_string(text, after);
    tether__text_add_string(text, batch && !mapped ? "" : leave);
    add_append(wrapper->task_id, "exit %TETHER__CODE%", text);
    tether__text_add_string(text, after_append);
    add_append(wrapper->task_id, "exit 126 error=workdir", text);
    tether__text_add_string(text, after_workdir);
    add_append(wrapper->task_id, "exit 126 error=start", text);
    tether__text_add_string(text, "exit 126\r\n");
}

/* What cmd is given behind /S /C stands in quotes that only that cmd may see as such: the carets
 * keep the one that reads this line from it, which so finds the quotes inside as they are. */
static void add_cmd(const char *cmd, const char *options, const char *call, tether__text *line)
{
    tether__argv_add_program(line, cmd);
    tether__text_add_string(line, options);
    tether__text_add_string(line, " /S /C ^\"");
    tether__text_add_string(line, call);
}

/* `exit` tells the code of the batch file in every case: without it cmd ends with the result of the
 * last command that it ran, which after an `exit /b` within a block is another's. `call` would do
 * that as well, but doubles carets in the arguments. */
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

/* A file of ours ends its cmd with its code by itself, and needs the extensions for that. */
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
        *why = "cmd runs a program by its exact name only where that ends in .exe or .com";
        return TETHER__CARRY_ELSEWHERE;
    }
    tether__text all = {0};
    add_program(wrapper, &all);
    tether__carry carry = TETHER__CARRY_ELSEWHERE;
    if (all.failed)
        carry = TETHER__CARRIED;
    else if (strpbrk(all.bytes, "\r\n") != NULL)
        *why = "cmd cannot pass on a line end in an argument";
    else if (tether__cmd_units(all.bytes) > TETHER__CMD_LINE_LIMIT)
        *why = "the arguments are longer than a line that cmd reads";
    else
        carry = TETHER__CARRIED;
    if (carry == TETHER__CARRIED)
        tether__text_add(line, all.bytes, all.size);
    line->failed = line->failed || all.failed;
    tether__text_dispose(&all);
    return carry;
}
