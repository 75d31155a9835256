/* The wrapper for cmd: its exact text, and that cmd passes every argument on unchanged, or that it
 * is refused. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shell/cmd_model.h"
#include "shell/golden.h"
#include "support/random.h"
#include "shell/wrapper_bat.h"

#define CMD_PATH "C:\\Win dows\\System32\\cmd.exe"

/* Variables that would change a text if cmd expanded it a second time. */
static const model_variable trap_variables[] = {
    {"PATH", "\" & calc & \""}, {"X", "& calc"}, {"=", "& calc"}, {NULL, NULL}};

static void renders_the_golden_texts(void **state)
{
    (void)state;
    tether__wrapper wrapper = {.task_id = "t0golden", .workdir = "C:\\never % in & it"};
    tether__text text = {0};
    tether__wrapper_render_bat(&wrapper, &text);
    golden_assert(&text, "wrapper.bat");
    wrapper.batch = "command.bat";
    tether__wrapper_render_bat(&wrapper, &text);
    golden_assert(&text, "wrapper-batch.bat");
    wrapper.workdir = "\\\\server\\share";
    tether__wrapper_render_bat(&wrapper, &text);
    golden_assert(&text, "wrapper-network.bat");
    assert_false(tether__cmd_is_network_path("\\\\?\\C:\\long"));
    assert_false(tether__cmd_is_network_path("C:\\x"));
    assert_false(tether__cmd_is_network_path(""));
    assert_true(tether__cmd_is_network_path("//server/share"));
}

/* PowerShell writes in the code page of the console, before the command starts. The code of chcp
 * must not become the command's. */
static void sets_the_code_page_for_powershell(void **state)
{
    (void)state;
    const tether__wrapper wrapper = {
        .task_id = "t0golden", .workdir = "C:\\x", .utf8_console = true};
    tether__text text = {0};
    tether__wrapper_render_bat(&wrapper, &text);
    const char *line =
        strstr(text.bytes, "\\chcp.com\" 65001 >nul 2>nul\r\nset \"ERRORLEVEL=\"\r\n");
    assert_non_null(line);
    assert_ptr_equal(strstr(line, "set \"ERRORLEVEL=\"\r\nset \"TETHER__CWD=\" & "),
                     strstr(line, "set \"ERRORLEVEL"));
    tether__text_dispose(&text);
}

static tether__carry carry(const char *program, const char *const *argv, tether__text *line,
                           const char **why)
{
    tether__wrapper wrapper = {.task_id = "t", .cmd = CMD_PATH, .program = program, .argv = argv};
    *line = (tether__text){0};
    *why = NULL;
    tether__carry carried = tether__wrapper_bat_line(&wrapper, line, why);
    assert_false(line->failed);
    /* Every failure has a reason, and adds nothing to the line. */
    assert_true((*why != NULL) == (carried != TETHER__CARRIED));
    assert_true((line->size > 0) == (carried == TETHER__CARRIED));
    return carried;
}

static void assert_line(const char *program, const char *const *argv, const char *expected)
{
    tether__text line;
    const char *why;
    assert_int_equal(carry(program, argv, &line, &why), TETHER__CARRIED);
    assert_string_equal(line.bytes, expected);
    tether__text_dispose(&line);
}

static void renders_lines(void **state)
{
    (void)state;
    static const char *const plain[] = {"x", "/c", "a b", "100%", "d\\ e\\", "", NULL};
    static const char *const quote[] = {"x", "say \"hi\" & (go)", "a&b", NULL};
    assert_line("C:\\my dir\\x.exe", plain,
                "\"C:\\my dir\\x.exe\" /c \"a b\" \"100%\" \"d\\ e\\\\\" \"\"");
    assert_line("C:\\x.EXE", quote, "\"C:\\x.EXE\" ^\"say \\^\"hi\\^\" ^& ^(go^)^\" \"a&b\"");
    static const char *const batch[] = {"x", "run", "a&b", "k=v", "d\\", NULL};
    assert_line("C:\\my dir\\x.Cmd", batch,
                "\"" CMD_PATH "\" /D /V:OFF /S /C ^\"\"C:\\my dir\\x.Cmd\" run \"a&b\" \"k=v\" "
                "d\\^& exit^\"");
    tether__wrapper own = {.task_id = "t", .program = CMD_PATH, .batch = "command.bat"};
    tether__text line = {0};
    const char *why = NULL;
    assert_int_equal(tether__wrapper_bat_line(&own, &line, &why), TETHER__CARRIED);
    assert_string_equal(line.bytes, "\"" CMD_PATH "\" /D /E:ON /S /C ^\"\".\\command.bat\"^\"");
    tether__text_dispose(&line);
}

/* Returns the command that the wrapper runs for a value of TETHER__RUN, as cmd parses the line. */
static char *run_line(const char *value)
{
    model_variable variables[] = {
        {"TETHER__CWD", "C:\\w"}, {"TETHER__RUN", value}, {"PATH", "\" & calc & \""}, {NULL, NULL}};
    tether__wrapper wrapper = {.task_id = "t"};
    tether__text text = {0};
    tether__wrapper_render_bat(&wrapper, &text);
    assert_false(text.failed);
    char *line = strstr(text.bytes, "set \"TETHER__CWD=\" & ");
    assert_non_null(line);
    *strchr(line, '\r') = '\0';
    char *expanded = model_expand(line, true, variables);
    model_words commands;
    model_split(expanded, false, &commands);
    assert_int_equal(commands.count, 3);
    assert_int_equal(strncmp(commands.words[0], "set \"TETHER__CWD=\"", 17), 0);
    assert_int_equal(strncmp(commands.words[1], "set \"TETHER__RUN=\"", 17), 0);
    char *command = commands.words[2];
    commands.words[2] = NULL;
    model_words_dispose(&commands);
    free(expanded);
    tether__text_dispose(&text);
    return command;
}

typedef struct arguments {
    char storage[6][48];
    const char *argv[8];
    size_t count;
} arguments;

static void random_arguments(uint64_t *random, const char *special, arguments *a)
{
    size_t specials = strlen(special);
    a->argv[0] = "program";
    a->count = random_next(random) % 7;
    for (size_t i = 0; i < a->count; i++) {
        size_t size = random_next(random) % 24;
        for (size_t k = 0; k < size; k++) {
            uint32_t value = random_next(random);
            char c =
                value & 0x100 ? special[(value >> 12) % specials] : (char)(1 + (value >> 12) % 255);
            a->storage[i][k] = c;
        }
        a->storage[i][size] = '\0';
        a->argv[i + 1] = a->storage[i];
    }
    a->argv[a->count + 1] = NULL;
}

static void remove_any(arguments *a, const char *unwanted)
{
    for (size_t i = 0; i < a->count; i++) {
        for (char *c; (c = strpbrk(a->storage[i], unwanted)) != NULL;)
            *c = '_';
    }
}

static void passes_every_argument_to_a_program(void **state)
{
    (void)state;
    uint64_t random = 21;
    for (int round = 0; round < 5000; round++) {
        arguments a;
        random_arguments(&random, "\"\"\"\\\\\\ \t^^%%!&|<>()=;,PATH", &a);
        remove_any(&a, "\r\n");
        const char *program = "C:\\a & (b) %PATH% ^!\\the program.exe", *why;
        tether__text line;
        assert_int_equal(carry(program, a.argv, &line, &why), TETHER__CARRIED);
        char *command = run_line(line.bytes);
        model_words words;
        model_argv(command, &words);
        assert_int_equal(words.count, a.count + 1);
        assert_string_equal(words.words[0], program);
        for (size_t i = 0; i < a.count; i++)
            assert_string_equal(words.words[i + 1], a.argv[i + 1]);
        model_words_dispose(&words);
        free(command);
        tether__text_dispose(&line);
    }
}

/* Compares a word of a batch file, without its quotes, with an argument. */
static void assert_batch_word(const char *word, const char *argument)
{
    size_t size = strlen(word);
    bool quoted = word[0] == '"';
    assert_true(!quoted || (size >= 2 && word[size - 1] == '"'));
    const char *inner = word + quoted;
    size_t inner_size = size - 2 * (size_t)quoted;
    /* Trailing backslashes are doubled for programs to which the batch file passes the word. */
    size_t length = strlen(argument);
    assert_true(inner_size >= length);
    assert_memory_equal(inner, argument, length);
    for (size_t i = length; i < inner_size; i++)
        assert_int_equal(inner[i], '\\');
}

static void passes_safe_arguments_to_a_batch_file(void **state)
{
    (void)state;
    static const char target[] = "C:\\a & (b) ^ d\\the, file.cmd";
    uint64_t random = 22;
    for (int round = 0; round < 5000; round++) {
        arguments a;
        random_arguments(&random, "\\\\\\ \t^^&|<>()=;,'PATH", &a);
        remove_any(&a, "\"%!\r\n");
        const char *why;
        tether__text line;
        assert_int_equal(carry(target, a.argv, &line, &why), TETHER__CARRIED);
        char *outer = run_line(line.bytes);
        static const char cmd[] = "\"" CMD_PATH "\" /D /V:OFF /S /C \"";
        assert_memory_equal(outer, cmd, sizeof cmd - 1);
        char *inner = model_slash_c(outer);
        char *expanded = model_expand(inner, false, trap_variables);
        model_words commands, words, passed_on;
        model_split(expanded, false, &commands);
        assert_int_equal(commands.count, 2);
        assert_string_equal(commands.words[1], "exit");
        model_batch_words(commands.words[0], &words);
        model_argv(commands.words[0], &passed_on);
        assert_int_equal(words.count, a.count + 1);
        assert_int_equal(passed_on.count, a.count + 1);
        assert_batch_word(words.words[0], target);
        for (size_t i = 1; i < words.count; i++) {
            assert_batch_word(words.words[i], a.argv[i]);
            assert_string_equal(passed_on.words[i], a.argv[i]);
        }
        model_words_dispose(&commands);
        model_words_dispose(&words);
        model_words_dispose(&passed_on);
        free(expanded);
        free(inner);
        free(outer);
        tether__text_dispose(&line);
    }
}

/* A batch file gets its arguments unchanged, or is not run. */
static void refuses_unsafe_arguments_of_a_batch_file(void **state)
{
    (void)state;
    static const struct {
        const char *argument;
        const char *says;
    } cases[] = {
        {"\"", "double quote"},    {"a\"&calc.exe", "double quote"},
        {"%PATH%", "percent"},     {"100%", "percent"},
        {"%", "percent"},          {"hi!", "exclamation"},
        {"a\nb", "line end"},      {"a\r", "line end"},
        {"a\r\ncalc", "line end"}, {"%\" & calc & \"", "quote"},
    };
    static const char *const names[] = {"C:\\x.bat", "C:\\x.CMD", "C:\\x.bat.", "C:\\x.Bat . ."};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const argv[] = {"x", "fine", cases[i].argument, NULL};
        tether__text line;
        const char *why;
        const char *name = names[i % (sizeof names / sizeof names[0])];
        assert_int_equal(carry(name, argv, &line, &why), TETHER__CARRY_REFUSED);
        assert_non_null(strstr(why, cases[i].says));
        /* The message also says what to do. */
        assert_non_null(strstr(why, "; directly run the program"));
    }
}

static void refuses_batch_files_whose_path_cmd_would_change(void **state)
{
    (void)state;
    static const char *const argv[] = {"x", NULL};
    tether__text line;
    const char *why;
    assert_int_equal(carry("C:\\%PATH%\\x.bat", argv, &line, &why), TETHER__CARRY_REFUSED);
    assert_non_null(strstr(why, "percent"));
    assert_int_equal(carry("C:\\a\"b\\x.bat", argv, &line, &why), TETHER__CARRY_REFUSED);
    tether__wrapper without_cmd = {.task_id = "t", .program = "C:\\x.bat", .argv = argv};
    assert_int_equal(tether__wrapper_bat_line(&without_cmd, &line, &why), TETHER__CARRY_REFUSED);
    assert_non_null(strstr(why, "cmd.exe"));
    assert_int_equal(line.size, 0);
}

static void leaves_to_other_wrappers_what_cmd_cannot_run(void **state)
{
    (void)state;
    static const char *const argv[] = {"x", "a", NULL};
    static const char *const names[] = {"C:\\x", "C:\\x.py", "C:\\x.exe.", "C:\\x.ps1", "C:\\exe"};
    tether__text line;
    const char *why;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(carry(names[i], argv, &line, &why), TETHER__CARRY_ELSEWHERE);
    static const char *const newline[] = {"x", "a\nb", NULL}, *const cr[] = {"x", "\r", NULL};
    assert_int_equal(carry("C:\\x.exe", newline, &line, &why), TETHER__CARRY_ELSEWHERE);
    assert_int_equal(carry("C:\\x.exe", cr, &line, &why), TETHER__CARRY_ELSEWHERE);
    assert_non_null(strstr(why, "line end"));
}

static void respects_the_longest_line_of_cmd(void **state)
{
    (void)state;
    char *word = calloc(1, 20000);
    assert_non_null(word);
    const char *const argv[] = {"x", word, NULL};
    const size_t before = strlen("\"C:\\x.exe\" ");
    tether__text line;
    const char *why;
    memset(word, 'a', TETHER__CMD_LINE_LIMIT - before);
    assert_int_equal(carry("C:\\x.exe", argv, &line, &why), TETHER__CARRIED);
    tether__text_dispose(&line);
    assert_int_equal(carry("C:\\x.bat", argv, &line, &why), TETHER__CARRY_REFUSED);
    assert_non_null(strstr(why, "too long"));
    word[TETHER__CMD_LINE_LIMIT - before] = 'a';
    assert_int_equal(carry("C:\\x.exe", argv, &line, &why), TETHER__CARRY_ELSEWHERE);
    /* Characters of two bytes and one UTF-16 unit, which need quotes around them. */
    memset(word, '\0', 20000);
    for (size_t i = 0; i < TETHER__CMD_LINE_LIMIT - before - 2; i++)
        memcpy(word + 2 * i, "\xc3\xa4", 2);
    assert_int_equal(carry("C:\\x.exe", argv, &line, &why), TETHER__CARRIED);
    tether__text_dispose(&line);
    assert_int_equal(tether__cmd_units("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 5);
    free(word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_the_golden_texts),
        cmocka_unit_test(sets_the_code_page_for_powershell),
        cmocka_unit_test(renders_lines),
        cmocka_unit_test(passes_every_argument_to_a_program),
        cmocka_unit_test(passes_safe_arguments_to_a_batch_file),
        cmocka_unit_test(refuses_unsafe_arguments_of_a_batch_file),
        cmocka_unit_test(refuses_batch_files_whose_path_cmd_would_change),
        cmocka_unit_test(leaves_to_other_wrappers_what_cmd_cannot_run),
        cmocka_unit_test(respects_the_longest_line_of_cmd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
