/* Owns the private directory of a contract test.
 * Must not: know which seam is tested.
 * Thread: the test's. */
#include "os/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/text.h"

/* libuv keeps one pipe per process from its first loop on. Open it now, so that it does not count
 * as left behind. */
static void open_first_loop(void)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* What others may do in the directory is for the test to say. */
static void place_open_root(const char *root)
{
    uv_fs_t request;
    assert_int_equal(uv_fs_chmod(NULL, &request, root, 0711, NULL), 0);
    uv_fs_req_cleanup(&request);
}

int place_setup(void **state)
{
    open_first_loop();
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->root = test_make_store();
    p->path = tether__text_join(p->root, "place");
    assert_non_null(p->path);
    place_open_root(p->root);
    p->fds_before = test_count_fds();
    ASSERT_OK(tether__os_dir_open_root(p->path, true, &p->dir, &p->error), p->error);
    *state = p;
    return 0;
}

int place_teardown(void **state)
{
    place *p = *state;
    tether__os_dir_close(p->dir);
    assert_int_equal(test_count_fds(), p->fds_before);
    assert_false(test_has_child());
    test_remove_store(p->root);
    free(p->root);
    free(p->path);
    free(p);
    return 0;
}

const char *place_path(const place *p, const char *name)
{
    static char paths[8][1024];
    static size_t next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", p->path, name);
    return path;
}

void place_write(const place *p, const char *name, const char *text)
{
    FILE *file = fopen(place_path(p, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

const char *place_read(const place *p, const char *name)
{
    static char text[65536];
    FILE *file = fopen(place_path(p, name), "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

void place_same_path(const char *path, const char *expected)
{
    char both[2][2048];
    assert_true(snprintf(both[0], sizeof both[0], "%s", path) < (int)sizeof both[0]);
    assert_true(snprintf(both[1], sizeof both[1], "%s", expected) < (int)sizeof both[1]);
    for (size_t i = 0; i < 2; i++) {
        for (char *slash; (slash = strchr(both[i], '\\')) != NULL;)
            *slash = '/';
    }
    assert_string_equal(both[0], both[1]);
}

static bool count_one(const char *name, void *userdata)
{
    (void)name;
    ++*(size_t *)userdata;
    return true;
}

size_t place_count(tether__dir *dir)
{
    size_t count = 0;
    tether_error error = {0};
    ASSERT_OK(tether__os_dir_list(dir, count_one, &count, &error), error);
    return count;
}
