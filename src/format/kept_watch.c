/* Owns the JSON form of kept watches in a record.
 * Must not: search anything, or drop entries and fields that it does not understand.
 * Thread: any, one record at a time. */
#include "format/kept_watch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

static const char list_name[] = TETHER__RECORD_WATCHES;
static const char *const views[] = {"both", "stdout", "stderr"};

void tether__kept_watch_dispose(tether__kept_watch *watch)
{
    free(watch->pattern);
    *watch = (tether__kept_watch){0};
}

static json_t *list_of(const tether__record *record)
{
    return json_object_get(record->document, list_name);
}

static int number_of(json_t *item)
{
    json_int_t number = json_integer_value(json_object_get(item, "watch"));
    return number > 0 && number < INT32_MAX ? (int)number : 0;
}

size_t tether__kept_watches_count(const tether__record *record, int *largest)
{
    size_t index;
    json_t *item;
    *largest = 0;
    json_array_foreach(list_of(record), index, item)
    {
        if (number_of(item) > *largest)
            *largest = number_of(item);
    }
    return json_array_size(list_of(record));
}

/* --- Patterns that are not text are stored as hexadecimal digits --- */

static bool is_text(const char *bytes, size_t size)
{
    return memchr(bytes, '\0', size) == NULL && tether__utf8_valid(bytes, size);
}

static json_t *to_hex(const char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(size * 2 + 1);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        text[i * 2] = digits[(unsigned char)bytes[i] >> 4];
        text[i * 2 + 1] = digits[(unsigned char)bytes[i] & 15];
    }
    text[size * 2] = '\0';
    json_t *value = json_string(text);
    free(text);
    return value;
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool from_hex(const char *text, tether__kept_watch *watch)
{
    size_t size = strlen(text) / 2;
    watch->pattern = malloc(size + 1);
    if (watch->pattern == NULL || strlen(text) % 2 != 0)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(text[i * 2]), low = digit_value(text[i * 2 + 1]);
        if (high < 0 || low < 0)
            return false;
        watch->pattern[i] = (char)(high * 16 + low);
    }
    watch->pattern[size] = '\0';
    watch->pattern_size = size;
    return true;
}

static bool load_pattern(json_t *item, tether__kept_watch *watch)
{
    const char *text = json_string_value(json_object_get(item, "pattern"));
    const char *hex = json_string_value(json_object_get(item, "pattern_hex"));
    if (text == NULL)
        return hex != NULL && from_hex(hex, watch);
    watch->pattern = tether__text_copy(text);
    watch->pattern_size = strlen(text);
    return watch->pattern != NULL;
}

static bool load_view(json_t *value, tether_view *view)
{
    for (int i = 0; json_is_string(value) && i < 3; i++) {
        if (strcmp(json_string_value(value), views[i]) == 0) {
            *view = (tether_view)i;
            return true;
        }
    }
    return false;
}

static uint64_t load_position(json_t *item, const char *name)
{
    json_int_t position = json_integer_value(json_object_get(item, name));
    return position > 0 ? (uint64_t)position : 0;
}

bool tether__kept_watch_get(const tether__record *record, size_t index, tether__kept_watch *watch)
{
    json_t *item = json_array_get(list_of(record), index);
    const char *holder = json_string_value(json_object_get(item, "holder"));
    *watch = (tether__kept_watch){
        .number = number_of(item),
        .fixed = json_is_true(json_object_get(item, "fixed")),
        .once = json_is_true(json_object_get(item, "once")),
        .whole_lines = json_is_true(json_object_get(item, "whole_lines")),
        .position = {load_position(item, "stdout_position"),
                     load_position(item, "stderr_position")},
    };
    bool whole = watch->number > 0 && load_view(json_object_get(item, "view"), &watch->view) &&
                 load_pattern(item, watch) && watch->pattern_size > 0;
    if (whole && holder != NULL && strlen(holder) < sizeof watch->holder)
        strcpy(watch->holder, holder);
    if (!whole)
        tether__kept_watch_dispose(watch);
    return whole;
}

static json_t *make_item(const tether__kept_watch *watch)
{
    bool text = is_text(watch->pattern, watch->pattern_size);
    json_t *pattern = text ? json_stringn(watch->pattern, watch->pattern_size)
                           : to_hex(watch->pattern, watch->pattern_size);
    return json_pack("{s:i, s:o, s:b, s:b, s:b, s:s, s:I, s:I, s:s}", "watch", watch->number,
                     text ? "pattern" : "pattern_hex", pattern, "fixed", watch->fixed, "once",
                     watch->once, "whole_lines", watch->whole_lines, "view", views[watch->view],
                     "stdout_position", (json_int_t)watch->position[0], "stderr_position",
                     (json_int_t)watch->position[1], "holder", watch->holder);
}

/* Returns the index of the watch with this number, or the size of the list where there is none.
 * Skips entries whose number this version does not understand. */
static size_t index_of(json_t *list, int number)
{
    size_t index;
    json_t *item;
    json_array_foreach(list, index, item)
    {
        if (number > 0 && number_of(item) == number)
            return index;
    }
    return json_array_size(list);
}

/* Returns a new item with all fields of `item`, and those that only the earlier item of the same
 * number has, such as fields of a newer version. Returns NULL when out of memory. Takes ownership
 * of item, which may be NULL. */
static json_t *keep_fields(json_t *item, json_t *earlier)
{
    json_t *whole = item != NULL ? json_copy(earlier) : NULL;
    if (whole != NULL) {
        json_object_del(whole, "pattern");
        json_object_del(whole, "pattern_hex");
        if (json_object_update(whole, item) != 0) {
            json_decref(whole);
            whole = NULL;
        }
    }
    json_decref(item);
    return whole;
}

/* Returns the list, a new one where there is none; NULL when memory is short. */
static json_t *ensure_list(tether__record *record)
{
    if (json_is_array(list_of(record)))
        return list_of(record);
    if (record->document == NULL)
        record->document = json_object();
    json_t *list = json_array();
    return json_object_set_new(record->document, list_name, list) == 0 ? list : NULL;
}

bool tether__kept_watch_put(tether__record *record, const tether__kept_watch *watch)
{
    json_t *list = ensure_list(record);
    if (list == NULL)
        return false;
    json_t *item = make_item(watch);
    size_t index = index_of(list, watch->number);
    if (index < json_array_size(list))
        item = keep_fields(item, json_array_get(list, index));
    bool done = index < json_array_size(list) ? json_array_set_new(list, index, item) == 0
                                              : json_array_append_new(list, item) == 0;
    record->watched = json_array_size(list) > 0;
    return done;
}

bool tether__kept_watch_has(const tether__record *record, int number)
{
    json_t *list = list_of(record);
    return index_of(list, number) < json_array_size(list);
}

bool tether__kept_watch_drop(tether__record *record, int number)
{
    json_t *list = list_of(record);
    bool done = json_array_remove(list, index_of(list, number)) == 0;
    record->watched = json_array_size(list) > 0;
    return done;
}
