/* The command that is run at the end of a task (`on_end`), and how hosts learn how that went. monitor.pml has what comes before: the
 * end line, which the monitor writes however the task ends, and which is all that the end of the task needs. After it the monitor leaves the
 * rest to the messenger, a process that holds the lifeline too: here the two are one process, the watcher. It starts the command, waits for it, no
 * longer than its time limit, writes a line about it, and lets go of the lifeline. Two hosts inspect the task, somebody may kill it, and a
 * compaction removes the lifeline. A stranger may SIGKILL the watcher at any step. ci/model checks every interleaving, and that each variant
 * below violates an assertion:
 *
 *   -DBEFORE_END      the watcher starts the command before it writes the end line
 *   -DSILENCE_IS_FINE a host takes a lifeline that is free, and without a line, for a success
 *   -DSTARTED_IS_FINE the watcher writes the line when the command has started
 *   -DLINES_FIRST     a host reads the lines before it probes the lifeline
 *   -DHOST_RUNS       a host runs the command itself if it finds no line about it
 *   -DLEAVES_EARLY    the watcher lets go of the lifeline before it writes the line
 *   -DREMOVED_OPEN    a compaction removes a free lifeline before the record has what became of the command
 *   -DOVERWRITES      a host writes what it has found without a look at what the record has by now
 *   -DOF_THE_TASK     a kill counts the command among the processes of the task
 */

mtype = { none, running, ended, lost };            /* the status */
mtype = { alive, success, failure, unknown };

bool mon = true;                    /* the watcher; it holds the lifeline as long as it lives */
bool task = true;                   /* a process of the task lives */
mtype hook = none;                  /* the command: none, alive, success, failure */
byte runs;
bool held = true;                   /* the lifeline */

/* The lines in the lifeline, and the record. */
bool end_line;
mtype line = none;
bool removed;
mtype status = running, outcome = none;

inline run_hook() { runs++; assert(runs == 1 && end_line); hook = alive }

/* At most once, after the end, and never told as more than it was. */
inline put(o) {
	assert(outcome == none);
	assert(o != success || hook == success);
	assert(o != unknown || line == none && !mon);
	outcome = o }

proctype watcher() {
	if :: atomic { mon && !task -> skip } :: !mon -> goto out fi;
#ifdef BEFORE_END
	atomic { if :: mon -> run_hook() :: else -> goto out fi };
	atomic { if :: mon && hook != alive -> end_line = true :: !mon -> goto out fi };
#else
	atomic { if :: mon -> end_line = true :: else -> goto out fi };
	atomic { if :: mon -> run_hook() :: else -> goto out fi };
#endif
#ifdef STARTED_IS_FINE
	atomic { if :: mon -> line = success :: else -> goto out fi };
#endif
#ifdef LEAVES_EARLY
	held = false;
#endif
	/* It ends by itself, or its time is over. */
	atomic { if
		:: mon && hook != alive -> skip
		:: mon && hook == alive -> hook = failure
		:: !mon -> goto out
		fi };
	atomic { if :: mon -> line = (line == none -> hook : line) :: else -> goto out fi };
	atomic { if :: mon -> mon = false; held = false :: else -> skip fi };
out:	skip
}

proctype processes() {
	do
	:: atomic { task -> task = false }
	:: atomic { hook == alive -> if :: hook = success :: hook = failure fi }
	:: break                            /* or they hang */
	od
}

proctype stranger() { if :: atomic { mon -> mon = false; held = false } :: skip fi }

inline look() {
#ifdef LINES_FIRST
	atomic { saw_end = !removed && end_line; saw = (removed -> none : line) };
	saw_held = held
#else
	saw_held = held;
	atomic { saw_end = !removed && end_line; saw = (removed -> none : line) }
#endif
}

inline decide() { atomic {
	if
	:: status == running && saw_end -> status = ended
	:: status == running && !saw_end && !saw_held && !removed -> status = lost
	:: else -> skip
	fi;
	if
#ifdef OVERWRITES
	:: status != running && saw != none -> put(saw)
#else
	:: status != running && outcome == none && saw != none -> put(saw)
#endif
#ifdef HOST_RUNS
	:: status != running && outcome == none && saw == none && !saw_held -> run_hook()
#elif defined(SILENCE_IS_FINE)
	:: status != running && outcome == none && saw == none && !saw_held -> put(success)
#else
	:: status != running && outcome == none && saw == none && !saw_held -> put(unknown)
#endif
	:: else -> skip
	fi } }

proctype host() {
	bool saw_end, saw_held;
	mtype saw;
	do
	:: look(); decide(); d_step { saw_end = false; saw_held = false; saw = none }
	:: atomic {                         /* a compaction */
#ifdef REMOVED_OPEN
		status != running && !held -> removed = true
#else
		status != running && !held && outcome != none -> removed = true
#endif
		}
	:: break
	od
}

/* A kill, of the task or of what it has left behind. */
proctype killer() {
	do
	:: atomic { task -> task = false }
#ifdef OF_THE_TASK
	:: atomic { hook == alive -> assert(false) }
#endif
	:: break
	od
}

/* When no other process can continue, a last host inspects the task. */
proctype last() {
	bool saw_end, saw_held;
	mtype saw;
	timeout;
	look(); decide();
	assert(status != running || mon);
	assert(!end_line || status == ended || status == lost);
	assert(mon || outcome != none);     /* nothing stays open */
	assert(line == none || outcome == line);
	mon = false                         /* or the task goes on for ever */
}

init { atomic { run watcher(); run processes(); run stranger(); run host(); run host(); run killer(); run last() } }
