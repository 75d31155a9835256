/* The deadline of a task with a monitor, which hosts move (tether_extend). A host writes the new deadline into the journal, under the session
 * lock, and then tells the monitor by a message, which may be taken late, in another order, or after its sender has died. The monitor enforces
 * the deadline that it knows; hosts enforce the one in the journal where the monitor has not. monitor.pml has what an enforced deadline does.
 * Each move has a number, counted in the journal. A later move may be an earlier time or a later one, so each deadline is over at any time,
 * and the first one as well. ci/model checks every interleaving, and that each variant below violates an assertion:
 *
 *   -DTOLD_FIRST     a host tells the monitor before the journal
 *   -DLAST_TOLD      the monitor takes what it is told last, also if it knows a newer move
 *   -DREMEMBERED     a host enforces the deadline that it remembers, without a look at the journal under the lock
 *   -DLATE_IS_DONE   the monitor says that it has moved a deadline that it already enforces
 */

#define NONE 9
#define MOVES 2

byte written;                           /* the newest move in the journal */
byte known;                             /* the newest move that the monitor knows */
byte confirmed;                         /* the newest move of which a host has told its caller that it holds */
byte enforced = NONE;                   /* the move whose deadline ended the task */
bool over[3];                           /* the deadline of a move is over */
bool sent[3], done[3], late[3];         /* the message of a move, and its answer */
bool mon = true;
byte numbered;                          /* TOLD_FIRST: moves that have a number, and are not in the journal yet */

/* Nobody ends a task by a deadline that a later, confirmed one has replaced, or that the journal never had. */
inline enforce(move) {
	assert(move >= confirmed);
	assert(move <= written);
	if :: enforced == NONE -> enforced = move :: else -> skip fi }

inline take() {
	if
#ifndef LATE_IS_DONE
	:: enforced != NONE -> late[move] = true
#endif
	:: else ->
		done[move] = true;
#ifdef LAST_TOLD
		known = move
#else
		known = (move > known -> move : known)
#endif
	fi;
	move = 0 }

proctype monitor() {
	byte move;
	do
	:: atomic { mon && sent[1] -> sent[1] = false; move = 1; take() }
	:: atomic { mon && sent[2] -> sent[2] = false; move = 2; take() }
	:: atomic { mon && enforced == NONE && over[known] -> enforce(known) }
	:: !mon -> break
	:: enforced != NONE -> break
	od;
	/* It still answers while it enforces. */
	do
	:: atomic { mon && sent[1] -> sent[1] = false; move = 1; take() }
	:: atomic { mon && sent[2] -> sent[2] = false; move = 2; take() }
	:: break
	od
}

/* Moves the deadline once. It may die at any step, and its wait for the answer is bounded. */
proctype host() {
	byte mine;
#ifdef TOLD_FIRST
	atomic { written + numbered < MOVES -> numbered++; mine = written + numbered; sent[mine] = true };
	if :: atomic { enforced == NONE -> written = (mine > written -> mine : written); numbered-- } :: goto out fi;
#else
	atomic { if :: enforced == NONE -> written++; mine = written :: else -> goto out fi };
	if :: sent[mine] = true :: goto out fi;
#endif
	if
	:: atomic { done[mine] ->
		assert(enforced == NONE || enforced >= mine);
		confirmed = (mine > confirmed -> mine : confirmed) }
	:: late[mine] -> skip
	:: skip
	fi;
out:	skip
}

/* Another host, if there is one. It has seen the journal at some time, and enforces what the monitor has not. */
proctype watcher() {
	byte seen;
	if :: skip :: goto out fi;
	do
	:: atomic { seen != written -> seen = written }
	:: atomic { over[seen] && enforced == NONE ->
#ifdef REMEMBERED
			enforce(seen)
#else
			if :: over[written] -> enforce(written) :: else -> seen = written fi
#endif
		}
	:: enforced != NONE -> break
	od;
out:	skip
}

proctype time() {
	do
	:: atomic { !over[0] -> over[0] = true }
	:: atomic { !over[1] -> over[1] = true }
	:: atomic { !over[2] -> over[2] = true }
	:: over[0] && over[1] && over[2] -> break
	od
}

/* A stranger may kill the monitor. Hosts then enforce the deadline; without them, the monitor does. */
proctype stranger() { if :: mon = false :: skip fi }

proctype last() {
	timeout;
	assert(enforced != NONE || !mon)
}

init { atomic {
	run monitor(); run host(); run host(); run watcher(); run time(); run stranger(); run last()
} }
