/* How CreateProcess calls a command: every argument arrives unchanged, or the call is refused. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shell/call.h"
#include "shell/cmd_model.h"
#include "support/random.h"

#define CMD_PATH "C:\\Win dows\\System32\\cmd.exe"

static tether__carry call(const tether__wrapper *wrapper, const char **program, tether__text *line)
{
    const char *why = NULL;
    *line = (tether__text){0};
    tether__carry carry = tether__call_line(wrapper, program, line, &why);
    assert_false(line->failed);
    /* Every failure has a reason, and adds nothing to the line. */
    assert_true((why != NULL) == (carry != TETHER__CARRIED));
    assert_true((line->size > 0) == (carry == TETHER__CARRIED));
    return carry;
}

static void expect_line(const tether__wrapper *wrapper, const char *program, const char *expected)
{
    tether__text line;
    const char *found;
    assert_int_equal(call(wrapper, &found, &line), TETHER__CARRIED);
    assert_string_equal(found, program);
    assert_string_equal(line.bytes, expected);
    tether__text_dispose(&line);
}

static void makes_the_line_of_each_kind(void **state)
{
    (void)state;
    static const char *const alone[] = {"x", NULL};
    static const char *const words[] = {"x",       "/c", "a b",        "100%",
                                        "d\\ e\\", "",   "two\nlines", NULL};
    static const char *const batch[] = {"x", "run", "a&b", "k=v", "d\\", NULL};
    tether__wrapper wrapper = {
        .workdir = "C:\\w", .cmd = CMD_PATH, .program = "C:\\my dir\\x.exe", .argv = alone};
    expect_line(&wrapper, "C:\\my dir\\x.exe", "\"C:\\my dir\\x.exe\"");
    wrapper.argv = words;
    expect_line(&wrapper, "C:\\my dir\\x.exe",
                "\"C:\\my dir\\x.exe\" /c \"a b\" \"100%\" \"d\\ e\\\\\" \"\" \"two\nlines\"");
    wrapper.program = "C:\\my dir\\x.Cmd";
    wrapper.argv = batch;
    expect_line(&wrapper, CMD_PATH,
                "\"" CMD_PATH "\" /D /V:OFF /S /C \"\"C:\\my dir\\x.Cmd\" run \"a&b\" \"k=v\" "
                "d\\& exit\"");
    wrapper.program = CMD_PATH;
    wrapper.batch = "command.bat";
    expect_line(&wrapper, CMD_PATH, "\"" CMD_PATH "\" /D /E:ON /S /C \"\".\\command.bat\"\"");
}

/* No cmd parses the line of a program, so that nothing in it is special. */
static void passes_every_argument_to_a_program(void **state)
{
    (void)state;
    static const char special[] = "\"\"\"\\\\\\ \t\r\n^%!&|<>()=;,*?'`$PATH";
    uint64_t random = 41;
    for (int round = 0; round < 5000; round++) {
        char storage[6][48];
        const char *argv[8] = {"program"}, *program;
        size_t count = random_next(&random) % 7;
        for (size_t i = 0; i < count; i++) {
            size_t size = random_next(&random) % 24;
            for (size_t k = 0; k < size; k++)
                storage[i][k] = special[random_next(&random) % (sizeof special - 1)];
            storage[i][size] = '\0';
            argv[i + 1] = storage[i];
        }
        const tether__wrapper wrapper = {
            .workdir = "C:\\w", .program = "C:\\a & (b) %PATH% ^!\\the program.exe", .argv = argv};
        tether__text line;
        model_words words;
        assert_int_equal(call(&wrapper, &program, &line), TETHER__CARRIED);
        model_argv(line.bytes, &words);
        assert_int_equal(words.count, count + 1);
        assert_string_equal(words.words[0], wrapper.program);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(words.words[i + 1], argv[i + 1]);
        model_words_dispose(&words);
        tether__text_dispose(&line);
    }
}

static void refuses_what_cmd_would_change(void **state)
{
    (void)state;
    static const char *const argv[] = {"x", "100%", NULL};
    tether__wrapper wrapper = {
        .workdir = "C:\\w", .cmd = CMD_PATH, .program = "C:\\x.bat", .argv = argv};
    tether__text line;
    const char *program;
    assert_int_equal(call(&wrapper, &program, &line), TETHER__CARRY_REFUSED);
    wrapper.cmd = NULL;
    assert_int_equal(call(&wrapper, &program, &line), TETHER__CARRY_REFUSED);
}

/* Only a script gives cmd a drive letter for a network path. A program needs none. */
static void leaves_cmd_in_a_network_path_to_a_script(void **state)
{
    (void)state;
    static const char *const argv[] = {"x", NULL};
    tether__wrapper wrapper = {
        .workdir = "\\\\server\\share", .cmd = CMD_PATH, .program = "C:\\x.bat", .argv = argv};
    tether__text line;
    const char *program;
    assert_int_equal(call(&wrapper, &program, &line), TETHER__CARRY_ELSEWHERE);
    wrapper.program = CMD_PATH;
    wrapper.batch = "command.bat";
    assert_int_equal(call(&wrapper, &program, &line), TETHER__CARRY_ELSEWHERE);
    wrapper.program = "C:\\x.exe";
    wrapper.batch = NULL;
    expect_line(&wrapper, "C:\\x.exe", "\"C:\\x.exe\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_line_of_each_kind),
        cmocka_unit_test(passes_every_argument_to_a_program),
        cmocka_unit_test(refuses_what_cmd_would_change),
        cmocka_unit_test(leaves_cmd_in_a_network_path_to_a_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
