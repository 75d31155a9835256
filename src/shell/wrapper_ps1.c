/* Owns the text of the wrapper for PowerShell.
 * Must not: write files or start anything.
 * Thread: any. */
#include "shell/wrapper_ps1.h"

#include <stdio.h>
#include <string.h>

#include "shell/call.h"

/* The parts of the PowerShell wrapper. The reasons for them:
 * - A byte order mark, because PowerShell 5.1 otherwise reads the file in the ANSI code page.
 * - No cmdlets, only .NET: PowerShell loads cmdlets through PSModulePath, which is the task's own.
 * - [NullString], because .NET would get $null as an empty string, which does not remove a variable
 *   in all versions.
 * - Arguments as one string, because 5.1 has no ProcessStartInfo.ArgumentList.
 * - No redirection, so that the command inherits the supervisor's standard handles and console.
 * - `finally` writes the marker, in one write for the whole line. The share mode does not disturb
 *   readers and the host. Another program, such as a scanner, may have the marker open for a moment
 *   without permitting other writers, so it is tried again. The path derives from that of the
 *   script, because .NET and PowerShell have different current directories.
 * - Where a policy constrains the language, .NET cannot be called. Then cmdlets say so, and write
 *   the marker. */
static const char constrained[] =
    "if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {\n"
    "    Write-Error 'tether: a policy restricts PowerShell to a constrained language, in which it "
    "cannot run this command; use a command that cmd can pass on, without line ends in arguments "
    "and shorter than 8000 characters' -ErrorAction Continue\n"
    "    Add-Content -LiteralPath \"$PSScriptRoot\\..\\..\\exits\\";

static const char begin[] =
    "\" -Value 'exit 126 error=start' -Encoding ascii\n"
    "    exit 126\n"
    "}\n"
    "$code = 126\n"
    "$line = 'exit 126 error=start'\n"
    "try {\n"
    "    $modules = [System.Environment]::GetEnvironmentVariable('TETHER__PSMODULEPATH')\n"
    "    if ($modules) {\n"
    "        [System.Environment]::SetEnvironmentVariable('PSModulePath', $modules)\n"
    "    } else {\n"
    "        [System.Environment]::SetEnvironmentVariable('PSModulePath', [NullString]::Value)\n"
    "    }\n"
    "    foreach ($name in 'TETHER__CWD', 'TETHER__RUN', 'TETHER__PSMODULEPATH') {\n"
    "        [System.Environment]::SetEnvironmentVariable($name, [NullString]::Value)\n"
    "    }\n";

static const char after_workdir[] =
    "    if (-not [System.IO.Directory]::Exists($workdir)) {\n"
    "        $line = 'exit 126 error=workdir'\n"
    "        throw ('the working directory ' + $workdir + ' cannot be entered')\n"
    "    }\n"
    "    $start = [System.Diagnostics.ProcessStartInfo]::new()\n"
    "    $start.UseShellExecute = $false\n";

static const char utf8_console[] =
    "    [System.Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)\n";

static const char start[] = "    $process = [System.Diagnostics.Process]::Start($start)\n"
                            "    $process.WaitForExit()\n"
                            "    $code = $process.ExitCode\n"
                            "    $line = 'exit ' + $code\n"
                            "} catch {\n"
                            "    [System.Console]::Error.WriteLine('tether: ' + "
                            "$_.Exception.Message)\n"
                            "} finally {\n"
                            "    $path = [System.IO.Path]::Combine($PSScriptRoot, '..', '..', "
                            "'exits', '";

static const char end[] =
    "')\n"
    "    $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete\n"
    "    $bytes = [System.Text.Encoding]::ASCII.GetBytes($line + \"`n\")\n"
    "    for ($try = 0; $try -lt 300; $try++) {\n"
    "        try {\n"
    "            $marker = [System.IO.File]::Open($path, [System.IO.FileMode]::Append, "
    "[System.IO.FileAccess]::Write, $share)\n"
    "            $marker.Write($bytes, 0, $bytes.Length)\n"
    "            $marker.Dispose()\n"
    "            break\n"
    "        } catch { [System.Threading.Thread]::Sleep(100) }\n"
    "    }\n"
    "}\n"
    "exit $code\n";

/* Returns the size of a character that PowerShell treats as a single quote: ' and U+2018 to U+201B;
 * 0 for others. */
static size_t quote_size(const char *at)
{
    if (*at == '\'')
        return 1;
    return strncmp(at, "\xE2\x80", 2) == 0 && (unsigned char)at[2] >= 0x98 &&
                   (unsigned char)at[2] <= 0x9B
               ? 3
               : 0;
}

/* Inside single quotes every character except quotes is literal; quotes are doubled. Control
 * characters are written as numbers, because line ends in a file may not be read as they are. */
static void add_literal(const char *string, tether__text *text)
{
    tether__text_add_string(text, "'");
    for (const char *at = string; *at != '\0';) {
        size_t size = quote_size(at);
        if (size > 0) {
            tether__text_add(text, at, size);
        } else if ((unsigned char)*at < ' ') {
            char number[40];
            snprintf(number, sizeof number, "' + [char]%d + '", *at);
            tether__text_add_string(text, number);
            at++;
            continue;
        } else {
            size = 1;
        }
        tether__text_add(text, at, size);
        at += size;
    }
    tether__text_add_string(text, "'");
}

static void add_assignment(const char *variable, const char *value, tether__text *text)
{
    tether__text_add_string(text, "    ");
    tether__text_add_string(text, variable);
    tether__text_add_string(text, " = ");
    add_literal(value, text);
    tether__text_add_string(text, "\n");
}

tether__carry tether__wrapper_render_ps1(const tether__wrapper *wrapper, tether__text *text,
                                         const char **why)
{
    tether__text line = {0};
    const char *program = NULL;
    if (tether__call_is_in_network(wrapper)) {
        *why = "cmd cannot use a network path as its working directory; map the path to a drive "
               "letter and use that";
        return TETHER__CARRY_REFUSED;
    }
    tether__carry carry = tether__call_arguments(wrapper, &program, &line, why);
    text->failed = text->failed || line.failed;
    if (carry == TETHER__CARRIED && !text->failed) {
        tether__text_add_string(text, "\xEF\xBB\xBF# Written by tether: the supervisor of task ");
        tether__text_add_string(text, wrapper->task_id);
        tether__text_add_string(text, "\n");
        tether__text_add_string(text, constrained);
        tether__text_add_string(text, wrapper->task_id);
        tether__text_add_string(text, begin);
        add_assignment("$workdir", wrapper->workdir, text);
        tether__text_add_string(text, after_workdir);
        add_assignment("$start.FileName", program, text);
        add_assignment("$start.Arguments", line.size > 0 ? line.bytes : "", text);
        /* The batch file is started in the bundle and enters the working directory itself. */
        tether__text_add_string(text, wrapper->batch == NULL
                                          ? "    $start.WorkingDirectory = $workdir\n"
                                          : "    $start.WorkingDirectory = $PSScriptRoot\n"
                                            "    [System.Environment]::SetEnvironmentVariable("
                                            "'TETHER__CWD', $workdir)\n");
        tether__text_add_string(text, wrapper->utf8_console ? utf8_console : "");
        tether__text_add_string(text, start);
        tether__text_add_string(text, wrapper->task_id);
        tether__text_add_string(text, end);
    }
    tether__text_dispose(&line);
    return carry;
}
