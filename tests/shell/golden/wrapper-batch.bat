@echo off
rem Written by tether: the supervisor of task t0golden
if not defined TETHER__CWD goto tether__nothing
if not defined TETHER__RUN goto tether__nothing
pushd "%TETHER__CWD%"
if errorlevel 1 goto tether__workdir
popd
set "ERRORLEVEL="
set "TETHER__RUN=" & %TETHER__RUN%
set "TETHER__CODE=%ERRORLEVEL%"
>>"..\..\exits\t0golden" echo exit %TETHER__CODE%
exit %TETHER__CODE%
:tether__workdir
>&2 echo tether: the working directory "%TETHER__CWD%" cannot be entered
>>"..\..\exits\t0golden" echo exit 126 error=workdir
exit 126
:tether__nothing
>&2 echo tether: the wrapper was started without a command, which its host gives it in variables
>>"..\..\exits\t0golden" echo exit 126 error=start
exit 126
