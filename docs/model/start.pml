/* The start of a supervisor that cannot write its identity itself (Windows). The host creates its process suspended, in a job that
 * ends with the host's handle, writes its identity, and resumes it. The host may be killed at any step. Another host inspects the
 * task at any time, and again when that host is done or dead. ci/model checks every interleaving, and that each variant below
 * violates an assertion:
 *
 *   -DNOT_KEPT       the job does not end with the host: if that dies early, an unknown process is left that never runs
 *   -DHANDLE_FIRST   the process gets its handle before the job stops ending with the host: after a death in between, a process
 *                    that never runs looks alive
 *   -DNO_RELEASE     an adopter assumes that the process which it finds runs
 *   -DRELEASE_KEPT   an adopter resumes a process that still ends with its host
 *   -DIDENTITY_LATE  the identity is written after the process runs
 *   -DNO_NEW_NAME    an adopter does not recreate the name of a job whose name was lost with the host
 */

mtype = { starting, running, lost };

mtype record = starting;
bool host = true;      /* alive; holds the lifeline until the process has been resumed */
bool hosthandle;       /* the host's handle to the job */
bool ownhandle;        /* a handle in the process itself */
bool adopthandle;      /* the adopter's temporary handle */
bool named;            /* the job can be opened by its name: there is a handle to it */
bool kept;             /* the job ends with its last handle */
bool process, runs;    /* the supervisor exists; it has been resumed */
bool identified;       /* its identity is in the marker */
byte resumptions;      /* how often it was resumed */

inline update_job() { atomic {
	if :: !hosthandle && !ownhandle && !adopthandle ->
		if :: kept && process -> assert(!runs || record != running); process = false; runs = false :: else -> skip fi;
		named = false
	:: else -> skip fi } }

inline die() { atomic { if
	:: true -> host = false; hosthandle = false; update_job(); goto dead
	:: true -> skip fi } }

inline resume() { atomic { if :: process && !runs -> runs = true; resumptions++; assert(identified) :: else -> skip fi } }

proctype spawner() {
	atomic { hosthandle = true; named = true;
#ifndef NOT_KEPT
	kept = true
#endif
	};
	die();
	process = true;
	die();
#ifdef IDENTITY_LATE
	resume();
	die();
#endif
	identified = true;
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
	resume();
	die();
	atomic { hosthandle = false; update_job() };
dead:	host = false
}

/* The lifeline is held while the host or the process lives: only after that is the task lost. */
inline inspect() {
	atomic { held = host || process; saw_identity = identified };
	if
	:: !held && record == starting -> record = lost
	:: held && saw_identity && record == starting ->
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
			resume();
			atomic { adopthandle = false; update_job() };
			record = running
		:: else -> skip fi
#endif
	:: else -> skip
	fi
}

active proctype adopter() {
	bool held, saw_identity, mayrun;
	inspect();
	/* Wait until the spawner is done or dead. */
	!host;
	inspect();
	inspect();
	assert(resumptions <= 1);
	/* No process is left that never runs. */
	assert(!process || runs);
	assert(!process || record == running);
	/* The job no longer ends with its last handle. */
	assert(!process || !kept);
	/* A kill can find the job. */
	assert(!process || named);
	/* If the process is gone, the record says so. task.pml covers tasks that ran and ended. */
	assert(process || record != starting || resumptions > 0 || record == lost)
}

init { run spawner() }
