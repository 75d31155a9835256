/* Replays a trace of real hosts: `spin -DBRIDGE` includes this into docs/model/journal.pml. A run of the model has to make the steps of the
 * trace, all of them, in their order, and each by the host that made it; a run that makes another step is given up. The never claim is
 * violated exactly if there is such a run. check.py builds the program, and writes the file that TETHER_BRIDGE_TRACE names: the number of
 * hosts, then a number for each step, kind * 16 + host. */

/* Kinds of steps, beside the ends: those have the numbers of the model's mtype. Host 0 is the supervisor. */
#define LOCKED 10           /* the session lock was taken */
#define UNLOCKED 11         /* it was released, by the host or by its death */
#define NAMED 12            /* the lifeline, which is held, has its name */
#define UNNAMED 13          /* the lifeline lost it */
#define BUNDLED 14          /* the bundle was made */
#define UNBUNDLED 15        /* the bundle lost its name */
#define LET_GO 16           /* the spawner no longer holds the lifeline: it closed it, or died */
#define STARTED 17          /* the supervisor was started */
#define IDENTIFIED 18       /* the supervisor wrote who it is */
#define RAN 19              /* it started the command */
#define EXITED 20           /* it wrote how the command ended */
#define SUPERVISOR_GONE 21  /* it exited, or was killed */
#define SIGNALLED 22        /* a kill sends its first signal */
/* Lines of the task that a host appended to the journal. */
#define BORN 30             /* the birth line */
#define BORN_SILENT 31      /* the birth line, and no completion is requested */
#define BORN_AGAIN 32       /* the task comes back from an archive */
#define INTENDED 33         /* the intent of a kill */
#define ACKNOWLEDGED 34
#define WANTED 35           /* a completion is requested */
#define REMOVED 36
#define UNSTARTED 37        /* the removal of a task that was not started */
#define NOTED 38            /* anything else */
#define TORN 39             /* any of these, which its host did not finish before it died */
#define UNSAVED 40          /* an end could not be written */
/* Files of the journal that got their names. */
#define KEPT 50             /* a journal that has the task */
#define REPLACED 51         /* a journal that does not have it */
#define ARCHIVED 52         /* an archive that has the task */
#define UNARCHIVED 53       /* an archive that had the task is gone, or has it no longer */

#define LIMIT 1000          /* of the steps of a trace; the number of the step where no run continues */

hidden byte hosts;
hidden short expected[LIMIT + 1];
short position;             /* in the trace */
hidden short end;
hidden byte awake[LIMIT + 1]; /* hosts that make one of the first steps, up to this one: others need not begin yet */

#define step(kind, me) position = (expected[position] == (kind) * 16 + (me) -> position + 1 : LIMIT)

c_decl {
\#include <stdio.h>
\#include <stdlib.h>
}

never {
	c_code {
		FILE *file = fopen(getenv("TETHER_BRIDGE_TRACE"), "r");
		int number;
		if (file == NULL || fscanf(file, "%d", &number) != 1)
			exit(2);
		hosts = number;
		for (end = 0; end < LIMIT && fscanf(file, "%d", &number) == 1; end++) {
			int host = (number & 15) - 1, before = end > 0 ? awake[end - 1] : 0;
			expected[end] = number;
			awake[end] = host > before ? host : before;
		}
		fclose(file);
	};
	do :: position == end -> break :: position < end && opened <= awake[position] od
}
