@echo off
rem Written by tether: the supervisor of task t0golden
if not defined TETHER__CWD goto tether__nothing
if not defined TETHER__RUN goto tether__nothing
pushd "%TETHER__CWD%"
if errorlevel 1 goto tether__workdir
set "ERRORLEVEL="
set "TETHER__CWD=" & set "TETHER__RUN=" & %TETHER__RUN%
set "TETHER__CODE=%ERRORLEVEL%"
popd
set "TETHER__WHY="
:tether__append
set "TETHER__TRY=0"
:tether__again
call :tether__write 2>nul
set /a TETHER__TRY+=1 >nul
if %TETHER__TRY% geq 30 exit %TETHER__CODE%
"%SystemRoot%\System32\ping.exe" -n 2 127.0.0.1 >nul 2>nul
goto tether__again
:tether__workdir
>&2 echo tether: the working directory "%TETHER__CWD%" cannot be entered
set "TETHER__CODE=126"
set "TETHER__WHY= error=workdir"
goto tether__append
:tether__nothing
>&2 echo tether: the wrapper was started without a command, which its host gives it in variables
set "TETHER__CODE=126"
set "TETHER__WHY= error=start"
goto tether__append
:tether__write
>>"..\..\exits\t0golden" echo exit %TETHER__CODE%%TETHER__WHY%&& exit %TETHER__CODE%
