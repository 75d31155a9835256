/* One task: spawner, supervisor with a command and a process that the command leaves behind, a killer, and two hosts that inspect
 * and acknowledge the task. The record stands for what the lines of the journal add up to; journal.pml has the lines. Each host, the
 * killer and the spawner may be SIGKILLed at any step, and a stranger may SIGKILL the supervisor. ci/model checks every interleaving,
 * and that each variant below violates an assertion:
 *
 *   -DMARKER_BEFORE_LOCK  a host reads the marker before it probes the lifeline
 *   -DRECORD_BEFORE_LOCK  the record is visible before the lifeline is held
 *   -DNO_INTENT           a kill signals before it has written `killing`
 *   -DNO_TREE             the task is `killed` once its supervisor is gone, even if other processes of it are alive
 *   -DCOOKIE_ALONE        once the supervisor is gone, what has cleared its environment counts as a stranger, although its session is in use
 *   -DLOCK_ALONE          a held lifeline counts as a living supervisor, even if only a fork of the host still holds it
 *   -DNO_SECOND_READ      the marker is not read again if the supervisor ends between the probe and the check of its process
 */

mtype = { none, starting, running, killing, completed, killed, lost };

mtype record = none;
mtype ended = none;      /* the first final status of the record */
bool hostfd, supfd, leak; /* descriptors of the lifeline: the spawner's, the supervisor's, one in a fork of the spawner */
bool sup, child;         /* live processes of the task: the supervisor; one that the command started */
bool identified;         /* the supervisor has written its identity */
bool marker;             /* the supervisor has written the exit line */
bool acked;
#ifdef COOKIE_ALONE
bool cleared;            /* the process that the command started has cleared its environment */
#endif
byte ran, acks;
byte holder;             /* owner of the session lock; 0: free */
byte deaths;

#define HELD       (hostfd || supfd || leak)
#define ENDED(s)   (s == completed || s == killed || s == lost)
#ifndef DEATHS
#define DEATHS 2
#endif

inline take(me) { atomic { holder == 0 -> holder = me } }
inline give(me) { atomic { assert(holder == me); holder = 0 } }
inline die(me)  { atomic { if
	:: deaths < DEATHS -> deaths++; if :: holder == me -> holder = 0 :: else -> skip fi; goto dead
	:: skip fi } }
inline put(s)   { atomic {
	assert(!ENDED(record));                          /* a final status never changes */
	record = s;
	if :: ENDED(s) -> assert(ended == none); ended = s :: else -> skip fi;
	assert(s != killed || (!sup && !child));         /* `killed` is never written too early */
	assert(s != completed || marker);
	assert(s != lost || !sup) } }

proctype supervisor() {
	atomic { if :: sup -> identified = true :: else -> goto out fi };
	atomic { if :: sup -> ran++; child = true; assert(ran == 1 && record != lost) :: else -> goto out fi };
#ifdef COOKIE_ALONE
	if :: cleared = true :: skip fi;
#endif
	if :: atomic { child -> child = false } :: skip fi;       /* or it is left behind */
	atomic { if :: sup -> marker = true :: else -> goto out fi };
	atomic { sup = false; supfd = false };
out:	skip
}

proctype stranger() { if :: atomic { sup -> sup = false; supfd = false } :: skip fi }

/* The process that the command left behind may end at any time. */
proctype leftover() { do :: atomic { child -> child = false } :: break od }

proctype spawner() {
#ifndef RECORD_BEFORE_LOCK
	hostfd = true;
	die(1);
#endif
	take(1); put(starting); die(1); give(1);
	die(1);
#ifdef RECORD_BEFORE_LOCK
	hostfd = true;
#endif
	if :: leak = true :: skip fi;                             /* another thread of the host forks without exec */
	atomic { sup = true; supfd = true; run supervisor() };
	die(1);                                                   /* the spawner does not record the start: an inspection does */
	hostfd = false;
	goto end;
dead:	hostfd = false;
end:	skip
}

inline observe() {
#ifdef MARKER_BEFORE_LOCK
	saw_exit = marker; held = HELD; saw_identity = identified;
#else
	held = HELD;
	atomic { saw_exit = marker; saw_identity = identified };
#endif
	alive = sup || !saw_identity;
#ifdef LOCK_ALONE
	alive = true;
#endif
#ifndef NO_SECOND_READ
	if :: held && !alive -> saw_exit = marker :: else -> skip fi;
#endif
	tree_empty = !sup && !child;
#ifdef NO_TREE
	tree_empty = !sup;
#endif
#ifdef COOKIE_ALONE
	tree_empty = !sup && (!child || cleared);
#endif
}

inline decide() {
	if
	:: record == killing && !(tree_empty && (!held || !alive || saw_exit)) -> skip       /* the kill continues */
	:: ENDED(record) -> skip
	:: else -> if
		:: saw_exit && record == killing -> if :: put(killed) :: put(completed) fi  /* depending on the exit line */
		:: saw_exit && record != killing -> put(completed)
		:: !saw_exit && (!held || !alive) && record == killing -> put(killed)
		:: !saw_exit && (!held || !alive) && record != killing -> put(lost)
		:: !saw_exit && held && alive && saw_identity && record == starting -> put(running)
		:: else -> skip
		fi
	fi
}

/* The code also inspects once without the lock, but then writes nothing. Only the inspection under the lock matters. */
inline inspect(me) {
	if
	:: record != none && !ENDED(record) ->
		take(me);
		observe();
		if :: record != none -> decide() :: else -> skip fi;
		die(me);
		give(me)
	:: else -> skip
	fi
}

proctype killer(byte me) {
	bool requested;
#ifdef NO_INTENT
	if :: identified -> atomic { sup = false; supfd = false } :: skip fi;
#endif
	take(me);
	if :: record == starting || record == running -> put(killing) :: else -> skip fi;
	requested = record == killing;
	die(me); give(me); die(me);
	if :: requested && identified -> atomic { sup = false; supfd = false } :: else -> skip fi;
	die(me);
	if :: requested -> child = false :: else -> skip fi;
dead:	skip
}

proctype host(byte me) {
	bool saw_exit, held, saw_identity, alive, tree_empty;
	inspect(me);
	take(me);
	if :: ENDED(record) && !acked -> acked = true; acks++; assert(acks == 1) :: else -> skip fi;
	die(me); give(me);
dead:	skip
}

/* When no other process can continue, a last host resumes an interrupted kill and inspects the task: its status must be final and
 * correct. */
proctype last() {
	bool saw_exit, held, saw_identity, alive, tree_empty; byte turns;
	timeout ->
	/* If the supervisor was killed before it wrote its identity, the lifeline is free only after the fork of the dead host ends. */
	if :: !identified -> leak = false :: else -> skip fi;
	do
	:: turns < 3 ->
		turns++;
		if :: record == killing -> atomic { sup = false; supfd = false; child = false } :: else -> skip fi;
		observe();
		if :: record != none -> decide() :: else -> skip fi
	:: else -> break
	od;
	assert(record == none || ENDED(record));
	assert(record != none || ran == 0);
	assert(record != completed || ran == 1);
	assert(!marker || record != lost);
#ifdef NO_INTENT
	assert(record != lost || ran == 0 || deaths > 0)
#endif
}

init { atomic {
	run spawner(); run host(2); run host(3); run killer(4);
#ifdef TWO_KILLERS
	run killer(5);
#endif
	 run leftover(); run last();
#ifndef NO_INTENT
	run stranger()
#endif
} }
