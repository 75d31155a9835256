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
 *   -DSWEEP_JOURNAL      a collection takes for a leftover what is not in the journal, and reads no archive
 *   -DSWEEP_EARLY        a collection reads the journal and the archives before it has the lock
 *   -DLOOK_BACKWARDS     a look without the lock reads the archives before the journal
 *   -DNO_ARCHIVE_LOOK    a follower takes for removed what is no longer in the journal
 */

mtype = { none, running, removed, completed, killed, lost };

#ifdef LOOK_BACKWARDS
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
#define FILES 4             /* the first journal, and those of three compactions, of which the last host makes one */

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
byte current;               /* which one has the name */
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
#define ARCHIVED   (archive[0].end != none || archive[1].end != none || archive[2].end != none)

/* Under the session lock, only what the supervisor, a reader or a death can come between is a step of its own. The lock of a dead host is
 * free. A host that dies without the lock does no more than one that ends. */
inline die(me) { atomic { if
	:: deaths < DEATHS -> deaths++; if :: lock == me -> lock = 0 :: else -> skip fi; goto dead
	:: skip fi } }

/* A host that dies while it appends leaves a line without its newline. The next one begins with a newline. Only in an atomic. */
inline begin_line() {
	if
	:: deaths < DEATHS -> torn = true; deaths++; lock = 0; goto dead
	:: skip
	fi;
	whole = true;
#ifdef GLUED
	whole = !torn;
#endif
	torn = false }

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
inline put_end(status) {
	begin_line();
	assert(told == none || told == status);                  /* an end never changes */
	assert(status != killed || !sup);
	assert(status != completed || exited);
	assert(status != lost || (!sup && !exited));
	told = status;
	if
	:: whole -> j[file].end = status
	:: !whole -> skip
#ifdef FULL
	:: whole && fails < 1 -> fails++
#endif
	fi }

/* --- The task --- */

proctype supervisor() {
	atomic { if :: sup -> identified = true :: else -> goto out fi };
	atomic { if :: sup -> ran++; assert(ran == 1 && told != lost && bundle && named) :: else -> goto out fi };
	atomic { if :: sup -> exited = true :: else -> goto out fi };
	atomic { sup = false; supfd = false };
out:	skip
}

proctype stranger() { if :: atomic { sup -> sup = false; supfd = false } :: skip fi }

inline give_birth() {
	atomic {
		lock == 0 -> lock = 1; file = current;
		assert(named && bundle);                         /* no collection has taken them for leftovers */
		begin_line();
		if :: whole -> j[file].born = true :: else -> skip fi;
		lock = 0 };
	die(1) }

inline start() { atomic { sup = true; supfd = true; run supervisor() }; die(1) }

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
	atomic { lock == 0 -> hostfd = true; named = true };
#endif
	die(1);
#ifndef BUNDLE_FIRST
	bundle = true;
#endif
	die(1);
#ifdef BIRTH_LATE
	start();
#endif
	give_birth();
	if
	:: skip;
#ifndef BIRTH_LATE
		start();
#endif
		atomic { hostfd = false; given = true }
	:: atomic { lock == 0 && !sup -> lock = 1; file = current;  /* the system starts no process */
			begin_line();
			erasing = true;
			if :: whole -> j[file].gone = true; j[file].unstarted = true; announced = true :: else -> skip fi };
		die(1);
		atomic { named = false; hostfd = false; bundle = false; refused = true; lock = 0 }
	fi;
dead:	hostfd = false
}

/* --- Hosts --- */

/* Writes the end, if there is one, and then removes the lifeline. */
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
			:: saw_exit && !v_intent -> put_end(completed)
			:: saw_exit && v_intent && !sup -> put_end(killed)
			:: !saw_exit && !held && v_intent -> put_end(killed)
			:: !saw_exit && !held && !v_intent -> put_end(lost)
			:: else -> skip
			fi
		fi };
	die(me);
	atomic {
#ifdef REMOVE_UNSAVED
		if :: named && told != none && !HELD -> named = false :: else -> skip fi;
#else
		if :: named && j[file].born && j[file].end != none && !HELD -> named = false :: else -> skip fi;
#endif
		lock = 0 }
}

inline kill_task(me) {
	atomic {
		take(me);
		if :: v_born && v_end == none && !v_intent && !END_SEEN ->
			begin_line();
			if :: whole -> j[file].intent = true :: else -> skip fi;
			requested = true
		:: else -> skip fi;
		lock = 0 };
	if :: atomic { requested && identified -> sup = false; supfd = false } :: !requested || !identified -> skip fi
}

inline acknowledge(me) {
	atomic {
		take(me);
		if :: v_born && v_end != none && !v_ack && !(silent && !v_wanted) ->
			begin_line();
			if :: whole -> j[file].ack = true :: else -> skip fi;
			assert(!acked);
			acked = true
		:: else -> skip fi;
		lock = 0 }
}

/* Requests a completion. A task that is in an archive comes back: its record is its birth in the journal. */
inline promote(me) {
	atomic {
		take(me);
		search();
		if
		:: silent && v_born && !v_wanted ->
			begin_line();
			if :: whole -> j[file].wanted = true :: else -> skip fi;
			promoted = true
		:: silent && !v_born && !v_gone && archive[from].end != none && !archive[from].wanted && bundle ->
			begin_line();
#ifndef BARE_CHANGE
			j[file].born = true; j[file].again = true; j[file].end = archive[from].end; j[file].ack = archive[from].ack;
#endif
			if :: whole -> j[file].wanted = true :: else -> skip fi;
			promoted = true
		:: else -> skip
		fi;
		lock = 0 }
}

/* The bundle loses its name first. An archived task has no lifeline. */
inline remove(me) {
	atomic {
		take(me);
		search();
		leaves = v_born && v_end != none && !(named && HELD) || !v_born && !v_gone && archive[from].end != none && bundle };
	if
	:: leaves && v_born ->
#ifdef LINE_FIRST
		atomic { erasing = true; begin_line(); if :: whole -> j[file].gone = true; announced = true :: else -> skip fi };
		die(me);
		bundle = false;
#else
		atomic { assert(!HELD); erasing = true; bundle = false };
		die(me);
		atomic { begin_line(); if :: whole -> j[file].gone = true; announced = true :: else -> skip fi };
#endif
		die(me);
		atomic { named = false; erased = true; lock = 0 }
	:: leaves && !v_born -> atomic { assert(!HELD); erasing = true; bundle = false; erased = true; lock = 0 }
	:: !leaves -> lock = 0
	fi
}

inline replace_journal() { atomic {
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
#if !defined(READER) && !defined(APPEND_TO_OLD)
	/* Nobody reads the old one. */
	j[from].born = false; j[from].gone = false; j[from].unstarted = false; j[from].again = false; j[from].intent = false;
	j[from].end = none; j[from].ack = false; j[from].wanted = false; j[from].started = 0
#endif
	} } }

/* The archive is named after the journal that it was made from, so that a repetition replaces it. */
inline compact(me, files) {
	atomic {
#ifndef NO_COMPACT_LOCK
		lock == 0 && current + 1 < files -> lock = me;
#else
		current + 1 < files ->
#endif
		from = current;
		kept_end = j[from].end; kept_ack = j[from].ack;
		leaves = DONE(j[from]) && !j[from].gone;
#ifndef ARCHIVE_LIVE
		leaves = leaves && !(named && HELD);
#endif
		if :: leaves && !HELD -> named = false :: else -> skip fi
	};
	if :: leaves -> die(me) :: else -> skip fi;
#ifdef JOURNAL_FIRST
	replace_journal();
	die(me);
	atomic { if :: leaves -> archive[from].end = told; archive[from].ack = kept_ack :: else -> skip fi; lock = 0 }
#else
	if :: leaves -> atomic { archive[from].end = kept_end; archive[from].ack = kept_ack; archive[from].wanted = j[from].wanted }; die(me)
	:: else -> skip fi;
	atomic {
		replace_journal();
#ifndef NO_COMPACT_LOCK
		lock = 0
#endif
	}
#endif
}

/* Removes what has neither a line nor a supervisor. */
inline sweep(me) {
#ifdef SWEEP_EARLY
	atomic { file = current; leaves = !(j[file].born && !j[file].gone) && !ARCHIVED };
	atomic { lock == 0 -> lock = me; leaves = leaves && !HELD };
#else
	atomic {
		take(me);
		leaves = !v_born && !HELD;
#ifndef SWEEP_JOURNAL
		leaves = leaves && !ARCHIVED
#endif
	};
#endif
	atomic {
		if :: leaves && (named || bundle) ->
			assert(!sup && (ran == 0 || erasing));
			named = false
		:: else -> skip fi };
	die(me);
	atomic { if :: leaves -> bundle = false :: else -> skip fi; lock = 0 }
}

/* Resets variables that are not read again, to reduce the number of states. */
inline forget() { d_step {
	held = false; saw_exit = false; requested = false; whole = false; leaves = false; kept_end = none; kept_ack = false; from = 0;
#ifndef NODE_ALONE
	v_born = false; v_gone = false; v_end = none; v_intent = false; v_ack = false; v_wanted = false;
#endif
#ifndef APPEND_TO_OLD
	file = 0
#endif
} }

#define LOCALS bool held, saw_exit, requested, whole, leaves, kept_ack, v_born, v_gone, v_intent, v_ack, v_wanted; \
	byte file, from, known; mtype kept_end = none, v_end = none

proctype host(byte me) {
	LOCALS;
	byte turn;
	atomic { opened == me - 2 -> opened++ };                 /* hosts are interchangeable */
	do
	:: turn < TURNS -> turn++;
		if
		:: inspect(me)
		:: kill_task(me)
		:: acknowledge(me)
		:: promote(me)
		:: remove(me)
		:: sweep(me)
		:: compact(me, FILES - 1)
		fi;
		forget()
	:: break
	od;
dead:	skip
}

/* --- Without the lock --- */

inline look_at_journal() { if :: j[file].gone -> found = removed :: j[file].born && !j[file].gone -> found = (j[file].end == none -> running : j[file].end)
	:: else -> skip fi }
inline look_at_archives() { search(); if :: found == none && archive[from].end != none && bundle -> found = archive[from].end :: else -> skip fi }

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
	fails = 1;
	if :: j[current].intent && !exited -> atomic { sup = false; supfd = false } :: else -> skip fi;
	inspect(HOSTS + 2);
	compact(HOSTS + 2, FILES);
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
