/* One completion, kept until a host acknowledges it: a task that ends, a promotion, and hosts that lease, release, acknowledge and
 * drain. Each host may be SIGKILLed at any step, may close its registry, or may stay open. A host locks its holder file while it
 * lives; the kernel releases the lock when it dies. The record stands for what the lines of the journal add up to: a change appends
 * the difference, which is one step here. ci/model checks every interleaving, and that each variant below violates an assertion:
 *
 *   -DLEASE_WITHOUT_LOCK  a lease reads and writes the record without the session lock
 *   -DNO_HOLDER_CHECK     a lease takes over the lease of another host without checking whether that host is alive
 *   -DHOLDER_CHECK_EARLY  that check is made before the session lock is taken, for the holder at that time
 *   -DACK_WITHOUT_CHECK   an acknowledgement does not check the holder
 *   -DHOLDER_LOCK_LATE    a holder's id may be in a record before its file is locked
 *   -DHOLDER_REUSED       a new host may get the id of one that is gone
 */

#ifndef HOSTS
#define HOSTS 3
#endif
#ifndef TURNS
#define TURNS 2
#endif
#define IDS (HOSTS + 2)            /* 0: no holder; the last host has an id as well */

/* The record. */
bool ended, notify, delivered;
byte lease;                        /* the id of its holder; 0: none */

bool locked[IDS];                  /* holder files, by id */
bool holds[IDS];                   /* by host: its caller has the result that it holds the completion */
byte ids;                          /* how many were assigned */
byte opened;                       /* hosts that have opened, in the order of their numbers: they are interchangeable */
byte lock;                         /* the session lock's owner; 0: free */
byte fresh;                        /* callers whose result is that theirs was the acknowledgement */

inline give(me) { atomic { assert(lock == me); lock = 0 } }
inline die(me)  { atomic { if
	:: holds[me] = false; locked[id] = false;
	   if :: lock == me -> lock = 0 :: else -> skip fi;
	   goto dead
	:: skip fi } }

inline load()   { d_step { e = ended; n = notify; d = delivered; l = lease } }
inline store()  { d_step {
	assert(e || !ended);                             /* an end, a promotion and a delivery are never undone */
	assert(n || !notify);
	assert(d || !delivered);
	ended = e; notify = n; delivered = d; lease = l } }

/* No other host holds the completion while this one does. */
inline assert_exclusive(me) { d_step {
	other = 1;
	do
	:: other < IDS -> assert(other == me || !holds[other]); other++
	:: else -> break
	od;
	other = 0 } }

inline open_holder(me) { atomic {
	opened == me - 1 -> opened++;
#ifdef HOLDER_REUSED
	if
	:: ids > 0 && !locked[1] -> id = 1
	:: ids++; id = ids
	fi;
#else
	ids++; id = ids;
#endif
#ifndef HOLDER_LOCK_LATE
	locked[id] = true
#endif
	} }

/* Checks that no living host holds it; `l` is the holder in the record. */
inline check_holder() { atomic {
#ifdef NO_HOLDER_CHECK
	free = true
#else
	free = l == 0 || !locked[l]
#endif
	} }

/* Takes the lock and reads the record in one step: under the lock no other host accesses the record, except for a lease without it. */
inline begin(me) { atomic { lock == 0 -> lock = me; load() } }

/* Resets variables that are not read again, to reduce the number of states. */
inline forget()  { d_step { e = false; n = false; d = false; l = 0; free = false; got = false } }

/* The caller gets its result after the lock was released. */
inline try_lease(me) {
#ifdef HOLDER_CHECK_EARLY
	atomic { load(); check_holder() };
#endif
#ifdef LEASE_WITHOUT_LOCK
	load();
#else
	begin(me);
#endif
	atomic {
#ifndef HOLDER_CHECK_EARLY
		check_holder();
#endif
		got = e && n && !d && free };
	atomic { die(me); if :: got -> l = id; store() :: else -> skip fi };
	die(me);
#ifndef LEASE_WITHOUT_LOCK
	give(me);
#endif
	if :: got -> atomic { holds[me] = true; assert(!delivered); assert_exclusive(me) } :: else -> skip fi
}

inline try_ack(me) {
	begin(me);
	atomic {
#ifdef ACK_WITHOUT_CHECK
		got = e && !d;
#else
		got = e && !d && (l == 0 || l == id || !locked[l]);
#endif
	};
	atomic { die(me); if :: got -> d = true; store(); assert_exclusive(me) :: else -> skip fi };
	die(me); give(me);
	if :: got -> atomic { holds[me] = false; fresh++; assert(fresh == 1) } :: else -> skip fi
}

inline try_drain(me) {
	begin(me);
	atomic { check_holder(); got = e && n && !d && free };
	atomic { die(me); if :: got -> d = true; l = id; store(); assert_exclusive(me) :: else -> skip fi };
	die(me); give(me);
	if :: got -> atomic { fresh++; assert(fresh == 1) } :: else -> skip fi
}

/* A host that releases a completion does not use it any more. */
inline release(me) {
	holds[me] = false;
	begin(me);
	atomic { die(me); if :: l == id -> l = 0; store() :: else -> skip fi };
	die(me); give(me)
}

proctype host(byte me) {
	bool e, n, d, free, got; byte l, id, other, turn;
	open_holder(me);
	do
	:: turn < TURNS -> turn++;
		if
		:: !holds[me] -> try_lease(me)
		:: !holds[me] -> try_drain(me)
		:: try_ack(me)
		:: holds[me] -> release(me)
		fi;
		forget()
	:: break
	od;
#ifdef HOLDER_LOCK_LATE
	locked[id] = true;
#endif
	if
	:: atomic { holds[me] = false; locked[id] = false }      /* it closes, or dies */
	:: skip                                                  /* it stays open, with its lease */
	fi;
dead:	skip
}

/* A host that finalises the task, and one that promotes it. Their deaths make no difference here. */
proctype ender(byte me) {
	bool e, n, d; byte l;
	begin(me); e = true; store(); give(me)
}

proctype promoter(byte me) {
	bool e, n, d; byte l;
	begin(me); n = true; store(); give(me)
}

/* When no other process can continue, a last host gets the completion, unless it was delivered or a living host holds it. */
proctype last(byte me) {
	bool e, n, d, free, got, held; byte l, id, other;
	timeout ->
	assert(lock == 0 && ended && notify);
	d_step {
		other = 1;
		do
		:: other <= HOSTS -> held = held || holds[other]; other++
		:: else -> break
		od;
		other = 0 };
	open_holder(me);
	load(); check_holder();
	got = e && n && !d && free;
	assert(got == (!delivered && !held))
}

init { atomic {
	if :: notify = true :: run promoter(IDS) fi;
	run ender(IDS + 1);
	byte h = 1;
	do :: h <= HOSTS -> run host(h); h++ :: else -> break od;
	run last(HOSTS + 1)
} }
