# Written by tether: the supervisor of task t0golden
exec 8>&2 2>/dev/null
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 VTALRM PROF XCPU XFSZ
trap 'echo "exit 126 error=fork" >&9' 0
tether__stat=
read -r tether__stat </proc/$$/stat
set -- ${tether__stat##*) }
echo "supervisor pid=$$ start=${20-} boot=boot-1 pidns=4026531836" >&9
(exec '/usr/bin/bash' '/store/it'\''s/command.sh' 2>&8 8>&- 9>&-)
tether__code=$?
tether__end=exit
if [ "$tether__code" -gt 256 ]; then
    tether__end=signal tether__code=$((tether__code - 256))
fi
trap - 0
tether__pipe=
[ -f '/store/it'\''s/pipestatus' ] && read -r tether__pipe <'/store/it'\''s/pipestatus'
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
