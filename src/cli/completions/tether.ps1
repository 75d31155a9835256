# Completions of tether for PowerShell 5 and later; put `. PATH/tether.ps1` into your $PROFILE. The command itself knows what
# fits (src/cli/complete.h); this asks it. Nothing of the answer is evaluated.

Register-ArgumentCompleter -Native -CommandName tether, tether.exe -ScriptBlock {
    param($typed, $ast, $cursor)

    $command = Get-Command tether -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $command) { return }
    # The text of words, as it would be passed; variables and commands in them are not evaluated.
    $words = @()
    foreach ($element in @($ast.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursor) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $words += $element.Value }
        else { $words += $element.Extent.Text }
    }
    # PowerShell closes a quote that is open.
    $word = "$typed".Trim("'", '"')
    # A word in front of the last one: Windows PowerShell would leave an empty one out.
    $lines = @(& $command.Source __complete pwsh -- @words "+$word" 2>$null)
    if ($lines.Count -eq 0) { return }
    foreach ($line in @($lines | Select-Object -Skip 1)) {
        $value, $text = $line -split "`t", 2
        if (-not $value) { continue }
        if (-not $text) { $text = $value }
        $quoted = $value
        if ($value -notmatch '^[A-Za-z0-9_.\\/:=+-][A-Za-z0-9_.\\/:=+-]*$') { $quoted = "'" + ($value -replace "'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($quoted, $value, 'ParameterValue', $text)
    }
    # For "files" and "dirs" PowerShell completes paths by itself where nothing is returned.
    if ($lines[0] -like 'command *' -and $lines[0] -eq "command $($words.Count)") {
        [System.Management.Automation.CompletionCompleters]::CompleteCommand($word)
    }
}
