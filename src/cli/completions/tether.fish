# Completions of tether for fish. The command itself knows what fits (src/cli/complete.h); this asks it. Nothing of the
# answer is evaluated.

function __tether_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    # An open quote, or none: what stands between them.
    set -l word (string unescape -- $typed 2>/dev/null; or string replace -r '^["\']' '' -- $typed)
    test (count $word) -eq 1; or set word ''
    set -l lines (command tether __complete fish -- $before[2..-1] $word 2>/dev/null)
    test (count $lines) -gt 0; or return
    string join -- \n $lines[2..-1]
    switch $lines[1]
        case files
            __fish_complete_path (string replace -r '^--[a-z-]+=' '' -- $word)
        case dirs
            __fish_complete_directories (string replace -r '^--[a-z-]+=' '' -- $word) ''
        case 'command *'
            set -l skip (math (string replace 'command ' '' -- $lines[1]) + 2)
            set -l rest $before[$skip..-1]
            complete -C (string join ' ' -- (string escape -- $rest) $typed)
    end
end

if command -q tether
    complete -c tether -k -f -a '(__tether_complete)'
end
