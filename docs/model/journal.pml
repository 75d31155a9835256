/* The store with a journal, for one task: format 2 (format-2.md), which the code does not write yet. What is known of a task moves in
 * one direction: from its lifeline in live/, where its birth is the first line, to the journal, and when it has ended and was
 * acknowledged, to an archive. Hosts append to the journal and compact it: a new file takes the place of the old one, which stays
 * readable for whoever has it open. Each host may be SIGKILLed at any step, also in the middle of a line, and a stranger may
 * SIGKILL the supervisor. A reader (-DREADER) looks without a lock; a follower remembers what it has read. task.pml has what a kill
 * does to processes. ci/model checks every interleaving, and that each variant below violates an assertion:
 *
 *   -DBIRTH_BEFORE_LOCK  the lifeline has its name before it is held
 *   -DREMOVE_FIRST       the lifeline is removed before the end is in the journal
 *   -DAPPEND_TO_OLD      a host appends to the journal that it has open without checking, under the lock, that it is still the current one
 *   -DGLUED              a line is appended to one that a dead host left without its newline
 *   -DNO_COMPACT_LOCK    a host compacts the journal without the session lock
 *   -DJOURNAL_FIRST      a compaction replaces the journal before the archive has its name
 *   -DARCHIVE_LIVE       a compaction archives a task whose lifeline still has its name
 *   -DLOOK_BACKWARDS     a look without the lock reads archive, journal and lifelines, in this order
 *   -DNO_SECOND_LOOK     a look believes a lifeline without an end in the journal, although it has lost its name meanwhile
 *   -DNO_ARCHIVE_LOOK    a follower does not look for a task that has left both live/ and the journal
 */

mtype = { none, running, completed, killed, lost };

#ifndef HOSTS
#define HOSTS 2
#endif
#ifndef TURNS
#define TURNS 2
#endif
#if defined(LOOK_BACKWARDS) || defined(NO_SECOND_LOOK)
#define READER
#endif
/* With a reader there are ten times as many states. It comes between all steps anyway, so nobody dies then. */
#ifndef DEATHS
#ifdef READER
#define DEATHS 0
#else
#define DEATHS 1
#endif
#endif
#define FILES 3             /* the first journal, and those of two compactions */

bool named;                 /* the lifeline has its name in live/ */
bool hostfd, supfd;         /* it is held: by the spawner, by the supervisor */
bool sup, identified, exited;
byte ran;

/* The lines of the journals, and which one has the name. */
mtype end[FILES] = none;
bool intent[FILES], ack[FILES], torn[FILES];
byte current;
mtype archive = none;       /* the end of the task there; it was acknowledged */

byte lock;                  /* the session lock's owner; 0: free */
byte deaths;
mtype told = none;          /* the first end that was written */
bool acked;                 /* a caller was told that its acknowledgement is kept */
byte opened;                /* hosts that have begun, in the order of their numbers */
bool born;                  /* the caller of the start was told the id */

#define HELD  (hostfd || supfd)

/* Under the session lock, only what the supervisor, a reader or a death can come between is a step of its own. The lock of a dead host is
 * free. A host that dies without the lock does no more than one that ends. */
inline die(me) { atomic { if
	:: deaths < DEATHS -> deaths++; if :: lock == me -> lock = 0 :: else -> skip fi; goto dead
	:: skip fi } }

/* A host that dies while it appends leaves a line without its newline. The next one begins with a newline. Only in an atomic. */
inline begin_line() {
	if
	:: deaths < DEATHS -> torn[file] = true; deaths++; lock = 0; goto dead
	:: skip
	fi;
	whole = true;
#ifdef GLUED
	whole = !torn[file];
#endif
	torn[file] = false }

/* Takes the lock, and then chooses the journal to which lines go. */
inline take(me) {
	lock == 0 -> lock = me;
#ifndef APPEND_TO_OLD
	file = current
#endif
}

inline put_end(status) {
	begin_line();
	assert(told == none || told == status);                  /* an end never changes */
	assert(status != killed || !sup);
	assert(status != completed || exited);
	assert(status != lost || (!sup && !exited));
	told = status;
	if :: whole -> end[file] = status :: else -> skip fi }

/* --- The task --- */

proctype supervisor() {
	atomic { if :: sup -> identified = true :: else -> goto out fi };
	atomic { if :: sup -> ran++; assert(ran == 1 && told != lost) :: else -> goto out fi };
	atomic { if :: sup -> exited = true :: else -> goto out fi };
	atomic { sup = false; supfd = false };
out:	skip
}

proctype stranger() { if :: atomic { sup -> sup = false; supfd = false } :: skip fi }

/* The lifeline is created without a name, held, gets its birth line, and only then its name. */
proctype spawner() {
#ifdef BIRTH_BEFORE_LOCK
	named = true;
	hostfd = true;
#else
	atomic { hostfd = true; named = true };
#endif
	die(1);
	atomic { sup = true; supfd = true; run supervisor() };
	die(1);
	atomic { hostfd = false; born = true };
dead:	hostfd = false
}

/* --- Hosts --- */

/* Writes the end, if there is one, and then removes the lifeline. */
inline inspect(me) {
	atomic {
		take(me);
		open = named;
		held = HELD;
		saw_exit = exited };
#ifdef REMOVE_FIRST
	if :: open && end[file] == none && (saw_exit || !held) -> named = false; die(me) :: else -> skip fi;
#endif
	atomic {
		if
		:: !open || end[file] != none -> skip
		:: else -> if
			:: saw_exit && !intent[file] -> put_end(completed)
			:: saw_exit && intent[file] && !sup -> put_end(killed)
			:: !saw_exit && !held && intent[file] -> put_end(killed)
			:: !saw_exit && !held && !intent[file] -> put_end(lost)
			:: else -> skip
			fi
		fi };
	die(me);
	atomic {
		if :: named && end[file] != none && !HELD -> named = false :: else -> skip fi;
		lock = 0 }
}

inline kill_task(me) {
	atomic {
		take(me);
		if :: named && end[file] == none && !intent[file] ->
			begin_line();
			if :: whole -> intent[file] = true :: else -> skip fi;
			requested = true
		:: else -> skip fi;
		lock = 0 };
	if :: atomic { requested && identified -> sup = false; supfd = false } :: !requested || !identified -> skip fi
}

inline acknowledge(me) {
	atomic {
		take(me);
		if :: end[file] != none && !ack[file] ->
			begin_line();
			if :: whole -> ack[file] = true :: else -> skip fi;
			assert(!acked);
			acked = true
		:: else -> skip fi;
		lock = 0 }
}

inline replace_journal() { atomic {
	if :: !leaves -> end[from + 1] = kept_end; intent[from + 1] = kept_intent; ack[from + 1] = kept_ack :: else -> skip fi;
	current = from + 1 } }

/* The archive is named after the journal that it was made from, so that a repetition replaces it. */
inline compact(me) {
	atomic {
#ifndef NO_COMPACT_LOCK
		lock == 0 && current + 1 < FILES -> lock = me;
#else
		current + 1 < FILES ->
#endif
		from = current;
		kept_end = end[from]; kept_intent = intent[from]; kept_ack = ack[from];
		leaves = kept_end != none && kept_ack && !named;
#ifdef ARCHIVE_LIVE
		leaves = kept_end != none && kept_ack
#endif
	};
#ifdef JOURNAL_FIRST
	replace_journal();
	die(me);
#endif
	if :: leaves -> archive = kept_end; die(me) :: else -> skip fi;
	atomic {
#ifndef JOURNAL_FIRST
		replace_journal();
#endif
#ifndef NO_COMPACT_LOCK
		lock = 0
#endif
	}
}

/* Resets variables that are not read again, to reduce the number of states. */
inline forget() { d_step {
	open = false; held = false; saw_exit = false; requested = false; whole = false; leaves = false;
#ifndef APPEND_TO_OLD
	file = 0;
#endif
	from = 0; kept_end = none; kept_intent = false; kept_ack = false } }

proctype host(byte me) {
	bool open, held, saw_exit, requested, whole, leaves, kept_intent, kept_ack;
	byte file, from, turn;
	mtype kept_end = none;
	atomic { opened == me - 2 -> opened++ };                 /* hosts are interchangeable */
	do
	:: turn < TURNS -> turn++;
		if
		:: inspect(me)
		:: kill_task(me)
		:: acknowledge(me)
		:: compact(me)
		fi;
		forget()
	:: break
	od;
dead:	skip
}

/* --- Without the lock --- */

/* The status that a look finds; it is never older than the look, and never none after the birth. */
proctype reader() {
	mtype before, found = none;
	bool was_named, was_born;
	byte file;
	atomic { was_born = born; before = told };
#ifdef LOOK_BACKWARDS
	found = archive;
	file = current;
	if :: found == none -> found = end[file] :: else -> skip fi;
	if :: found == none && named -> found = running :: else -> skip fi;
#else
again:	was_named = named;
	file = current;                                          /* opens it; another may take its name before it is read */
	found = end[file];
	if :: found == none && was_named ->
#ifndef NO_SECOND_LOOK
		if :: !named -> goto again :: else -> skip fi;
#endif
		found = running
	:: found == none && !was_named -> found = archive
	:: else -> skip fi;
#endif
	assert(!was_born || found != none);
	assert(before == none || !was_born || found == before)
}

/* It has the task in memory as running. An event makes it read on in the journal that it has open, and then in the current one. */
mtype known = none;

inline follow() {
	known = end[mine];
	if :: known == none && mine != current -> mine = current; known = end[mine] :: else -> skip fi;
#ifndef NO_ARCHIVE_LOOK
	if :: known == none && !named -> known = archive :: else -> skip fi
#endif
}

/* When no other process can continue, a last host inspects the task and the follower has its last event. */
proctype last() {
	byte mine;                                               /* the follower has read none since the first journal */
	bool open, held, saw_exit, whole; byte file;
	if :: timeout -> skip fi;
	assert(lock == 0);
	deaths = DEATHS;                                         /* the last host does not die */
	file = current;
	if :: intent[file] && !exited -> atomic { sup = false; supfd = false } :: else -> skip fi;
	inspect(HOSTS + 2);
	follow();
	assert(known == told);
	/* A task that was started is found, in one place, with its end; and what callers were told is kept. */
	assert(!born || named || end[current] != none || archive != none);
	assert(!born || told != none);
	assert(told == none || end[current] == told || archive == told);
	assert(!acked || ack[current] || archive != none);
	assert(archive == none || !named);
	assert(!exited || told != lost);
dead:	skip
}

init { atomic {
	run spawner(); run stranger(); run last();
#ifdef READER
	run reader();
#endif
	byte h = 2;
	do :: h < HOSTS + 2 -> run host(h); h++ :: else -> break od
} }
