# Completions of tether for bash 3.2 and later. The command itself knows what fits (src/cli/complete.h); this asks it,
# and puts the answer where bash looks for it. Nothing of the answer is evaluated.

_tether() {
    local answer first
    COMPREPLY=()
    answer=$(command tether __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" "$COMP_TYPE" 2>/dev/null) || return 0
    first=${answer%%$'\n'*}
    if [[ $answer == *$'\n'* ]]; then
        local IFS=$'\n' line
        while IFS= read -r line; do COMPREPLY+=("$line"); done <<<"${answer#*$'\n'}"
    fi
    # Bash 3.2 has no compopt; there the names of files are completed after what fits only.
    type compopt >/dev/null 2>&1 || return 0
    case $first in
    files) compopt -o default ;;
    dirs) compopt -o dirnames ;;
    command*)
        if [[ ${#COMP_WORDS[@]} -gt 0 && ${first#command } -eq $((COMP_CWORD - 1)) ]]; then
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
        fi
        compopt -o default
        ;;
    esac
}

# Bash before 4.4 sorts what is offered.
complete -o nosort -F _tether tether 2>/dev/null || complete -F _tether tether
