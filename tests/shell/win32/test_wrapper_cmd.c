/* The wrapper for cmd, run by a real cmd: marker, arguments, directories and codes, in places laid
 * out like a store.
 *
 * Wine's cmd differs from the documented one in what each use of test_in_wine() says. What cannot
 * hold in it is tested on Windows only; nothing in the wrappers is there for Wine's sake. */
#include "support/support.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/host.h"
#include "shell/environment.h"
#include "format/marker.h"
#include "base/text.h"
#include "shell/wrapper.h"
#include "shell/wrapper_bat.h"

enum { ROOM = 32768, LIMIT_MS = 60000 };

/* --- Files and processes -----------------------------------------------------------------------
 */

/* Converts to UTF-16, in one of a few static buffers. */
static wchar_t *wide(const char *text)
{
    static wchar_t buffers[8][ROOM];
    static unsigned next;
    wchar_t *buffer = buffers[next++ % 8];
    assert_true(MultiByteToWideChar(CP_UTF8, 0, text, -1, buffer, ROOM) > 0);
    return buffer;
}

static char *narrow(const wchar_t *text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = malloc((size_t)size);
    assert_non_null(bytes);
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL), size);
    return bytes;
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    assert_non_null(path);
    snprintf(path, size, "%s\\%s", folder, name);
    return path;
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    char *path = join(folder, name);
    test_write_file(path, bytes, size);
    free(path);
}

/* Freed with free(); NULL where the file does not exist. */
static char *read_file(const char *folder, const char *name)
{
    char *path = join(folder, name);
    char *text = test_read_file(path, NULL);
    free(path);
    return text;
}

static char *make_directory(const char *folder, const char *name)
{
    char *path = join(folder, name);
    if (!CreateDirectoryW(wide(path), NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        fail_msg("cannot make %s: %lu", path, GetLastError());
    return path;
}

/* A place laid out like a session of a store, with a working directory beside it. */
typedef struct place {
    char *root, *store, *exits, *tasks, *bundle, *work;
} place;

static place make_place(const char *store_name, const char *work_name)
{
    place p = {.root = test_make_store()};
    p.store = make_directory(p.root, store_name);
    p.exits = make_directory(p.store, "exits");
    p.tasks = make_directory(p.store, "tasks");
    p.bundle = make_directory(p.tasks, "t1");
    p.work = make_directory(p.root, work_name);
    return p;
}

static void remove_place(place *p)
{
    test_remove_store(p->root);
    free(p->root);
    free(p->store);
    free(p->exits);
    free(p->tasks);
    free(p->bundle);
    free(p->work);
}

static const char *cmd_path(void)
{
    static char *path;
    wchar_t folder[MAX_PATH];
    if (path == NULL) {
        assert_true(GetSystemDirectoryW(folder, MAX_PATH) > 0);
        char *narrowed = narrow(folder);
        path = join(narrowed, "cmd.exe");
        free(narrowed);
    }
    return path;
}

/* Makes an environment block: this process's environment, overridden by the entries of `set` (up to
 * a NULL). */
static wchar_t *make_block(const char *const *set)
{
    enum { ENTRIES = 500 };
    const char *entries[ENTRIES + 1] = {NULL};
    size_t count = 0;
    wchar_t *own = GetEnvironmentStringsW();
    assert_non_null(own);
    for (wchar_t *at = own; *at != L'\0' && count < ENTRIES; at += wcslen(at) + 1)
        entries[count++] = narrow(at);
    FreeEnvironmentStringsW(own);
    tether__environment environment;
    tether_error error = {0};
    tether__text text = {0};
    const tether__environment_parts parts = {.base = entries, .set = set};
    ASSERT_OK(tether__environment_make(&parts, tether__os_env_same_name, &environment, &error),
              error);
    tether__environment_block(&environment, &text);
    assert_false(text.failed);
    int size = MultiByteToWideChar(CP_UTF8, 0, text.bytes, (int)text.size, NULL, 0);
    wchar_t *block = malloc((size_t)size * sizeof *block);
    assert_non_null(block);
    MultiByteToWideChar(CP_UTF8, 0, text.bytes, (int)text.size, block, size);
    tether__text_dispose(&text);
    tether__environment_dispose(&environment);
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)entries[i]);
    return block;
}

static HANDLE open_stream(const char *folder, const char *name)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    char *path = folder != NULL ? join(folder, name) : NULL;
    HANDLE file =
        CreateFileW(path != NULL ? wide(path) : L"NUL", path != NULL ? GENERIC_WRITE : GENERIC_READ,
                    FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                    path != NULL ? CREATE_ALWAYS : OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    free(path);
    return file;
}

/* Runs cmd with these options in a bundle, with its outputs in files there; returns its exit
 * code. */
static DWORD run_cmd(const char *options, const char *bundle, const char *const *set)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    startup.hStdInput = open_stream(NULL, NULL);
    startup.hStdOutput = open_stream(bundle, "stdout");
    startup.hStdError = open_stream(bundle, "stderr");
    wchar_t *block = make_block(set), line[1024];
    swprintf(line, 1024, L"cmd.exe %ls", wide(options));
    BOOL started =
        CreateProcessW(wide(cmd_path()), line, NULL, NULL, TRUE,
                       CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | CREATE_UNICODE_ENVIRONMENT,
                       block, wide(bundle), &startup, &process);
    if (!started)
        fail_msg("cmd does not start in %s: %lu", bundle, GetLastError());
    free(block);
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    CloseHandle(startup.hStdError);
    DWORD waited = WaitForSingleObject(process.hProcess, LIMIT_MS), code = 0;
    if (waited != WAIT_OBJECT_0)
        TerminateProcess(process.hProcess, 1);
    assert_int_equal(waited, WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(process.hProcess, &code));
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code;
}

/* --- Tasks -------------------------------------------------------------------------------------
 */

typedef struct outcome {
    tether__marker marker;
    DWORD code; /* the wrapper's own exit code */
    char *out, *err, *text;
} outcome;

static void outcome_dispose(outcome *o)
{
    free(o->out);
    free(o->err);
    free(o->text);
}

static const char identity_line[] = "supervisor pid=4 start=133 boot= pidns=\n";

/* Starts the wrapper as a host does, and reads its files once it has ended. */
static outcome start_wrapper(const place *p, const tether__wrapper *wrapper, const char *workdir,
                             const char *run, const char *more)
{
    tether__text text = {0}, cwd_entry = {0}, run_entry = {0};
    tether__wrapper_render_bat(wrapper, &text);
    assert_false(text.failed);
    write_file(p->bundle, "wrapper.bat", text.bytes, text.size);
    tether__text_dispose(&text);
    write_file(p->exits, "t1", identity_line, strlen(identity_line));
    tether__text_add_string(&cwd_entry, TETHER__BAT_CWD "=");
    tether__text_add_string(&cwd_entry, workdir);
    tether__text_add_string(&run_entry, TETHER__BAT_RUN "=");
    tether__text_add_string(&run_entry, run != NULL ? run : "");
    const char *const set[] = {cwd_entry.bytes, run != NULL ? run_entry.bytes : more,
                               run != NULL ? more : NULL, NULL};
    outcome o = {0};
    o.code = run_cmd("/D /V:OFF /E:ON /C .\\wrapper.bat", p->bundle, set);
    tether__text_dispose(&cwd_entry);
    tether__text_dispose(&run_entry);
    o.text = read_file(p->exits, "t1");
    o.out = read_file(p->bundle, "stdout");
    o.err = read_file(p->bundle, "stderr");
    tether__marker_parse(o.text, strlen(o.text), &o.marker);
    assert_false(o.marker.damaged);
    assert_false(o.marker.unfinished);
    assert_int_equal(o.marker.identity.pid, 4);
    return o;
}

/* Runs a program with arguments; argv[0] is its path. */
static outcome run_argv(const place *p, const char *const *argv, const char *more)
{
    tether__wrapper wrapper = {.task_id = "t1",
                               .program = argv[0],
                               .argv = argv,
                               .workdir = p->work,
                               .cmd = cmd_path(),
                               .own_argv = true};
    tether__text line = {0};
    const char *why = "";
    if (tether__wrapper_bat_line(&wrapper, &line, &why) != TETHER__CARRIED)
        fail_msg("not carried: %s", why);
    outcome o = start_wrapper(p, &wrapper, p->work, line.bytes, more);
    tether__text_dispose(&line);
    return o;
}

/* Runs a text for the user's shell cmd. */
static outcome run_text(const place *p, const char *command, const char *more)
{
    tether__wrapper wrapper = {.task_id = "t1",
                               .program = cmd_path(),
                               .workdir = p->work,
                               .cmd = cmd_path(),
                               .batch = tether__command_file_name(TETHER__SHELL_CMD)};
    tether__text line = {0}, text = {0};
    const char *why = "";
    tether__command_render_windows(TETHER__SHELL_CMD, command, strlen(command), &text);
    assert_false(text.failed);
    write_file(p->bundle, wrapper.batch, text.bytes, text.size);
    assert_int_equal(tether__wrapper_bat_line(&wrapper, &line, &why), TETHER__CARRIED);
    outcome o = start_wrapper(p, &wrapper, p->work, line.bytes, more);
    tether__text_dispose(&line);
    tether__text_dispose(&text);
    return o;
}

static void assert_code(const outcome *o, uint32_t code, const char *what)
{
    if (o->marker.end != TETHER__END_EXIT || o->marker.value != (int64_t)code || o->code != code)
        fail_msg("%s: marker \"%s\", wrapper %lu, not %lu; stdout \"%s\" stderr \"%s\"", what,
                 o->text, o->code, (unsigned long)code, o->out, o->err);
}

/* Compares with what the child's verb `argv` writes for these arguments. */
static void assert_arguments(const outcome *o, const char *const *argv)
{
    const char *at = o->out;
    for (; *argv != NULL; argv++) {
        for (const char *c = *argv; *c != '\0'; c++) {
            char digits[3];
            snprintf(digits, sizeof digits, "%02x", (unsigned)(unsigned char)*c);
            if (strncmp(at, digits, 2) != 0)
                fail_msg("argument \"%s\" arrived as %s", *argv, o->out);
            at += 2;
        }
        at += *at == '\r';
        assert_int_equal(*at, '\n');
        at++;
    }
    assert_int_equal(*at, '\0');
}

static const char *const hostile[] = {
    "plain",
    "with a space",
    "\xc3\xbcn\xc3\xaf"
    "c\xc3\xb6"
    "de \xe6\x97\xa5",
    "a&b",
    "a(b) c)",
    "100%",
    "%PATH%",
    "a^b",
    "a!b!",
    "it's",
    "a;b",
    "a,b=c",
    "& (x) %TEMP% ^ ! ' ; , =",
};
enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

/* --- Programs ----------------------------------------------------------------------------------
 */

static void reports_each_exit_code_of_a_program(void **state)
{
    (void)state;
    static const struct {
        const char *argument;
        uint32_t code;
    } cases[] = {{"0", 0},
                 {"1", 1},
                 {"3", 3},
                 {"9", 9},
                 {"255", 255},
                 {"256", 256},
                 {"-1", 0xFFFFFFFF},
                 {"-1073741819", 0xC0000005},
                 {"2147483647", 0x7FFFFFFF}};
    place p = make_place("store", "work");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const argv[] = {CHILD, "exit", cases[i].argument, NULL};
        outcome o = run_argv(&p, argv, NULL);
        assert_code(&o, cases[i].code, cases[i].argument);
        assert_string_equal(o.out, "");
        assert_string_equal(o.err, "");
        outcome_dispose(&o);
    }
    remove_place(&p);
}

/* The wrapper reads the code from cmd's own ERRORLEVEL, even if a variable has that name. */
static void is_not_misled_by_variables(void **state)
{
    (void)state;
    static const char *const variables[] = {"ERRORLEVEL=77", "errorlevel=0", "CD=C:\\nowhere",
                                            "TETHER__CODE=5",
                                            "NoDefaultCurrentDirectoryInExePath=1"};
    place p = make_place("store", "work");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *const argv[] = {CHILD, "append", "here", "exit", "3", NULL};
        outcome o = run_argv(&p, argv, variables[i]);
        assert_code(&o, 3, variables[i]);
        outcome_dispose(&o);
        o = run_text(&p, "echo x>>here\nexit /b 4", variables[i]);
        assert_code(&o, 4, variables[i]);
        outcome_dispose(&o);
    }
    char *here = read_file(p.work, "here");
    assert_non_null(here);
    free(here);
    remove_place(&p);
}

static void passes_arguments_to_a_program(void **state)
{
    (void)state;
    static const char *const lists[][12] = {
        {"", "a b", "", " ", "\t", NULL},
        {"\"", "\"\"", "a\"b", "\\\"", "\\\\\"", "say \"hi\" & echo no", NULL},
        {"\\", "a\\", "a b\\", "a b\\\\", "\\\\server\\share", "C:\\", NULL},
        {"%PATH%", "%", "100%", "%%", "%1", "%TETHER__RUN%", "\"%PATH%\"", "^%PATH^%", NULL},
        {"a&b", "a|b", "<in", ">out", ">>out", "2>&1", "(", ")", "a^b", "^", NULL},
        {"\"&echo no", "\"|no", "\"<no", "\">no", "\"(no", "\")no", "\"^no", "x\" & exit & \"",
         NULL},
        {"!PATH!", "!", "\"!\"", "a!b^!", NULL},
        {"'", "it's", "`", "$x", "#", "~", "*", "?", "*.exe", "@file", NULL},
        {";", ",", "=", "a=b", "/c", "--x=y z", "[a]", "{a}", NULL},
        {"\xc3\xa4", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80", "\xc3\xa4 \"\xc3\xb6\"", NULL},
    };
    place p = make_place("store", "work");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        /* Wine expands percent signs in the value of a variable once more. */
        if (test_in_wine() && strchr(lists[i][0], '%') != NULL)
            continue;
        const char *argv[16] = {CHILD, "argv"};
        for (size_t k = 0; lists[i][k] != NULL; k++)
            argv[k + 2] = lists[i][k];
        outcome o = run_argv(&p, argv, NULL);
        assert_code(&o, 0, lists[i][0]);
        assert_arguments(&o, lists[i]);
        assert_string_equal(o.err, "");
        outcome_dispose(&o);
    }
    remove_place(&p);
}

static void passes_the_longest_line_that_cmd_reads(void **state)
{
    (void)state;
    place p = make_place("store", "work");
    char *word = calloc(1, TETHER__CMD_LINE_LIMIT);
    assert_non_null(word);
    memset(word, 'a', TETHER__CMD_LINE_LIMIT - strlen(CHILD) - strlen("\"\" argv "));
    const char *const argv[] = {CHILD, "argv", word, NULL};
    outcome o = run_argv(&p, argv, NULL);
    assert_code(&o, 0, "a long line");
    assert_arguments(&o, argv + 2);
    outcome_dispose(&o);
    free(word);
    remove_place(&p);
}

/* Runs a program and a text; the store and the working directory, where the program is, have these
 * names. */
static void work_in(const char *store, const char *work)
{
    place p = make_place(store, work);
    char *program = join(p.work, "the child.exe");
    if (!CopyFileW(wide(CHILD), wide(program), TRUE))
        fail_msg("cannot copy %s to %s: %lu", CHILD, program, GetLastError());
    const char *const argv[] = {program, "append", "made", "exit", "3", NULL};
    outcome o = run_argv(&p, argv, NULL);
    assert_code(&o, 3, work);
    outcome_dispose(&o);
    char *made = read_file(p.work, "made");
    assert_non_null(made);
    free(made);
    o = run_text(&p, "echo in>made2\nexit 9", NULL);
    assert_code(&o, 9, work);
    outcome_dispose(&o);
    made = read_file(p.work, "made2");
    assert_non_null(made);
    assert_string_equal(made, "in\r\n");
    free(made);
    free(program);
    remove_place(&p);
}

static void works_in_hostile_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE; i++) {
        /* As above: Wine would expand the percent signs of a working directory. */
        bool percent = strchr(hostile[i], '%') != NULL;
        work_in(hostile[i], test_in_wine() && percent ? "work" : hostile[i]);
    }
}

static void reports_a_working_directory_that_cannot_be_entered(void **state)
{
    (void)state;
    place p = make_place("store", "work");
    tether__wrapper wrapper = {.task_id = "t1", .workdir = "C:\\not & there"};
    for (int batch = 0; batch < 2; batch++) {
        wrapper.batch = batch ? "command.bat" : NULL;
        outcome o = start_wrapper(&p, &wrapper, "C:\\not & there", "exit 0", NULL);
        assert_code(&o, 126, "no directory");
        assert_non_null(strstr(o.text, "exit 126 error=workdir\r\n"));
        assert_non_null(
            strstr(o.err, "the working directory \"C:\\not & there\" cannot be entered"));
        assert_string_equal(o.out, "");
        outcome_dispose(&o);
        /* A wrapper without a command does not succeed. */
        o = start_wrapper(&p, &wrapper, p.work, NULL, NULL);
        assert_code(&o, 126, "no command");
        assert_non_null(strstr(o.text, "error=start"));
        outcome_dispose(&o);
    }
    remove_place(&p);
}

static void hides_its_variables(void **state)
{
    (void)state;
    place p = make_place("store", "work");
    const char *const argv[] = {CHILD,         "env", "TETHER__CWD", "env",
                                "TETHER__RUN", "env", "OTHER",       NULL};
    outcome o = run_argv(&p, argv, "OTHER=there");
    assert_code(&o, 0, "env");
    for (char *c; (c = strchr(o.out, '\r')) != NULL;)
        memmove(c, c + 1, strlen(c));
    assert_string_equal(o.out, "\n\nthere\n");
    outcome_dispose(&o);
    o = run_text(&p, "set TETHER__", NULL);
    assert_string_equal(o.out, "");
    outcome_dispose(&o);
    remove_place(&p);
}

/* --- Batch files -------------------------------------------------------------------------------
 */

static void passes_arguments_to_a_batch_file(void **state)
{
    (void)state;
    static const char *const lists[][10] = {
        {"a", "b c", "", "/x", NULL},
        {"a&echo no", "a|b", ">out", "(", ")", "^", "a^b", "& exit 1", NULL},
        {"k=v", "a,b", "a;b", "it's", "*", NULL},
        {"C:\\dir\\", "C:\\my dir\\", "\\", NULL},
        {"\xc3\xa4 \xe6\x97\xa5", NULL},
    };
    static const char script[] =
        "@echo off\r\n\"%CHILD_EXE%\" argv %*\r\nif 1==1 (\r\n  exit /b 7\r\n  echo no\r\n)\r\n";
    for (size_t i = 0; i < HOSTILE; i++) {
        if (strchr(hostile[i], '%') != NULL)
            continue; /* refused */
        place p = make_place("store", hostile[i]);
        write_file(p.work, "the script.cmd", script, strlen(script));
        char *program = join(p.work, "the script.cmd");
        const char *const *list = lists[i % (sizeof lists / sizeof lists[0])];
        const char *argv[16] = {program};
        for (size_t k = 0; list[k] != NULL; k++)
            argv[k + 1] = list[k];
        outcome o = run_argv(&p, argv, "CHILD_EXE=" CHILD);
        assert_arguments(&o, list);
        /* Wine takes `exit` without a number for `exit 0`. */
        assert_code(&o, test_in_wine() ? 0 : 7, hostile[i]);
        outcome_dispose(&o);
        free(program);
        remove_place(&p);
    }
}

/* --- Texts for the user's shell cmd ------------------------------------------------------------
 */

typedef struct text_case {
    const char *text;
    uint32_t code;
    const char *out; /* NULL: not checked */
    bool not_in_wine;
} text_case;

static void runs_texts_as_cmd_does(void **state)
{
    (void)state;
    static const text_case cases[] = {
        {"", 0, "", false},
        {"exit 7", 7, "", false},
        {"exit", 0, "", false},
        {"exit 256", 256, "", false},
        {"exit -1", 0xFFFFFFFF, "", false},
        {"exit -1073741819", 0xC0000005, "", false},
        {"exit /b 7", 7, "", false},
        {"exit /b 7\necho no", 7, "", false},
        {"goto :eof", 0, "", false},
        {"echo one\necho two\n", 0, "one\r\ntwo\r\n", false},
        {"echo one\r\necho two\r\n", 0, "one\r\ntwo\r\n", false},
        {"echo one", 0, "one\r\n", false},
        {"@echo off\nrem comment at the end", 0, "", false},
        {":: comment at the end", 0, "", false},
        {"goto end\necho no\n:end\necho yes", 0, "yes\r\n", false},
        {"goto end\necho no\n:end", 0, "", false},
        {"call :sub\necho %ERRORLEVEL%\nexit /b 5\n:sub\nexit /b 3", 5, "3\r\n", false},
        /* Wine takes `exit /b` without a number for `exit /b 0`. */
        {"call :sub\nexit /b\n:sub\nexit /b 3", 3, "", true},
        {"if 1==1 (\n  exit /b 4\n  echo no\n)\necho no", 4, "", false},
        {"tether-no-such-program", 9009, "", false},
        {"tether-no-such-program\necho still", 9009, "still\r\n", false},
        {"\"%CHILD_EXE%\" exit 3", 3, "", false},
        {"\"%CHILD_EXE%\" exit -1073741819", 0xC0000005, "", false},
        {"\"%CHILD_EXE%\" exit 3\nexit /b %ERRORLEVEL%", 3, "", false},
        {"\"%CHILD_EXE%\" exit 3\n\"%CHILD_EXE%\" exit 0", 0, "", false},
        {"\"%CHILD_EXE%\" exit 3 || exit /b 8", 8, "", false},
        {"\"%CHILD_EXE%\" exit 0 && exit /b 8", 8, "", false},
        {"\"%CHILD_EXE%\" exit 0 | \"%CHILD_EXE%\" exit 6", 6, "", false},
        {"cmd /c exit 12", 12, "", false},
        {"setlocal EnableDelayedExpansion\nset X=a\necho !X!\nexit /b 2", 2, "a\r\n", false},
        {"for %%i in (a b) do echo %%i", 0, "a\r\nb\r\n", false},
        {"set X=1&& echo 100%% \"%X%\" & echo ^& ok", 0, "100% \"\" \r\n& ok\r\n", false},
        {"echo a^\nb", 0, "ab\r\n", false},
        {"pushd C:\\\npopd\necho x>still", 0, "", false},
        {"popd\necho x>still", 0, "", false},
        {"echo on\necho off\nset ERRORLEVEL=5\nexit /b 3", 3, NULL, false},
        /* In Wine, `call` of a file returns 1. */
        {"call other.bat\nexit /b %ERRORLEVEL%", 11, "", true},
        /* Wine reads batch files in its OEM code page, regardless of `chcp`. */
        {"echo \xc3\xa4", 0, "\xc3\xa4\r\n", true},
        {"other.bat\necho never", 11, "", false},
    };
    place p = make_place("store", "work");
    write_file(p.work, "other.bat", "@exit /b 11\r\n", 14);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].not_in_wine && test_in_wine())
            continue;
        outcome o = run_text(&p, cases[i].text, "CHILD_EXE=" CHILD);
        assert_code(&o, cases[i].code, cases[i].text);
        if (cases[i].out != NULL && strcmp(o.out, cases[i].out) != 0)
            fail_msg("[%s] wrote [%s]", cases[i].text, o.out);
        outcome_dispose(&o);
    }
    remove_place(&p);
}

/* The exit code of a batch file with a syntax error is not documented. It is not 0 (except in Wine,
 * which continues after the error), and the marker is written. */
static void reports_a_syntax_error(void **state)
{
    (void)state;
    static const char *const texts[] = {"if", "if 1==", "for", "& &"};
    place p = make_place("store", "work");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        outcome o = run_text(&p, texts[i], NULL);
        assert_int_equal(o.marker.end, TETHER__END_EXIT);
        assert_true(test_in_wine() || o.marker.value != 0);
        assert_int_equal(o.marker.value, o.code);
        outcome_dispose(&o);
    }
    remove_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_each_exit_code_of_a_program),
        cmocka_unit_test(is_not_misled_by_variables),
        cmocka_unit_test(passes_arguments_to_a_program),
        cmocka_unit_test(passes_the_longest_line_that_cmd_reads),
        cmocka_unit_test(works_in_hostile_places),
        cmocka_unit_test(reports_a_working_directory_that_cannot_be_entered),
        cmocka_unit_test(hides_its_variables),
        cmocka_unit_test(passes_arguments_to_a_batch_file),
        cmocka_unit_test(runs_texts_as_cmd_does),
        cmocka_unit_test(reports_a_syntax_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
