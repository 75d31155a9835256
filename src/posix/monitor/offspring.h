/* The processes below the monitor, for the other files of this folder. Some may be of another task,
 * which one of this task has started: they are not this task's. One thread. */
#ifndef TETHER_OFFSPRING_H
#define TETHER_OFFSPRING_H

#include <stdbool.h>

#include "format/control.h"
#include "format/left.h"

/* Adopts the orphans of the processes below this one, where the system supports that. The id, which
 * stays valid, tells this task's processes from those of others. */
void tether__offspring_adopt(const char *task_id);

/* Returns whether it adopts them: then a process that has no child has no descendant. */
bool tether__offspring_adopts(void);

/* Sends the signals to every process of the task but this one. False: they cannot be found, and
 * none got any. */
bool tether__offspring_signal(const int *numbers, int count);

/* Counts the processes of the task but this one, up to a thousand, and names the first. False:
 * there may be others, and another look a moment later may find them, once those that have ended
 * were waited for. The count is -1 where none was found, and that is not proved. */
bool tether__offspring_list(tether__left *left);

/* Adds what the processes of the task but this one use. False: that is not known, such as because
 * they are too many to look at. */
bool tether__offspring_measure(tether__using *used);

typedef enum tether__offspring_kind {
    TETHER__OFFSPRING_OWN,    /* all are the task's */
    TETHER__OFFSPRING_SHARED, /* some are another task's */
    TETHER__OFFSPRING_UNKNOWN /* for now: they change all the time, or are too many */
} tether__offspring_kind;

/* Returns whose the processes below this one are. */
tether__offspring_kind tether__offspring_whose(void);

/* Returns whether no process of the task is left but this one. False also if that is not known. */
bool tether__offspring_is_gone(void);

#endif
