/* Wrappers and command files: their exact text, and that they keep every byte of a command. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shell/golden.h"
#include "support/random.h"
#include "shell/wrapper.h"

enum { MAX_WORDS = 8, MAX_WORD = 200 };

static void renders_the_golden_text(void **state)
{
    (void)state;
    const tether__wrapper wrapper = {.task_id = "t0golden"};
    tether__text text = {0};
    tether__wrapper_render_sh(&wrapper, &text);
    golden_assert(&text, "wrapper.sh");
}

/* Tasks share a text, so it must not depend on what is theirs. */
static void renders_one_text_for_all_tasks(void **state)
{
    (void)state;
    static const char *const argvs[2][3] = {{"/bin/true", NULL}, {"it's", "$x", NULL}};
    tether__text texts[2] = {0};
    for (int i = 0; i < 2; i++) {
        const tether__wrapper wrapper = {.task_id = i == 0 ? "t1" : "t2",
                                         .boot_id = i == 0 ? "boot-1" : "boot-2",
                                         .pid_ns = i == 0 ? "40" : "",
                                         .time_offset_ns = i * 5,
                                         .program = i == 0 ? NULL : "/bin/it's",
                                         .argv = argvs[i],
                                         .pipestatus = i == 0 ? "/a" : "/b",
                                         .late_input = i == 0 ? "/c" : "/d"};
        tether__wrapper_render_sh(&wrapper, &texts[i]);
    }
    assert_int_equal(texts[0].size, texts[1].size);
    assert_memory_equal(texts[0].bytes, texts[1].bytes, texts[0].size);
    tether__text_dispose(&texts[0]);
    tether__text_dispose(&texts[1]);
}

static void assert_arguments(const tether__wrapper *wrapper, const char *const *expected)
{
    const char **arguments;
    size_t at = 0;
    assert_true(tether__wrapper_sh_arguments(wrapper, "boot=", &arguments));
    for (; expected[at] != NULL; at++)
        assert_string_equal(arguments[at], expected[at]);
    assert_null(arguments[at]);
    free(arguments);
}

static void passes_a_tasks_values_as_arguments(void **state)
{
    (void)state;
    static const char *const argv[] = {"true", "it's", "", NULL};
    static const char *const plain[] = {"t0", "boot=", "true", "it's", "", NULL};
    static const char *const all[] = {"t0", "boot=", "/in", "/pipe", "/bin/true", "it's", "", NULL};
    tether__wrapper wrapper = {.task_id = "t0", .argv = argv};
    assert_arguments(&wrapper, plain);
    wrapper.program = "/bin/true";
    wrapper.late_input = "/in";
    wrapper.pipestatus = "/pipe";
    assert_arguments(&wrapper, all);
}

static void renders_the_golden_text_for_pipeline_statuses(void **state)
{
    (void)state;
    tether__wrapper wrapper = {.task_id = "t0golden", .pipestatus = "/store/it's/pipestatus"};
    tether__text text = {0};
    tether__wrapper_render_sh(&wrapper, &text);
    golden_assert(&text, "wrapper-pipestatus.sh");
}

static void renders_the_golden_text_without_proc(void **state)
{
    (void)state;
    tether__wrapper wrapper = {.task_id = "t0golden", .without_proc = true};
    tether__text text = {0};
    tether__wrapper_render_sh(&wrapper, &text);
    golden_assert(&text, "wrapper-without-proc.sh");
}

/* The supervisor's line tells by which clock its start time is. */
static void writes_the_offset_of_a_time_namespace(void **state)
{
    (void)state;
    char boot[TETHER__BOOT_ID_SIZE], pid_ns[TETHER__PID_NS_SIZE];
    char text[TETHER__WRAPPER_IDENTITY_SIZE], expected[TETHER__WRAPPER_IDENTITY_SIZE];
    tether__wrapper wrapper = {.boot_id = "boot-1", .pid_ns = "40", .time_offset_ns = -1000000000};
    tether__wrapper_identity(&wrapper, text);
    assert_string_equal(text, "boot=boot-1 pidns=40 timens=-1000000000");
    wrapper.time_offset_ns = 0;
    tether__wrapper_identity(&wrapper, text);
    assert_string_equal(text, "boot=boot-1 pidns=40");
    /* The longest one is complete. */
    memset(boot, 'b', sizeof boot - 1);
    memset(pid_ns, '9', sizeof pid_ns - 1);
    boot[sizeof boot - 1] = pid_ns[sizeof pid_ns - 1] = '\0';
    wrapper = (tether__wrapper){.boot_id = boot, .pid_ns = pid_ns, .time_offset_ns = INT64_MIN};
    tether__wrapper_identity(&wrapper, text);
    snprintf(expected, sizeof expected, "boot=%s pidns=%s timens=-9223372036854775808", boot,
             pid_ns);
    assert_string_equal(text, expected);
}

static void renders_the_golden_text_for_a_late_input(void **state)
{
    (void)state;
    tether__wrapper wrapper = {.task_id = "t0golden", .late_input = "/it's/a fifo"};
    tether__text text = {0};
    tether__wrapper_render_sh(&wrapper, &text);
    golden_assert(&text, "wrapper-late-input.sh");
}

/* The trap adds no line, so that the lines of a command keep their numbers. */
static void renders_the_golden_trap(void **state)
{
    (void)state;
    tether__text text = {0};
    tether__command_render_trap("PIPESTATUS", "/store/it's/pipestatus", &text);
    assert_null(memchr(text.bytes, '\n', text.size));
    tether__command_render(TETHER__SHELL_SH, "false | true\n", 13, &text);
    golden_assert(&text, "trap.sh");
}

static void renders_the_golden_texts_by_name(void **state)
{
    (void)state;
    static const char *const argv[] = {"bash", "C:\\store\\it's\\command.sh", "", NULL};
    const char *why = NULL;
    tether__wrapper wrapper = {
        .task_id = "t0golden", .program = "C:\\Git\\bin\\bash.exe", .argv = argv};
    tether__text text = {0};
    assert_int_equal(tether__wrapper_render_sh_by_name(&wrapper, &text, &why), TETHER__CARRIED);
    golden_assert(&text, "wrapper-by-name.sh");
    wrapper.own_argv = true;
    assert_int_equal(tether__wrapper_render_sh_by_name(&wrapper, &text, &why), TETHER__CARRIED);
    golden_assert(&text, "wrapper-by-name-argv.sh");
    assert_null(why);
}

static void refuses_batch_files_by_name(void **state)
{
    (void)state;
    static const char *const argv[] = {"x.bat", NULL};
    const char *why = NULL;
    tether__text text = {0};
    tether__wrapper target = {.task_id = "t", .program = "C:\\x.BAT", .argv = argv};
    assert_int_equal(tether__wrapper_render_sh_by_name(&target, &text, &why),
                     TETHER__CARRY_REFUSED);
    assert_non_null(why);
    tether__wrapper batch = {.task_id = "t", .program = "C:\\cmd.exe", .batch = "command.bat"};
    assert_int_equal(tether__wrapper_render_sh_by_name(&batch, &text, &why), TETHER__CARRY_REFUSED);
    assert_int_equal(text.size, 0);
}

static void renders_the_golden_files_for_cmd(void **state)
{
    (void)state;
    static const char ascii[] = "echo one\r\necho 100%\n:end\nexit /b 3";
    static const char unicode[] = "echo \xc3\xa4\n";
    tether__text text = {0};
    tether__command_render(TETHER__SHELL_CMD, ascii, strlen(ascii), &text);
    golden_assert(&text, "command.bat");
    tether__command_render(TETHER__SHELL_CMD, unicode, strlen(unicode), &text);
    golden_assert(&text, "command-utf8.bat");
}

/* The text for cmd keeps every byte except line ends, which become CR LF. */
static void keeps_the_users_bytes_for_cmd(void **state)
{
    (void)state;
    static const char before[] = "\r\n:tether__command\r\n";
    uint64_t random = 8;
    for (int round = 0; round < 2000; round++) {
        char command[64];
        size_t size = random_next(&random) % sizeof command;
        for (size_t i = 0; i < size; i++) {
            uint32_t value = random_next(&random);
            command[i] = value & 0x700 ? (char)(value >> 16) : "\n\r\n\n"[(value >> 16) % 4];
            command[i] = command[i] == '\0' ? ' ' : command[i];
        }
        tether__text text = {0};
        tether__command_render(TETHER__SHELL_CMD, command, size, &text);
        assert_false(text.failed);
        const char *at = strstr(text.bytes, before);
        assert_non_null(at);
        at += strlen(before);
        for (size_t i = 0; i < size; i++) {
            if (command[i] == '\n' && (i == 0 || command[i - 1] != '\r'))
                assert_int_equal(*at++, '\r');
            assert_int_equal(*at++, command[i]);
        }
        bool open = size > 0 && command[size - 1] != '\n';
        assert_string_equal(at, open ? "\r\n" : "");
        tether__text_dispose(&text);
    }
}

static void marks_files_for_powershell_on_windows(void **state)
{
    (void)state;
    static const char mark[] = "\xEF\xBB\xBF";
    static const char *const commands[] = {"exit 3", "\xEF\xBB\xBF"
                                                     "exit 3"};
    for (size_t i = 0; i < 2; i++) {
        tether__text text = {0};
        tether__command_render_windows(TETHER__SHELL_POWERSHELL, commands[i], strlen(commands[i]),
                                       &text);
        assert_memory_equal(text.bytes, mark, 3);
        assert_memory_equal(text.bytes + 3, "exit 3\n", 7);
        tether__text_dispose(&text);
    }
    static const tether__shell_family others[] = {TETHER__SHELL_SH, TETHER__SHELL_FISH,
                                                  TETHER__SHELL_CMD};
    for (size_t i = 0; i < 3; i++) {
        tether__text windows = {0}, plain = {0};
        tether__command_render_windows(others[i], "exit 3\n", 7, &windows);
        tether__command_render(others[i], "exit 3\n", 7, &plain);
        assert_string_equal(windows.bytes, plain.bytes);
        tether__text_dispose(&windows);
        tether__text_dispose(&plain);
    }
}

/* Parses words as a Bourne shell does. Accepts only quoted parts and backslashes, up to a blank or
 * the end of the line. Returns the count, and sets *rest to the rest of the line. */
static size_t parse_words(const char *at, char words[][MAX_WORD], size_t max, const char **rest)
{
    size_t count = 0;
    while (*at == '\'' || *at == '\\') {
        assert_true(count < max);
        size_t size = 0;
        while (*at != ' ' && *at != '\n') {
            if (*at == '\\') {
                words[count][size++] = at[1];
                at += 2;
                continue;
            }
            assert_int_equal(*at, '\'');
            for (at++; *at != '\''; at++) {
                assert_int_not_equal(*at, '\0');
                assert_true(size < MAX_WORD - 1);
                words[count][size++] = *at;
            }
            at++;
        }
        words[count++][size] = '\0';
        at += *at == ' ';
    }
    *rest = at;
    return count;
}

/* Returns the command in the script that opens its lifeline by name. */
static const char *command_line(const tether__text *text)
{
    static const char before[] = "TETHER__PSMODULEPATH\nexec ";
    const char *at = strstr(text->bytes, before);
    assert_non_null(at);
    return at + strlen(before);
}

static void random_word(uint64_t *random, char *word)
{
    /* Half of the characters are special to shells. */
    static const char special[] = "'\"\\$`!*?~#&|;<>(){}[] \t\n\r=%^-";
    size_t size = random_next(random) % 40;
    for (size_t i = 0; i < size; i++) {
        uint32_t value = random_next(random);
        word[i] =
            value & 0x100 ? special[value % (sizeof special - 1)] : (char)(1 + (value >> 16) % 255);
    }
    word[size] = '\0';
}

static void keeps_every_byte_of_an_argv(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int round = 0; round < 3000; round++) {
        char words[MAX_WORDS][MAX_WORD], parsed[MAX_WORDS][MAX_WORD];
        const char *argv[MAX_WORDS + 1], *rest;
        size_t count = 1 + random_next(&random) % MAX_WORDS;
        for (size_t i = 0; i < count; i++) {
            random_word(&random, words[i]);
            argv[i] = words[i];
        }
        argv[count] = NULL;
        const char *program = "/bin/it's", *why;
        const tether__wrapper wrapper = {.task_id = "t0", .program = program, .argv = argv};
        tether__text text = {0};
        assert_int_equal(tether__wrapper_render_sh_by_name(&wrapper, &text, &why), TETHER__CARRIED);
        assert_false(text.failed);
        assert_int_equal(parse_words(command_line(&text), parsed, MAX_WORDS, &rest), count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(parsed[i], i == 0 ? program : words[i]);
        /* The wrapper's own text follows: no part of the command escaped from its words. */
        assert_int_equal(strncmp(rest, "2>&8 8>&-)\n", 11), 0);
        tether__text_dispose(&text);
    }
}

static void closes_the_lifeline_in_the_command(void **state)
{
    (void)state;
    static const char *const commands[] = {
        "(exec \"$@\" 2>&8 8>&- 9>&-)\n",
        "(exec 2>&8 8>&- 9>&-\nexec \"$@\" <\"$tether__input\")\n"};
    for (size_t i = 0; i < 2; i++) {
        const tether__wrapper wrapper = {.late_input = i == 0 ? NULL : "/fifo"};
        tether__text text = {0};
        tether__wrapper_render_sh(&wrapper, &text);
        assert_non_null(strstr(text.bytes, commands[i]));
        tether__text_dispose(&text);
    }
}

static void names_command_files_by_family(void **state)
{
    (void)state;
    assert_string_equal(tether__command_file_name(TETHER__SHELL_SH), "command.sh");
    assert_string_equal(tether__command_file_name(TETHER__SHELL_FISH), "command.fish");
    assert_string_equal(tether__command_file_name(TETHER__SHELL_POWERSHELL), "command.ps1");
    assert_string_equal(tether__command_file_name(TETHER__SHELL_CMD), "command.bat");
}

static void writes_only_the_users_bytes(void **state)
{
    (void)state;
    static const tether__shell_family families[] = {TETHER__SHELL_SH, TETHER__SHELL_FISH};
    uint64_t random = 6;
    for (int round = 0; round < 500; round++) {
        char command[64];
        size_t size = random_next(&random) % sizeof command;
        for (size_t i = 0; i < size; i++)
            command[i] = (char)random_next(&random);
        for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
            tether__text text = {0};
            tether__command_render(families[i], command, size, &text);
            assert_false(text.failed);
            assert_int_equal(text.size, size);
            assert_memory_equal(text.bytes, command, size);
            tether__text_dispose(&text);
        }
    }
}

static void ends_a_powershell_command_with_its_code(void **state)
{
    (void)state;
    static const char *const commands[] = {"exit 3", "Get-Item x `", "# comment", "", "a |"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        tether__text text = {0};
        tether__command_render(TETHER__SHELL_POWERSHELL, commands[i], strlen(commands[i]), &text);
        size_t size = strlen(commands[i]);
        assert_memory_equal(text.bytes, commands[i], size);
        /* An empty line comes first, for a command that ends in a backtick or a comment. */
        const char *end = text.bytes + size;
        assert_int_equal(strncmp(end, "\n\n; if (-not $?) { ", 19), 0);
        assert_non_null(strstr(end, "exit $LASTEXITCODE"));
        /* One line, whatever it says. */
        assert_ptr_equal(strchr(end + 2, '\n'), text.bytes + text.size - 1);
        tether__text_dispose(&text);
    }
}

static void runs_the_file_with_the_options_of_each_shell(void **state)
{
    (void)state;
    static const struct {
        tether__shell_family family;
        const char *argv[TETHER__COMMAND_ARGV_CAPACITY];
    } cases[] = {
        {TETHER__SHELL_SH, {"/shell", "/file"}},
        {TETHER__SHELL_FISH, {"/shell", "/file"}},
        {TETHER__SHELL_CMD, {"/shell", "/D", "/C", "/file"}},
        {TETHER__SHELL_POWERSHELL,
         {"/shell", "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass",
          "-File", "/file"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = "/shell";
        tether__shell shell = {.path = path, .family = cases[i].family};
        const char *argv[TETHER__COMMAND_ARGV_CAPACITY];
        tether__command_argv(&shell, "/file", argv, TETHER__COMMAND_ARGV_CAPACITY);
        size_t at = 0;
        for (; cases[i].argv[at] != NULL; at++)
            assert_string_equal(argv[at], cases[i].argv[at]);
        assert_null(argv[at]);
    }
}

static void gives_a_shell_its_own_arguments_before_the_file(void **state)
{
    (void)state;
    static const char *const own[] = {"-e", "-u", NULL};
    static const char *const sh[] = {"/shell", "-l", "-e", "-u", "/file", NULL};
    static const char *const cmd[] = {"/shell", "-e", "-u", "/D", "/C", "/file", NULL};
    static const struct {
        tether__shell_family family;
        const char *login;
        const char *const *expected;
    } cases[] = {{TETHER__SHELL_SH, "-l", sh}, {TETHER__SHELL_CMD, NULL, cmd}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = "/shell";
        tether__shell shell = {path, cases[i].family, cases[i].login, own};
        const char *argv[TETHER__COMMAND_ARGV_CAPACITY];
        tether__command_argv(&shell, "/file", argv, TETHER__COMMAND_ARGV_CAPACITY);
        size_t at = 0;
        for (; cases[i].expected[at] != NULL; at++)
            assert_string_equal(argv[at], cases[i].expected[at]);
        assert_null(argv[at]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_the_golden_text),
        cmocka_unit_test(renders_one_text_for_all_tasks),
        cmocka_unit_test(passes_a_tasks_values_as_arguments),
        cmocka_unit_test(renders_the_golden_text_for_pipeline_statuses),
        cmocka_unit_test(renders_the_golden_text_without_proc),
        cmocka_unit_test(writes_the_offset_of_a_time_namespace),
        cmocka_unit_test(renders_the_golden_text_for_a_late_input),
        cmocka_unit_test(renders_the_golden_trap),
        cmocka_unit_test(renders_the_golden_texts_by_name),
        cmocka_unit_test(refuses_batch_files_by_name),
        cmocka_unit_test(renders_the_golden_files_for_cmd),
        cmocka_unit_test(keeps_the_users_bytes_for_cmd),
        cmocka_unit_test(marks_files_for_powershell_on_windows),
        cmocka_unit_test(keeps_every_byte_of_an_argv),
        cmocka_unit_test(closes_the_lifeline_in_the_command),
        cmocka_unit_test(names_command_files_by_family),
        cmocka_unit_test(writes_only_the_users_bytes),
        cmocka_unit_test(ends_a_powershell_command_with_its_code),
        cmocka_unit_test(runs_the_file_with_the_options_of_each_shell),
        cmocka_unit_test(gives_a_shell_its_own_arguments_before_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
