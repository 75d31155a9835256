# For scripts that keep what they fetch or build in ~/.cache/tether, outside the source tree. To be sourced.
# shellcheck shell=bash

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tether

# keep PATH COMMAND...: unless PATH, in the cache, exists, runs the command in this shell. The command gets a new directory,
# $work, and leaves there, as $work/made, what becomes PATH. Concurrent runs wait for each other, and PATH gets its name only
# when it is complete.
keep() {
    local path=$1
    shift
    if [ -e "$path" ]; then return; fi
    mkdir -p "$cache"
    exec 9>"$path.lock"
    flock 9
    if [ ! -e "$path" ]; then
        work=$(mktemp -d "$cache/building.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        "$@"
        mv "$work/made" "$path"
        rm -rf "$work"
        trap - EXIT
    fi
    exec 9>&-
}
