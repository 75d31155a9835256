@echo off
cd /d "%TETHER__CWD%"
if errorlevel 1 exit 126
set "TETHER__CWD="
setlocal
call :tether__command
@endlocal
@exit %ERRORLEVEL%
:tether__command
echo one
echo 100%
:end
exit /b 3
