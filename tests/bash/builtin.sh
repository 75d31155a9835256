#!/usr/bin/env bash
# The builtin `tether` in real shells: bash tests/bash/builtin.sh BUILTIN COMMAND
# Each test is a script that a fresh bash runs with the builtin enabled, in a store of its own, and the output that it has
# to print. What a script prints to standard error counts too. The examples of docs/shell.md are run as they are written.
# shellcheck disable=SC2016 # scripts in quotes
set -uo pipefail

builtin=$1
page=$(cd "$(dirname "$0")/../.." && pwd)/docs/shell.md
PATH=$(dirname "$2"):$PATH
work=$(mktemp -d)
failed=0 passed=0
export PATH TETHER_STORE=$work/store

# Ends what a failed test has left, so that nothing is.
finish() {
    tether kill --all >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT
cd "$work" || exit 1

# expect NAME OUTPUT [BASH-OPTION...] <SCRIPT
expect() {
    local name=$1 expected=$2 said
    shift 2
    { printf 'enable -f %q tether || exit 99\n' "$builtin" && cat; } >script
    said=$(bash "$@" ./script 2>&1 </dev/null)
    said=$said${said:+ }"-> $?"
    if [ "$said" = "$expected" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n--- expected\n%s\n--- is\n%s\n' "$name" "$expected" "$said"
    fi
}

expect 'statuses come in the order of the ids' '4 0 1 2 3 4 -> 0' <<'END'
for i in 0 1 2 3 4; do
    tether bg bash -c "exit $i"
    ids+=("$TETHER_LAST")
done
tether wait "${ids[@]}"
echo "$? ${TETHER_PIPESTATUS[*]}"
END

expect 'without ids, all tasks of this shell' '0 1 2; 0 -> 0' <<'END'
tether bg bash -c 'exit 1'
tether bg bash -c 'exit 2'
tether wait
printf '%s' "$? ${TETHER_PIPESTATUS[*]}; "
tether wait
echo "$?${TETHER_PIPESTATUS[*]}"
END

expect 'each end is told once' 'first 5
second 6
127 - -> 0' <<'END'
mkfifo gate
tether bg bash -c 'cat gate; exit 6'
second=$TETHER_LAST
tether bg bash -c 'exit 5'
tether wait -n -p id; status=$?
[ "$id" != "$second" ] && echo "first $status"
: >gate
tether wait -n -p id; status=$?
[ "$id" = "$second" ] && echo "second $status"
tether wait -n -p id; echo "$? ${id-"-"}"
END

expect 'named tasks are told once, too' '3 4 127 -> 0' <<'END'
tether bg bash -c 'exit 3'; a=$TETHER_LAST
tether wait -n "$a"; printf '%s ' $?
b=$(tether run -c 'exit 4')
tether wait -n "$a" "$b"; printf '%s ' $?
tether wait -n "$a" "$b"; echo $?
END

expect 'a task can be waited for again' '3 3 -> 0' <<'END'
tether bg bash -c 'exit 3'
tether wait "$TETHER_LAST"; printf '%s ' $?
tether wait "$TETHER_LAST"; echo $?
END

expect "the shell's own children are its own" '7 8 9 CHLD 1 -> 0' <<'END'
traps=0
(exit 7) & own=$!
tether bg bash -c 'exit 8'
wait "$own"; printf '%s ' $?
trap 'traps=$((traps + 1))' CHLD
(exit 9) & own=$!
tether wait "$TETHER_LAST"; printf '%s ' $?
wait "$own"; printf '%s ' $?
trap - CHLD
echo "CHLD $traps"
END

expect 'a shell that traps CHLD is not told of helpers and tasks' '5 5 0 -> 0' <<'END'
traps=0
trap 'traps=$((traps + 1))' CHLD
for i in 1 2 3; do
    tether bg bash -c 'exit 5'
    tether wait "$TETHER_LAST"
done
echo "$? ${TETHER_PIPESTATUS[*]} $traps"
END

expect 'a shell that ignores CHLD' '6 -> 0' <<'END'
trap '' CHLD
tether bg bash -c 'exit 6'
tether wait "$TETHER_LAST"
echo $?
END

expect 'set -e ends the script at a status' 'before -> 3' <<'END'
set -e
tether bg bash -c 'exit 3'
echo before
tether wait "$TETHER_LAST"
echo after
END

expect 'set -e and a condition' 'failed with 3 -> 0' <<'END'
set -eu
tether bg bash -c 'exit 3'
tether wait "$TETHER_LAST" || echo "failed with $?"
END

expect 'subshells have the tasks of their shell, and their own' '2 3 4 none -> 0' <<'END'
tether bg bash -c 'exit 2'; a=$TETHER_LAST
(tether wait "$a"; printf '%s ' $?)
b=$(tether bg bash -c 'exit 3'; echo "$TETHER_LAST")
tether wait "$b"; printf '%s ' $?
tether bg bash -c 'exit 4' | cat
(tether bg bash -c 'exit 4'; tether wait "$TETHER_LAST"; printf '%s ' $?; exit 0) &
wait
unset TETHER_LAST
(tether bg true)
echo "${TETHER_LAST-none}"
END

# libuv keeps a pipe in its process and closes it in each forked child: not in this one.
expect 'descriptors of the script stay as they are' 'x yx y -> 0' <<'END'
exec 3>three 4>four
tether bg true
tether wait
(exec 5>five; printf x >&5; (printf 'x ' >&3; printf 'y' >&4))
printf 'x ' >&3
printf 'y' >&4
exec 3>&- 4>&-
a=$(<three); b=$(<four); [ "$a$b" = 'x x yy' ] && echo 'x yx y'
END

expect 'after an exec the task goes on' '3 -> 0' <<'END'
mkfifo gate2
tether bg bash -c 'cat gate2; exit 3'
export id=$TETHER_LAST
exec bash -c ': >gate2; tether wait "$id"; echo $?'
END

expect 'a trap interrupts a wait' 'trapped
130
4 -> 0' <<'END'
mkfifo gate3
trap 'echo trapped' INT
tether bg bash -c 'cat gate3; exit 4'
id=$TETHER_LAST
# This subshell and the helper of the wait, which has blocked the signals until it waits.
(until [ "$(ps -o pid= --ppid $$ | wc -l)" -ge 2 ]; do :; done; kill -INT $$) &
tether wait "$id"
echo $?
: >gate3
tether wait "$id"
echo $?
END

expect 'an ignored signal does not' '4 -> 0' <<'END'
trap '' INT
tether bg bash -c 'kill -INT '$$'; exit 4'
tether wait "$TETHER_LAST"
echo $?
END

expect 'what is exported, and the directory, are those of the shell' 'yes no / -> 0' <<'END'
export SEEN=yes
HIDDEN=no
cd /
tether bg bash -c 'echo "$SEEN ${HIDDEN-no} $PWD"'
tether wait
tether output "$TETHER_LAST"
END

expect 'arguments are passed as they are' '<a  b> <> <$x> -> 0' <<'END'
tether bg -- printf '<%s> ' 'a  b' '' '$x'
tether wait
tether output "$TETHER_LAST" | sed 's/ $//'
END

expect 'other verbs are those of the command' "it's
3 -> 0" <<'END'
id=$(tether run -c "echo \"it's\"; exit 3")
tether wait --timeout 20s "$id"
status=$?
tether output "$id"
echo $status
END

expect 'what cannot be started, or is not there' './script: line 2: tether: bg: /no/such: program not found; check the name and PATH
127 none
./script: line 4: tether: usage: tether bg [--] COMMAND [ARGUMENT...]
2
./script: line 6: tether: `a-b'"'"': not a valid identifier
1 -> 0' <<'END'
tether bg /no/such
echo "$? ${TETHER_LAST-none}"
tether bg
echo $?
tether wait -n -p a-b
echo $?
END

expect 'an unknown task does not hide the others' '127 3 -> 0' <<'END'
tether bg bash -c 'exit 3'
tether wait t0 "$TETHER_LAST" 2>/dev/null
echo "${TETHER_PIPESTATUS[*]}"
END

expect 'without the command in PATH' './script: line 3: tether: list: the command tether is not in PATH; this builtin knows bg and wait
127 -> 0' <<'END'
PATH=/nowhere
tether list
echo $?
END

expect 'a store that cannot be used' '1 -> 0' <<'END'
export TETHER_STORE=/proc/none
tether bg true 2>/dev/null
echo $?
END

expect 'it can be taken out and put in again' '127 0 -> 0' <<END
tether bg true
enable -d tether
enable -f '$builtin' tether
tether wait -n
printf '%s ' \$?
tether wait
echo \$?
END

expect 'in POSIX mode' '3 -> 0' --posix <<'END'
tether bg bash -c 'exit 3'
tether wait "$TETHER_LAST"
echo $?
END

# A shell that is killed: another one finds the task.
mkfifo gate4
cat >script <<END
enable -f '$builtin' tether
tether bg bash -c 'cat gate4; exit 5'
echo "\$TETHER_LAST" >id
tether wait
END
bash ./script & killed=$!
until [ -s id ]; do sleep 0.01; done
kill -KILL "$killed"
wait "$killed" 2>/dev/null
: >gate4
expect 'a task of a shell that was killed' '5 -> 0' <<'END'
tether wait "$(<id)"
echo $?
END

# Each block of code of the page, with the block of text that follows it. PowerShell where it is known.
awk '/^```/ { kind = substr($0, 4)
        if (kind == "text") file = "page-" blocks ".text"
        else if (kind != "" && kind != "bat") file = "page-" ++blocks "." kind
        else file = ""
        next }
    file { print >file }' "$page"
for example in page-*.*; do
    case $example in
    *.text) continue ;;
    *.bash) run=(bash) ;;
    *.sh) run=(sh) ;;
    *.powershell)
        [ -n "${TETHER_TEST_PWSH:-}" ] || continue
        mv "$example" "${example%.powershell}.ps1"
        example=${example%.powershell}.ps1
        run=("$TETHER_TEST_PWSH" -NoProfile -File)
        ;;
    esac
    sed -i "s|^enable -f [^ ]*|enable -f $builtin|" "$example"
    said=$("${run[@]}" "./$example" 2>&1 </dev/null)
    if [ "$said" = "$(<"${example%.*}.text")" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s of docs/shell.md\n--- is\n%s\n' "$example" "$said"
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
