# Written by tether: the supervisor of task t0golden
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Write-Error 'tether: a policy restricts PowerShell to a constrained language, in which it cannot run this command; use a command that cmd can pass on, without line ends in arguments and shorter than 8000 characters' -ErrorAction Continue
    Add-Content -LiteralPath "$PSScriptRoot\..\..\exits\t0golden" -Value 'exit 126 error=start' -Encoding ascii
    exit 126
}
$code = 126
$line = 'exit 126 error=start'
try {
    $modules = [System.Environment]::GetEnvironmentVariable('TETHER__PSMODULEPATH')
    if ($modules) {
        [System.Environment]::SetEnvironmentVariable('PSModulePath', $modules)
    } else {
        [System.Environment]::SetEnvironmentVariable('PSModulePath', [NullString]::Value)
    }
    foreach ($name in 'TETHER__CWD', 'TETHER__RUN', 'TETHER__PSMODULEPATH') {
        [System.Environment]::SetEnvironmentVariable($name, [NullString]::Value)
    }
    $workdir = 'C:\it''s\ä'
    if (-not [System.IO.Directory]::Exists($workdir)) {
        $line = 'exit 126 error=workdir'
        throw ('the working directory ' + $workdir + ' cannot be entered')
    }
    $start = [System.Diagnostics.ProcessStartInfo]::new()
    $start.UseShellExecute = $false
    $start.FileName = 'C:\Windows\System32\cmd.exe'
    $start.Arguments = '/D /E:ON /S /C "".\command.bat""'
    $start.WorkingDirectory = $PSScriptRoot
    [System.Environment]::SetEnvironmentVariable('TETHER__CWD', $workdir)
    $process = [System.Diagnostics.Process]::Start($start)
    $process.WaitForExit()
    $code = $process.ExitCode
    $line = 'exit ' + $code
} catch {
    [System.Console]::Error.WriteLine('tether: ' + $_.Exception.Message)
} finally {
    $path = [System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'exits', 't0golden')
    $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
    $bytes = [System.Text.Encoding]::ASCII.GetBytes($line + "`n")
    for ($try = 0; $try -lt 300; $try++) {
        try {
            $marker = [System.IO.File]::Open($path, [System.IO.FileMode]::Append, [System.IO.FileAccess]::Write, $share)
            $marker.Write($bytes, 0, $bytes.Length)
            $marker.Dispose()
            break
        } catch { [System.Threading.Thread]::Sleep(100) }
    }
}
exit $code
