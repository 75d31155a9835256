@echo off
cd /d "%TETHER__CWD%"
if errorlevel 1 exit 126
set "TETHER__CWD="
"%SystemRoot%\System32\chcp.com" 65001 >nul 2>nul
ver >nul
setlocal
call :tether__command
@endlocal
@exit %ERRORLEVEL%
:tether__command
echo ä
