/* One task whose supervisor is native: the monitor, which enforces the deadline itself. The task may also be bound to the host that has started
 * it: then the monitor ends it when that host is gone, as at a deadline, but no host can do so in its place. (An output
 * over its limit, and the end of the task or process beside which the task runs, make the monitor take the same steps with another word in the
 * line. So the rules of HOST_LINE below hold for those words, too; whether a host or an anchor is gone, only the monitor sees.) Hosts inspect the task, kill it, and enforce the
 * deadline where the monitor has not. The monitor is a subreaper: what loses its parent becomes its child. After the end line it holds the
 * lifeline until no process of the task lives. The command and what it leaves behind may ignore TERM, fork and end at any time; the command may
 * start another task, whose supervisor the monitor adopts too. What the command leaves behind may have left the session and cleared its
 * environment: then it is found only as a descendant of the monitor. If the monitor has no child when it writes the end, it says
 * so, and hosts need no list of processes to know that nothing is left. Hosts may be SIGKILLed at any step; a stranger may SIGKILL the monitor,
 * or stop it, also for ever. task.pml has what holds for every supervisor: how the task is started and killed, and whom a lifeline that is
 * held belongs to. After the death of the monitor, a host may pin the command while that lives (a witness): then it still runs, and the
 * host learns how it ends, once the process has been waited for. ci/model checks every interleaving, and that each variant below violates an assertion:
 *
 *   -DNO_DEADLINE_LINE   the monitor signals at the deadline without a line that says so
 *   -DDEADLINE_UNREAD    a host reads in the lifeline only how the task ended
 *   -DNO_HOST_LINE       the monitor signals at the end of the task's host without a line that says so
 *   -DHOST_LINE_UNREAD   a host takes the line of the deadline alone for a line that explains a signal
 *   -DMARKER_BEFORE_LOCK a host reads the lines before it probes the lifeline
 *   -DIDENTITY_LATE      the monitor starts the command before it writes its identity
 *   -DTERM_ALONE         the monitor sends TERM at the deadline, and then only waits
 *   -DEARLY_END          the monitor writes `timed_out` as soon as the command has ended
 *   -DKILLS_OTHERS       the monitor ends every process below it at the deadline, another task too
 *   -DWAITS_FOR_OTHERS   the monitor waits at the deadline until it has no child, although another task may live on
 *   -DTWO_ENDS           the monitor writes the end of the command at once also while it enforces the deadline, and `timed_out` at the end
 *   -DBOUND_EARLY_END    the monitor writes the end as soon as the command has ended, where its host is gone
 *   -DLINE_IS_END        a host says `timed_out` if the monitor died while it enforced the deadline
 *   -DOVERDUE_IS_END     a host says `timed_out` if the monitor is gone when the deadline is over
 *   -DDEADLINE_GUARDED   the deadline also counts after the end line
 *   -DLEAVES_EARLY       the monitor leaves after the end line
 *   -DMONITOR_FIRST      a kill ends the monitor while other processes of the task live
 *   -DNOT_FROZEN         a kill that finds no process but the monitor ends it without having stopped it before: it may start the command
 *   -DHELD_RUNS          a task whose lifeline is held is running, whatever its lines say
 *   -DARCHIVE_GUARDED    a compaction archives an ended task whose lifeline is held
 *   -DPINNED_LATE        a host pins the command after its end, and takes what it finds for the end
 *   -DUNTOLD_IS_END      a host takes the end of the process for its answer, before anybody has waited for the process
 *   -DKILL_UNTOLD        a host says `killed` before the command that it has pinned has told how it ended
 *   -DENDED_UNREACHED    a kill of an ended task looks for no monitor
 *   -DEND_IS_ALONE       a host takes any line about the end for the word that nothing is left
 *   -DALONE_EARLY        the monitor looks what is below it before it has learned of the end of the command
 *   -DALONE_OF_OTHERS    the monitor says that it is alone as soon as its list shows no process of the task, although that may lack one
 */

mtype = { none, starting, running, killing, completed, killed, timed_out, lost };
mtype = { alive, own, signalled };      /* the command: it lives, ended by itself, was ended by a signal */
mtype = { kill, overdue };              /* why a host kills */

#ifndef FORKS
#define FORKS 2
#endif

mtype record = starting, intent = none;
bool mon = true, stopped;               /* the monitor; it holds the lifeline as long as it lives */
bool murdered;                          /* a stranger killed it */
mtype cmd = none;
byte left, forks;                       /* other processes of the task: how many live; how many there were */
bool escaped;                           /* nothing but the monitor leads to them */
mtype other = none;                     /* another task that the command has started */
bool over;                              /* the deadline is over */
bool gone;                              /* the host is gone to which the task is bound */
mtype acted = none;                     /* why the monitor has signalled: overdue, or killed because the host is gone */
bool archived;
bool late;                              /* somebody has waited for the command by now, or hosts give up */
bool pinned;                            /* a living host has pinned the command while that lived */

/* The lines in the lifeline. */
bool identified, deadline, host_ended;
mtype ending = none;                    /* own, signalled, timed_out or killed */
bool alone;                             /* the same line, or a later one: the monitor has no child */

#define HELD       mon
#define FOUND      (mon || !escaped)
#define ENDED(s)   (s == completed || s == killed || s == timed_out || s == lost)
#define EMPTY      (cmd != alive && left == 0)

/* After a stranger has killed the monitor, nobody finds what only the monitor knew. */
#define REACHED    (cmd != alive && (left == 0 || escaped && murdered))

inline put(s) { atomic {
	assert(!ENDED(record));                                  /* a final status never changes */
	assert(s != completed || ending == own || ending == signalled || ending == none && !mon && pinned && cmd != alive && saw_witness == cmd);
	assert(s != killed || record == killing && intent == kill || ending == killed && gone);
	assert(s != killed || (ending == killed || alone || !mon) && REACHED);                  /* `killed` and `timed_out` are not written too early */
	assert(s != timed_out || over && REACHED);
	assert(s != killed && s != timed_out || ending != none || !pinned || cmd != own);   /* the command's own end wins, where it is known */
	assert(s != timed_out || ending == timed_out || record == killing && intent == overdue);
	assert(s != lost || !mon && ending == none);
	assert(s != lost || acted != overdue || saw_deadline);   /* the reason tells of the deadline */
	assert(s != lost || acted != killed || saw_host_ended);  /* or of the end of the host */
	assert(s != lost || saw_identity || cmd == none);        /* the reason: never started */
	record = s } }

/* --- The task --- */

/* Each step of the monitor, unless it is stopped or dead. */
#define RUNS       mon && !stopped

#define NO_CHILD   (EMPTY && other != alive)
#ifdef ALONE_EARLY
#define SEES_ALONE seen_alone
#elif defined(ALONE_OF_OTHERS)
#define SEES_ALONE (NO_CHILD || cmd != alive && escaped)
#else
#define SEES_ALONE NO_CHILD
#endif
inline append(line) { assert(ending == none); ending = line; alone = SEES_ALONE }    /* one end only */
/* What the monitor writes when nothing is left. */
#define FINAL      (cmd == own -> own : (why == overdue -> timed_out : killed))
inline end_monitor() { mon = false; stopped = false }

proctype monitor() {
	mtype why = none;
#ifdef ALONE_EARLY
	bool seen_alone;
#endif
#ifdef IDENTITY_LATE
	atomic { if :: RUNS -> cmd = alive :: !mon -> goto out fi };
	atomic { if :: RUNS -> identified = true :: !mon -> goto out fi };
#else
	atomic { if :: RUNS -> identified = true :: !mon -> goto out fi };
	atomic { if :: RUNS -> assert(!ENDED(record)); cmd = alive :: !mon -> goto out fi };
#endif
#ifdef ALONE_EARLY
	seen_alone = left == 0 && other != alive;
#endif
	if
	:: atomic { RUNS && cmd != alive -> append(cmd) }; goto told
	:: atomic { RUNS && cmd == alive && over ->              /* the command's own end wins where it came first */
#ifndef NO_DEADLINE_LINE
			deadline = true;
#endif
			why = overdue
		}
	:: atomic { RUNS && cmd == alive && gone ->
#ifndef NO_HOST_LINE
			host_ended = true;
#endif
			why = killed
		}
	:: !mon -> goto out
	fi;
	/* TERM, which the command may ignore or take for a request; then KILL until nothing is left. */
	atomic { if :: RUNS -> acted = why; if :: cmd == alive -> cmd = signalled :: skip fi :: !mon -> goto out fi };
	do
#ifndef TERM_ALONE
	:: atomic { RUNS && cmd == alive -> cmd = signalled }
	:: atomic { RUNS && left > 0 -> left-- }
#endif
#ifdef KILLS_OTHERS
	:: atomic { RUNS && other == alive -> other = signalled }
#endif
#ifdef TWO_ENDS
	:: atomic { RUNS && cmd != alive && ending == none -> append(cmd) }
#endif
#ifdef EARLY_END
	:: atomic { RUNS && cmd != alive -> append(FINAL) }; break
#elif defined(WAITS_FOR_OTHERS)
	:: atomic { RUNS && EMPTY && other != alive -> append(FINAL) }; break
#else
	:: atomic { RUNS && EMPTY -> append(FINAL) }; break
#ifdef BOUND_EARLY_END
	:: atomic { RUNS && cmd != alive && why == killed -> append(FINAL) }; break
#endif
#endif
	:: !mon -> goto out
	od;
told:
#ifndef LEAVES_EARLY
	if
	:: atomic { RUNS && left == 0 -> alone = alone || NO_CHILD }
#ifdef DEADLINE_GUARDED
	:: atomic { RUNS && over -> append(timed_out) }
#endif
	:: !mon -> goto out
	fi;
#endif
	atomic { if :: RUNS -> end_monitor() :: !mon -> skip fi };
out:	skip
}

/* The command and what it leaves behind end by themselves, fork, or go on for ever. */
proctype processes() {
	do
	:: atomic { cmd == alive -> cmd = own }
	:: atomic { !EMPTY && forks < FORKS -> forks++; left++ }
	:: atomic { left > 0 -> left-- }
	:: atomic { cmd == alive && other == none -> other = alive }
	:: break
	od
}

/* Does one thing, at any time; a stopped monitor may be continued. */
proctype stranger() {
end:	if
	:: atomic { mon -> end_monitor(); murdered = true }
	:: atomic { mon -> stopped = true };
		if :: atomic { stopped -> stopped = false } :: skip fi
	fi
}

proctype time() { over = true }
proctype starter() { gone = true }

/* --- Hosts --- */

inline observe() {
#ifdef MARKER_BEFORE_LOCK
	atomic { read_lines() };
	held = HELD;
#else
	held = HELD;
	atomic { read_lines() };
#endif
	if :: record == killing -> tree_empty = saw_alone || !mon && cmd != alive && (left == 0 || !FOUND) :: else -> skip fi;
	atomic { if
		:: !held && saw_end == none && saw_identity && !saw_deadline && !saw_host_ended -> look()
		:: else -> skip
		fi }
}

/* An older kernel tells nothing, or descriptors are short. */
inline look() {
	if
	:: cmd == alive -> if :: pinned = true :: skip fi
#ifdef PINNED_LATE
	:: cmd != alive && cmd != none -> saw_witness = own
#endif
	:: else -> skip
	fi;
	if
	:: pinned && cmd == alive -> saw_runs = true
#ifdef UNTOLD_IS_END
	:: pinned && cmd != alive -> saw_witness = own
#endif
	:: pinned && cmd != alive -> saw_witness = cmd
	:: pinned && cmd != alive && !late -> saw_runs = true    /* nobody has waited for it yet */
	:: !pinned -> skip
	fi
}

inline read_lines() {
	saw_end = ending; saw_identity = identified;
#ifdef END_IS_ALONE
	saw_alone = ending != none;
#else
	saw_alone = alone;
#endif
#ifndef DEADLINE_UNREAD
	saw_deadline = deadline;
#endif
#ifndef HOST_LINE_UNREAD
	saw_host_ended = host_ended;
#endif
	skip
}

/* The monitor's line says how the task ended, also if a host is killing it. Without the line, only the intent of a host does. */
inline decide() { atomic { if
	:: ENDED(record) -> skip
	:: record == killing && !(tree_empty && (!held || saw_end != none)) -> skip       /* the kill continues */
#ifndef KILL_UNTOLD
	:: record == killing && saw_runs -> skip
#endif
#ifdef HELD_RUNS
	:: record != killing && held && saw_identity && record == starting -> put(running)
	:: record != killing && held && !(saw_identity && record == starting) -> skip
#endif
	:: else -> if
		:: saw_end == timed_out -> put(timed_out)
		:: saw_end == killed -> put(killed)
		:: saw_end == own || saw_end == signalled && record != killing -> put(completed)
		:: saw_end == none && saw_witness == own -> put(completed)
		:: saw_end == none && saw_witness == signalled && record != killing -> put(completed)
		:: saw_end == signalled && record == killing || saw_end == none && saw_witness != own && !held && record == killing ->
			if :: intent == kill -> put(killed) :: else -> put(timed_out) fi
#ifdef LINE_IS_END
		:: saw_end == none && !held && record != killing && saw_deadline -> put(timed_out)
#endif
#ifdef OVERDUE_IS_END
		:: saw_end == none && !held && record != killing && over -> put(timed_out)
#endif
		:: saw_end == none && !held && record != killing && saw_runs -> if :: record == starting -> put(running) :: else -> skip fi
		:: saw_end == none && !held && record != killing && !saw_runs && saw_witness == none -> put(lost)
		:: saw_end == none && held && saw_identity && record == starting -> put(running)
		:: else -> skip
		fi
	fi } }

inline inspect() { !ENDED(record) -> observe(); decide() }

#define LOCALS bool held, saw_alone, saw_deadline, saw_host_ended, saw_identity, saw_runs, tree_empty; mtype saw_end = none, saw_witness = none

/* Resets variables that are not read again, to reduce the number of states. */
inline forget() { d_step {
	held = false; saw_alone = false; saw_deadline = false; saw_host_ended = false; saw_identity = false; saw_runs = false; tree_empty = false; saw_end = none; saw_witness = none } }

/* Writes the intent before the first signal, and only while the task has not ended. */
inline kill_task(why) {
	observe();
	atomic { if
		:: (record == starting || record == running) && (held || saw_runs) && saw_end == none -> put(killing); intent = why
		:: else -> decide()
		fi }
}

/* The signals of all hosts. Whoever finds the intent of a dead host goes on with the kill. */
proctype signals() {
end:	intent != none && identified;
	do
	:: atomic { cmd == alive -> cmd = signalled }            /* by TERM or KILL */
	:: atomic { left > 0 && FOUND -> left-- }
#ifdef MONITOR_FIRST
	:: atomic { mon -> end_monitor() }
#elif defined(NOT_FROZEN)
	:: mon && EMPTY -> atomic { if :: mon -> end_monitor() :: else -> skip fi }
#else
	:: atomic { mon && !stopped -> stopped = true }
	:: atomic { mon && stopped && EMPTY -> end_monitor() }
#endif
	:: break
	od
}

/* Archives the task. Nobody looks at the lifeline of an archived task again. */
inline compact() {
	atomic { if
#ifdef ARCHIVE_GUARDED
		:: ENDED(record) -> archived = true
#else
		:: ENDED(record) && !HELD -> archived = true
#endif
		:: else -> skip
		fi }
}

/* All hosts: what they do under the session lock, they do one after the other, and one that dies has either written or changed nothing. They
 * leave the deadline to the monitor for a while. How long does not matter here, for the monitor may be stopped. */
proctype hosts() {
	LOCALS;
	do
	:: inspect(); forget()
	:: kill_task(kill); forget()
	:: over -> kill_task(overdue); forget()
	:: compact()
	:: pinned = false                                        /* that host dies */
	:: break
	od
}

/* A kill of an ended task. Its answer is that nothing of the task lives. */
proctype killer() {
	bool reaches;
end:	ENDED(record);
#ifdef ENDED_UNREACHED
	reaches = !escaped;
#else
	reaches = !escaped || HELD && !archived;
#endif
	do
	:: atomic { cmd == alive -> cmd = signalled }
	:: atomic { reaches && FOUND && left > 0 -> left-- }
	:: atomic { !(reaches && FOUND && left > 0) && cmd != alive -> assert(REACHED) }; break
	od
}

/* When no other process can continue, a last host inspects the task, and ends it if the monitor has not. */
proctype last() {
	LOCALS;
	byte turns;
	timeout;
	late = true;
	assert(stopped || murdered || intent != none || ending != none);     /* the deadline needs no host */
	do
	:: turns < 3 ->
		turns++;
		atomic { if
			:: record == killing -> cmd = (cmd == alive -> signalled : cmd); left = (FOUND -> 0 : left); end_monitor()
			:: else -> skip
			fi };
		kill_task(overdue); forget()
	:: else -> break
	od;
	assert(ENDED(record));
	assert(other != signalled);
	assert(ending != timed_out || record == timed_out);
	assert(ending != killed || record == killed);
	assert(ending != own || record == completed);
	assert(record != lost || intent == none);                /* an intent says how the task ended */
	compact();
	assert(!archived || left == 0 || murdered);
	atomic { end_monitor(); murdered = true }                /* or it stays stopped */
}

init { atomic {
	if :: escaped = true :: skip fi;
	run monitor(); run processes(); run stranger(); run time(); run starter();
	run hosts(); run signals(); run killer(); run last()
} }
