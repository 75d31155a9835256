/* The wrapper for PowerShell: its exact text, and that its literals keep every byte. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shell/cmd_model.h"
#include "shell/golden.h"
#include "support/random.h"
#include "shell/wrapper_ps1.h"

#define CMD_PATH "C:\\Windows\\System32\\cmd.exe"

static void render(const tether__wrapper *wrapper, tether__text *text)
{
    const char *why = NULL;
    *text = (tether__text){0};
    assert_int_equal(tether__wrapper_render_ps1(wrapper, text, &why), TETHER__CARRIED);
    assert_null(why);
}

static void renders_the_golden_texts(void **state)
{
    (void)state;
    static const char *const argv[] = {"x", "say \"hi\"", "two\nlines", "it's \xe2\x80\x99", NULL};
    static const char *const batch_argv[] = {"x", "a&b", "k=v", NULL};
    tether__wrapper wrapper = {.task_id = "t0golden",
                               .workdir = "C:\\it's\\\xc3\xa4",
                               .cmd = CMD_PATH,
                               .program = "C:\\my dir\\x.exe",
                               .argv = argv};
    tether__text text;
    render(&wrapper, &text);
    golden_assert(&text, "wrapper.ps1");
    wrapper.program = "C:\\my dir\\x.cmd";
    wrapper.argv = batch_argv;
    render(&wrapper, &text);
    golden_assert(&text, "wrapper-target.ps1");
    wrapper.program = CMD_PATH;
    wrapper.batch = "command.bat";
    render(&wrapper, &text);
    golden_assert(&text, "wrapper-batch.ps1");
}

static bool is_quote(const char *at, size_t *size)
{
    static const char *const quotes[] = {"'", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
                                         "\xe2\x80\x9b"};
    for (size_t i = 0; i < 5; i++) {
        *size = strlen(quotes[i]);
        if (strncmp(at, quotes[i], *size) == 0)
            return true;
    }
    return false;
}

/* Parses an expression such as 'a' + [char]10 + 'b' as PowerShell does, up to the end of the line.
 */
static void read_literal(const char *at, char *value)
{
    size_t size, next;
    for (;;) {
        if (strncmp(at, "[char]", 6) == 0) {
            char *end;
            *value++ = (char)strtol(at + 6, &end, 10);
            at = end;
        } else {
            assert_true(is_quote(at, &size));
            for (at += size; !is_quote(at, &size) || is_quote(at + size, &next);) {
                assert_true((unsigned char)*at >= ' ');
                if (is_quote(at, &size)) {
                    at += size; /* two quotes stand for the second one */
                    (void)is_quote(at, &size);
                } else {
                    size = 1;
                }
                memcpy(value, at, size);
                value += size;
                at += size;
            }
            at += size;
        }
        if (*at == '\n')
            break;
        assert_memory_equal(at, " + ", 3);
        at += 3;
    }
    *value = '\0';
}

static void read_assignment(const char *text, const char *variable, char *value)
{
    const char *at = strstr(text, variable);
    assert_non_null(at);
    read_literal(at + strlen(variable), value);
}

static void keeps_every_byte(void **state)
{
    (void)state;
    static const char *const parts[] = {"'",
                                        "\"",
                                        "\\",
                                        "$x",
                                        "`n",
                                        "\n",
                                        "\r\n",
                                        "\t",
                                        " ",
                                        "%A",
                                        "&",
                                        "\x01",
                                        "\xe2\x80\x98",
                                        "\xe2\x80\x99",
                                        "\xe2\x80\x9a",
                                        "\xe2\x80\x9b",
                                        "\xe2\x80\x9c",
                                        "\xc3\xa4",
                                        ""};
    uint64_t random = 31;
    for (int round = 0; round < 3000; round++) {
        char storage[5][200], workdir[200] = "C:\\", program[200] = "C:\\p ";
        const char *argv[7] = {"x"};
        size_t count = random_next(&random) % 6;
        for (size_t i = 0; i < count + 2; i++) {
            char *word = i < count ? storage[i] : i == count ? workdir + 3 : program + 5;
            *word = '\0';
            for (uint32_t n = random_next(&random) % 12; n > 0; n--)
                strcat(word, parts[random_next(&random) % (sizeof parts / sizeof parts[0])]);
            if (i < count)
                argv[i + 1] = storage[i];
        }
        argv[count + 1] = NULL;
        tether__wrapper wrapper = {
            .task_id = "t", .workdir = workdir, .program = program, .argv = argv};
        tether__text text;
        render(&wrapper, &text);
        char value[8000], line[8100] = "x ";
        read_assignment(text.bytes, "$workdir = ", value);
        assert_string_equal(value, workdir);
        read_assignment(text.bytes, "$start.FileName = ", value);
        assert_string_equal(value, program);
        read_assignment(text.bytes, "$start.Arguments = ", line + 2);
        model_words words;
        model_argv(line, &words);
        assert_int_equal(words.count, count + 1);
        for (size_t i = 1; i <= count; i++)
            assert_string_equal(words.words[i], argv[i]);
        model_words_dispose(&words);
        tether__text_dispose(&text);
    }
}

static void runs_batch_files_through_cmd_or_refuses(void **state)
{
    (void)state;
    static const char *const good[] = {"x", "a&b", NULL}, *const bad[] = {"x", "%PATH%", NULL};
    tether__wrapper wrapper = {
        .task_id = "t", .workdir = "C:\\", .cmd = CMD_PATH, .program = "C:\\x.bat", .argv = good};
    tether__text text;
    const char *why = NULL;
    render(&wrapper, &text);
    char value[500];
    read_assignment(text.bytes, "$start.FileName = ", value);
    assert_string_equal(value, CMD_PATH);
    read_assignment(text.bytes, "$start.Arguments = ", value);
    assert_string_equal(value, "/D /V:OFF /S /C \"\"C:\\x.bat\" \"a&b\"& exit\"");
    tether__text_dispose(&text);
    wrapper.argv = bad;
    assert_int_equal(tether__wrapper_render_ps1(&wrapper, &text, &why), TETHER__CARRY_REFUSED);
    assert_non_null(strstr(why, "percent"));
    wrapper.argv = good;
    wrapper.workdir = "\\\\server\\share";
    assert_int_equal(tether__wrapper_render_ps1(&wrapper, &text, &why), TETHER__CARRY_REFUSED);
    assert_non_null(strstr(why, "drive letter"));
    assert_int_equal(text.size, 0);
    wrapper.workdir = "\\\\?\\C:\\long";
    wrapper.cmd = NULL;
    assert_int_equal(tether__wrapper_render_ps1(&wrapper, &text, &why), TETHER__CARRY_REFUSED);
    assert_non_null(strstr(why, "cmd.exe"));
    wrapper.cmd = CMD_PATH;
    render(&wrapper, &text);
    tether__text_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_the_golden_texts),
        cmocka_unit_test(keeps_every_byte),
        cmocka_unit_test(runs_batch_files_through_cmd_or_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
