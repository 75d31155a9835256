/* The seam os/file.h on Windows: names and paths of every kind, files that others have open, links,
 * and access to a store. */
#include "win32/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>
#include <winioctl.h>

#include "support/win32/in_job.h"
#include "win32/text.h"

static wchar_t *wide_path(const place *p, const char *name)
{
    wchar_t *wide;
    assert_int_equal(tether__win32_path(place_path(p, name), &wide, "test", NULL), TETHER_OK);
    return wide;
}

static HANDLE hold(const place *p, const char *name, DWORD access, DWORD share)
{
    wchar_t *wide = wide_path(p, name);
    HANDLE handle =
        CreateFileW(wide, access, share, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    free(wide);
    assert_true(handle != INVALID_HANDLE_VALUE);
    return handle;
}

/* Creates a file that contains "one", and opens it as another program would. */
static HANDLE hold_new(const place *p, const char *name, DWORD access, DWORD share)
{
    place_write(p, name, "one");
    return hold(p, name, access, share);
}

static void make_store(place *p, const char *name)
{
    tether__dir *root;
    ASSERT_OK(tether__os_dir_open_root(place_path(p, name), true, &root, &p->error), p->error);
    tether__os_dir_close(root);
}

static void expect_content(place *p, tether__dir *dir, const char *name, const char *text)
{
    char *data;
    size_t size;
    ASSERT_OK(tether__os_file_read(dir, name, 1000, &data, &size, NULL, &p->error), p->error);
    assert_string_equal(data, text);
    free(data);
}

/* Does everything that is done to files, once. */
static void use_directory(place *p, tether__dir *dir, const char *name)
{
    char other[300];
    tether__file_stamp stamp;
    tether__dir *sub;
    snprintf(other, sizeof other, "%s2", name);
    ASSERT_OK(tether__os_file_create(dir, name, "one", 3, &p->error), p->error);
    ASSERT_OK(tether__os_file_replace(dir, name, "two", 3, true, &p->error), p->error);
    ASSERT_OK(tether__os_file_append(dir, name, "!", 1, &p->error), p->error);
    ASSERT_OK(tether__os_file_extend(dir, name, "?", 1, true, &stamp, &p->error), p->error);
    assert_int_equal(stamp.size, 5);
    expect_content(p, dir, name, "two!?");
    ASSERT_OK(tether__os_file_stamp(dir, name, &stamp, &p->error), p->error);
    assert_int_equal(stamp.size, 5);
    ASSERT_OK(tether__os_file_rename(dir, name, other, true, &p->error), p->error);
    expect_content(p, dir, other, "two!?");
    ASSERT_OK(tether__os_dir_open(dir, name, true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_move(dir, other, sub, other, &p->error), p->error);
    assert_int_equal(place_count(sub), 1);
    ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
    tether__os_dir_close(sub);
    ASSERT_OK(tether__os_dir_remove(dir, name, &p->error), p->error);
    assert_int_equal(place_count(dir), 0);
}

static void takes_names_of_every_kind(void **state)
{
    place *p = *state;
    static const char *const names[] = {
        "with space",
        "caf\xc3\xa9 \xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "a&b",
        "(x)",
        "50%",
        "^caret",
        "bang!",
        "it's",
        "semi;",
        "a,b",
        "a=b",
        "%TEMP%",
        "#`$@~+[]{}",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tether__dir *root, *again;
        ASSERT_OK(tether__os_dir_open_root(place_path(p, names[i]), true, &root, &p->error),
                  p->error);
        const char *tail = strrchr(tether__os_dir_path(root), '\\');
        assert_non_null(tail);
        assert_string_equal(tail + 1, names[i]);
        use_directory(p, root, names[i]);
        ASSERT_OK(tether__os_dir_open_root(tether__os_dir_path(root), false, &again, &p->error),
                  p->error);
        assert_string_equal(tether__os_dir_path(again), tether__os_dir_path(root));
        tether__os_dir_close(again);
        tether__os_dir_close(root);
    }
}

static bool same_name(const char *name, void *userdata)
{
    bool *same = userdata;
    *same = strcmp(name, "\xf0\x9f\x98\x80 caf\xc3\xa9") == 0;
    return true;
}

static void lists_names_in_utf8(void **state)
{
    place *p = *state;
    bool same = false;
    ASSERT_OK(tether__os_file_create(p->dir, "\xf0\x9f\x98\x80 caf\xc3\xa9", "", 0, &p->error),
              p->error);
    ASSERT_OK(tether__os_dir_list(p->dir, same_name, &same, &p->error), p->error);
    assert_true(same);
}

/* Longer than the 260 units that Windows permits without the prefix. */
static void takes_paths_of_any_length(void **state)
{
    place *p = *state;
    tether__dir *dir = p->dir;
    char path[1000];
    snprintf(path, sizeof path, "%s", p->path);
    for (int i = 0; i < 10; i++) {
        tether__dir *sub;
        ASSERT_OK(tether__os_dir_open(dir,
                                      "a directory with a name of some fifty characters, or so",
                                      true, &sub, &p->error),
                  p->error);
        if (dir != p->dir)
            tether__os_dir_close(dir);
        dir = sub;
        strcat(path, "/a directory with a name of some fifty characters, or so");
    }
    assert_true(strlen(tether__os_dir_path(dir)) > 500);
    use_directory(p, dir, "name");
    tether__os_dir_close(dir);
    tether__dir *root;
    strcat(path, "/one/more");
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether__os_dir_open_root(path, i == 0, &root, &p->error), p->error);
        use_directory(p, root, "name");
        tether__os_dir_close(root);
    }
    ASSERT_OK(tether__os_dir_remove(
                  p->dir, "a directory with a name of some fifty characters, or so", &p->error),
              p->error);
    assert_int_equal(place_count(p->dir), 0);
}

static void opens_a_store_by_every_form_of_its_path(void **state)
{
    place *p = *state;
    const char *known = tether__os_dir_path(p->dir);
    char forms[4][1024];
    assert_true(known[0] >= 'A' && known[0] <= 'Z' && known[1] == ':');
    assert_null(strchr(known, '/'));
    snprintf(forms[0], sizeof forms[0], "\\\\?\\%s", known);
    snprintf(forms[1], sizeof forms[1], "%s\\", known);
    snprintf(forms[2], sizeof forms[2], "%s\\.\\x\\..\\", known);
    snprintf(forms[3], sizeof forms[3], "%s", known);
    forms[3][0] = (char)(known[0] - 'A' + 'a');
    for (char *c = forms[3]; *c != '\0'; c++)
        *c = *c == '\\' ? '/' : *c;
    for (size_t i = 0; i < 4; i++) {
        tether__dir *root;
        ASSERT_OK(tether__os_dir_open_root(forms[i], false, &root, &p->error), p->error);
        assert_string_equal(tether__os_dir_path(root), known);
        tether__os_dir_close(root);
    }
}

static void refuses_devices_and_invalid_utf8(void **state)
{
    place *p = *state;
    static const char *const bad[] = {"NUL", "\\\\.\\pipe\\tether", "\\\\.\\C:", "C:\\\xff\xfe",
                                      "caf\xe9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tether__dir *root;
        assert_int_equal(tether__os_dir_open_root(bad[i], true, &root, &p->error), TETHER_EINVAL);
        assert_null(root);
    }
}

/* --- Files that others have open -------------------------------------------------------------- */

static void waits_while_a_file_is_open_for_a_moment(void **state)
{
    place *p = *state;
    tether__file_stamp stamp;
    place_write(p, "a", "one");
    for (int i = 0; i < 5; i++) {
        HANDLE handle = hold(p, "a", GENERIC_READ, i % 2 == 0 ? 0 : FILE_SHARE_READ);
        HANDLE thread = close_later(handle, 100);
        int code = TETHER_OK;
        char *data = NULL;
        size_t size;
        if (i < 2)
            code = tether__os_file_replace(p->dir, "a", "two", 3, false, &p->error);
        else if (i == 2)
            code = tether__os_file_read(p->dir, "a", 10, &data, &size, NULL, &p->error);
        else if (i == 3)
            code = tether__os_file_append(p->dir, "a", "!", 1, &p->error);
        else
            code = tether__os_file_extend(p->dir, "a", "?", 1, false, &stamp, &p->error);
        free(data);
        close_later_join(thread);
        ASSERT_OK(code, p->error);
    }
    expect_content(p, p->dir, "a", "two!?");
    assert_int_equal(place_count(p->dir), 1);
}

/* Hosts read the journal, and so share everything, while another host replaces or extends it. Where
 * an open file cannot be replaced, the reader closes it in time. */
static void replaces_and_extends_a_file_that_a_reader_has_open(void **state)
{
    place *p = *state;
    tether__file file;
    tether__file_stamp opened, stamp;
    char text[8] = "";
    size_t got;
    place_write(p, "a", "one");
    ASSERT_OK(tether__os_file_open(p->dir, "a", &file, &opened, &p->error), p->error);
    ASSERT_OK(tether__os_file_extend(p->dir, "a", "two", 3, false, &stamp, &p->error), p->error);
    assert_int_equal(stamp.node, opened.node);
    ASSERT_OK(tether__os_file_pread(&file, 0, text, 7, &got, &p->error), p->error);
    assert_string_equal(text, "onetwo");
    HANDLE thread = test_in_wine() ? close_later((HANDLE)file.handle, 100) : NULL;
    int code = tether__os_file_replace(p->dir, "a", "new", 3, false, &p->error);
    if (thread != NULL)
        close_later_join(thread);
    else
        tether__os_file_close(&file);
    ASSERT_OK(code, p->error);
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &stamp, &p->error), p->error);
    assert_true(stamp.node != opened.node);
    expect_content(p, p->dir, "a", "new");
    assert_int_equal(place_count(p->dir), 1);
}

static void gives_up_when_a_file_stays_open(void **state)
{
    place *p = *state;
    char *data;
    size_t size;
    HANDLE handle = hold_new(p, "a", GENERIC_READ, 0);
    int64_t begin = test_now_ms();
    assert_int_equal(tether__os_file_replace(p->dir, "a", "two", 3, false, &p->error),
                     TETHER_EACCESS);
    assert_non_null(strstr(p->error.message, "\\a: "));
    assert_int_equal(tether__os_file_read(p->dir, "a", 10, &data, &size, NULL, &p->error),
                     TETHER_EACCESS);
    assert_int_equal(p->error.os_error, ERROR_SHARING_VIOLATION);
    assert_int_equal(tether__os_file_remove(p->dir, "a", &p->error), TETHER_EACCESS);
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS);
    CloseHandle(handle);
    assert_int_equal(place_count(p->dir), 1);
    expect_content(p, p->dir, "a", "one");
}

/* Like a lifeline: others may read and write, but not rename or remove it. */
static void works_on_a_file_that_must_keep_its_name(void **state)
{
    place *p = *state;
    tether__file_stamp before, after;
    place_write(p, "a", "one\n");
    place_write(p, "b", "");
    HANDLE handle = hold(p, "a", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE);
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &before, &p->error), p->error);
    ASSERT_OK(tether__os_file_append(p->dir, "a", "two\n", 4, &p->error), p->error);
    expect_content(p, p->dir, "a", "one\ntwo\n");
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &after, &p->error), p->error);
    assert_int_equal(before.size, 4);
    assert_int_equal(after.size, 8);
    assert_int_equal(before.node, after.node);
    int64_t begin = test_now_ms();
    assert_int_equal(tether__os_file_remove(p->dir, "a", &p->error), TETHER_EACCESS);
    assert_int_equal(p->error.os_error, ERROR_SHARING_VIOLATION);
    assert_int_equal(tether__os_file_rename(p->dir, "a", "c", false, &p->error), TETHER_EACCESS);
    assert_int_equal(tether__os_file_rename(p->dir, "b", "a", false, &p->error), TETHER_EACCESS);
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS);
    CloseHandle(handle);
    expect_content(p, p->dir, "a", "one\ntwo\n");
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
}

static void stamps_a_file_that_cannot_be_opened(void **state)
{
    place *p = *state;
    tether__file_stamp stamp;
    HANDLE handle = hold_new(p, "a", GENERIC_READ | GENERIC_WRITE, 0);
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &stamp, &p->error), p->error);
    assert_int_equal(stamp.size, 3);
    CloseHandle(handle);
}

static void frees_the_name_of_a_file_that_is_open(void **state)
{
    place *p = *state;
    char *data;
    size_t size;
    HANDLE handle =
        hold_new(p, "a", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
    assert_int_equal(tether__os_file_read(p->dir, "a", 10, &data, &size, NULL, &p->error),
                     TETHER_ENOTASK);
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
    ASSERT_OK(tether__os_file_create(p->dir, "a", "two", 3, &p->error), p->error);
    expect_content(p, p->dir, "a", "two");
    CloseHandle(handle);
    assert_int_equal(place_count(p->dir), 1);
}

/* Other programs remove a file without POSIX semantics: its name stays as long as the file is open,
 * and nobody can open it. That counts as gone. */
static void treats_a_file_that_is_being_removed_as_gone(void **state)
{
    place *p = *state;
    char *data;
    size_t size;
    tether__file_stamp stamp;
    FILE_DISPOSITION_INFO dispose = {TRUE};
    if (test_in_wine())
        test_skip("Wine opens files that are being removed");
    HANDLE handle = hold_new(p, "a", GENERIC_READ | DELETE,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    assert_true(SetFileInformationByHandle(handle, FileDispositionInfo, &dispose, sizeof dispose));
    assert_int_equal(tether__os_file_read(p->dir, "a", 10, &data, &size, NULL, &p->error),
                     TETHER_ENOTASK);
    assert_int_equal(tether__os_file_stamp(p->dir, "a", &stamp, &p->error), TETHER_ENOTASK);
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
    CloseHandle(handle);
    assert_int_equal(place_count(p->dir), 0);
}

/* A host has the directory of a task open for a moment, to see whether it exists. */
static void frees_the_name_of_a_directory_that_is_open_for_a_moment(void **state)
{
    place *p = *state;
    tether__dir *sub;
    static const char *const held[] = {"sub", "sub/inner", "sub/inner/a"};
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        make_directory(p, "sub");
        make_directory(p, "sub\\inner");
        place_write(p, "sub/inner/a", "one");
        HANDLE thread = close_later(hold(p, held[i], FILE_READ_ATTRIBUTES,
                                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE),
                                    100);
        int code = tether__os_dir_remove(p->dir, "sub", &p->error);
        size_t count = place_count(p->dir);
        close_later_join(thread);
        ASSERT_OK(code, p->error);
        assert_int_equal(count, 0);
    }
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
    tether__os_dir_close(sub);
}

/* Without POSIX semantics its name stays, but it is empty, and goes without a second removal. */
static void removes_a_directory_that_stays_open(void **state)
{
    place *p = *state;
    make_directory(p, "sub");
    place_write(p, "sub/a", "one");
    HANDLE handle = hold(p, "sub", FILE_READ_ATTRIBUTES,
                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    int64_t begin = test_now_ms();
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS);
    wchar_t *file = wide_path(p, "sub/a");
    assert_true(GetFileAttributesW(file) == INVALID_FILE_ATTRIBUTES);
    free(file);
    CloseHandle(handle);
    assert_int_equal(place_count(p->dir), 0);
}

static void waits_for_a_name_that_is_being_removed(void **state)
{
    place *p = *state;
    tether__dir *sub;
    FILE_DISPOSITION_INFO dispose = {TRUE};
    if (test_in_wine())
        test_skip("Wine opens files that are being removed");
    for (int i = 0; i < 3; i++) {
        make_directory(p, "sub");
        HANDLE handle = hold(p, "sub", FILE_READ_ATTRIBUTES | DELETE,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
        assert_true(
            SetFileInformationByHandle(handle, FileDispositionInfo, &dispose, sizeof dispose));
        HANDLE thread = close_later(handle, 100);
        int code = TETHER_OK;
        if (i == 0)
            code = tether__os_dir_remove(p->dir, "sub", &p->error);
        if (i == 2)
            code = tether__os_dir_open_root(place_path(p, "sub"), true, &sub, &p->error);
        else if (code == TETHER_OK)
            code = tether__os_dir_open(p->dir, "sub", true, &sub, &p->error);
        close_later_join(thread);
        ASSERT_OK(code, p->error);
        ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
        tether__os_dir_close(sub);
        ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    }
    assert_int_equal(place_count(p->dir), 0);
}

static void removes_read_only_files(void **state)
{
    place *p = *state;
    make_directory(p, "sub");
    place_write(p, "a", "one");
    place_write(p, "sub/a", "one");
    const char *const names[] = {"a", "sub/a"};
    for (size_t i = 0; i < 2; i++) {
        wchar_t *wide = wide_path(p, names[i]);
        assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_READONLY));
        free(wide);
    }
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    assert_int_equal(place_count(p->dir), 0);
}

static void removes_no_directory_as_a_file(void **state)
{
    place *p = *state;
    tether__dir *sub;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    assert_int_equal(tether__os_file_remove(p->dir, "sub", &p->error), TETHER_ECORRUPT);
    ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
    tether__os_dir_close(sub);
}

/* --- Links ------------------------------------------------------------------------------------ */

static void refuses_a_file_with_two_names(void **state)
{
    place *p = *state;
    tether__file_stamp stamp;
    char *data;
    size_t size;
    place_write(p, "a", "one");
    wchar_t *a = wide_path(p, "a"), *b = wide_path(p, "b");
    assert_true(CreateHardLinkW(b, a, NULL));
    free(a);
    free(b);
    assert_int_equal(tether__os_file_read(p->dir, "a", 10, &data, &size, NULL, &p->error),
                     TETHER_ECORRUPT);
    assert_int_equal(tether__os_file_append(p->dir, "b", "x", 1, &p->error), TETHER_ECORRUPT);
    assert_int_equal(tether__os_file_extend(p->dir, "b", "x", 1, false, &stamp, &p->error),
                     TETHER_ECORRUPT);
    assert_string_equal(place_read(p, "a"), "one");
}

/* Makes a directory a junction to another one. Unlike symbolic links, every user may create
 * these. */
static bool make_junction(const place *p, const char *name, const char *target)
{
    struct {
        DWORD tag;
        WORD size, reserved;
        WORD name_offset, name_size, shown_offset, shown_size;
        WCHAR path[1024];
    } request = {.tag = IO_REPARSE_TAG_MOUNT_POINT};
    DWORD got;
    wchar_t *link = wide_path(p, name), *to = wide_path(p, target);
    /* The path for the kernel, then the one for users, each with a zero after it. */
    int units = swprintf(request.path, 1024, L"\\??\\%ls", to + 4);
    request.name_size = (WORD)(units * 2);
    request.shown_offset = (WORD)(units * 2 + 2);
    request.shown_size = (WORD)(wcslen(to + 4) * 2);
    wcscpy(request.path + units + 1, to + 4);
    request.size = (WORD)(8 + request.shown_offset + request.shown_size + 2);
    assert_true(CreateDirectoryW(link, NULL));
    HANDLE handle = hold(p, name, GENERIC_WRITE, 0);
    bool made = DeviceIoControl(handle, FSCTL_SET_REPARSE_POINT, &request, request.size + 8u, NULL,
                                0, &got, NULL);
    CloseHandle(handle);
    free(link);
    free(to);
    return made;
}

static void follows_no_junction(void **state)
{
    place *p = *state;
    tether__dir *sub;
    make_directory(p, "real");
    place_write(p, "real/file", "x");
    if (!make_junction(p, "link", "real")) {
        assert_true(test_in_wine());
        test_skip("Wine makes no junctions");
    }
    assert_int_equal(tether__os_dir_open(p->dir, "link", false, &sub, &p->error), TETHER_ECORRUPT);
    assert_int_equal(tether__os_dir_open(p->dir, "link", true, &sub, &p->error), TETHER_ECORRUPT);
    assert_int_equal(tether__os_dir_open_root(place_path(p, "link"), true, &sub, &p->error),
                     TETHER_ESTORE);
    assert_int_equal(tether__os_dir_open_root(place_path(p, "link\\"), true, &sub, &p->error),
                     TETHER_ESTORE);
    assert_true(tether__os_dir_remove(p->dir, "link", &p->error) < 0);
    ASSERT_OK(tether__os_file_remove(p->dir, "link", &p->error), p->error);
    assert_string_equal(place_read(p, "real/file"), "x");
}

/* --- Access to a store ------------------------------------------------------------------------ */

static void creates_a_private_store(void **state)
{
    place *p = *state;
    PSECURITY_DESCRIPTOR descriptor;
    SECURITY_DESCRIPTOR_CONTROL control;
    DWORD revision;
    ACL *list;
    make_store(p, "new/store");
    wchar_t *wide = wide_path(p, "new/store");
    assert_int_equal(GetNamedSecurityInfoW(wide + 4, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                           NULL, NULL, &list, NULL, &descriptor),
                     ERROR_SUCCESS);
    free(wide);
    assert_non_null(list);
    assert_true(GetSecurityDescriptorControl(descriptor, &control, &revision));
    /* Wine derives a list from the mode of the file. */
    if (!test_in_wine()) {
        assert_true((control & SE_DACL_PROTECTED) != 0);
        assert_int_equal(list->AceCount, 2);
    }
    LocalFree(descriptor);
}

static void grant_access(const place *p, const char *name, const wchar_t *list)
{
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *wide = wide_path(p, name);
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(list, SDDL_REVISION_1,
                                                                     &descriptor, NULL));
    assert_true(SetFileSecurityW(
        wide, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, descriptor));
    LocalFree(descriptor);
    free(wide);
}

static void refuses_a_store_that_is_open_to_others(void **state)
{
    place *p = *state;
    tether__dir *root;
    /* Everybody has full access; everybody may read. */
    static const wchar_t *const lists[] = {L"D:P(A;OICI;FA;;;WD)",
                                           L"D:P(A;OICI;FA;;;OW)(A;;FA;;;BA)(A;OICI;FR;;;WD)"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        make_store(p, "store");
        grant_access(p, "store", lists[i]);
        assert_int_equal(tether__os_dir_open_root(place_path(p, "store"), i == 0, &root, &p->error),
                         TETHER_ESTORE);
        assert_null(root);
        assert_non_null(strstr(p->error.message, "icacls"));
        assert_non_null(strstr(p->error.message, "store"));
        ASSERT_OK(tether__os_dir_remove(p->dir, "store", &p->error), p->error);
    }
}

static void refuses_a_name_that_is_not_utf8(void **state)
{
    place *p = *state;
    tether__file_stamp stamp;
    assert_int_equal(tether__os_file_create(p->dir, "a\xff", "", 0, &p->error), TETHER_EINVAL);
    assert_int_equal(tether__os_file_stamp(p->dir, "a\xff", &stamp, &p->error), TETHER_EINVAL);
    assert_int_equal(tether__os_file_remove(p->dir, "a\xff", &p->error), TETHER_EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_names_of_every_kind),
        TEST(lists_names_in_utf8),
        TEST(takes_paths_of_any_length),
        TEST(opens_a_store_by_every_form_of_its_path),
        TEST(refuses_devices_and_invalid_utf8),
        TEST(waits_while_a_file_is_open_for_a_moment),
        TEST(replaces_and_extends_a_file_that_a_reader_has_open),
        TEST(gives_up_when_a_file_stays_open),
        TEST(works_on_a_file_that_must_keep_its_name),
        TEST(stamps_a_file_that_cannot_be_opened),
        TEST(frees_the_name_of_a_file_that_is_open),
        TEST(treats_a_file_that_is_being_removed_as_gone),
        TEST(frees_the_name_of_a_directory_that_is_open_for_a_moment),
        TEST(removes_a_directory_that_stays_open),
        TEST(waits_for_a_name_that_is_being_removed),
        TEST(removes_read_only_files),
        TEST(removes_no_directory_as_a_file),
        TEST(refuses_a_file_with_two_names),
        TEST(follows_no_junction),
        TEST(creates_a_private_store),
        TEST(refuses_a_name_that_is_not_utf8),
        TEST(refuses_a_store_that_is_open_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
