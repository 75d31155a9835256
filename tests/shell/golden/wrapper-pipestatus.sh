# Written by tether: the supervisor of a task. Arguments: its id, the rest of its first line,
# the files that the variables below name, and the command.
exec 8>&2 2>/dev/null
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 VTALRM PROF XCPU XFSZ
trap 'echo "exit 126 error=fork" >&9' 0
tether__self=$2
shift 2
tether__file=$1
shift
tether__identify() {
    echo "supervisor pid=$$ start=${20-} $tether__self" >&9
}
tether__stat=
read -r tether__stat </proc/$$/stat
tether__identify ${tether__stat##*) }
(exec "$@" 2>&8 8>&- 9>&-)
tether__code=$?
tether__end=exit
if [ "$tether__code" -gt 256 ]; then
    tether__end=signal tether__code=$((tether__code - 256))
fi
trap - 0
tether__pipe=
[ -f "$tether__file" ] && read -r tether__pipe <"$tether__file"
case $tether__pipe in
*[!0-9\ ]*) tether__pipe= ;;
esac
if [ -n "$tether__pipe" ] && [ ${#tether__pipe} -le 200 ]; then
    set -- $tether__pipe
    tether__pipe=" pipestatus=$1"
    shift
    for tether__one in "$@"; do
        tether__pipe=$tether__pipe,$tether__one
    done
else
    tether__pipe=
fi
tether__uptime=
read -r tether__uptime tether__idle </proc/uptime
echo "$tether__end $tether__code uptime=$tether__uptime$tether__pipe" >&9
