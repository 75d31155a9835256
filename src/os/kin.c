/* Owns the memory of which processes are a task's.
 * Must not: look at processes, or decide which of them are.
 * Thread: any, one at a time per struct. */
#include "os/kin.h"

#include <stdlib.h>
#include <string.h>

void tether__kin_see(tether__kin *kin, int64_t uptime_ms)
{
    if (uptime_ms > kin->supervisor_seen_ms)
        kin->supervisor_seen_ms = uptime_ms;
}

/* Returns where the process is, or would have to be: they are sorted by pid, then start time. */
static size_t place_of(const tether__kin *kin, int64_t pid, uint64_t start_time)
{
    size_t low = 0, high = kin->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const tether__kinsman *other = &kin->members[middle];
        if (other->pid < pid || (other->pid == pid && other->start_time < start_time))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const tether__kin *kin, size_t place, int64_t pid, uint64_t start_time)
{
    return place < kin->count && kin->members[place].pid == pid &&
           kin->members[place].start_time == start_time;
}

bool tether__kin_has(const tether__kin *kin, int64_t pid, uint64_t start_time)
{
    return is_at(kin, place_of(kin, pid, start_time), pid, start_time);
}

bool tether__kin_add(tether__kin *kin, int64_t pid, uint64_t start_time)
{
    size_t place = place_of(kin, pid, start_time);
    if (is_at(kin, place, pid, start_time))
        return true;
    tether__kinsman *members = realloc(kin->members, (kin->count + 1) * sizeof *members);
    if (members == NULL)
        return false;
    kin->members = members;
    memmove(&kin->members[place + 1], &kin->members[place],
            (kin->count - place) * sizeof *kin->members);
    kin->members[place] = (tether__kinsman){pid, start_time};
    kin->count++;
    return true;
}

void tether__kin_remove(tether__kin *kin, size_t index)
{
    kin->count--;
    memmove(&kin->members[index], &kin->members[index + 1],
            (kin->count - index) * sizeof *kin->members);
    if (kin->count == 0) {
        free(kin->members);
        kin->members = NULL;
    }
}

bool tether__kin_merge(tether__kin *kin, const tether__kin *from)
{
    bool fits = true;
    tether__kin_see(kin, from->supervisor_seen_ms);
    for (size_t i = 0; i < from->count; i++)
        fits = tether__kin_add(kin, from->members[i].pid, from->members[i].start_time) && fits;
    return fits;
}

void tether__kin_dispose(tether__kin *kin)
{
    free(kin->members);
    *kin = (tether__kin){0};
}
