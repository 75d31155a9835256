/* Compares rendered texts with golden files, which hold the exact expected texts. */
#ifndef TETHER_TEST_GOLDEN_H
#define TETHER_TEST_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "base/text.h"

/* Returns the text of a golden file. Free it with free(). */
static inline char *golden_read(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* Compares a text with a golden file, and disposes of the text. */
static inline void golden_assert(tether__text *text, const char *name)
{
    char *golden = golden_read(name);
    assert_false(text->failed);
    assert_string_equal(text->bytes, golden);
    assert_int_equal(text->size, strlen(golden));
    free(golden);
    tether__text_dispose(text);
}

#endif
