/* Starts with one key (../format.md, Keys). Two hosts start a task with the same key, and each may be SIGKILLed at any step; one start may fail,
 * in its host or in its supervisor, and a stranger may SIGKILL a supervisor. A keeper moves ended tasks to an archive. When nothing moves any
 * more, a last host starts with the key. The command then has run once, and all were told of that task, unless it was one that never began. journal.pml has
 * what the lines and files of one task go through. ci/model checks every interleaving, and that each variant below violates an assertion:
 *
 *   -DUNLOCKED            the look before the birth line is without the session lock
 *   -DUNREAD              it is under the lock, but in what the host had read of the journal before
 *   -DREMEMBERED          it is under the lock, but takes the archives for those that the host has read before
 *   -DKEY_LATE            the key is written when the supervisor runs, in a line of its own
 *   -DJOURNAL_ONLY        the archives are not looked at
 *   -DENDED_FREES         a task that has ended does not have its key any more
 *   -DANSWER_EARLY        a start answers with a task whose supervisor has not told who it is
 *   -DUNBEGUN_HOLDS       a task that was never started has its key
 *   -DFAILED_HOLDS        a task whose command could not be started has its key
 *   -DIDENTITY_LATE       the supervisor tells who it is after the command runs
 */

#define HOSTS 3               /* the last one does not die, and begins when nothing else moves */
#define NONE  HOSTS           /* no task; else a task has the number of its host, which starts one at most */

mtype = { unborn, starting, running, unbegun, lost, completed };

typedef task {
	bool hostfd, supfd;         /* its lifeline is held: by the host, by the supervisor */
	bool identified;            /* what the supervisor has written into the lifeline */
	bool exited, errored;
	bool keyed;                 /* the record has the key */
	mtype journal = unborn;     /* its status in the journal, and in an archive */
	mtype archive = unborn
};
task t[HOSTS];
byte lock;                    /* its owner; 0: free */
byte deaths, fails, kills;
byte runs;                    /* how often the command began */
byte ran = NONE;              /* as which task */
byte told[HOSTS] = NONE;
byte done;                    /* hosts that have ended or died */

#define HELD(s)   (t[s].hostfd || t[s].supfd)
#ifdef ENDED_FREES
#define ENDED(st) false
#else
#define ENDED(st) (st == completed || st == lost)
#endif
#ifdef UNBEGUN_HOLDS
#define DEAD_HOLDS(st) (st == unbegun)
#else
#define DEAD_HOLDS(st) false
#endif
#define HOLDS(s, st) (t[s].keyed && (st == starting || st == running || ENDED(st) || DEAD_HOLDS(st)))
#define IN_JOURNAL(s) HOLDS(s, t[s].journal)
#define IN_ARCHIVE(s) HOLDS(s, t[s].archive)

inline die(me) { atomic { if
	:: me != HOSTS && deaths < 1 -> deaths++; if :: lock == me -> lock = 0 :: else -> skip fi; goto dead
	:: skip fi } }

inline look_at_journal() { if
	:: IN_JOURNAL(0) -> found = 0
	:: !IN_JOURNAL(0) && IN_JOURNAL(1) -> found = 1
	:: !IN_JOURNAL(0) && !IN_JOURNAL(1) && IN_JOURNAL(2) -> found = 2
	:: else -> found = NONE
	fi }

inline look_at_archives() {
#ifndef JOURNAL_ONLY
	if
	:: found != NONE -> skip
	:: found == NONE && IN_ARCHIVE(0) -> found = 0
	:: found == NONE && !IN_ARCHIVE(0) && IN_ARCHIVE(1) -> found = 1
	:: found == NONE && !IN_ARCHIVE(0) && !IN_ARCHIVE(1) && IN_ARCHIVE(2) -> found = 2
	:: else -> skip
	fi
#else
	skip
#endif
}

/* What an inspection writes. It probes the lock before it reads the lines; nothing comes between both that would matter here (task.pml). */
inline inspect(s) { if
	:: t[s].journal == starting || t[s].journal == running ->
		if
		:: t[s].errored ->
#ifdef FAILED_HOLDS
			t[s].journal = lost
#else
			t[s].journal = unbegun
#endif
		:: !t[s].errored && t[s].exited -> t[s].journal = completed
		:: !t[s].errored && !t[s].exited && !HELD(s) && t[s].identified -> t[s].journal = lost
		:: !t[s].errored && !t[s].exited && !HELD(s) && !t[s].identified -> t[s].journal = unbegun
		:: !t[s].errored && !t[s].exited && HELD(s) && t[s].identified -> t[s].journal = running
		:: else -> skip
		fi
	:: else -> skip
	fi }

proctype supervisor(byte s) {
#ifdef IDENTITY_LATE
	if
	:: atomic { t[s].supfd -> runs++; ran = s; assert(runs <= 1) }
	:: atomic { !t[s].supfd -> goto over }
	fi;
#endif
	if
	:: atomic { t[s].supfd -> t[s].identified = true }
	:: atomic { !t[s].supfd -> goto over }                 /* it was killed */
	fi;
#ifndef IDENTITY_LATE
	if
	:: atomic { t[s].supfd && fails < 1 -> fails++; t[s].errored = true; t[s].supfd = false; goto over }
	:: atomic { t[s].supfd -> runs++; ran = s; assert(runs <= 1) }
	:: atomic { !t[s].supfd -> goto over }
	fi;
#endif
	if
	:: atomic { t[s].supfd -> t[s].exited = true; t[s].supfd = false }
	:: atomic { !t[s].supfd -> skip }
	fi;
over:	skip
}

active proctype stranger() {
	do
	:: atomic { kills < 1 && t[0].supfd -> kills++; t[0].supfd = false }
	:: atomic { kills < 1 && t[1].supfd -> kills++; t[1].supfd = false }
	:: atomic { kills == 1 || done == HOSTS -> break }
	od
}

proctype host(byte me) {                                  /* its task is me - 1 */
	byte found = NONE, before = NONE;
	bool ended;                                             /* by the record that was found */
	if :: me == HOSTS -> done == HOSTS - 1; timeout :: else -> skip fi;
look:	/* Without the lock: the journal first, then the archives. */
	atomic {
		look_at_journal();
		before = found;
		ended = found != NONE && t[found].journal != starting && t[found].journal != running };
	die(me);
	atomic { if :: found == NONE -> look_at_archives(); ended = true :: else -> skip fi };
	die(me);
	if
	:: found == NONE -> goto create
	:: found != NONE && ended -> goto answer
	:: else -> skip
	fi;
	/* Inspects it, under the lock. */
	atomic { lock == 0 -> inspect(found) };
	if
	:: t[found].journal == running -> goto answer
#ifdef ANSWER_EARLY
	:: t[found].journal == starting -> goto answer
#else
	:: atomic { t[found].journal == starting && (!HELD(found) || t[found].identified) -> goto look }  /* decided: until then it waits */
#endif
	:: t[found].journal != starting && t[found].journal != running -> goto look
	fi;
create:
#ifdef UNLOCKED
	atomic { look_at_journal(); look_at_archives() };
	lock == 0 -> lock = me;
#else
	atomic { lock == 0 -> lock = me;
#ifdef UNREAD
		found = before;
#else
		look_at_journal();
#ifndef REMEMBERED
		look_at_archives()
#endif
#endif
	};
#endif
	if
	:: found != NONE -> lock = 0; die(me); goto look
	:: else -> skip
	fi;
	die(me);
	t[me - 1].hostfd = true;
	die(me);
	atomic {
#ifndef KEY_LATE
		t[me - 1].keyed = true;
#endif
		t[me - 1].journal = starting;
		lock = 0 };
	die(me);
	if
	:: atomic { t[me - 1].supfd = true; run supervisor(me - 1) }
	:: atomic { me != HOSTS && fails < 1 && lock == 0 -> fails++; t[me - 1].journal = unborn; t[me - 1].hostfd = false; goto dead } /* no process could be started */
	fi;
	die(me);
#ifdef KEY_LATE
	atomic { lock == 0 -> t[me - 1].keyed = true };
	die(me);
#endif
	atomic { t[me - 1].hostfd = false; found = me - 1 };
answer:
	told[me - 1] = found;
dead:	atomic { t[me - 1].hostfd = false; done++ }
}

/* Acknowledges what has ended, and moves it to an archive, which has its name before the journal without the task has its own. */
active proctype keeper() {
	byte s;
	do
	:: s < HOSTS ->
		atomic { lock == 0 -> inspect(s); if
			:: t[s].journal == completed || t[s].journal == lost || t[s].journal == unbegun -> lock = HOSTS + 1; t[s].archive = t[s].journal
			:: else -> skip fi };
		if :: lock == HOSTS + 1 -> atomic { t[s].journal = unborn; lock = 0 } :: else -> skip fi;
		if :: s++ :: skip fi
	:: break
	od
}

/* When nothing moves any more. Who starts a task is told of it before its command begins; then the task says that it never did. */
active proctype judge() {
	done == HOSTS -> timeout;
	byte i;
	assert(told[HOSTS - 1] != NONE);
	assert(runs == 1 || kills == 1 || t[HOSTS - 1].errored);
	do
	:: i < HOSTS ->
		/* All are told of the task that ran. */
		assert(told[i] == NONE || runs == 0 || told[i] == ran || t[told[i]].errored || !t[told[i]].identified);
		/* What was found is not given up. */
		assert(told[i] == NONE || told[i] == i || t[told[i]].identified);
		i++
	:: else -> break
	od
}

init { atomic { run host(1); run host(2); run host(3) } }
