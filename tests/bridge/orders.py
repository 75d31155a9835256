"""Orders of steps that real hosts make, but so seldom that a scenario cannot bring them about: each must be a run of the model.

A step is written KIND:HOST, or KIND:HOST.THREAD; host 1 is the spawner.
"""
from steps import Event, number_hosts

RUNNING = "LOCKED:1 NAMED:1 BUNDLED:1 BORN:1 UNLOCKED:1 STARTED:1 LET_GO:1 IDENTIFIED:0 RAN:0 "
KILLED = " EXITED:0 SUPERVISOR_GONE:0 LOCKED:3 killed:3 UNLOCKED:3"
SEEN = {
    "a host takes the lock after another's signal":
        RUNNING + "LOCKED:2 INTENDED:2 UNLOCKED:2 SIGNALLED:2 LOCKED:3 UNLOCKED:3" + KILLED,
    "a host takes the lock after its own signal":
        RUNNING + "LOCKED:2 INTENDED:2 UNLOCKED:2 SIGNALLED:2 LOCKED:2 UNLOCKED:2" + KILLED,
    "a host has the lock while another thread of it signals":
        RUNNING + "LOCKED:2 INTENDED:2 UNLOCKED:2 LOCKED:2.1 SIGNALLED:2 UNLOCKED:2.1" + KILLED,
}


def event_of(at, step):
    kind, owner = step.split(":")
    host, _, thread = owner.partition(".")
    return Event(at, int(host), thread, kind)


def traces():
    for name, text in SEEN.items():
        yield name, number_hosts([event_of(at, step) for at, step in enumerate(text.split())], 1, set())
