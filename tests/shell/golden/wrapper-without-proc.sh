# Written by tether: the supervisor of a task. Arguments: its id, the rest of its first line,
# the files that the variables below name, and the command.
exec 8>&2 2>/dev/null
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 VTALRM PROF XCPU XFSZ
trap 'echo "exit 126 error=fork" >&9' 0
tether__self=$2
shift 2
echo "supervisor pid=$$ start= $tether__self" >&9
(exec "$@" 2>&8 8>&- 9>&-)
tether__code=$?
tether__end=exit
if [ "$tether__code" -gt 256 ]; then
    tether__end=signal tether__code=$((tether__code - 256))
fi
trap - 0
echo "$tether__end $tether__code" >&9
