# Written by tether: the supervisor of task t0golden
tether__marker=../../exits/t0golden
exec 8>&2 2>/dev/null
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2
if ! [ -d "${TETHER__CWD-}" ]; then
    echo "tether: the working directory ${TETHER__CWD-} cannot be entered" >&8
    echo 'exit 126 error=workdir' >>"$tether__marker"
    exit 126
fi
trap 'echo "exit 126 error=fork" >>"$tether__marker"' 0
(CDPATH= cd "$TETHER__CWD" >/dev/null || exit 126
unset TETHER__CWD TETHER__RUN TETHER__PSMODULEPATH
export MSYS2_ARG_CONV_EXCL='*'
exec 'C:\Git\bin\bash.exe' 'C:\store\it'\''s\command.sh' '' 2>&8 8>&-)
tether__code=$?
trap - 0
until echo "exit $tether__code" >>"$tether__marker" ||
    [ $((tether__try += 1)) -gt 30 ]; do
    sleep 1
done
exit $tether__code
