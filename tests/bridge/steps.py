"""Translates what strace saw of several hosts into the steps of docs/model/journal.pml, for one task.

A step is a pair: its kind, and the host that made it. Host 0 is the supervisor, host 1 the spawner until its start is over; what the
spawner's process does besides has a number of its own, as any other host has, in the order of their first steps.

What touches a file of the task, the journal or an archive in a way that is no step of the model becomes a step FOREIGN, which no run makes.
"""
import collections
import json
import os
import re

from trace import CLONES

ENDS = {"completed": "completed", "failed": "completed", "killed": "killed", "timed_out": "killed", "lost": "lost"}
CHANGES = {"write", "pwrite64", "ftruncate", "fallocate", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir",
           "mkdirat", "link", "linkat"}
SPAWNS = {"NAMED", "BUNDLED", "BORN", "BORN_SILENT", "STARTED", "LET_GO", "UNSTARTED"}
LOOK = "look"
COMPACTION = {"ARCHIVED", "UNARCHIVED", "KEPT", "REPLACED"}
# To append these, a host need not look at the lifeline; if it did, before, that was for something else.
BLIND = {"NAMED", "BORN", "BORN_SILENT", "BORN_AGAIN", "UNSTARTED", "ACKNOWLEDGED", "WANTED", "NOTED", "TORN"}


class Event:
    def __init__(self, at, host, thread, kind, text=""):
        self.at, self.host, self.thread, self.kind, self.text = at, host, thread, kind, text

    def __repr__(self):
        return f"{self.kind}:{self.host}" + (f" ({self.text})" if self.text else "")


def kind_of_line(line):
    """The step that a whole line of the task is."""
    if "session_id" in line:
        if line.get("again"):
            return "BORN_AGAIN" if line["notify_on_completion"] else "FOREIGN"
        return "BORN" if line["notify_on_completion"] else "BORN_SILENT"
    if line.get("removed"):
        return "UNSTARTED" if line.get("unstarted") else "REMOVED"
    if line.get("status") in ENDS:
        return ENDS[line["status"]]
    if line.get("status") == "killing":
        return "INTENDED"
    if line.get("completion_delivered"):
        return "ACKNOWLEDGED"
    return "WANTED" if line.get("notify_on_completion") else "NOTED"


def lines_of(text, task):
    found = []
    for line in text.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if value.get("task_id") == task:
            found.append(value)
    return found


class Host:
    """The steps of one log, in its order."""

    def __init__(self, number, log, task, shared):
        self.number, self.log, self.task, self.shared = number, log, task, shared
        self.session = shared["session"]
        self.events, self.written = [], {}
        self.lifeline, self.lifeline_held = None, False
        self.locked, self.torn, self.signalled = None, None, False
        self.thread, self.failed = None, None
        for call in log.calls:
            self.thread = call.thread
            if call.process is log.root:
                self.host_call(call)
            elif number == shared["spawner"]:
                self.task_call(call)
        self.end()

    def add(self, at, kind, text="", host=None, thread=None):
        self.events.append(Event(at, self.number if host is None else host, thread or self.thread, kind, text))

    def path(self, *names):
        return os.path.join(self.session, *names)

    # --- The task's processes ---

    def task_call(self, call):
        if call.result is None or call.result < 0:
            return
        if call.name == "write" and call.paths[0] == self.path("exits", self.task):
            word = call.strings[0].split()[0]
            self.add(call.begun, "IDENTIFIED" if word == b"supervisor" else "EXITED", host=0)
            if word == b"supervisor":
                self.shared["supervisor"] = call.process
        elif call.name == "execve" and call.process.parent is not self.log.root and "ran" not in self.shared:
            self.shared["ran"] = True
            self.add(call.begun, "RAN", host=0)

    # --- The host ---

    def host_call(self, call):
        handler = getattr(self, "on_" + call.name, None)
        if handler is not None and call.result is not None:
            handler(call)
        if call.name in CHANGES and call.result is not None and call.result >= 0 and not call.known:
            self.check_foreign(call)

    def check_foreign(self, call):
        own = {self.path("exits", self.task), self.path("tasks", self.task)}
        for path in call.paths:
            name = path.removesuffix("(deleted)")
            journal = os.path.dirname(name) == self.path("journal") and not os.path.basename(name).startswith(".tmp-")
            if name in own or journal:
                self.add(call.done, "FOREIGN", f"{call.name} {path}")

    def on_flock(self, call):
        (number, path), = call.descriptors
        if path == self.path("lock") and call.result == 0:
            if "LOCK_UN" in call.arguments:
                self.unlock(call.begun)
            else:
                self.locked = (number, call.thread)
                self.add(call.done, "LOCKED")
        elif number == self.lifeline and "LOCK_EX" in call.arguments and call.result == 0:
            self.lifeline_held = True

    def unlock(self, at):
        if self.locked is not None:
            self.add(at, "UNLOCKED", thread=self.locked[1])
        self.locked = None

    def on_openat(self, call):
        if call.result < 0 or "O_CREAT" not in call.arguments:
            return
        path = call.paths[0]
        lean = path == self.path("exits", self.task)
        if lean or path == self.path(".tmp-" + self.task):
            self.lifeline, self.lifeline_held = str(call.result), False
        if lean:
            self.add(call.done, "NAMED")  # it is locked next
        if path.startswith(self.path("journal", ".tmp-")):
            self.written[path] = b""

    def on_close(self, call):
        number, path = call.descriptors[0]
        if number == self.lifeline:
            self.lifeline = None
            if self.lifeline_held:
                self.add(call.begun, "LET_GO")
        elif self.locked is not None and number == self.locked[0]:
            self.unlock(call.begun)
        elif path == self.path("exits", self.task):
            self.add(call.begun, LOOK)

    def on_mkdirat(self, call):
        if call.result == 0 and call.paths[0] == self.path("tasks", self.task):
            call.known = True
            self.add(call.done, "BUNDLED")

    def on_unlinkat(self, call):
        path = call.paths[0]
        if call.result != 0:
            return
        if path == self.path("exits", self.task):
            call.known = True
            self.add(call.done, "UNNAMED")
        elif path == self.path("tasks", self.task) and "AT_REMOVEDIR" in call.arguments:
            call.known = True
            self.add(call.done, "UNBUNDLED")
        elif os.path.basename(path).startswith("archive-"):
            call.known = True
            self.archive(call, path, b"")

    def on_renameat(self, call):
        old, new = call.paths
        if call.result != 0:
            return
        directory, name = os.path.split(new)
        call.known = True
        if new == self.path("exits", self.task):
            self.add(call.done, "NAMED" if self.lifeline_held else "FOREIGN")
        elif old == self.path("tasks", self.task) and name == ".tmp-" + self.task:
            self.add(call.done, "UNBUNDLED")
        elif directory == self.path("journal"):
            text = self.written.pop(old, None)
            if name == "journal.jsonl" and text is not None:
                self.journal(call, text)
            elif name.startswith("archive-") and text is not None:
                self.archive(call, new, text)
            else:
                call.known = False
        else:
            call.known = False

    on_renameat2 = on_renameat

    def journal(self, call, text):
        if json.loads(text.split(b"\n")[0])["journal"] > 1:  # else it was created
            self.add(call.done, "KEPT" if lines_of(text, self.task) else "REPLACED")

    def archive(self, call, path, text):
        had = self.shared["archives"].get(path, False)
        has = bool(lines_of(text, self.task))
        self.shared["archives"][path] = has
        if has or had:
            self.add(call.done, "ARCHIVED" if has else "UNARCHIVED")

    def on_write(self, call):
        path = call.paths[0]
        if path in self.written:
            self.written[path] += call.strings[0][:max(call.result, 0)]
        elif path == self.path("journal", "journal.jsonl"):
            call.known = True
            self.append(call)

    def append(self, call):
        """Notes the step when the line is whole."""
        whole = call.strings[0]
        if self.torn is not None:
            whole = self.torn + whole
        lines = lines_of(whole, self.task)
        kind = kind_of_line(lines[0]) if lines else None
        if call.result < 0:
            self.failed = kind  # an error, or a signal that ends the host
        elif call.result < len(call.strings[0]):
            self.torn = (self.torn or b"") + call.strings[0][:call.result]
            self.torn_at, self.torn_kind = call.done, kind
        else:
            self.torn = None
            if kind is not None:
                self.add(call.done, kind)

    def on_ftruncate(self, call):
        if call.paths[0] == self.path("journal", "journal.jsonl"):
            call.known = True
            if self.failed in ENDS.values():
                self.add(call.done, "UNSAVED")
            self.torn = self.failed = None

    def started(self, call):
        if self.number == self.shared["spawner"] and call.child is not None and any(c.process is call.child and c.name == "execve" and c.result == 0 for c in self.log.calls):
            self.add(call.begun, "STARTED")
            self.shared.setdefault("supervisor", call.child)

    on_clone = on_clone3 = on_vfork = on_fork = started

    def on_kill(self, call):
        match = re.match(r"(-?\d+), (SIG\w+)", call.arguments)
        if match and call.result == 0:
            self.signal(call, match[1].lstrip("-"), match[2])

    def on_pidfd_send_signal(self, call):
        match = re.match(r"\d+<pid:(\d+)>, (SIG\w+)", call.arguments)
        if match and call.result == 0:
            self.signal(call, match[1], match[2])

    def signal(self, call, pid, name):
        process = self.shared["processes"].get(pid)
        if process is None:
            return
        if not self.signalled:
            self.add(call.begun, "SIGNALLED")
        self.signalled = True
        if name == "SIGKILL":
            self.shared["killed"][process] = min(call.begun, self.shared["killed"].get(process, call.begun))

    def end(self):
        """The death of a process closes what it has open."""
        at = self.log.root.last
        if self.torn is not None:
            self.add(self.torn_at, "TORN", self.torn_kind, thread=self.locked[1] if self.locked else None)
        self.unlock(at)
        if self.lifeline is not None and self.lifeline_held:
            self.add(at, "LET_GO")


def supervisor_end(shared):
    """When the supervisor was gone; the tracer hears of it a little later than others may."""
    process = shared.get("supervisor")
    if process is None or process.ended is None:
        return []
    text, at = process.ended
    if "exited" in text:
        at = process.last
    return [Event(min(at, shared["killed"].get(process, at)), 0, None, "SUPERVISOR_GONE")]


def in_sections(events):
    """The session lock is taken where its holder last looked at the lifeline before its next step, and released after its last step: in
    between are at most steps of others, which neither need nor notice the lock. A host that goes on after a compaction might as well
    have released the lock and taken it again: in the model it does."""
    order, held = list(events), {}
    for event in events:
        owner = (event.host, event.thread)
        if event.kind == "LOCKED":
            held[owner] = Section(event)
        elif owner in held:
            if event.kind == LOOK:
                held[owner].look = event
            elif event.kind == "UNLOCKED":
                held.pop(owner).close(order, event)
            else:
                held[owner].step(order, event)
    return [event for event in order if event.kind != LOOK]


class Section:
    def __init__(self, lock):
        self.lock, self.look, self.last = lock, None, None

    def place_lock(self, order, at):
        order.remove(self.lock)
        looked = self.look is not None and at.kind not in BLIND
        order.insert(order.index(self.look) + 1 if looked else order.index(at), self.lock)

    def step(self, order, event):
        if self.last is None:
            self.place_lock(order, event)
        elif self.last.kind in ("KEPT", "REPLACED") or self.last.kind in ("UNNAMED", "ARCHIVED") and event.kind not in COMPACTION:
            order.insert(order.index(self.last) + 1, Event(self.last.at, event.host, event.thread, "UNLOCKED"))
            self.lock = Event(event.at, event.host, event.thread, "LOCKED")
            order.append(self.lock)
            self.place_lock(order, event)
        self.look, self.last = None, event

    def close(self, order, event):
        if self.last is None:
            self.look = None  # which led to nothing
            self.place_lock(order, event)
            self.last = self.lock
        order.remove(event)
        order.insert(order.index(self.last) + 1, event)


def sections_of(events):
    """For each step under the session lock, the kinds of all steps that were made before it was released."""
    kinds, held = {}, {}
    for event in events:
        owner = (event.host, event.thread)
        if event.kind == "LOCKED":
            held[owner] = set()
        if owner in held:
            held[owner] |= {event.kind, event.text}
            kinds[event] = held[owner]
        if event.kind == "UNLOCKED":
            held.pop(owner, None)
    return kinds


def is_spawners(event, spawner, sections, started):
    """Whether the model's spawner makes this step of a host."""
    if event.host != spawner or (started and event.kind != "LET_GO"):
        return False
    return bool(sections[event] & SPAWNS) if event in sections else event.kind in SPAWNS | {"UNBUNDLED", "UNNAMED"}


def number_hosts(events, spawner, killed):
    """Gives each thread of a host a number: a host of the model makes one step at a time. Between two of its turns, that knows nothing, so
    that one which is over, and was not killed, leaves its number to another: spin has less to search. A turn that sends a signal ends
    with what the signal does, however late that is; until then its number is taken, and the thread goes on with another one."""
    sections, started, owners, sent = sections_of(events), False, [], collections.Counter()
    for event in events:
        thread = (event.host, event.thread)
        owners.append(0 if event.host == 0 else 1 if is_spawners(event, spawner, sections, started) else (*thread, sent[thread]))
        started = started or event.kind == "STARTED"
        sent[thread] += event.kind == "SIGNALLED"
    numbers, steps, striking = {0: 0, 1: 1}, [], set()
    for index, (event, owner) in enumerate(zip(events, owners)):
        if owner not in numbers:
            used = {number for other, number in numbers.items()
                    if other in (0, 1) or other[0] in killed or other in striking or other in owners[index:]}
            numbers[owner] = next(number for number in range(2, 16) if number not in used)
        if event.kind == "SIGNALLED":
            striking.add(owner)
        elif event.kind == "SUPERVISOR_GONE":
            striking.clear()
        steps.append((event.kind, numbers[owner]))
    return steps


def named_by(call, session):
    """The task whose lifeline gets its name by this call; None: it does something else."""
    if call.result is None or call.result < 0:
        return None
    if call.name in ("renameat", "renameat2"):
        path = call.paths[1]
    elif call.name == "openat" and "O_CREAT" in call.arguments:
        path = call.paths[0]
    else:
        return None
    directory, name = os.path.split(path)
    return name if directory == os.path.join(session, "exits") else None


def translate(logs, session, task):
    """Returns the steps of a task whose lifeline got its name. `logs` are those of all hosts of the session."""
    shared = {"session": session, "archives": {}, "killed": {}}
    for number, log in enumerate(logs, 1):
        if any(named_by(c, session) == task for c in log.calls if c.process is log.root):
            shared["spawner"] = number
            shared["processes"] = {pid: p for pid, p in log.processes.items() if p is not log.root}
    events = []
    for number, log in enumerate(logs, 1):
        events += Host(number, log, task, shared).events
    events += supervisor_end(shared)
    events.sort(key=lambda event: event.at)
    events = in_sections(events)
    first = next(i for i, event in enumerate(events) if event.kind == "NAMED" or event.kind == "FOREIGN")
    killed = {number for number, log in enumerate(logs, 1) if "killed" in log.root.ended[0]}
    return number_hosts(events[first - 1:], shared["spawner"], killed)


def points(log, session):
    """The calls at which a host can die with a difference: for each its name, and which of the first thread's calls of that name it is."""
    counts, found = {}, []
    for call in log.calls:
        if call.process is not log.root or call.thread != log.root.pid:
            continue
        counts[call.name] = counts.get(call.name, 0) + 1
        # Of the releases of the lock, only those after another step.
        if is_point(call, session) and ("LOCK_UN" not in call.arguments or found and found[-1][0] != "flock"):
            found.append((call.name, counts[call.name], call))
    return found


def is_point(call, session):
    if call.name in CLONES:
        return "CLONE_THREAD" not in call.arguments
    if call.name in ("kill", "pidfd_send_signal"):
        return "SIG" in call.arguments
    if call.name not in ("flock", "write", "renameat", "renameat2", "mkdirat", "unlinkat") or call.result is None or call.result < 0:
        return False
    if call.name == "flock" and "LOCK_EX" in call.arguments:
        return os.path.dirname(call.paths[0]) == os.path.join(session, "exits")  # a lifeline that is not locked yet
    if call.name == "flock":
        return call.paths[0] == os.path.join(session, "lock") and "LOCK_UN" in call.arguments
    return any(os.path.dirname(path) in [os.path.join(session, name) for name in ("exits", "tasks", "journal")] for path in call.paths)
