/* Texts for PowerShell, run by a real one: the code of the task, and the bytes of its output. The
 * variable TETHER_TEST_PWSH names the program; ci/pwsh fetches it. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* PowerShell takes a second of a processor to start, so several run at a time. */
enum { AT_ONCE = 4, START_PATIENCE_MS = 90000 };

#define RUN "& '" CHILD "' "
#define E_ACUTE "\xC3\xA9"
#define CHECK_MARK "\xE2\x9C\x93"
#define NIHON "\xE6\x97\xA5\xE6\x9C\xAC"

typedef struct example {
    const char *text;
    int64_t code;
    const char *out; /* standard output, with LF for every line end */
} example;

static const example examples[] = {
    /* exit */
    {"exit 42", 42, ""},
    {"exit", 0, ""},
    {"'before'; exit 3; 'not reached'", 3, "before\n"},
    {"exit 300", 44, ""},
    {"exit -1", 255, ""},
    {"function f { exit 5 }; f; 'not reached'", 5, ""},
    {"& { exit 6 }; 'not reached'", 6, ""},
    {"1, 2 | ForEach-Object { exit 8 }", 8, ""},
    {"try { exit 4 } finally { 'finally' }", 4, "finally\n"},
    {"[Environment]::Exit(13)", 13, ""},
    {"$host.SetShouldExit(19)", 19, ""},
    {"$host.SetShouldExit(19); 'x'", 19, "x\n"},
    /* The code of a program */
    {RUN "exit 7", 7, ""},
    {RUN "exit 0", 0, ""},
    {RUN "exit 7 | Out-Null", 7, ""},
    {"'x' | " RUN "exit 7", 7, ""},
    {"$x = " RUN "exit 7", 7, ""},
    {"foreach ($i in 1, 2) { " RUN "exit 7 }", 7, ""},
    {"if ($true) { " RUN "exit 7 }", 7, ""},
    {"& { " RUN "exit 7 }", 0, ""},
    {RUN "exit 0 && " RUN "exit 7", 7, ""},
    {RUN "exit 7 || " RUN "exit 0", 0, ""},
    {RUN "exit 7; 'fine'", 0, "fine\n"},
    {RUN "exit 7; " RUN "exit 0", 0, ""},
    {"Get-Item nope; " RUN "exit 7", 7, ""},
    {"Write-Error boom; " RUN "exit 7", 7, ""},
    {"foreach ($i in 1, 2) { Get-Item nope; " RUN "exit 7 }", 7, ""},
    {RUN "exit 7; function f { }", 7, ""},
    {"$program = '" CHILD "'; & $program exit 7", 7, ""},
    {"Set-Alias program '" CHILD "'; program exit 7", 7, ""},
    {RUN "exit 7 # comment", 7, ""},
    {RUN "exit 7\n`", 7, ""},
    {RUN "err e exit 0 2>&1", 0, "e\n"},
    {RUN "err e exit 7 2>&1", 7, "e\n"},
    {"$PSNativeCommandUseErrorActionPreference = $true; " RUN "exit 7", 7, ""},
    {"Set-StrictMode -Version Latest; " RUN "exit 7", 7, ""},
    {RUN "cat", 0, ""},
    /* There is no sh on Windows. */
    {"sh -c 'kill -TERM $$'", 143, ""},
    /* Errors */
    {"throw 'x'", 1, ""},
    {"Get-Item nope", 1, ""},
    {"Get-Item nope -ErrorAction SilentlyContinue", 1, ""},
    {"Get-Item nope -ErrorAction Ignore", 1, ""},
    {"Write-Error boom", 1, ""},
    {"1 / 0", 1, ""},
    {"tether-no-such-command", 1, ""},
    {"tether-no-such-command; 'after'", 0, "after\n"},
    {"$ErrorActionPreference = 'Stop'; Get-Item nope; 'not reached'", 1, ""},
    {"Set-StrictMode -Version Latest; $nope", 1, ""},
    {"Set-StrictMode -Version Latest; Get-Item nope", 1, ""},
    {"try { throw 'x' } catch { 'caught' }", 0, "caught\n"},
    {"if (", 1, ""},
    {"<# open", 1, ""},
    {"'a' |", 1, ""},
    {"$x =", 1, ""},
    {"\"open", 1, ""},
    /* The code of a program is that of an earlier statement */
    {RUN "exit 0; Get-Item nope", 1, ""},
    {RUN "exit 3; 'fine'; Get-Item nope", 1, "fine\n"},
    {RUN "exit 3; Get-Item nope -ErrorAction Ignore", 1, ""},
    {RUN "exit 3; Write-Error boom", 1, ""},
    {RUN "exit 3; 1 / 0", 1, ""},
    {RUN "exit 3; tether-no-such-command", 1, ""},
    {RUN "exit 3; $x = Get-Item nope | Out-Null", 1, ""},
    {"Set-StrictMode -Version Latest\n" RUN "exit 3\nGet-Item nope", 1, ""},
    /* return */
    {RUN "exit 7; return", 7, ""},
    {RUN "exit 7\nreturn # because\n\n", 7, ""},
    {"Get-Item nope\nReturn;", 1, ""},
    {RUN "exit 3; Get-Item nope; return", 1, ""},
    {RUN "exit 0; return", 0, ""},
    {"'x'; return", 0, "x\n"},
    {"'x'; return 5", 0, "x\n5\n"},
    {"function f { return }; f; 'x'", 0, "x\n"},
    /* What PowerShell takes for success, although a program has failed (docs/format.md) */
    {"if ($true) { " RUN "exit 7; return }; 'x'", 0, ""},
    {RUN "exit 7; if ($true) { return }; 'x'", 0, ""},
    {RUN "exit 7; return $LASTEXITCODE", 0, "7\n"},
    {". { " RUN "exit 7 }", 0, ""},
    {"function f { " RUN "exit 7 }; f", 0, ""},
    {"1, 2 | ForEach-Object { " RUN "exit 7 }", 0, ""},
    {"& { " RUN "exit 7 }; if ($LASTEXITCODE) { exit $LASTEXITCODE }", 7, ""},
    {"if ($true) { " RUN "exit 7; exit $LASTEXITCODE }; 'x'", 7, ""},
    /* A catch without a statement leaves the failure that it has caught */
    {"try { throw 'x' } catch { }", 1, ""},
    {"try { throw 'x' } catch { } finally { }", 1, ""},
    {"try { " RUN "exit 7; throw 'x' } catch { }", 7, ""},
    {"try { " RUN "exit 7 } catch { }", 7, ""},
    {"try { throw 'x' } catch { $null }", 0, ""},
    {"try { 'a' } catch { }", 0, "a\n"},
    /* Blocks and signatures */
    {"begin { 'b' } process { 'p' } end { 'e' }", 0, "b\np\ne\n"},
    {"param($x) process { exit 5 }", 5, ""},
    {"<# help #>\n[CmdletBinding()]\nparam ( [string]$x = ')' )\nEnd { exit 6 }", 6, ""},
    {"end { 'e' } clean { [Console]::Out.Write('c') }", 0, "e\nc"},
    {"'x'; exit 6\n\n# SIG # Begin signature block\n# AAAA\n# SIG # End signature block\n", 6,
     "x\n"},
    /* What has to come first */
    {"param($code = 4) exit $code", 4, ""},
    {"using namespace System.Text\n[StringBuilder]::new('x').ToString(); exit 9", 9, "x\n"},
    {"#Requires -Version 5\nexit 3", 3, ""},
    {"#Requires -Version 99\n'not reached'", 1, ""},
    /* Texts that end in unusual ways */
    {"", 0, ""},
    {"\n\n", 0, ""},
    {"'x' # comment", 0, "x\n"},
    {"'x' `", 0, "x\n"},
    {"@'\nhere $x\n'@", 0, "here $x\n"},
    {"'x'\r\n'y'\r\n", 0, "x\ny\n"},
    {"break; 'not reached'", 0, ""},
    /* Bytes */
    {"'h" E_ACUTE "llo " CHECK_MARK " " NIHON "'", 0, "h" E_ACUTE "llo " CHECK_MARK " " NIHON "\n"},
    {RUN "put '" E_ACUTE CHECK_MARK NIHON "' | ForEach-Object { $_.Length }", 0, "4\n"},
    {RUN "argv a 'b c' '" E_ACUTE "'", 0, "61\n622063\nc3a9\n"},
    {"[Console]::Out.Write('no line end')", 0, "no line end"},
    {"Write-Host 'host'", 0, "host\n"},
    {"$env:TETHER_TASK_ID.Length -gt 5", 0, "True\n"},
    {"(Get-ChildItem env:TETHER__*).Count", 0, "0\n"},
};

enum { EXAMPLES = sizeof examples / sizeof examples[0] };

/* Where Windows gives another code: of 32 bits, and there is no sh. */
static const example on_windows[] = {
    {"exit 300", 300, ""}, {"exit -1", UINT32_MAX, ""}, {"sh -c 'kill -TERM $$'", 1, ""}};

static int64_t code_here(const example *wanted)
{
    bool windows = strcmp(test_shell(), "cmd") == 0;
    for (size_t i = 0; windows && i < sizeof on_windows / sizeof on_windows[0]; i++) {
        if (strcmp(on_windows[i].text, wanted->text) == 0)
            return on_windows[i].code;
    }
    return wanted->code;
}

static const char *pwsh(void)
{
    const char *path = getenv("TETHER_TEST_PWSH");
    if (path == NULL || path[0] == '\0')
        test_skip("the shell is not installed");
    return path;
}

static void drop_cr(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        if (text[0] != '\r' || text[1] != '\n')
            *to++ = *text;
    }
    *to = '\0';
}

/* No look for updates, no reports, no colours in messages, and its cache outside of the user's. */
static void spawn(fixture *f, tether_spec *spec, char id[TETHER_ID_SIZE])
{
    char home[1024];
    snprintf(home, sizeof home, "HOME=%s", f->work);
    const char *const set[] = {"POWERSHELL_TELEMETRY_OPTOUT=1", "POWERSHELL_UPDATECHECK=Off",
                               "NO_COLOR=1", home, NULL};
    spec->env_set = set;
    spec->workdir = f->work;
    test_start(f->registry, spec, id);
}

/* Returns whether the task ended as wanted, and prints what differs. */
static bool check(fixture *f, const char *id, const example *wanted)
{
    size_t size;
    if (tether_wait(f->registry, &id, 1, TETHER_WAIT_ALL, START_PATIENCE_MS, NULL, &f->error) !=
        TETHER_OK)
        fail_msg("\"%s\": %s", wanted->text, f->error.message);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    char *out = test_output(f->registry, id, TETHER_STDOUT, &size);
    char *err = test_output(f->registry, id, TETHER_STDERR, &size);
    drop_cr(out);
    int64_t code = code_here(wanted);
    bool right = snapshot->exit_code == code && strcmp(out, wanted->out) == 0 &&
                 snapshot->status == (code == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED);
    if (!right)
        print_error("\"%s\": code %lld, not %lld; stdout \"%s\", stderr \"%s\"\n", wanted->text,
                    (long long)snapshot->exit_code, (long long)code, out, err);
    free(out);
    free(err);
    tether_snapshot_free(snapshot);
    return right;
}

/* In Wine, .NET does not come back from a division by zero, which the processor reports. */
static bool runs_here(const example *wanted)
{
    return !test_in_wine() || strstr(wanted->text, "1 / 0") == NULL;
}

static void every_text_has_its_code_and_output(void **state)
{
    fixture *f = *state;
    const char *shell = pwsh();
    char ids[EXAMPLES][TETHER_ID_SIZE];
    int wrong = 0;
    for (size_t i = 0; i < EXAMPLES + AT_ONCE; i++) {
        if (i < EXAMPLES && runs_here(&examples[i])) {
            tether_spec spec = {.command = examples[i].text, .shell = shell};
            spawn(f, &spec, ids[i]);
        }
        if (i < AT_ONCE || !runs_here(&examples[i - AT_ONCE]))
            continue;
        wrong += !check(f, ids[i - AT_ONCE], &examples[i - AT_ONCE]);
        /* In Wine, a PowerShell may stay behind after its end was told. */
        if (test_in_wine())
            ASSERT_OK(tether_kill(f->registry, ids[i - AT_ONCE], NULL, &f->error), f->error);
    }
    assert_int_equal(wrong, 0);
}

static void messages_name_the_lines_of_the_text(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t size;
    tether_spec spec = {.command = "param($x)\n'fine'\nGet-Item nope", .shell = pwsh()};
    spawn(f, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 1, NULL);
    char *err = test_output(f->registry, id, TETHER_STDERR, &size);
    if (strstr(err, "command.ps1:3") == NULL)
        fail_msg("no line 3 in: %s", err);
    free(err);
}

static void a_kill_ends_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command = "'up'; [Console]::Out.Flush(); Start-Sleep 600",
                        .shell = pwsh()};
    spawn(f, &spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 3);
    assert_int_equal(tether_kill(f->registry, id, 0, &f->error), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + test_kill_signal(), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        TEST(every_text_has_its_code_and_output),
        TEST(messages_name_the_lines_of_the_text),
        TEST(a_kill_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
