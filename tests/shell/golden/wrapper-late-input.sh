# Written by tether: the supervisor of task t0golden
exec 8>&2 2>/dev/null
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 VTALRM PROF XCPU XFSZ
trap 'echo "exit 126 error=fork" >&9' 0
tether__stat=
read -r tether__stat </proc/$$/stat
set -- ${tether__stat##*) }
echo "supervisor pid=$$ start=${20-} boot=boot-1 pidns=4026531836" >&9
(exec 2>&8 8>&- 9>&-
exec '/usr/bin/cat' '-' <'/it'\''s/a fifo')
tether__code=$?
tether__end=exit
if [ "$tether__code" -gt 256 ]; then
    tether__end=signal tether__code=$((tether__code - 256))
fi
trap - 0
tether__uptime=
read -r tether__uptime tether__idle </proc/uptime
echo "$tether__end $tether__code uptime=$tether__uptime" >&9
