# Sourced by docs/pictures/make: plays a session in a real terminal (tmux) and keeps frames of it for terminal-svg.
# Owns one tmux server of its own, whose socket is in $work; ends it in terminal_close. No sleeps but those that a
# watcher would see: `until_shows` waits for what is on the screen.
# shellcheck shell=bash

pictures=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
frames=()
: "${work:?is the folder for the socket and the frames}"

terminal() { tmux -S "$work/terminal" -f /dev/null "$@"; }

# terminal_open COLUMNS ROWS COMMAND...: the terminal has a plain environment, in which tether finds its store.
terminal_open() {
    local columns=$1 rows=$2
    shift 2
    frames=()
    terminal start-server \; set -g status off \; set -g default-terminal tmux-256color \; set -g history-limit 0 \; \
        new-session -d -x "$columns" -y "$rows" "$@"
}

terminal_close() { terminal kill-server 2>/dev/null || true; }

screen() { terminal capture-pane -p; }

# until_shows REGEX [SECONDS]: waits until a line of the screen matches.
until_shows() {
    local end=$((SECONDS + ${2:-30}))
    until screen | grep -qE -e "$1"; do
        if [ "$SECONDS" -ge "$end" ]; then
            printf 'docs/pictures: the terminal does not show "%s" but:\n' "$1" >&2
            screen >&2
            return 1
        fi
        sleep 0.05
    done
}

# frame SECONDS: keeps what the terminal shows now.
frame() {
    local file
    file=$work/$(printf 'frame-%03d' "${#frames[@]}")
    terminal capture-pane -e -p >"$file"
    frames+=("$file@$1")
}

press() { terminal send-keys "$@"; }

# write TEXT: types as a person does, in three frames, and shows the whole a moment before it is sent.
write() {
    local text=$1 third=$((${#1} / 3 + 1)) part
    for part in "${text:0:third}" "${text:third:third}" "${text:2*third}"; do
        [ -n "$part" ] || continue
        # A semicolon at the end would separate commands of tmux.
        case $part in *\;) part=${part%;}'\;' ;; esac
        terminal send-keys -l -- "$part"
        sleep 0.1
        frame 0.25
    done
    frame 0.4
    press Enter
}

# picture NAME TITLE: writes docs/pictures/NAME.svg from the frames.
picture() {
    "$pictures/terminal-svg" --title "$2" --columns "$(terminal display-message -p '#{pane_width}')" \
        --rows "$(terminal display-message -p '#{pane_height}')" "${frames[@]}" >"$work/picture"
    mv "$work/picture" "$pictures/$1.svg"
}
