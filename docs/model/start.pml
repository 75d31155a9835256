/* The start of a supervisor where it cannot say itself who it is (Windows): the host creates it without letting it run, in a
 * job that ends with the host's handle, writes its identity, and lets it go. The host may be killed at any step. Another host
 * looks at any time, and once more when all has come to rest. ci/model checks every interleaving, and that each variant below
 * breaks an assertion:
 *
 *   -DNOT_KEPT       the job does not end with the host: one that dies early leaves a process that never runs and nobody knows
 *   -DHANDLE_FIRST   the process gets its handle before the job stops ending with the host: a death in between looks like life
 *   -DNO_RELEASE     an adopter believes that what it finds runs
 *   -DRELEASE_KEPT   an adopter lets go what still ends with its host
 *   -DSAY_LATE       the identity is written after the process runs
 *   -DNO_NEW_NAME    an adopter does not name a job whose name went with the host
 */

mtype = { starting, running, lost };

mtype record = starting;
bool host = true;      /* lives; holds the lifeline until it has let go */
bool hosthandle;       /* the host's handle to the job */
bool ownhandle;        /* one in the process itself */
bool adopthandle;      /* the adopter's, for a moment */
bool named;            /* the job can be found: somebody has a handle */
bool kept;             /* it ends with its last handle */
bool process, runs;    /* the supervisor lives; it runs */
bool said;             /* its identity can be read */
byte began;            /* times that it began to run */

inline look_at_job() { atomic {
	if :: !hosthandle && !ownhandle && !adopthandle ->
		if :: kept && process -> assert(!runs || record != running); process = false; runs = false :: else -> skip fi;
		named = false
	:: else -> skip fi } }

inline die() { atomic { if
	:: true -> host = false; hosthandle = false; look_at_job(); goto dead
	:: true -> skip fi } }

inline go() { atomic { if :: process && !runs -> runs = true; began++; assert(said) :: else -> skip fi } }

proctype spawner() {
	atomic { hosthandle = true; named = true;
#ifndef NOT_KEPT
	kept = true
#endif
	};
	die();
	process = true;
	die();
#ifdef SAY_LATE
	go();
	die();
#endif
	said = true;
	die();
#ifdef HANDLE_FIRST
	ownhandle = true;
	die();
	kept = false;
#else
	kept = false;
	die();
	atomic { if :: process -> ownhandle = true :: else -> skip fi };
#endif
	die();
	go();
	die();
	atomic { hosthandle = false; look_at_job() };
dead:	host = false
}

/* Held while the host or the process lives: none of them is lost before. */
inline look() {
	atomic { held = host || process; known = said };
	if
	:: !held && record == starting -> record = lost
	:: held && known && record == starting ->
#ifdef NO_RELEASE
		record = running
#else
		atomic { mayrun = !(named && kept) };
#ifdef RELEASE_KEPT
		mayrun = true;
#endif
		if :: mayrun ->
			atomic { if :: process && named -> adopthandle = true :: else -> skip fi };
#ifndef NO_NEW_NAME
			atomic { if :: process && !adopthandle -> named = true; adopthandle = true :: else -> skip fi };
#endif
			atomic { if :: process && adopthandle -> ownhandle = true :: else -> skip fi };
			go();
			atomic { adopthandle = false; look_at_job() };
			record = running
		:: else -> skip fi
#endif
	:: else -> skip
	fi
}

active proctype adopter() {
	bool held, known, mayrun;
	look();
	/* When the spawner is done or dead. */
	!host;
	look();
	look();
	assert(began <= 1);
	/* Nothing is left that never runs. */
	assert(!process || runs);
	assert(!process || record == running);
	/* What it leaves behind does not end with its last handle. */
	assert(!process || !kept);
	/* A kill reaches it. */
	assert(!process || named);
	/* What is not there is told. A task that ran and went is the other model's. */
	assert(process || record != starting || began > 0 || record == lost)
}

init { run spawner() }
