"""Reads what strace writes (-f -ttt -T -y --decode-fds=path,pidfd): calls with their times, and the processes that made them."""
import ast
import functools
import re

LINE = re.compile(r"(\d+) +(\d+)\.(\d{6}) (.*)")
CALL = re.compile(r"(\w+)\((.*)\) += (.*)", re.S)
RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.S)
SPENT = re.compile(r" <(\d+)\.(\d{6})>$")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
DESCRIPTOR = re.compile(r"(-?\w+)<([^>]*)>(\(deleted\))?")
ON_DESCRIPTOR = ("write", "pwrite64", "ftruncate", "fallocate", "close", "flock")
CLONES = ("clone", "clone3", "vfork", "fork")


class Process:
    def __init__(self, parent, pid):
        self.parent, self.pid = parent, pid
        self.last = 0      # when it made its last call
        self.ended = None  # the text of strace, and when


class Call:
    """One system call. It had its effect between `begun` and `done` (microseconds). `result` is None if it did not return."""

    def __init__(self, process, thread, name, arguments, result, begun, done):
        self.process, self.thread, self.name, self.arguments = process, thread, name, arguments
        self.result, self.begun, self.done = result, begun, done
        self.child = None   # the process that it started
        self.known = False  # it is a step, or none that matters

    @functools.cached_property
    def strings(self):
        found = STRING.findall(self.arguments)
        if any(cut for _, cut in found):
            raise ValueError(f"strace has cut off a string of {self.name}")
        return [ast.literal_eval(f'b"{text}"') for text, _ in found]

    @functools.cached_property
    def descriptors(self):
        """Number and path of each descriptor before the first string; the path of a file that lost its name ends in (deleted)."""
        return [(number, path + deleted) for number, path, deleted in DESCRIPTOR.findall(self.arguments.partition('"')[0])]

    @functools.cached_property
    def paths(self):
        """The paths that the arguments name: a string that follows a descriptor is a name in that directory."""
        if self.name in ON_DESCRIPTOR:
            return [path for _, path in self.descriptors]
        found, base = [], None
        for match in re.finditer(r'-?\w+<([^>"]*)>(\(deleted\))?|"((?:[^"\\]|\\.)*)"', self.arguments):
            if match[3] is None:
                base = match[1] + (match[2] or "")
                found.append(base)
            elif base is None:
                found.append(match[3])
            else:
                found[-1], base = join(base, match[3]), None
        return found


def join(base, name):
    parts = [] if name.startswith("/") else base.split("/")[1:]
    for part in name.split("/"):
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def parse_result(text):
    match = re.match(r"-?\d+|0x[0-9a-f]+", text)
    return int(match[0], 0) if match else None


class Log:
    """What one strace saw: a host, and all processes that it started."""

    def __init__(self, path):
        self.calls, self.processes = [], {}
        self.root, open_calls = None, {}
        with open(path, encoding="latin-1") as file:
            lines = [LINE.fullmatch(line.rstrip("\n")) for line in file]
        lines = [(m[1], int(m[2] + m[3]), m[4]) for m in lines if m]
        self.find_processes(lines)
        for pid, time, text in lines:
            process = self.processes[pid]
            if text.startswith("+++"):
                if process.pid == pid:
                    process.ended = (text, time)
                if pid in open_calls:
                    begun_text, begun = open_calls.pop(pid)
                    self.finish(process, pid, begun_text + ") = ?", begun, time)
            elif text.endswith("<unfinished ...>"):
                open_calls[pid] = (text[:-len("<unfinished ...>")].rstrip(" "), time)
                process.last = max(process.last, time)
            elif resumed := RESUMED.fullmatch(text):
                if pid in open_calls:
                    begun_text, begun = open_calls.pop(pid)
                    self.finish(process, pid, begun_text + resumed[2], begun, time)
            elif not text.startswith("---"):
                process.last = max(process.last, time)
                self.finish(process, pid, text, time, None)

    def find_processes(self, lines):
        """Threads belong to the process that started them."""
        children = {}
        begun = {}
        for pid, _, text in lines:
            name = text.split("(")[0]
            if name in CLONES:
                begun[pid] = text
            match = re.fullmatch(r"<\.\.\. (?:clone3?|vfork|fork) resumed>.*", text)
            if name in CLONES or match:
                result = re.search(r"= (\d+)(?: <[\d.]+>)?$", text)
                if result and result[1] != "0":
                    children[result[1]] = (pid, "CLONE_THREAD" in begun.get(pid, "") + text)
        for pid, _, _ in lines:
            if pid not in self.processes:
                self.add_process(pid, children)
        self.root = self.processes[lines[0][0]]

    def add_process(self, pid, children):
        parent, is_thread = children.get(pid, (None, False))
        if parent is not None and parent not in self.processes:
            self.add_process(parent, children)
        parent = self.processes.get(parent)
        self.processes[pid] = parent if is_thread else Process(parent, pid)

    def finish(self, process, thread, text, begun, done):
        match = CALL.fullmatch(text)
        if not match:
            return
        name, arguments, result = match[1], match[2], parse_result(match[3])
        spent = SPENT.search(match[3])
        if done is None:
            done = begun + (int(spent[1] + spent[2]) if spent else 0)
        call = Call(process, thread, name, arguments, result, begun, done)
        if name in CLONES:
            child = self.processes.get(str(result))
            call.child = child if child is not process else None
        self.calls.append(call)
