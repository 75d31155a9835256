/* The store with a journal, for one task (../format.md). The birth is the task's first line in the journal; hosts append
 * what changes, compact the journal, and move the task to an archive when it is over. A compaction puts a new file in the place of the old
 * one, which stays readable for whoever has it open. Each host may be SIGKILLed at any step, also in the middle of a line, and a stranger
 * may SIGKILL the supervisor. A reader (-DREADER) looks without a lock; appends may fail (-DFULL); a follower remembers what it has read.
 * task.pml has what a kill does to processes. ci/model checks every interleaving, and that each variant below violates an assertion:
 *
 *   -DLIFELINE_UNLOCKED  the lifeline is created without the session lock, and held a moment later
 *   -DBUNDLE_FIRST       the bundle is created before the lifeline
 *   -DBIRTH_LATE         the supervisor is started before the birth line is written
 *   -DREMOVE_FIRST       the lifeline is removed before the end is in the journal
 *   -DREMOVE_UNSAVED     the lifeline is removed although the end could not be appended (full disk)
 *   -DKILL_UNSEEN        a kill writes its intent without a look at the lifeline: an end may be known that is not in the journal (full disk)
 *   -DAPPEND_TO_OLD      a host appends to the journal that it knows without checking, under the lock, that it is still the current one
 *   -DAPPEND_UNREAD      a host appends without having read, under the lock, the lines that it does not know
 *   -DNODE_ALONE         a host takes a journal for the one that it knows because of the file's identity, which the system uses again
 *   -DGLUED              a line is appended to one that a dead host left without its newline
 *   -DNO_COMPACT_LOCK    a host compacts the journal without the session lock
 *   -DJOURNAL_FIRST      a compaction replaces the journal before the archive has its name
 *   -DARCHIVE_LIVE       a compaction archives a task whose lifeline is held
 *   -DLOSE_REMOVAL       a compaction folds the lines of a removed task without the removal
 *   -DUNSTARTED_COUNTED  a compaction counts a start that failed
 *   -DAGAIN_COUNTED      a compaction counts a task that came back from an archive a second time
 *   -DBARE_CHANGE        a change of an archived task goes to the journal alone, without the record
 *   -DOLDEST_FIRST       a look reads the oldest archive first
 *   -DLINE_FIRST         a removal writes its line before the bundle has lost its name
 *   -DJOIN_FIRST         archives are removed before the one that they are joined into is written
 *   -DJOIN_OLDEST        of two archived records of a task, the older one is kept
 *   -DJOIN_JOURNAL       a collection drops from the archives what the journal has
 *   -DSWEEP_JOURNAL      a collection takes for a leftover what is not in the journal, and reads no archive
 *   -DSWEEP_EARLY        a collection reads the journal and the archives before it has the lock
 *   -DLOOK_BACKWARDS     a look without the lock reads the archives before the journal
 *   -DNO_ARCHIVE_LOOK    a follower takes for removed what is no longer in the journal
 *
 * ci/bridge checks that what real hosts do is a run of this model: each `step` is one that others can see. Elsewhere it is nothing.
 */

mtype = { none, running, removed, completed, killed, lost };

#if defined(LOOK_BACKWARDS) || defined(JOIN_JOURNAL)
#define READER
#endif
#if defined(REMOVE_UNSAVED) || defined(KILL_UNSEEN)
#define FULL
#endif
/* With a reader there are ten times as many states. It comes between all steps of one host, which does not die. */
#ifdef READER
#define HOSTS 1
#define TURNS 4
#define DEATHS 0
#endif
#ifndef HOSTS
#define HOSTS 2
#endif
#ifndef TURNS
#define TURNS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef FAILS
#define FAILS 1
#endif
#ifndef FILES
#define FILES 5             /* an archive from before the task, the journal of its birth, and those of three compactions; the last host makes one */
#endif

bool named;                 /* the lifeline has its name */
bool hostfd, supfd;         /* it is held: by the spawner, by the supervisor */
bool bundle;
bool sup, identified, exited;
byte ran;
bool silent;                /* no completion was requested at the start */

/* The lines of the task in a journal, and what its head says. */
typedef journal {
	bool born, gone, unstarted, again, intent, ack, wanted;
	mtype end = none;
	byte started
};
journal j[FILES];
byte current = 1;           /* which one has the name */
bool torn;                  /* its last byte is no newline */
typedef archived { mtype end = none; bool ack, wanted };
archived archive[FILES];    /* by the number of the journal from which it was made */

byte lock;                  /* the session lock's owner; 0: free */
byte deaths;
byte opened;                /* hosts that have begun, in the order of their numbers */
byte fails;                 /* appends that have failed */
bool erasing;               /* a removal has begun, or the undoing of a start */
bool announced;             /* the journal had a removal line: that is final */

/* What callers were told. */
mtype told = none;          /* the end */
bool given;                 /* the id of the new task */
bool refused;               /* that it could not be started */
bool acked, promoted, erased;

#define HELD       (hostfd || supfd)
#if defined(FULL) && !defined(KILL_UNSEEN)
#define END_SEEN   (exited || !HELD)
#else
#define END_SEEN   false
#endif
#define DONE(l)    (l.end != none && (l.ack || (silent && !l.wanted)))
#define FILED      (archive[from].end != none && bundle)       /* after search(); without a bundle, an archived task was removed */

#ifdef BRIDGE
#include "steps.pml"
#else
#define step(kind, me) skip
#endif

inline release(me) { lock = 0; step(UNLOCKED, me) }

/* Under the session lock, only what the supervisor, a reader or a death can come between is a step of its own. The lock of a dead host is
 * free. A host that dies without the lock does no more than one that ends. */
inline die(me) { atomic { if
	:: deaths < DEATHS -> deaths++; if :: lock == me -> release(me) :: else -> skip fi; goto dead
	:: skip fi } }

/* A host that dies while it appends leaves a line without its newline. The next one begins with a newline. Only in an atomic. */
inline begin_line() {
	if
	:: deaths < DEATHS -> torn = true; deaths++; step(TORN, lock); step(UNLOCKED, lock); lock = 0; goto dead
	:: skip
	fi;
	whole = true;
#ifdef GLUED
	whole = !torn;
#endif
	torn = false }

/* Executable if the disk may be full now. */
#ifdef FULL
#define disk_full() fails < FAILS -> fails++
#else
#define disk_full() false
#endif

/* What a host knows of the task in the journal: it reads the lines that are new to it. */
inline read_on() { d_step {
#ifdef NODE_ALONE
	if
	:: known != file && known % 2 == file % 2 -> skip
	:: else ->
#endif
	v_born = j[file].born && !j[file].gone; v_gone = j[file].gone; v_end = j[file].end; v_intent = j[file].intent;
	v_ack = j[file].ack; v_wanted = j[file].wanted;
#ifdef NODE_ALONE
	known = file
	fi
#endif
} }

/* Takes the lock, and then chooses the journal to which lines go. */
inline take(me) {
#ifdef APPEND_UNREAD
	file = current; read_on();
#endif
	lock == 0 -> lock = me;
	step(LOCKED, me);
#ifndef APPEND_TO_OLD
	file = current;
#endif
#ifndef APPEND_UNREAD
	read_on()
#endif
}

/* Finds the task in the newest archive that has it; `from` is its number. */
inline search() { d_step {
#ifdef OLDEST_FIRST
	from = 0;
	do :: from < FILES - 1 && archive[from].end == none -> from++ :: else -> break od
#else
	from = FILES - 1;
	do :: from > 0 && archive[from].end == none -> from-- :: else -> break od
#endif
} }

/* On a full disk the end is known to the caller and in the memory of the host, but not in the journal. */
inline put_end(status, me) {
	begin_line();
	assert(told == none || told == status);                  /* an end never changes */
	assert(status != killed || !sup);
	assert(status != completed || exited);
	assert(status != lost || (!sup && !exited));
	told = status;
	if
	:: whole -> j[file].end = status; step(status, me)
	:: !whole -> skip
	:: disk_full(); step(UNSAVED, me)
	fi }

/* --- The task --- */

inline end_supervisor() { if :: sup -> sup = false; supfd = false; step(SUPERVISOR_GONE, 0) :: else -> skip fi }

proctype supervisor() {
	atomic { if :: sup -> identified = true; step(IDENTIFIED, 0) :: else -> goto out fi };
	atomic { if :: sup -> ran++; step(RAN, 0); assert(ran == 1 && told != lost && bundle && named) :: else -> goto out fi };
	atomic { if :: sup -> exited = true; step(EXITED, 0) :: else -> goto out fi };
	atomic { end_supervisor() };
out:	skip
}

proctype stranger() { if :: atomic { sup -> end_supervisor() } :: skip fi }

inline give_birth() {
	atomic {
#ifdef LIFELINE_UNLOCKED
		lock == 0 -> lock = 1;
		step(LOCKED, 1);
#endif
		file = current;
		assert(named && bundle);                         /* no collection has taken them for leftovers */
		begin_line();
		step((silent -> BORN_SILENT : BORN), 1);
		if :: whole -> j[file].born = true :: else -> skip fi;
		release(1) };
	die(1) }

inline start() { atomic { sup = true; supfd = true; step(STARTED, 1); run supervisor() }; die(1) }

inline let_go() { if :: hostfd -> hostfd = false; step(LET_GO, 1) :: else -> skip fi }
inline drop_bundle(me) { if :: bundle -> bundle = false; step(UNBUNDLED, me) :: else -> skip fi }
inline drop_lifeline(me) { if :: named -> named = false; step(UNNAMED, me) :: else -> skip fi }

inline append_unstarted() {
	begin_line();
	if
	:: whole -> j[file].gone = true; j[file].unstarted = true; announced = true; step(UNSTARTED, 1)
	:: !whole -> skip
	:: disk_full()
	fi }

proctype spawner() {
	bool whole;
	byte file;
#ifdef BUNDLE_FIRST
	bundle = true;
	die(1);
#endif
#ifdef LIFELINE_UNLOCKED
	named = true;
	hostfd = true;
#else
	atomic { lock == 0 -> lock = 1; step(LOCKED, 1); named = true; step(NAMED, 1) };
	die(1);
	hostfd = true;                                           /* others that look without the lock see it named and free */
#endif
	die(1);
#ifndef BUNDLE_FIRST
	if
	:: atomic { bundle = true; step(BUNDLED, 1) }
	:: goto give_up                                          /* such as on a full disk */
	fi;
#endif
	die(1);
#ifdef BIRTH_LATE
	start();
#endif
	if
	:: give_birth()
#ifndef BIRTH_LATE
	:: goto give_up                                          /* a limit is reached */
#endif
	fi;
	if
	:: skip;
#ifndef BIRTH_LATE
		start();
#endif
		atomic { let_go(); given = true }
	:: atomic { lock == 0 && !sup -> lock = 1; file = current;  /* the system starts no process */
			step(LOCKED, 1);
			erasing = true;
			append_unstarted() };
		die(1);
		atomic { let_go() };
		die(1);
		atomic { drop_bundle(1) };
		die(1);
		atomic { if :: !j[file].gone -> append_unstarted() :: else -> skip fi };     /* there is room now */
		die(1);
		atomic { if :: j[file].gone -> drop_lifeline(1); refused = true :: else -> skip fi; release(1) }
	fi;
	goto dead;
give_up:                                                         /* before the birth this needs no lock: a collection does the same */
	atomic { if :: lock == 1 -> release(1) :: else -> skip fi };
	die(1);
	atomic { let_go(); erasing = true };
	die(1);
	atomic { drop_bundle(1) };
	die(1);
	atomic { drop_lifeline(1); refused = true };
dead:	atomic { let_go() }
}

/* --- Hosts --- */

/* Writes the end, if there is one. The lifeline stays until a compaction or a removal. */
inline inspect(me) {
	atomic {
		take(me);
		held = HELD;
		saw_exit = exited && named };
#ifdef REMOVE_FIRST
	if :: v_born && v_end == none && !held -> named = false; die(me) :: else -> skip fi;
#endif
	atomic {
		if
		:: !v_born || v_end != none -> skip
		:: else -> if
			:: saw_exit && !v_intent -> put_end(completed, me)
			:: saw_exit && v_intent && !sup -> put_end(killed, me)
			:: !saw_exit && !held && v_intent -> put_end(killed, me)
			:: !saw_exit && !held && !v_intent -> put_end(lost, me)
			:: else -> skip
			fi
		fi;
		release(me) }
}

/* The host that signals need not be the one that wrote the intent: that one may have died. */
inline kill_task(me) {
	atomic { take(me); saw_exit = END_SEEN };
	atomic {
		if :: v_born && v_end == none && !saw_exit ->
			if :: !v_intent ->
				begin_line();
				step(INTENDED, me);
				if :: whole -> j[file].intent = true :: else -> skip fi
			:: else -> skip fi;
			requested = true
		:: else -> skip fi;
		release(me) };
	if
	:: atomic { requested && identified -> step(SIGNALLED, me) }; atomic { end_supervisor() }
	:: skip                                                  /* the supervisor may have ended meanwhile */
	fi
}

/* Appends a line that changes nothing here, such as `running` or a lease. */
inline note(me) { atomic { take(me); if :: v_born -> begin_line(); step(NOTED, me) :: else -> skip fi; release(me) } }

inline acknowledge(me) {
	atomic {
		take(me);
		if :: v_born && v_end != none && !v_ack && !(silent && !v_wanted) ->
			begin_line();
			step(ACKNOWLEDGED, me);
			if :: whole -> j[file].ack = true :: else -> skip fi;
			assert(!acked);
			acked = true
		:: else -> skip fi;
		release(me) }
}

/* Requests a completion. A task that is in an archive comes back: its record is its birth in the journal. */
inline promote(me) {
	atomic {
		take(me);
		search();
		if
		:: silent && v_born && !v_wanted ->
			begin_line();
			step(WANTED, me);
			if :: whole -> j[file].wanted = true :: else -> skip fi;
			promoted = true
		:: silent && !v_born && !v_gone && FILED && !archive[from].wanted ->
			begin_line();
			step(BORN_AGAIN, me);
#ifndef BARE_CHANGE
			j[file].born = true; j[file].again = true; j[file].end = archive[from].end; j[file].ack = archive[from].ack;
#endif
			if :: whole -> j[file].wanted = true :: else -> skip fi;
			promoted = true
		:: else -> skip
		fi;
		release(me) }
}

inline append_removal(me) { begin_line(); if
	:: whole -> j[file].gone = true; announced = true; step(REMOVED, me)
	:: !whole -> skip
	:: disk_full()
	fi }

/* The bundle loses its name first. An archived task has no lifeline. */
inline remove(me) {
	atomic {
		take(me);
		search();
		leaves = v_born && v_end != none && !(named && HELD) || !v_born && !v_gone && FILED };
	if
	:: leaves && v_born ->
#ifdef LINE_FIRST
		atomic { erasing = true; append_removal(me) };
		die(me);
		bundle = false;
#else
		atomic { assert(!HELD); erasing = true; drop_bundle(me) };
		die(me);
		atomic { append_removal(me) };
#endif
		die(me);
		/* Also without its line, the task is removed: the next collection goes on. */
		atomic { if :: j[file].gone -> drop_lifeline(me) :: else -> skip fi; erased = true; release(me) }
	:: leaves && !v_born -> atomic { assert(!HELD); erasing = true; drop_bundle(me); erased = true; release(me) }
	:: !leaves -> atomic { release(me) }
	fi
}

inline replace_journal(me) { atomic {
	d_step {
	j[from + 1].started = j[from].started;
	if
	:: leaves || j[from].gone ->
		if
#ifndef UNSTARTED_COUNTED
		:: j[from].unstarted -> skip
#endif
#ifndef AGAIN_COUNTED
		:: j[from].again -> skip
#endif
		:: else -> if :: j[from].born -> j[from + 1].started++ :: else -> skip fi
		fi
	:: else -> skip
	fi;
	if
	:: !leaves && !j[from].gone ->
		j[from + 1].born = j[from].born; j[from + 1].again = j[from].again; j[from + 1].intent = j[from].intent;
		j[from + 1].end = kept_end; j[from + 1].ack = kept_ack; j[from + 1].wanted = j[from].wanted
#ifdef LOSE_REMOVAL
	:: !leaves && j[from].gone && !j[from].unstarted -> j[from + 1].born = true; j[from + 1].end = kept_end
#endif
	:: else -> skip
	fi;
	current = from + 1;
	torn = false;
	step((j[from + 1].born -> KEPT : REPLACED), me);
#if !defined(READER) && !defined(APPEND_TO_OLD)
	/* Nobody reads the old one. */
	j[from].born = false; j[from].gone = false; j[from].unstarted = false; j[from].again = false; j[from].intent = false;
	j[from].end = none; j[from].ack = false; j[from].wanted = false; j[from].started = 0
#endif
	} } }

inline drop_archived(n, me) { if
	:: archive[n].end != none -> archive[n].end = none; archive[n].ack = false; archive[n].wanted = false; step(UNARCHIVED, me)
	:: else -> skip fi }

/* An end that the journal has needs no lifeline. The archive is named after the journal that it was made from, so that a repetition replaces it. */
inline compact(me, files) {
	atomic {
#ifndef NO_COMPACT_LOCK
		lock == 0 && current + 1 < files -> lock = me;
		step(LOCKED, me);
#else
		current + 1 < files ->
#endif
		from = current;
		kept_end = j[from].end; kept_ack = j[from].ack;
		saw_exit = named;
#ifdef REMOVE_UNSAVED
		if :: told != none && !HELD -> drop_lifeline(me) :: else -> skip fi;
#else
		if :: j[from].born && !j[from].gone && kept_end != none && !HELD -> drop_lifeline(me) :: else -> skip fi;
#endif
		leaves = DONE(j[from]) && !j[from].gone;
#ifndef ARCHIVE_LIVE
		leaves = leaves && !named;
#endif
		saw_exit = saw_exit && !named
	};
	if :: leaves || saw_exit -> die(me) :: else -> skip fi;
	if :: disk_full(); goto over :: skip fi;
#ifdef JOURNAL_FIRST
	replace_journal(me);
	die(me);
	atomic { if :: leaves -> archive[from].end = told; archive[from].ack = kept_ack :: else -> skip fi };
#else
	if :: leaves -> atomic { archive[from].end = kept_end; archive[from].ack = kept_ack; archive[from].wanted = j[from].wanted; step(ARCHIVED, me) };
		die(me)
	:: else ->                                               /* the archive of a compaction that died is replaced, if others are archived */
		if :: atomic { archive[from].end != none -> drop_archived(from, me) } :: skip fi
	fi;
	if :: disk_full(); goto over :: skip fi;
	replace_journal(me);
#endif
over:	atomic { if :: lock == me -> release(me) :: else -> skip fi }
}

inline write_joined(me) { if
	:: leaves -> drop_archived(to, me)
	:: !leaves && kept_end != none ->
#ifdef JOIN_OLDEST
		if :: archive[to].end != none -> kept_ack = archive[to].ack; saw_exit = archive[to].wanted :: else -> skip fi;
#endif
		archive[to].end = kept_end; archive[to].ack = kept_ack; archive[to].wanted = saw_exit;
		if :: step(ARCHIVED, me) :: to == from -> skip fi
	:: else -> skip
	fi }

/* Writes archives again without what was removed, or joins them into an older one, before it removes the newer ones. What has come back to
 * the journal stays: a look may have read the journal before. */
inline join(me) {
	atomic {
		take(me);
		search();
		kept_end = archive[from].end; kept_ack = archive[from].ack; saw_exit = archive[from].wanted;
		leaves = kept_end != none && !bundle;
#ifdef JOIN_JOURNAL
		leaves = leaves || kept_end != none && v_born;
#endif
		if :: !leaves && kept_end != none -> to = from; do :: to > 0 -> to-- :: break od :: else -> skip fi;
#ifndef JOIN_FIRST
		write_joined(me)
#endif
	};
	die(me);
	do
	:: from > to -> atomic { drop_archived(from, me); from-- }; die(me)
	:: else -> break
	od;
	atomic {
#ifdef JOIN_FIRST
		write_joined(me);
#endif
		release(me) }
}

/* Removes what has neither a line nor a supervisor. The lifeline goes last. */
inline sweep(me) {
#ifdef SWEEP_EARLY
	atomic { file = current; search(); leaves = !(j[file].born && !j[file].gone) && !FILED };
	atomic { lock == 0 -> lock = me; leaves = leaves && !HELD };
#else
	atomic {
		take(me);
		search();
		leaves = !v_born && !HELD;
#ifndef SWEEP_JOURNAL
		leaves = leaves && !(FILED && !v_gone)
#endif
	};
#endif
	atomic {
		if :: leaves && (named || bundle) ->
			assert(!sup && (ran == 0 || erasing));
			drop_bundle(me)
		:: else -> skip fi };
	die(me);
	atomic { if :: leaves -> drop_lifeline(me) :: else -> skip fi; release(me) }
}

/* Resets variables that are not read again, to reduce the number of states. */
inline forget() { d_step {
	held = false; saw_exit = false; requested = false; whole = false; leaves = false; kept_end = none; kept_ack = false; from = 0; to = 0;
#ifndef NODE_ALONE
	v_born = false; v_gone = false; v_end = none; v_intent = false; v_ack = false; v_wanted = false;
#endif
#ifndef APPEND_TO_OLD
	file = 0
#endif
} }

#define LOCALS bool held, saw_exit, requested, whole, leaves, kept_ack, v_born, v_gone, v_intent, v_ack, v_wanted; \
	byte file, from, to, known; mtype kept_end = none, v_end = none

proctype host(byte me) {
	LOCALS;
	byte turn;
	atomic { opened == me - 2 -> opened++ };                 /* hosts are interchangeable */
	do
	:: turn < TURNS -> turn++;
		if
		:: inspect(me)
		:: kill_task(me)
		:: note(me)
		:: acknowledge(me)
		:: promote(me)
		:: remove(me)
		:: sweep(me)
		:: compact(me, FILES - 1)
		:: join(me)
		fi;
		forget()
	:: break
	od;
dead:	skip
}

/* --- Without the lock --- */

inline look_at_journal() { if
	:: j[file].gone || j[file].born && j[file].end != none && !bundle -> found = removed
	:: j[file].born && !j[file].gone && (j[file].end == none || bundle) -> found = (j[file].end == none -> running : j[file].end)
	:: else -> skip
	fi }
inline look_at_archives() { search(); if :: found == none && FILED -> found = archive[from].end :: else -> skip fi }

#ifdef READER
/* The status that a look finds; it is never older than the look, and never none after the birth. */
proctype reader() {
	mtype before, found = none;
	bool was_given;
	byte file, from;
	atomic { was_given = given && !erasing; before = told };
#ifdef LOOK_BACKWARDS
	atomic { look_at_archives() };
	atomic { file = current; if :: found == none -> look_at_journal() :: else -> skip fi };
#else
	file = current;                                          /* opens it; another may take its name before it is read */
	atomic { look_at_journal() };
	atomic { look_at_archives() };
#endif
	assert(!was_given || erasing || found != none);
	assert(before == none || !was_given || erasing || found == before)
}
#endif

/* When no other process can continue, a last host inspects the task, compacts the journal and collects the garbage; then a follower, which has
 * the task in memory as running, has its last event. */
proctype last() {
	LOCALS;
	mtype found = none;
	if :: timeout -> skip fi;
	assert(lock == 0);
	deaths = DEATHS;                                         /* the last host does not die */
	fails = FAILS;
	if :: j[current].intent && !exited -> atomic { end_supervisor() } :: else -> skip fi;
	inspect(HOSTS + 2);
	compact(HOSTS + 2, FILES);
	join(HOSTS + 2);
	sweep(HOSTS + 2);
	d_step { file = current; look_at_journal() };
#ifdef NO_ARCHIVE_LOOK
	assert(found != none || told == none || erasing);
#endif
	atomic { look_at_archives() };
	/* Nothing is left of what has no line, and the bundle of everything else is there. */
	assert(found != none || !named && !bundle);
	assert(found == none || found == removed || bundle || erasing);
	/* A task that was started is found, in one place, with its end. */
	assert(!(given || ran > 0) || erasing || told != none && found == told);
	assert(found == none || found == removed || found == told);
	assert(!exited || told != lost);
	/* What callers were told is kept. */
	assert(!(refused || erased || announced) || found == none || found == removed);
	assert(!acked || erasing || j[current].ack || archive[from].ack);
	assert(!promoted || erasing || j[current].born && j[current].wanted || archive[from].wanted);
	/* max_started */
	byte starts = j[current].started;
	if :: j[current].born && !j[current].unstarted && !j[current].again -> starts++ :: else -> skip fi;
	assert(starts <= 1 && (ran == 0 || starts == 1) && (!refused || starts == 0));
dead:	skip
}

init { atomic {
	if :: silent = true :: skip fi;
	run spawner(); run stranger(); run last();
#ifdef READER
	run reader();
#endif
	byte h = 2;
	do :: h < HOSTS + 2 -> run host(h); h++ :: else -> break od
} }
