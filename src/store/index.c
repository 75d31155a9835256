/* Owns the table of the tasks in a journal.
 * Must not: access the disk, or hold what a task's lines say beyond what selects tasks.
 * Thread: one at a time. */
#include "store/index.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

enum { FIRST_SLOTS = 64, FIRST_SPANS = 2 };

/* FNV-1a. */
static size_t hash(const char *id)
{
    uint64_t value = UINT64_C(14695981039346656037);
    for (; *id != '\0'; id++)
        value = (value ^ (unsigned char)*id) * UINT64_C(1099511628211);
    return (size_t)(value ^ (value >> 32));
}

const char *tether__indexed_id(const tether__indexed *task)
{
    return (const char *)(task->spans + task->span_capacity);
}

/* Returns the slot of a task, or the free one in which to put it. There is always a free one. */
static size_t find_slot(const tether__index *index, const char *task_id)
{
    size_t slot = hash(task_id) & (index->slot_count - 1);
    while (index->slots[slot] != 0 &&
           strcmp(tether__indexed_id(index->tasks[index->slots[slot] - 1]), task_id) != 0)
        slot = (slot + 1) & (index->slot_count - 1);
    return slot;
}

tether__indexed *tether__index_find(const tether__index *index, const char *task_id)
{
    if (index->slot_count == 0)
        return NULL;
    uint32_t position = index->slots[find_slot(index, task_id)];
    return position != 0 ? index->tasks[position - 1] : NULL;
}

/* Makes sure that at most half of the slots are taken after one more task. */
static bool grow_slots(tether__index *index)
{
    if ((index->count + 1) * 2 <= index->slot_count)
        return true;
    size_t count = index->slot_count == 0 ? FIRST_SLOTS : index->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    free(index->slots);
    index->slots = slots;
    index->slot_count = count;
    for (size_t i = 0; i < index->count; i++)
        slots[find_slot(index, tether__indexed_id(index->tasks[i]))] = (uint32_t)i + 1;
    return true;
}

/* Returns a task with space for as many lines, to be freed with free(); NULL: memory is short. */
static tether__indexed *new_task(const char *task_id, uint32_t capacity)
{
    size_t spans = capacity * sizeof(tether__span);
    tether__indexed *task = calloc(1, sizeof *task + spans + strlen(task_id) + 1);
    if (task == NULL)
        return NULL;
    task->notify = true;
    task->span_capacity = capacity;
    strcpy((char *)(task->spans + capacity), task_id);
    return task;
}

static tether__indexed *insert(tether__index *index, const char *task_id)
{
    void *tasks = index->tasks;
    if (!grow_slots(index) ||
        !tether__grow(&tasks, index->count, &index->capacity, sizeof(tether__indexed *)))
        return NULL;
    index->tasks = tasks;
    tether__indexed *task = new_task(task_id, FIRST_SPANS);
    if (task == NULL)
        return NULL;
    index->slots[find_slot(index, task_id)] = (uint32_t)index->count + 1;
    index->tasks[index->count++] = task;
    return task;
}

/* Frees a slot, and moves back those behind it that would not be found across the gap. */
static void free_slot(tether__index *index, size_t gap)
{
    size_t mask = index->slot_count - 1;
    index->slots[gap] = 0;
    for (size_t slot = (gap + 1) & mask; index->slots[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t position = index->slots[slot];
        index->slots[slot] = 0;
        index->slots[find_slot(index, tether__indexed_id(index->tasks[position - 1]))] = position;
    }
}

static void take_out(tether__index *index, tether__indexed *task)
{
    size_t slot = find_slot(index, tether__indexed_id(task));
    size_t position = index->slots[slot] - 1;
    free_slot(index, slot);
    tether__indexed *last = index->tasks[index->count - 1];
    if (last != task) {
        index->slots[find_slot(index, tether__indexed_id(last))] = (uint32_t)position + 1;
        index->tasks[position] = last;
    }
    index->count--;
    free(task);
}

/* Makes sure that a task can take one more line. Returns the task, which may have moved; NULL:
 * memory is short. */
static tether__indexed *make_room(tether__index *index, tether__indexed *task)
{
    if (task->span_count < task->span_capacity)
        return task;
    const uint32_t capacity = task->span_capacity * 2;
    size_t slot = find_slot(index, tether__indexed_id(task));
    tether__indexed *larger = new_task(tether__indexed_id(task), capacity);
    if (larger == NULL)
        return NULL;
    memcpy(larger, task, sizeof *task + task->span_count * sizeof task->spans[0]);
    larger->span_capacity = capacity;
    index->tasks[index->slots[slot] - 1] = larger;
    free(task);
    return larger;
}

static void take(tether__said said, bool *flag)
{
    if (said != TETHER__UNSAID)
        *flag = said == TETHER__SAID_YES;
}

static void take_fields(tether__indexed *task, const tether__journal_line *line)
{
    take(line->ended, &task->ended);
    if (line->ended != TETHER__UNSAID)
        task->spans[task->span_count - 1].ends = task->ended;
    take(line->watched, &task->watched);
    take(line->limited, &task->limited);
    take(line->open, &task->open);
    take(line->notify, &task->notify);
    take(line->delivered, &task->delivered);
    take(line->killing, &task->killing);
    if (line->deadline_ms >= 0)
        task->deadline_ms = line->deadline_ms;
    task->newer |= line->newer;
    if (line->birth) {
        task->key = line->key;
        task->again = line->again;
    }
}

static tether__indexing add_change(tether__index *index, const tether__journal_line *line,
                                   tether__span span)
{
    tether__indexed *task = tether__index_find(index, line->task_id);
    if (line->birth != (task == NULL) ||
        (task != NULL && task->ended && line->ended != TETHER__UNSAID))
        return TETHER__INDEX_WRONG;
    task = line->birth ? insert(index, line->task_id) : make_room(index, task);
    if (task == NULL)
        return TETHER__INDEX_NO_MEMORY;
    task->spans[task->span_count++] = span;
    if (line->birth)
        json_object_del(index->removed, line->task_id);
    index->started += line->birth && !line->again;
    take_fields(task, line);
    task->version = ++index->version;
    return TETHER__INDEXED;
}

static tether__indexing remove_task(tether__index *index, const tether__journal_line *line)
{
    tether__indexed *task = tether__index_find(index, line->task_id);
    if (index->removed == NULL)
        index->removed = json_object();
    if (json_object_set_new(index->removed, line->task_id, json_true()) != 0)
        return TETHER__INDEX_NO_MEMORY;
    if (task == NULL)
        return TETHER__INDEXED;
    if (line->unstarted && index->started > 0)
        index->started--;
    take_out(index, task);
    index->version++;
    return TETHER__INDEXED;
}

tether__indexing tether__index_add(tether__index *index, const tether__journal_line *line,
                                   tether__span span)
{
    switch (line->kind) {
    case TETHER__JOURNAL_HEAD:
        /* Only the first line is one; another comes from a repeated piece. */
        if (span.offset != 0)
            return TETHER__INDEX_WRONG;
        index->number = (uint64_t)line->number;
        index->started = (uint64_t)line->started;
        return TETHER__INDEXED;
    case TETHER__JOURNAL_CHANGE:
        return add_change(index, line, span);
    case TETHER__JOURNAL_REMOVED:
        return remove_task(index, line);
    case TETHER__JOURNAL_OTHER:
        return TETHER__INDEXED;
    case TETHER__JOURNAL_DAMAGED:
        break;
    }
    return TETHER__INDEX_WRONG;
}

tether__indexing tether__index_read(tether__index *index, const tether__line *text,
                                    tether__journal_line *line)
{
    *line = (tether__journal_line){.kind = TETHER__JOURNAL_DAMAGED};
    if (text->text == NULL)
        return TETHER__INDEX_WRONG;
    if (text->size == 0)
        return TETHER__INDEXED;
    if (tether__journal_skim(text->text, text->size, line) != TETHER_OK)
        return TETHER__INDEX_NO_MEMORY;
    return tether__index_add(index, line,
                             (tether__span){.offset = text->offset, .size = (uint32_t)text->size});
}

uint64_t tether__indexed_end(const tether__indexed *task)
{
    for (uint32_t i = 0; i < task->span_count; i++) {
        if (task->spans[i].ends)
            return task->spans[i].offset + 1;
    }
    return 0;
}

bool tether__indexed_done(const tether__indexed *task)
{
    return !task->newer && task->ended && (task->delivered || !task->notify) && !task->watched &&
           !task->open;
}

void tether__index_clear(tether__index *index)
{
    for (size_t i = 0; i < index->count; i++)
        free(index->tasks[i]);
    free(index->tasks);
    free(index->slots);
    json_decref(index->removed);
    *index = (tether__index){.version = index->version};
}
